import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

@Suite struct EvaluatorTests {
    /// x (N, 2) → relu → a; a + w → y.
    static func small(overridable: Bool = false) throws -> Graph {
        var builder = GraphBuilder()
        let x = try builder.addInput("x", Fact(.float32, [.symbolic("N"), 2]))
        let w = try builder.addWeight("w", reals([10, 20]), isOverridable: overridable)
        let a = try builder.addNode("first", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [x], output: "a")
        let y = try builder.addNode("second", sourceOperator: "Add", .binary(Binary(.add)), inputs: [a, w], output: "y")
        builder.addOutput("y", y)
        return try builder.build()
    }

    static func id(_ name: String, in graph: Graph) throws -> ValueID {
        try #require(graph.valueIDs.first { graph[$0].name == name })
    }

    func refusal(_ body: () throws -> Void) -> EngineError? {
        do { try body() } catch { return error as? EngineError }
        return nil
    }

    @Test func `outputs, every value, or chosen values can be observed`() throws {
        let graph = try Self.small()
        let evaluator = try Evaluator(graph)
        let x = try reals([-1, 2], [1, 2])
        let (a, y, w) = (try Self.id("a", in: graph), try Self.id("y", in: graph), try Self.id("w", in: graph))
        #expect(try evaluator.run(["x": x]).mapValues { try $0.doubles() } == [y: [10, 22]])
        #expect(try evaluator.run(["x": x], observing: .all).mapValues { try $0.doubles() } == [a: [0, 2], y: [10, 22]])
        #expect(try evaluator.run(["x": x], observing: .values([a, w])).mapValues { try $0.doubles() }
            == [a: [0, 2], w: [10, 20]])
        var order: [ValueID] = []
        try evaluator.run(["x": x], observing: .all) { (id: ValueID, _: Tensor) in order.append(id) }
        #expect(order == [a, y])
    }

    @Test func `inputs that do not fit are refused by name, found and expected`() throws {
        let evaluator = try Evaluator(Self.small())
        let x = try reals([1, 2], [1, 2])
        #expect(refusal { _ = try evaluator.run([:]) }?.reason == .missingInput("x"))
        #expect(refusal { _ = try evaluator.run(["x": x, "z": x]) }?.reason == .unexpectedInput("z", expected: ["x"]))
        #expect(refusal { _ = try evaluator.run(["x": reals([1, 2])]) }?.reason
            == .inputRank(expected: "[N, 2]", found: [2]))
        let wide = refusal { _ = try evaluator.run(["x": reals([1, 2, 3], [1, 3])]) }
        #expect(wide?.reason == .inputExtent(axis: 1, expected: "2", found: [1, 3]))
        #expect(wide?.place.tensor == "x")
        let whole = refusal { _ = try evaluator.run(["x": wholes([1, 2], [1, 2])]) }
        #expect(whole?.reason == .inputType(expected: .float32, found: .int64))
        #expect(whole?.hint != nil)
        let double = try Tensor(doubles: [1, 2], shape: [1, 2])
        #expect(try evaluator.run(["x": double]).values.first?.doubles() == [11, 22])
    }

    @Test func `a weight that the model lists as an input may be given`() throws {
        let given = ["x": try reals([1, 2], [1, 2]), "w": try reals([0.5, 0.25])]
        #expect(try Evaluator(Self.small(overridable: true)).run(given).values.first?.doubles() == [1.5, 2.25])
        #expect(refusal { _ = try Evaluator(Self.small()).run(given) } != nil)
    }

    @Test(arguments: [0, -1, 1025, Int.max])
    func `a number of threads that makes no sense is refused`(_ threads: Int) throws {
        #expect(refusal { _ = try Evaluator(Self.small(), threads: threads) }?.reason
            == .threads(found: threads, allowed: 1...1024))
    }

    @Test func `an operator that cannot be run is named before any work, unless nothing asked for needs it`() throws {
        var builder = GraphBuilder()
        let x = try builder.addInput("x", Fact(.float32, shape: [2]))
        let a = try builder.addNode("ok", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [x], output: "a")
        let b = try builder.addNode(
            "odd", sourceOperator: "Strange", .unknown(UnknownOperator(name: "Strange", domain: "", reason: "is a Lambda")),
            inputs: [a], output: "b")
        builder.addOutput("b", b)
        let evaluator = try Evaluator(builder.build())
        var isWorking = false
        let error = refusal {
            try evaluator.run(["x": reals([1, 2])], observing: .all) { (_: ValueID, _: Tensor) in isWorking = true }
        }
        #expect(error?.reason == .notRunnable("is a Lambda"))
        #expect(error?.place == Place(node: "odd", operatorName: "Strange"))
        #expect(!isWorking)
        let first = try Self.id("a", in: evaluator.graph)
        #expect(try evaluator.run(["x": reals([-1, 2])], observing: .values([first]))[first]?.doubles() == [0, 2])
    }

    @Test func `training mode takes the moments of the batch, and moves the stored ones`() throws {
        let one = try reals([1])
        let training = BatchNormalization(epsilon: 0, axis: 1, isTraining: true, momentum: 0.75)
        let outputs = try Evaluator.apply(
            .batchNormalization(training), to: [reals([1, 3, 5, 7], [2, 1, 2]), one, one, one, one], outputCount: 3)
        // Mean 4, variance 5 over all elements.
        #expect(try outputs[1].doubles() == [1 * 0.75 + 4 * 0.25])
        #expect(try outputs[2].doubles() == [1 * 0.75 + 5 * 0.25])
        let scaled = try outputs[0].doubles().map { ($0 - 1) * 5.0.squareRoot() }
        for (found, expected) in zip(scaled, [-3.0, -1, 1, 3]) { #expect(abs(found - expected) < 1e-6) }
        let error = refusal {
            _ = try Evaluator.apply(
                .batchNormalization(BatchNormalization(epsilon: 0, axis: 1)),
                to: [reals([1], [1, 1]), one, one, one, one], outputCount: 2)
        }
        #expect(error?.message == "takes 1 outputs, found 2")
    }

    @Test func `a chain that grows past the budget is refused before it is allocated`() throws {
        var builder = GraphBuilder()
        var x = try builder.addInput("x", Fact(.float32, shape: [1, 1 << 10]))
        for index in 0..<6 {
            x = try builder.addNode(
                "up \(index)", sourceOperator: "Tile", .tile(Tile(repeats: [1 << 5, 1])), inputs: [x], output: "v\(index)")
        }
        builder.addOutput("y", x)
        let evaluator = try Evaluator(builder.build(), memoryBudget: 64 << 20)
        let error = refusal { _ = try evaluator.run(["x": Noise.zeros([1, 1 << 10])]) }
        guard case .limit("bytes of values", _, 64 << 20) = error?.reason else {
            Issue.record("expected a limit, found \(String(describing: error))")
            return
        }
        #expect(error?.place.node == "up 2")
    }

    @Test func `values are let go of after their last reader`() throws {
        var builder = GraphBuilder()
        var x = try builder.addInput("x", Fact(.float32, shape: [1 << 18]))
        for index in 0..<100 {
            x = try builder.addNode(
                "", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [x], output: "v\(index)")
        }
        builder.addOutput("y", x)
        // One value takes 1 MiB: a hundred of them never fit.
        let evaluator = try Evaluator(builder.build(), memoryBudget: 4 << 20)
        let zeros = try Noise.zeros([1 << 18])
        #expect(try evaluator.run(["x": zeros]).count == 1)
        var observed = 0
        try evaluator.run(["x": zeros], observing: .all) { (_: ValueID, _: Tensor) in observed += 1 }
        #expect(observed == 100)
        #expect(refusal { _ = try evaluator.run(["x": zeros], observing: .all) } != nil)
    }

    @Test func `ten thousand blocks run in time linear in depth`() throws {
        func seconds(_ blocks: Int) throws -> Double {
            var builder = GraphBuilder()
            var x = try builder.addInput("x", Fact(.float32, shape: [1, 2, 2, 2]))
            let w = try builder.addWeight("w", reals([0.1, 0.2, 0.3, 0.4], [2, 2, 1, 1]))
            let moments = try ["s", "b", "m", "v"].map { try builder.addWeight($0, reals([1, 1])) }
            let convolution = Operator.convolution(Convolution(
                window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 1,
                layout: .channelsFirst, kernelOrder: .outputInputSpatial))
            let normalization = Operator.batchNormalization(BatchNormalization(epsilon: 1e-5, axis: 1))
            for block in 0..<blocks {
                var y = x
                for half in 0..<2 {
                    y = try builder.addNode("", sourceOperator: "Conv", convolution, inputs: [y, w], output: "c\(block) \(half)")
                    y = try builder.addNode("", sourceOperator: "BatchNormalization", normalization, inputs: [y] + moments, output: "n\(block) \(half)")
                }
                y = try builder.addNode("", sourceOperator: "Add", .binary(Binary(.add)), inputs: [x, y], output: "a\(block)")
                x = try builder.addNode("", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [y], output: "r\(block)")
            }
            builder.addOutput("y", x)
            let evaluator = try Evaluator(builder.build(), threads: 1)
            let input = try Noise.zeros([1, 2, 2, 2])
            return try ContinuousClock().measure { _ = try evaluator.run(["x": input]) } / .seconds(1)
        }
        let (short, long) = (try seconds(1000), try seconds(10_000))
        // Ten times the depth: far from the hundred times of anything quadratic, whatever else the machine does.
        #expect(long < 40 * max(short, 0.005))
    }

    @Test func `the reference lies nearer to double than float does`() throws {
        var noise = Noise(11)
        let (x, w) = (try noise.tensor([64, 2000]), try noise.tensor([2000, 16]))
        let dense = Operator.dense(Dense())
        let exact = try dense.doubles(x, w)
        func error(_ precision: Precision) throws -> Double {
            zip(try dense.doubles(x, w, precision: precision), exact).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        }
        #expect(try error(.reference) * 10 < error(.float))
    }

    @Test func `progress counts the nodes that are run`() async throws {
        await confirmation(expectedCount: 2) { step in
            _ = try? Evaluator(Self.small()).run(["x": reals([1, 2], [1, 2])], progress: { (_: Int, total: Int) in
                if total == 2 { step() }
            })
        }
    }
}

extension Noise {
    static func zeros(_ shape: Shape) throws -> Tensor {
        try Tensor(floats: [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
    }
}
