import SkiffCore
import SkiffGraph
import Testing
@testable import SkiffONNX

@Suite("ONNX: graphs")
struct ImportTests {
    private func onlyOperator(_ graph: Graph) -> Operator? { graph.nodes.first?.operator }

    @Test("Names, order, metadata and weights stay as the file has them")
    func literal() throws {
        let bytes = message { model in
            model.integer(1, 8)
            model.text(2, "maker")
            model.text(3, "1.2")
            model.text(6, "about")
            model.message(7) { graph in
                graph.text(2, "network")
                graph.value(11, "x", [nil, 3])
                graph.value(11, "w", [3, 2])
                graph.floats("w", [3, 2], [1, 2, 3, 4, 5, 6])
                graph.floats("spare", [1], [1])
                graph.node("MatMul", ["x", "w"], ["y"], name: "product")
                graph.value(12, "y", nil)
            }
            model.message(8) { $0.text(1, "ai.onnx"); $0.integer(2, 13) }
            model.message(8) { $0.text(1, "com.microsoft"); $0.integer(2, 1) }
            model.message(14) { $0.text(1, "key"); $0.text(2, "value") }
        }
        let graph = try read(bytes)
        #expect(graph.name == "network")
        #expect(graph.metadata.sourceFormat == "ONNX")
        #expect(graph.metadata.producer == "maker 1.2")
        #expect(graph.metadata.entries.map { "\($0.key)=\($0.value)" } == [
            "ir_version=8", "opset=13", "opset.com.microsoft=1", "doc_string=about", "metadata_props.key=value",
        ])
        #expect(graph.nodes.map(\.name) == ["product"])
        #expect(graph.inputs.map { graph[$0].name } == ["x"])
        #expect(graph.weights.map { graph[$0].name } == ["w", "spare"])
        guard case .weight(let tensor, isOverridable: true) = graph[graph.weights[0]].source else {
            Issue.record("w is listed as an input too")
            return
        }
        #expect(try tensor.floats() == [1, 2, 3, 4, 5, 6])
        #expect(graph[graph.outputs[0].value].fact?.shape == [.symbolic("N"), 2])
    }

    private static let versionCases: [(Int64?, Int64, String)] = [
        (0, 8, "opset 0: supported are 1 to 28"), (29, 8, "opset 29: supported are 1 to 28"),
        (-1, 8, "opset -1: supported are 1 to 28"), (13, 2, "ir_version 2: supported are 3 to 14"),
        (13, 15, "ir_version 15: supported are 3 to 14"),
        (nil, 8, "comes from the operator set ai.onnx, which the model does not import"),
    ]

    @Test("Versions outside the range are refused by number", arguments: versionCases.indices)
    func versions(index: Int) {
        let (opset, ir, message) = Self.versionCases[index]
        let error = failure { () throws(ONNXError) in
            try read(model(opset: opset, ir: ir) { graph in
                graph.node("Relu", ["x"], ["y"])
            })
        }
        #expect(error?.message == message)
    }

    /// An `If` by what `condition` adds, between y = −x by way of an inner value and y = x itself.
    private func conditional(_ condition: (inout MessageBuilder) -> Void) throws -> Graph {
        let negated = message { branch in
            branch.node("Neg", ["x"], ["inner"])
            branch.node("Identity", ["inner"], ["given"])
            branch.value(12, "given", nil)
        }
        let same = message { branch in branch.value(12, "x", nil) }
        return try read(model { graph in
            graph.value(11, "x", [2, 3])
            condition(&graph)
            graph.node("If", ["c"], ["y"], [("then_branch", .graph(negated)), ("else_branch", .graph(same))])
            graph.node("Relu", ["y"], ["z"])
            graph.value(12, "z", nil)
        })
    }

    @Test("The branch of an If whose condition is known stands in its place; else it is carried")
    func branches() throws {
        let rank: (Int64) -> (inout MessageBuilder) -> Void = { number in
            { graph in
                graph.node("Shape", ["x"], ["shape"])
                graph.node("Size", ["shape"], ["rank"])
                graph.node("Constant", [], ["number"], [("value_int", .integer(number))])
                graph.node("Equal", ["rank", "number"], ["c"])
            }
        }
        let taken = try conditional(rank(2))
        #expect(taken.nodes.map(\.sourceOperator).suffix(3) == ["Neg", "Identity", "Relu"])
        #expect(taken.nodes.last?.inputs.first.flatMap { $0 }.map { taken[$0].name } == "y")
        let passed = try conditional(rank(3))
        #expect(passed.nodes.map(\.sourceOperator).suffix(2) == ["Identity", "Relu"])
        let open = try conditional { $0.value(11, "c", [], type: 9) }
        #expect(open.unknownNodes.count == 1)
    }

    @Test("Nodes in any order are sorted; cycles, dangling inputs and values given twice are refused by name")
    func structure() throws {
        let backwards = try read(model { graph in
            graph.value(11, "x", [1])
            graph.node("Relu", ["a"], ["y"], name: "second")
            graph.node("Neg", ["x"], ["a"], name: "first")
            graph.value(12, "y", nil)
        })
        #expect(backwards.nodes.map(\.name) == ["first", "second"])
        func message(_ fill: (inout MessageBuilder) -> Void) -> String? {
            failure { () throws(ONNXError) in try read(model(fill)) }?.description
        }
        #expect(message { $0.node("Relu", ["b"], ["a"], name: "one"); $0.node("Relu", ["a"], ["b"], name: "two"); $0.value(12, "b", nil) }?.contains("nodes form a cycle") == true)
        #expect(message { $0.node("Relu", ["lost"], ["y"], name: "one"); $0.value(12, "y", nil) } == "node \"one\" (Relu): reads \"lost\", which no input, weight or node gives")
        #expect(message { $0.value(11, "x", [1]); $0.node("Relu", ["x"], ["y"]); $0.node("Neg", ["x"], ["y"]); $0.value(12, "y", nil) } == "node \"y\" (Neg): value \"y\" is given twice")
        #expect(message { $0.value(11, "x", [1]); $0.node("Relu", ["x"], ["y"]) } == "graph has no outputs")
        #expect(message { $0.value(12, "y", nil) }?.contains("\"y\"") == true)
        #expect(message { $0.message(15) { $0.message(1) { $0.tensor("s", 1, [1]) } } } == "tensor \"s\": is a sparse initializer, which is not read")
    }

    @Test("Operators and attributes that Skiff does not know are carried, with what the file says of them")
    func unknown() throws {
        let graph = try read(model(domains: [("com.microsoft", 1)]) { graph in
            graph.value(11, "x", [1])
            graph.node("FusedMatMul", ["x"], ["a"], domain: "com.microsoft", [("activation", .text("Relu")), ("n", .integer(3))])
            graph.node("Relu", ["a"], ["b"], [("strange", .real(1))])
            graph.node("If", ["b"], ["y"], [("then_branch", .graph(message { $0.node("Neg", ["x"], ["inner"]) }))])
            graph.value(13, "a", [4])
            graph.value(12, "y", [7])
        })
        #expect(graph.unknownNodes.count == 3)
        guard case .unknown(let fused) = graph.nodes[0].operator, case .unknown(let relu) = graph.nodes[1].operator,
            case .unknown(let branch) = graph.nodes[2].operator
        else { return }
        #expect(fused.domain == "com.microsoft")
        #expect(fused.attributes == [.init("activation", .text("Relu")), .init("n", .integer(3))])
        #expect(relu.reason == "Relu-17 has no attribute strange")
        #expect(branch.attributes == [.init("then_branch", .opaque("a graph of 1 nodes"))])
        #expect(graph[graph.nodes[0].outputs[0]].fact?.shape == [4])
        #expect(graph[graph.outputs[0].value].fact?.shape == [7])
    }

    @Test("A function that the model defines is read in the place of its call, even where it bears an operator's name")
    func functions() throws {
        let scaled = message { function in
            function.text(1, "Relu")
            for (field, name) in [(4, "a"), (4, "b"), (5, "r"), (6, "alpha")] { function.text(field, name) }
            function.message(7) { node in
                node.text(1, "a"); node.text(2, "x"); node.text(4, "LeakyRelu")
                node.message(5) { $0.text(1, "alpha"); $0.text(21, "alpha"); $0.integer(20, 1) }
            }
            function.message(7) { node in node.text(1, "x"); node.text(1, "b"); node.text(2, "r"); node.text(4, "Add") }
            function.message(9) { $0.integer(2, 17) }
        }
        let graph = try read(model { graph in
            graph.value(11, "x", [2])
            graph.node("Relu", ["x", "x"], ["y"], name: "one", [("alpha", .real(0.5))])
            graph.node("Relu", ["y", "x"], ["z"], name: "two")
            graph.value(12, "z", nil)
        } + message { $0.data(25, scaled) })
        #expect(graph.nodes.map(\.operator) == [
            .unary(Unary(.leakyReLU(alpha: 0.5))), .binary(Binary(.add)), .unary(Unary(.leakyReLU(alpha: 0.01))),
            .binary(Binary(.add)),
        ])
        #expect(graph.nodes.map { graph[$0.outputs[0]].name } == ["one/x", "y", "two/x", "z"])
        // A call inside a function may have the name of the call around it.
        let nested = message { function in
            function.text(1, "Twice")
            for (field, name) in [(4, "a"), (5, "r")] { function.text(field, name) }
            function.message(7) { node in
                for (field, text) in [(1, "a"), (1, "a"), (2, "x"), (3, "one"), (4, "Relu")] { node.text(field, text) }
            }
            function.message(7) { node in node.text(1, "x"); node.text(2, "r"); node.text(4, "Neg") }
            function.message(9) { $0.integer(2, 17) }
        }
        let around = try read(model { graph in
            graph.value(11, "x", [2])
            graph.node("Twice", ["x"], ["y"], name: "one")
            graph.value(12, "y", nil)
        } + message { $0.data(25, scaled); $0.data(25, nested) })
        #expect(around.nodes.map { around[$0.outputs[0]].name } == ["one/one/x", "one/x", "y"])
        let short = model { graph in
            graph.value(11, "x", [1])
            graph.node("Relu", ["x"], ["y"])
            graph.value(12, "y", nil)
        } + message { $0.message(25) { $0.text(1, "Relu"); $0.text(10, "") } }
        #expect(failure { () throws(ONNXError) in try read(short) }?.message
            == "has 1 inputs and 1 outputs, the function it calls 0 and 0")
    }

    @Test("Functions that call themselves, each other, or from a branch are refused with the cycle")
    func recursion() {
        func function(_ name: String, calls: String, inBranch: Bool = false) -> [UInt8] {
            message { builder in
                builder.message(25) { function in
                    function.text(1, name)
                    let call = message { $0.node(calls, [], ["y"], domain: "own") }
                    if inBranch {
                        let branch = message { $0.node("If", [], ["y"], [("then_branch", .graph(call))]) }
                        function.data(7, Array(branch.dropFirst(MessageBuilder.varint(UInt64(branch.count)).count + 1)))
                    } else {
                        function.data(7, Array(call.dropFirst(2)))
                    }
                    function.text(10, "own")
                }
            }
        }
        func refusal(_ functions: [UInt8]) -> String? {
            failure { () throws(ONNXError) in try read(model { $0.value(11, "x", [1]); $0.value(12, "x", [1]) } + functions) }?.message
        }
        #expect(refusal(function("f", calls: "f")) == "functions call each other: f → f")
        #expect(refusal(function("f", calls: "g") + function("g", calls: "f")) == "functions call each other: f → g → f")
        #expect(refusal(function("f", calls: "f", inBranch: true)) == "functions call each other: f → f")
        #expect(refusal(function("f", calls: "g") + function("g", calls: "h")) == nil)
    }

    @Test("An attribute of another type is refused with node and attribute")
    func attributeTypes() {
        let error = failure { () throws(ONNXError) in try graphOf("Flatten", opset: 17, [("axis", .real(1))]) }
        #expect(error?.description == "node \"n\" (Flatten): attribute axis is the real number 1.0, expected an integer")
        let twice = failure { () throws(ONNXError) in try graphOf("Flatten", opset: 17, [("axis", .integer(1)), ("axis", .integer(1))]) }
        #expect(twice?.message == "attribute axis is given twice, expected one")
    }

    @Test("Constants of every form are weights; text is carried, sparse tensors are refused")
    func constants() throws {
        func constant(_ name: String, _ value: TestAttribute) throws(ONNXError) -> Graph {
            try read(model { graph in
                graph.node("Constant", [], ["c"], [(name, value)])
                graph.node("Identity", ["c"], ["y"])
                graph.value(12, "y", nil)
            })
        }
        func tensor(_ name: String, _ value: TestAttribute) throws -> Tensor {
            let graph = try constant(name, value)
            return try #require(graph.weights.first.flatMap { graph[$0].tensor })
        }
        #expect(try tensor("value_float", .real(2)).shape == [])
        #expect(try tensor("value_floats", .reals([2, 3])).floats() == [2, 3])
        #expect(try tensor("value_int", .integer(-4)).integers() == [-4])
        #expect(try tensor("value_ints", .integers([1, 2])).shape == [2])
        let floats = [Float(5)].littleEndianBytes { $0.bitPattern.littleEndian }
        #expect(try tensor("value", .tensor(message { $0.tensor("", 1, [1]); $0.data(9, floats) })).floats() == [5])
        #expect(try constant("value_string", .text("a")).unknownNodes.count == 1)
        #expect(try constant("value", .tensor(message { $0.tensor("", 8, [1]); $0.text(6, "a") })).unknownNodes.count == 1)
        #expect(failure { () throws(ONNXError) in try constant("sparse_value", .integer(0)) }?.message == "is a sparse constant, which is not read")
    }
}
