import SkiffCore
import SkiffGraph
import Testing

@Suite("Graphs")
struct GraphTests {
    private func chain(_ length: Int, seed: Float = 1) throws -> Graph {
        var builder = GraphBuilder(name: "chain", metadata: GraphMetadata(sourceFormat: "test"))
        var value = try builder.addInput("x", .map("N", 4))
        let bias = try builder.addWeight("bias", Tensor(floats: [seed, 2, 3, 4], shape: [4]))
        for index in 0..<length {
            value = try builder.addNode(
                "n\(index)", sourceOperator: "Add", .binary(Binary(.add)), inputs: [value, bias], output: "v\(index)")
        }
        builder.addOutput("y", value)
        return try builder.build()
    }

    @Test("A chain of 100,000 nodes is built and inferred in time linear in its length")
    func longChain() throws {
        let clock = ContinuousClock()
        let short = try clock.measure { _ = try chain(10_000) }
        var graph: Graph?
        let long = try clock.measure { graph = try chain(100_000) }
        #expect(graph?.nodes.count == 100_000)
        #expect(graph?.values.last?.fact?.shape == ["N", 4])
        #expect(long < short * 40 + .milliseconds(200))
    }

    @Test("One value with 100,000 readers, and nodes given backwards, are built in linear time")
    func fanOutBackwards() throws {
        var builder = GraphBuilder()
        let count = 100_000
        let root = try builder.addInput("x", .map("N", 4))
        for index in 0..<count {
            _ = try builder.addNode(
                "r\(index)", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [root], output: "r\(index)")
        }
        var chained = builder.value(named: "c\(count)")
        for index in (0..<count).reversed() {
            let input = builder.value(named: "c\(index)")
            try builder.addNode(
                "c\(index)", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [input], outputs: [chained])
            chained = input
        }
        try builder.addNode("first", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [root], outputs: [chained])
        builder.addOutput("y", builder.value(named: "c\(count)"))
        let graph = try builder.build()
        #expect(graph.consumers()[0].count == count + 1)
        #expect(graph[graph.outputs[0].value].fact?.shape == ["N", 4])
    }

    @Test("A binding of the inputs fixes the shape of every value")
    func binding() throws {
        let graph = try chain(3)
        let facts = try graph.inferFacts(binding: [graph.inputs[0]: .map(7, 4)])
        #expect(facts.last??.shape == [7, 4])
        #expect(throws: GraphError.self) { try graph.inferFacts(binding: [graph.inputs[0]: .map(7, 3)]) }
    }

    @Test("An error names the node and its operator")
    func errorPlace() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", .map(1, 4))
        let weight = try builder.addWeight("w", Tensor(floats: [1, 2, 3], shape: [3]))
        let sum = try builder.addNode(
            "sum/1", sourceOperator: "Add", .binary(Binary(.add)), inputs: [input, weight], output: "y")
        builder.addOutput("y", sum)
        let finished = builder
        do {
            _ = try finished.build()
            Issue.record("built")
        } catch {
            #expect(error.description == "node \"sum/1\" (Add): shapes [1, 4] and [3] do not broadcast")
        }
    }

    @Test("Broken structure is refused: cycles, values nothing gives, values given twice, no outputs")
    func structure() throws {
        var cycle = GraphBuilder()
        let (a, b) = (cycle.value(named: "a"), cycle.value(named: "b"))
        try cycle.addNode("one", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [a], outputs: [b])
        try cycle.addNode("two", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [b], outputs: [a])
        cycle.addOutput("y", b)
        let cyclic = cycle
        #expect(refusal { _ = try cyclic.build() } == .cycle(nodes: ["one", "two"]))

        var open = GraphBuilder()
        let missing = open.value(named: "missing")
        try open.addNode(
            "n", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [missing], outputs: [open.value(named: "y")])
        open.addOutput("y", open.value(named: "y"))
        let unread = open
        #expect(refusal { _ = try unread.build() } == .undefinedValue("missing"))

        var twice = GraphBuilder()
        try twice.addInput("x", nil)
        #expect(refusal { try twice.addInput("x", nil) } == .redefinedValue("x"))
        #expect(refusal { _ = try GraphBuilder().build() } == .noOutputs)
    }

    @Test("What follows an operator we do not know keeps what the source declares of it")
    func unknownOperator() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", .map(1, 4))
        let custom = try builder.addNode(
            "custom", sourceOperator: "Foo", .unknown(UnknownOperator(name: "Foo", domain: "x")), inputs: [input],
            output: "c")
        let relu = try builder.addNode("r", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [custom], output: "y")
        builder.addOutput("y", relu)
        var declared = builder
        declared.declare(custom, .map(1, 9))
        let open = try builder.build()
        let known = try declared.build()
        #expect(open[open.outputs[0].value].fact == nil)
        #expect(known[known.outputs[0].value].fact?.shape == [1, 9])
        #expect(known.unknownNodes.map { known.displayName(of: $0) } == ["custom"])
    }

    @Test("The first difference of two graphs is named; equal graphs have none")
    func firstDifference() throws {
        let graph = try chain(3)
        #expect(try graph.firstDifference(from: chain(3)) == nil)
        #expect(try graph.firstDifference(from: chain(4))?.hasPrefix("number of values") == true)
        let weights = try #require(try graph.firstDifference(from: chain(3, seed: 9)))
        #expect(weights == "value 1 \"bias\": weights differ at element 0")

        func variant(_ operation: Operator, metadata: GraphMetadata = GraphMetadata(), input: Fact = .map("N", 4))
            throws -> Graph
        {
            var builder = GraphBuilder(metadata: metadata)
            let value = try builder.addInput("x", input)
            let result = try builder.addNode("n", sourceOperator: "Relu", operation, inputs: [value], output: "y")
            builder.addOutput("y", result)
            return try builder.build()
        }
        let relu = try variant(.unary(Unary(.relu)))
        #expect(try relu.firstDifference(from: variant(.unary(Unary(.relu)))) == nil)
        #expect(
            try relu.firstDifference(from: variant(.unary(Unary(.leakyReLU(alpha: 0.1)))))?.contains("operator") == true
        )
        #expect(
            try relu.firstDifference(from: variant(.unary(Unary(.relu)), input: .map("N", 5)))?.contains("fact") == true
        )
        let other = GraphMetadata(producer: "someone")
        #expect(
            try relu.firstDifference(from: variant(.unary(Unary(.relu)), metadata: other))?.hasPrefix("metadata")
                == true)
    }

    @Test("Weights of either byte order are equal where their elements are")
    func byteOrders() throws {
        func graph(_ order: ByteOrder, _ bytes: [UInt8]) throws -> Graph {
            var builder = GraphBuilder()
            let tensor = try Tensor(
                elementType: .int16, shape: [2], storage: Storage(bytes), byteRange: 0..<4, byteOrder: order)
            builder.addOutput("w", try builder.addWeight("w", tensor))
            return try builder.build()
        }
        let little = try graph(.little, [1, 2, 3, 4])
        #expect(try little.firstDifference(from: graph(.big, [2, 1, 4, 3])) == nil)
        #expect(try little.firstDifference(from: graph(.big, [2, 1, 4, 9]))?.contains("element") == true)
    }
}
