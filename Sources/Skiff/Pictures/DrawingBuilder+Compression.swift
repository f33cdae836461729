extension DrawingBuilder {
    /// Equal pieces as one, where each reads the one before it and nothing else reads that.
    static func compressed(_ pieces: [NetworkDrawing.Piece]) -> [NetworkDrawing.Piece] {
        var readers = [Int](repeating: 0, count: pieces.count)
        for piece in pieces { for read in piece.reads { readers[read] += 1 } }
        var result: [NetworkDrawing.Piece] = []
        var places: [Int] = []
        for (index, piece) in pieces.enumerated() {
            if let last = result.last, piece.reads == [index - 1], piece.outside.isEmpty, readers[index - 1] == 1,
                last.text == piece.text, last.activates == piece.activates, last.extents == piece.extents
            {
                result[result.count - 1].count += piece.count
                result[result.count - 1].nodes += piece.nodes
            } else {
                result.append(piece)
            }
            places.append(result.count - 1)
        }
        for index in result.indices { result[index].reads = moved(result[index].reads, to: places, below: index) }
        guard result.count > mostPieces else { return result }
        return shortened(result)
    }

    /// The pieces in the middle as one that counts them.
    private static func shortened(_ pieces: [NetworkDrawing.Piece]) -> [NetworkDrawing.Piece] {
        let middle = mostPieces - 2
        let rest = pieces[middle..<(pieces.count - 1)]
        let places = pieces.indices.map { min($0, $0 == pieces.count - 1 ? middle + 1 : middle) }
        var gap = NetworkDrawing.Piece(kind: .other, text: "… \(rest.reduce(0) { $0 + $1.count }) more")
        gap.nodes = rest.flatMap(\.nodes)
        gap.reads = rest.flatMap(\.reads)
        gap.outside = rest.flatMap(\.outside)
        var result = pieces[..<middle] + [gap] + pieces.suffix(1)
        for index in result.indices { result[index].reads = moved(result[index].reads, to: places, below: index) }
        return Array(result)
    }

    private static func moved(_ reads: [Int], to places: [Int], below index: Int) -> [Int] {
        Set(reads.map { places[$0] }.filter { $0 < index }).sorted()
    }
}
