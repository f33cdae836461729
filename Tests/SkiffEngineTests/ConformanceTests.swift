import SkiffCore
import SkiffEngine
import SkiffGraph
import SkiffONNX
import SkiffTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// ONNX's own operator tests: `model.onnx` beside `test_data_set_<k>/{input,output}_<i>.pb`.
@Suite struct ConformanceTests {
    /// What came of one case.
    enum Outcome: Equatable {
        case passed
        /// It asks for an operator that is carried but not run.
        case notRun(String)
        case failed(String)
    }

    @Test func `the committed operator tests of ONNX pass`() throws {
        let cases = names(inFolder: Fixtures.path("onnx-node"))
        #expect(cases.count > 200)
        for name in cases {
            #expect(outcome(Fixtures.path("onnx-node/\(name)")) == .passed, "\(name)")
        }
    }

    @Test func `the committed operator tests pass when they are written, for their own operator set and for others`() throws {
        var counts: (written: Int, refused: Int, kinds: Set<Operator.Kind>) = (0, 0, [])
        try withTemporaryFolder { target in
            for name in names(inFolder: Fixtures.path("onnx-node")) {
                let folder = Fixtures.path("onnx-node/\(name)")
                let graph = try ONNXReader.read(storage: Storage(mapping: "\(folder)/model.onnx"), folder: folder)
                let own = graph.metadata["opset"].flatMap { Int($0) } ?? 0
                for opset in Set([nil, own, 9, 10, 11, 12, 13, 16, 18, 21, 28] as [Int?]) where opset ?? 9 >= 9 {
                    do throws(ONNXError) {
                        try ONNXWriter.write(graph, to: target + "/model.onnx", opset: opset)
                    } catch {
                        // A later operator set is asked for, and the node is named.
                        let asksForLater = if case .needsOpset = error.reason { true } else { false }
                        #expect(asksForLater && opset != nil && opset != own && error.place.node != nil, "\(name): \(error)")
                        counts.refused += 1
                        continue
                    }
                    let written = try ONNXReader.read(storage: Storage(mapping: target + "/model.onnx"), folder: target)
                    #expect(written.unknownNodes.isEmpty, "\(name) for opset \(opset ?? 0)")
                    #expect(outcome(written, folder) == .passed, "\(name) for opset \(opset ?? 0)")
                    if opset == own {
                        let difference = graph.firstDifferenceByName(from: written, ignoringMetadata: ["ir_version"])
                        #expect(difference == nil, "\(name)")
                    }
                    counts.written += 1
                    counts.kinds.formUnion(graph.nodes.map(\.operator.kind))
                }
            }
        }
        #expect(counts.written > 2000)
        #expect(counts.refused > 200)
        // Keras' own have tests of their own.
        #expect(Set(Operator.Kind.allCases).subtracting(counts.kinds) == [.dense, .upsampling, .cropping, .layerNormalization, .unknown])
    }

    /// All of ONNX's tests have more: operators that Skiff does not run, and types that it does not compute with.
    /// What is run must be right, but for the cases named here.
    @Test(.enabled(if: getenv("SKIFF_CONFORMANCE") != nil))
    func `all operator tests of ONNX that can be run pass`() throws {
        let folder = getenv("SKIFF_CONFORMANCE").map { String(cString: $0) } ?? ""
        // Sums of narrow reals in another order; text; sequences; opset 1.
        let excused = ["bf16", "fp16", "string", "identity_opt", "identity_sequence", "not_2d", "not_3d", "not_4d"]
        var counts: (passed: Int, notRun: Int) = (0, 0)
        for kind in ["node", "simple", "pytorch-operator", "pytorch-converted"] {
            for name in names(inFolder: "\(folder)/\(kind)") {
                switch outcome("\(folder)/\(kind)/\(name)") {
                case .passed: counts.passed += 1
                case .notRun: counts.notRun += 1
                case .failed(let why):
                    #expect(excused.contains { name.contains($0) }, "\(kind)/\(name): \(why)")
                }
            }
        }
        print("ONNX operator tests: \(counts.passed) passed, \(counts.notRun) ask for what is not run")
        #expect(counts.passed > 1100)
    }

    func outcome(_ folder: String) -> Outcome {
        do {
            return try outcome(ONNXReader.read(storage: Storage(mapping: "\(folder)/model.onnx"), folder: folder), folder)
        } catch {
            return .failed("\(error)")
        }
    }

    /// What came of a graph on a case's recordings.
    func outcome(_ graph: Graph, _ folder: String) -> Outcome {
        do {
            if let node = graph.unknownNodes.first { return .notRun(graph[node].sourceOperator) }
            for data in names(inFolder: folder) where data.hasPrefix("test_data_set_") {
                for precision in precisions(of: graph) {
                    let difference = try difference(graph, "\(folder)/\(data)", precision)
                    if let difference { return .failed("\(precision): \(difference)") }
                }
            }
            return .passed
        } catch let error as EngineError {
            if case .notRunnable(let why) = error.reason { return .notRun(why) }
            return .failed("\(error)")
        } catch {
            return .failed("\(error)")
        }
    }

    /// Narrow reals are rounded in the first two only; float64 does not fit them.
    private func precisions(of graph: Graph) -> [Precision] {
        let types = Set(graph.values.compactMap { $0.fact?.elementType })
        if types.contains(.float16) || types.contains(.bfloat16) { return [.float, .reference] }
        return types.contains(.float64) ? [.double] : Precision.allCases
    }

    private func difference(_ graph: Graph, _ data: String, _ precision: Precision) throws -> String? {
        let listed = graph.inputs.map { graph[$0].name } + graph.valueIDs.compactMap { id in
            if case .weight(_, isOverridable: true) = graph[id].source { graph[id].name } else { nil }
        }
        var inputs: [String: Tensor] = [:]
        for name in names(inFolder: data) where name.hasPrefix("input_") {
            let (label, tensor) = try ONNXTensorFile.read(storage: Storage(mapping: "\(data)/\(name)"))
            let position = Int(name.dropFirst(6).dropLast(3)) ?? 0
            inputs[listed.contains(label) || position >= listed.count ? label : listed[position]] = tensor
        }
        let results = try Evaluator(graph, threads: 1).run(inputs, precision: precision)
        for (position, output) in graph.outputs.enumerated() {
            let expected = try ONNXTensorFile.read(storage: Storage(mapping: "\(data)/output_\(position).pb")).tensor
            guard let found = results[output.value] else { return "\(output.name) is missing" }
            if let difference = try difference(found, expected) { return "\(output.name): \(difference)" }
        }
        return nil
    }

    /// ONNX's own tolerance: a thousandth, and 1e-7 near zero.
    private func difference(_ found: Tensor, _ expected: Tensor) throws -> String? {
        guard found.shape == expected.shape else { return "shape \(found.shape), expected \(expected.shape)" }
        guard found.elementType == expected.elementType
            || found.elementType.isFloatingPoint && expected.elementType.isFloatingPoint
        else { return "\(found.elementType), expected \(expected.elementType)" }
        for (index, (x, y)) in zip(try found.doubles(), try expected.doubles()).enumerated() {
            if x == y || x.isNaN && y.isNaN { continue }
            if expected.elementType.isFloatingPoint, abs(x - y) <= 1e-7 + 1e-3 * abs(y) { continue }
            return "element \(index) is \(x), expected \(y)"
        }
        return nil
    }
}
