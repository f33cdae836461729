import SkiffCore
import SkiffGraph
import Testing

@Suite("TopK")
struct TopKTests {
    private let top = Operator.topK(TopK(k: nil, axis: 1))

    private func facts(_ operation: Operator, _ inputs: Fact?..., outputs: Int = 2) throws -> [Fact] {
        try operation.infer(inputs, outputCount: outputs)
    }

    @Test("k replaces the extent of its axis in elements and positions")
    func shape() throws {
        #expect(try facts(top, .map("N", 10, 7), .list(3)) == [.map("N", 3, 7), Fact(.int64, ["N", 3, 7])])
        let attribute = Operator.topK(TopK(k: 2, axis: -1))
        #expect(try facts(attribute, Fact(.uint8, [10]), outputs: 1) == [Fact(.uint8, [2])])
    }

    @Test("All elements and none are boundaries that are allowed")
    func boundaries() throws {
        #expect(try top.shape(.map(2, 10), .list(10)) == [2, 10])
        #expect(try top.shape(.map(2, 10), .list(0)) == [2, 0])
        #expect(try top.shape(.map(2, 0), .list(0)) == [2, 0])
    }

    @Test("What is not known before the graph runs stays open")
    func open() throws {
        #expect(try top.shape(.map(2, "C"), .list(3)) == [2, 3])
        #expect(try top.shape(.map(2, 10), .extents("K")) == [2, "K"])
        #expect(try top.shape(.map(2, 10), Fact(.int64, [1])) == [2, .unknown])
        #expect(try facts(top, .unranked, .list(3)) == [.unranked, Fact(.int64, nil)])
    }
}
