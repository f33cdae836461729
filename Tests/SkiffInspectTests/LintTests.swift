import SkiffCore
import SkiffGraph
@testable import SkiffInspect
import SkiffKeras
import SkiffONNX
import SkiffTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Every rule finds its thing in a small network and nothing in a healthy one.
@Suite struct LintTests {
    /// What a network of one residual block is made of; tests change one thing.
    struct Parts {
        var epsilons: [Float] = [1e-5, 1e-5, 1e-5, 1e-5]
        var isTraining = false
        var names = ["a", "b", "c", "d"]
        var kernel: (Int) -> [Float] = { count in (0..<count).map { Float(($0 * 37 + 11) % 101) / 101 - 0.5 } }
        var scale: [Float] = [0.9, 1.1, 1.2, 0.8]
        var mean: [Float] = [0.1, -0.2, 0.3, 0.05]
        var variance: [Float] = [0.5, 0.25, 1.5, 2]
        var padding = Padding.explicit(before: [1, 1], after: [1, 1])
        var oddPadding: Padding?
        var firstPadding: Padding?
        var firstKernel = 3
        var firstStride = 1
        var firstDilation = 1
        var hasBias = false
        var isDouble = false
        var batch: Dimension = .symbolic("N")
        /// Put behind the block, before the outputs.
        var tail: (inout GraphBuilder, ValueID) throws -> ValueID = { $1 }
        var extra: (inout GraphBuilder, ValueID) throws -> Void = { _, _ in }
    }

    static func graph(_ change: (inout Parts) -> Void = { _ in }) throws -> Graph {
        var parts = Parts()
        change(&parts)
        var builder = GraphBuilder(name: "small")
        func tensor(_ values: [Float], _ shape: Shape) throws -> Tensor {
            parts.isDouble
                ? try Tensor(doubles: values.map { Double($0) }, shape: shape) : try Tensor(floats: values, shape: shape)
        }
        let type: ElementType = parts.isDouble ? .float64 : .float32
        let input = try builder.addInput("x", Fact(type, [parts.batch, 4, 16, 16]))
        func convolved(_ value: ValueID, _ index: Int) throws -> ValueID {
            let kernel = index == 0 ? parts.firstKernel : 3
            let padding = index == 0 ? parts.firstPadding ?? parts.padding : index == 1 ? parts.oddPadding ?? parts.padding : parts.padding
            let step = index == 0 ? parts.firstStride : 1, dilation = index == 0 ? parts.firstDilation : 1
            let window = Window(strides: [step, step], dilations: [dilation, dilation], padding: padding)
            let count = 4 * 4 * kernel * kernel
            var values = parts.kernel(count)
            // No two layers are equal.
            for at in values.indices where values[at] != 0 && values[at].isFinite { values[at] *= 1 + Float(index) / 10 }
            let weight = try builder.addWeight("w\(index)", tensor(values, [4, 4, kernel, kernel]))
            let bias = parts.hasBias ? try builder.addWeight("bias\(index)", tensor([1, 2, 3, 4], [4])) : nil
            let attributes = Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)
            let y = try builder.addNode(
                "conv\(index)", sourceOperator: "Conv", .convolution(attributes), inputs: [value, weight, bias],
                output: "y\(index)")
            let norm = BatchNormalization(epsilon: parts.epsilons[index], axis: 1, isTraining: parts.isTraining)
            let moments = try [("scale", parts.scale), ("offset", [0, 0.5, 1, -1]), ("mean", parts.mean), ("variance", parts.variance)]
                .map { name, values in try builder.addWeight("\(name)\(index)", tensor(values, [4])) }
            return try builder.addNode(
                parts.names[index], sourceOperator: "BatchNormalization", .batchNormalization(norm),
                inputs: [y] + moments, output: "n\(index)")
        }
        func relu(_ value: ValueID, _ name: String) throws -> ValueID {
            try builder.addNode(name, sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [value], output: name)
        }
        var value = try relu(convolved(input, 0), "relu0")
        let fork = value
        value = try relu(convolved(value, 1), "relu1")
        value = try relu(convolved(value, 2), "relu2")
        value = try convolved(value, 3)
        value = try builder.addNode("sum", sourceOperator: "Add", .binary(Binary(.add)), inputs: [value, fork], output: "sum")
        value = try relu(value, "relu3")
        try parts.extra(&builder, value)
        builder.addOutput("out", try parts.tail(&builder, value))
        return try builder.build()
    }

    static func findings(_ change: (inout Parts) -> Void = { _ in }) throws -> [Finding] {
        let graph = try graph(change)
        let inspection = Inspection(of: graph, format: "test")
        return LintReport(of: graph, inspection, statistics: try WeightStatistics(of: graph, inspection)).findings
    }

    static func node(_ name: String, _ operator: Operator) -> (inout GraphBuilder, ValueID) throws -> ValueID {
        { builder, value in
            try builder.addNode(name, sourceOperator: name, `operator`, inputs: [value], output: name)
        }
    }

    static func chain(_ operators: Operator...) -> (inout GraphBuilder, ValueID) throws -> ValueID {
        { builder, value in
            var value = value
            for (index, next) in operators.enumerated() {
                let kind = next.kind == .identity ? "Identity" : next.kind.rawValue
                value = try builder.addNode("t\(index)", sourceOperator: kind, next, inputs: [value], output: "t\(index)")
            }
            return value
        }
    }

    struct Break: CustomTestStringConvertible, Sendable {
        var rule: String
        var severity: Finding.Severity
        var change: @Sendable (inout Parts) -> Void
        var testDescription: String { rule }
        init(_ rule: String, _ severity: Finding.Severity, _ change: @escaping @Sendable (inout Parts) -> Void) {
            self.rule = rule
            self.severity = severity
            self.change = change
        }
    }

    static let breaks: [Break] = [
        Break("training-mode", .error) { $0.isTraining = true },
        Break("epsilon-outlier", .warning) { $0.epsilons[2] = 1e-3 },
        Break("epsilon-unusual", .warning) { $0.epsilons = [0.1, 0.1, 0.1, 0.1] },
        Break("epsilon-family", .warning) {
            $0.names = ["layer1.0.bn1", "layer1.0.bn2", "layer1.1.bn1", "layer1.1.bn2"]
            $0.epsilons = [1e-3, 1e-3, 1e-3, 1e-3]
        },
        Break("epsilon-family", .warning) {
            $0.names = ["conv2_block1_1_bn", "conv2_block1_2_bn", "conv2_block1_3_bn", "conv2_block2_1_bn"]
        },
        Break("negative-variance", .error) { $0.variance[1] = -0.5 },
        Break("tiny-variance", .note) { $0.variance[1] = 1e-12 },
        Break("bias-before-normalization", .note) { $0.hasBias = true },
        Break("asymmetric-padding", .warning) { $0.oddPadding = .explicit(before: [2, 2], after: [0, 0]) },
        Break("padding-beyond-kernel", .warning) { $0.firstPadding = .explicit(before: [3, 3], after: [3, 3]) },
        Break("padded-pointwise", .warning) { $0.firstKernel = 1 },
        Break("skipped-inputs", .warning) { $0.firstStride = 4 },
        Break("idle-dilation", .note) {
            $0.firstKernel = 1
            $0.firstPadding = .valid
            $0.firstDilation = 2
        },
        Break("even-kernel", .note) {
            $0.firstKernel = 4
            $0.firstPadding = .sameUpper
        },
        Break("float64-weights", .warning) { $0.isDouble = true },
        Break("nan-weights", .error) { $0.scale[2] = .nan },
        Break("infinite-weights", .error) { $0.mean[2] = .infinity },
        Break("zero-kernel", .warning) { $0.kernel = { [Float](repeating: 0, count: $0) } },
        Break("dead-channels", .note) { parts in
            let usual = parts.kernel
            parts.kernel = { count in usual(count).enumerated().map { $0 / (count / 4) == 2 ? 0 : $1 } }
        },
        Break("scaled-away-channels", .note) { $0.scale[3] = 1e-20 },
        Break("tiny-variance", .note) { $0.variance[2] = 0 },
        Break("near-identity-block", .note) { $0.scale = [1e-6, 2e-6, -1e-6, 1e-6] },
        Break("initial-moments", .note) {
            $0.mean = [0, 0, 0, 0]
            $0.variance = [1, 1, 1, 1]
        },
        Break("denormal-weights", .note) { parts in
            let usual = parts.kernel
            parts.kernel = { count in usual(count).enumerated().map { $0 % 4 == 0 ? 1e-41 : $1 } }
        },
        Break("closed-batch", .note) { $0.batch = 1 },
        Break("softmax-twice", .warning) {
            $0.tail = chain(.softmax(Softmax(axis: 1)), .identity(Identity()), .softmax(Softmax(axis: 1)))
        },
        Break("squashed-twice", .warning) { $0.tail = chain(.unary(Unary(.sigmoid)), .softmax(Softmax(axis: 1))) },
        Break("squashed-twice", .warning) { $0.tail = chain(.unary(Unary(.sigmoid)), .unary(Unary(.sigmoid))) },
        Break("repeated-relu", .note) { $0.tail = chain(.identity(Identity()), .unary(Unary(.relu))) },
        Break("identity-chain", .note) { $0.tail = chain(.identity(Identity()), .identity(Identity())) },
        Break("cancelling-transposes", .warning) {
            $0.tail = chain(
                .transpose(Transpose(permutation: [0, 2, 3, 1])), .transpose(Transpose(permutation: [0, 3, 1, 2])))
        },
        Break("cast-round-trip", .warning) { $0.tail = chain(.cast(Cast(to: .float16)), .cast(Cast(to: .float32))) },
        Break("unknown-operator", .error) { $0.tail = chain(.unknown(UnknownOperator(name: "Fancy", domain: "org"))) },
        Break("dropout-in-training", .error) {
            $0.tail = chain(.unknown(UnknownOperator(name: "Dropout", domain: "", reason: "training_mode is true")))
        },
        Break("dead-node", .warning) {
            $0.extra = { builder, value in
                _ = try builder.addNode("dead", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [value], output: "dead")
            }
        },
        Break("unused-tensor", .warning) {
            $0.extra = { builder, _ in
                _ = try builder.addWeight("left", Tensor(floats: [Float](repeating: 1, count: 2048), shape: [2048]))
            }
        },
        Break("unreachable-input", .warning) {
            $0.extra = { builder, _ in _ = try builder.addInput("mask", Fact(.float32, [1])) }
        },
        Break("constant-output", .warning) {
            $0.extra = { builder, _ in
                let weight = try builder.addWeight("anchors", Tensor(floats: [1, 2], shape: [2]))
                builder.addOutput("anchors", weight)
            }
        },
        Break("weights-stored-twice", .note) {
            $0.extra = { builder, value in
                for name in ["one", "two"] {
                    let numbers = (0..<512).map { Float($0) * 0.37 - 3 }
                    let weight = try builder.addWeight(name, Tensor(floats: numbers, shape: name == "one" ? [512] : [2, 256]))
                    builder.addOutput(name, weight)
                }
            }
        },
        Break("batch-baked-in", .warning) {
            $0.tail = { builder, value in
                let shape = try builder.addWeight("shape", Tensor(integers: [1, -1], shape: [2]))
                return try builder.addNode(
                    "flat", sourceOperator: "Reshape", .reshape(Reshape(shape: nil, allowsZero: false)), inputs: [value, shape],
                    output: "flat")
            }
        },
    ]

    @Test func healthyNetworkHasNoFindings() throws {
        #expect(try Self.findings() == [])
    }

    @Test(arguments: breaks)
    func breakIsFound(_ broken: Break) throws {
        let findings = try Self.findings(broken.change).filter { $0.rule == broken.rule }
        let first = try #require(findings.first)
        #expect(first.severity == broken.severity)
        #expect(!first.message.isEmpty && !first.message.contains("\n"))
        #expect(first.hint?.isEmpty == false)
    }

    @Test(arguments: breaks)
    func severitiesAreDocumented(_ broken: Break) throws {
        for finding in try Self.findings(broken.change) {
            let rule = try #require(LintRule.all.first { $0.identifier == finding.rule })
            #expect(([rule.severity] + rule.otherwise.map(\.severity)).contains(finding.severity), "\(finding.rule)")
        }
    }

    static let lowered: [Break] = [
        Break("unused-tensor", .note) {
            $0.extra = { builder, _ in
                _ = try builder.addWeight("left", Tensor(floats: [Float](repeating: 1, count: 16), shape: [16]))
            }
        },
        Break("dead-node", .note) {
            $0.extra = { builder, value in
                _ = try builder.addNode("dead", sourceOperator: "Identity", .identity(Identity()), inputs: [value], output: "dead")
            }
        },
        Break("initial-moments", .note) {
            $0.mean = [0, 0, 0, 0]
            $0.variance = [1, 1, 1, 1]
        },
        Break("dead-channels", .warning) { parts in
            let usual = parts.kernel
            parts.kernel = { count in usual(count).enumerated().map { $0 / (count / 4) < 3 ? 0 : $1 } }
        },
        Break("epsilon-unusual", .error) { $0.epsilons = [-1, -1, -1, -1] },
    ]

    /// A branch starts at zero where its normalization was folded into its last kernel.
    @Test func zeroKernelBehindAGateIsANote() throws {
        let graph = try Self.gated(nil)
        let inspection = Inspection(of: graph, format: "test")
        let findings = LintReport(of: graph, inspection, statistics: try WeightStatistics(of: graph, inspection)).findings
        #expect(findings.filter { $0.rule == "zero-kernel" }.map(\.severity) == [.note])
        #expect(LintRule.zeroKernel.otherwise.map(\.severity) == [.note])
    }

    /// Findings of another severity than their rule's are told of in the rule's own text.
    @Test(arguments: lowered)
    func otherSeverityIsFoundAndDocumented(_ broken: Break) throws {
        let rule = try #require(LintRule.all.first { $0.identifier == broken.rule })
        #expect(try Self.findings(broken.change).contains { $0.rule == broken.rule && $0.severity == broken.severity })
        #expect(rule.severity != broken.severity && rule.otherwise.contains { $0.severity == broken.severity })
        let text = try #require(LintRule.documentation.firstRange(of: "### `\(rule.identifier)`"))
        let shown = LintRule.documentation[text.upperBound...].prefix(400)
        #expect(shown.contains("*\(broken.severity.rawValue)* \(rule.otherwise[0].when)"))
    }

    @Test func unusedTextIsNoFaultOfTheGraph() throws {
        let findings = try Self.findings {
            $0.extra = { builder, _ in
                _ = try builder.addNode(
                    "", sourceOperator: "initializer", .unknown(UnknownOperator(name: "initializer", domain: "")), inputs: [],
                    output: "labels")
            }
        }
        #expect(findings == [])
    }

    /// A gate between the last normalization and the addition, as squeeze-and-excitation has it, hides nothing.
    @Test func branchScaledToNothingIsFoundThroughAGate() throws {
        for scale: Float in [1e-6, 1] {
            let graph = try Self.gated(scale)
            let inspection = Inspection(of: graph, format: "test")
            try #require(inspection.blocks.count == 1)
            let gains = BlockGain.all(
                of: LintContext(graph, inspection, statistics: try WeightStatistics(of: graph, inspection)))
            #expect(gains.map { graph[$0.node].name } == ["bn"])
            #expect(gains.map(\.isNearlyIdentity) == [scale < 0.01])
        }
    }

    /// A newer opset and a value that nothing gives stop the reader, and what is looked at nevertheless is the network.
    @Test func refusedFilesAreReadLeniently() throws {
        let storage = try Fixtures.storage("torch-basic/model.onnx")
        let whole = try ONNXReader.read(storage: storage, folder: nil)
        var newer = Array(try storage.bytes(in: 0..<storage.byteCount))
        try #require(Array(newer.suffix(4)) == [0x42, 2, 0x10, 17])
        newer[newer.count - 1] = 99
        #expect(throws: ONNXError.self) { try ONNXReader.read(storage: Storage(newer), folder: nil) }
        let (graph, none) = try ONNXReader.readLeniently(storage: Storage(newer), folder: nil)
        #expect(graph.nodes.map(\.operator.kind) == whole.nodes.map(\.operator.kind) && none.isEmpty)
        // Nodes stand before initializers: the first occurrence is what a node reads.
        var dangling = Array(try storage.bytes(in: 0..<storage.byteCount))
        let name = Array("layer1.0.conv1.weight".utf8)
        let at = try #require((0..<dangling.count - name.count).first { dangling[$0..<$0 + name.count].elementsEqual(name) })
        dangling[at] = UInt8(ascii: "L")
        #expect(throws: ONNXError.self) { try ONNXReader.read(storage: Storage(dangling), folder: nil) }
        let (other, madeUp) = try ONNXReader.readLeniently(storage: Storage(dangling), folder: nil)
        #expect(madeUp == ["Layer1.0.conv1.weight"] && other.nodes.count == whole.nodes.count)
        let report = LintReport(
            of: other, madeUp: madeUp, orOf: [], found: [], answered: [], because: "")
        #expect(report.findings.map(\.rule).filter { $0 != "closed-batch" } == ["unused-tensor"] && report.notRun.isEmpty)
        let certain = LintReport(
            of: nil, madeUp: [], orOf: [("w", try Tensor(floats: [1, .nan], shape: [2]))], found: [], answered: [], because: "a cycle")
        #expect(certain.findings.map(\.rule) == ["nan-weights"] && certain.notRun.map(\.rules) == ["graph", "weights"])
        #expect(certain.text().contains("could not run: a cycle"))
    }

    @Test func everyRuleOfTheGraphIsTried() {
        let tried = Set(Self.breaks.map(\.rule))
        // These two need several kernels of several types, or a layout that changes several times.
        let elsewhere: Set = ["mixed-precision", "mixed-layout"]
        for rule in LintRule.all where rule.check != nil && !elsewhere.contains(rule.identifier) {
            #expect(tried.contains(rule.identifier), "\(rule.identifier)")
        }
        #expect(Set(LintRule.all.map(\.identifier)).count == LintRule.all.count)
    }

    @Test(arguments: ["torch-basic/model.onnx", "torch-basic-folded/model.onnx", "keras3-bottleneck/model-tf2onnx.onnx"])
    func networksOfFrameworksAreHealthy(_ file: String) throws {
        let graph = try ONNXReader.read(storage: Fixtures.storage(file), folder: Fixtures.path(file).replacing("model.onnx", with: ""))
        let inspection = Inspection(of: graph, format: "ONNX")
        let report = LintReport(of: graph, inspection, statistics: try WeightStatistics(of: graph, inspection))
        #expect(report.findings.filter { $0.severity != .note } == [])
    }

    @Test func layoutThatChangesIsFound() throws {
        let graph = try ONNXReader.read(storage: Fixtures.storage("keras3-bottleneck/model.onnx"), folder: nil)
        let report = LintReport(of: graph, Inspection(of: graph, format: "ONNX"), statistics: nil)
        #expect(report.findings.contains { $0.rule == "mixed-layout" })
    }

    @Test func severalPrecisionsAreFound() throws {
        let graph = try ONNXReader.read(storage: Fixtures.storage("onnx-opsets/opset13.onnx"), folder: nil)
        let report = LintReport(of: graph, Inspection(of: graph, format: "ONNX"), statistics: nil)
        #expect(report.findings.contains { $0.rule == "mixed-precision" })
    }

    @Test func pageListsTheRules() throws {
        let path = Fixtures.path("../Docs/Lint.md")
        let page = String(decoding: try Storage(mapping: path).bytes(in: 0..<Storage(mapping: path).byteCount), as: UTF8.self)
        let marker = "<!-- rules -->\n\n"
        let start = try #require(page.firstRange(of: marker))
        if getenv("SKIFF_UPDATE_DOCUMENTS") != nil {
            let text = page[..<start.upperBound] + LintRule.documentation
            try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(Array(text.utf8)) }
        } else {
            #expect(page[start.upperBound...] == LintRule.documentation)
        }
    }
}
