/// Knows for every node of a box the pieces whose values it carries, so that pieces which read each other are told from
/// those that stand beside each other.
struct PieceTies {
    /// Values that one node carries beyond which the rest is not followed.
    private static let mostSources = 64
    /// By node: positions of pieces, and nodes outside of the box as negative numbers.
    private var carried: [Int: Set<Int>] = [:]

    /// The piece that an activation behind these nodes belongs to.
    func owner(of reads: [Int]) -> Int? {
        reads.compactMap { carried[$0]?.max() }.filter { $0 >= 0 }.max()
    }

    /// Enters a node: as the piece at a position, or as something not shown that belongs to the piece it reads.
    mutating func enter(_ node: Int, asPiece piece: Int?, reading reads: [Int], _ pieces: inout [NetworkDrawing.Piece]) {
        var sources: Set<Int> = []
        for read in reads where sources.count < Self.mostSources { sources.formUnion(carried[read] ?? [-read - 1]) }
        if let piece {
            pieces[piece].reads = sources.filter { $0 >= 0 }.sorted()
            pieces[piece].outside = sources.filter { $0 < 0 }.map { -$0 - 1 }.sorted()
            pieces[piece].nodes.append(node)
            carried[node] = [piece]
        } else {
            carried[node] = sources
            if let owner = sources.max(), owner >= 0 { pieces[owner].nodes.append(node) }
        }
    }
}
