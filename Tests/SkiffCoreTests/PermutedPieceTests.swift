import SkiffCore
import Testing

@Suite struct PermutedPieceTests {
    private static let types: [ElementType] = [.int8, .float16, .float32, .float64, .complex128]

    private func joined(_ tensor: Tensor, _ permutation: [Int], pieceBytes: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try tensor.forEachPermutedPiece(permutation, pieceBytes: pieceBytes) { piece throws(CoreError) in
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    @Test(arguments: types)
    func `pieces of whatever size are what a permuted copy holds`(type: ElementType) throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<150 {
            let shape = (0..<Int.random(in: 0...5)).map { _ in Int.random(in: 1...6) }
            let count = shape.reduce(1, *) * (type.byteWidth ?? 1)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let tensor = try Tensor(elementType: type, shape: shape, bytes: bytes)
            let permutation = Array(shape.indices).shuffled()
            let expected = try tensor.permuted(permutation)
            let copy = expected.withUnsafeBytes { Array($0) }
            for pieceBytes in [1, 16, 100, 1 << 20] {
                #expect(try joined(tensor, permutation, pieceBytes: pieceBytes) == copy, "\(shape) by \(permutation)")
            }
            #expect(try tensor.firstDifferingElement(from: expected, permutedBy: permutation) == nil)
        }
    }

    @Test func `big-endian words are turned round, and a difference is found where it is`() throws {
        let big = try Tensor(
            elementType: .int16, shape: [2, 3], storage: Storage([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]), byteRange: 0..<12,
            byteOrder: .big)
        #expect(try joined(big, [1, 0], pieceBytes: 4) == [1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6, 0])
        let other = try Tensor(elementType: .int16, shape: [3, 2], bytes: [1, 0, 4, 0, 2, 0, 9, 0, 3, 0, 6, 0])
        #expect(try big.firstDifferingElement(from: other, permutedBy: [1, 0]) == 3)
    }

    @Test func `elements are taken in another shape, and what does not fit is refused`() throws {
        let rows = try Tensor(elementType: .uint8, shape: [4, 2], bytes: Array(0..<8))
        var bytes: [UInt8] = []
        try rows.forEachPermutedPiece([1, 0, 2], of: [2, 2, 2]) { piece throws(CoreError) in bytes.append(contentsOf: piece) }
        #expect(bytes == [0, 1, 4, 5, 2, 3, 6, 7])
        for (permutation, extents) in [([0], [4, 2]), ([0, 0], [4, 2]), ([1, 0], [4, 3])] {
            #expect(throws: CoreError.self) {
                try rows.forEachPermutedPiece(permutation, of: extents) { _ throws(CoreError) in }
            }
        }
        let packed = try Tensor(elementType: .int4, shape: [2, 2], bytes: [0, 0])
        #expect(throws: CoreError.self) { try packed.forEachPermutedPiece([1, 0]) { _ throws(CoreError) in } }
    }
}
