import Skiff
import SkiffTestSupport
import Testing

/// Real networks against what their own frameworks computed.
@Suite struct FixtureTests {
    static let runnable = Fixtures.runs.filter { !$0.mustRefuseToRun }
    static let refused = Fixtures.runs.filter(\.mustRefuseToRun)

    @Test func `the manifest lists fixtures of every format`() {
        #expect(Self.runnable.count >= 20)
        #expect(!Self.refused.isEmpty)
        #expect(Set(Self.runnable.map { $0.model.split(separator: ".").last ?? "" }) == ["h5", "keras", "onnx"])
    }

    @Test(arguments: Encoding.allCases)
    func `every network is written in every encoding, and is what it was but for rounding`(encoding: Encoding) throws {
        try withTemporaryFolder { folder in
            for name in Set(Self.runnable.map(\.modelPath)).sorted() {
                let source = try Model(contentsOf: name)
                var options = WriteOptions()
                options.encodings = EncodingPlan(encoding)
                let path = folder + "/model.skiff"
                let report = try source.write(to: path, options: options)
                #expect(report.provesPayloads)
                #expect(try source.firstDifference(fromWritten: path, report) == nil)
            }
        }
    }

    @Test(arguments: runnable)
    func `converted, every value lies within the rounding noise of what the framework recorded`(run: FixtureRun) throws {
        try withTemporaryFolder { folder in
            let source = try Model(contentsOf: run.modelPath)
            let path = folder + "/model.skiff"
            try source.write(to: path)
            let converted = try Model(contentsOf: path)
            #expect(source.graph.firstDifference(from: converted.graph) == nil)
            try converted.verifyPayloads()
            let report = try verify(converted, againstRecording: run.ioPath)
            let (intermediates, unmatched, passed) = (report.intermediates.count, report.unmatched, report.passed)
            #expect(unmatched.isEmpty)
            #expect(intermediates > 5)
            #expect(passed, "\(report.text())")
        }
    }

    @Test(arguments: runnable.filter { $0.heldout != nil })
    func `digits are classified as the framework classified them`(run: FixtureRun) throws {
        let model = try Model(contentsOf: run.modelPath)
        guard let path = run.heldoutPath, case .archive(let members) = try ArrayFile(contentsOf: path) else {
            Issue.record("no held-out samples")
            return
        }
        var inputs: [String: Tensor] = [:]
        let names = Set(model.graph.inputs.map { model.graph[$0].name })
        for member in members where names.contains(member.name) { inputs[member.name] = member.tensor }
        let predictions = try #require(members.first { $0.name == "predictions" }).tensor.integers()
        let output = try #require(try model.values(inputs).outputs.first).tensor
        let scores = try output.doubles()
        let classes = try #require(output.shape.last)
        let found = (0..<predictions.count).map { sample in
            let row = scores[sample * classes..<(sample + 1) * classes]
            return Int64((row.indices.max { row[$0] < row[$1] } ?? 0) - row.startIndex)
        }
        #expect(found == predictions)
    }

    @Test(arguments: refused)
    func `a model whose function lies in code is shown, and refused by name everywhere else`(run: FixtureRun) throws {
        let model = try Model(contentsOf: run.modelPath)
        let unknown = try #require(model.graph.unknownNodes.first)
        let name = model.graph.displayName(of: unknown)
        #expect(!model.inspection().layers.isEmpty)
        try withTemporaryFolder { folder in
            let error = #expect(throws: SkiffError.self) { try model.write(to: folder + "/model.skiff") }
            #expect(error?.place.node == name)
            #expect(names(inFolder: folder).isEmpty)
        }
        let error = #expect(throws: SkiffError.self) { try verify(model, againstRecording: run.ioPath) }
        #expect(error?.place.node == name)
    }

    @Test(arguments: ["qdq", "operators"])
    func `quantized networks give what ONNX Runtime recorded, and show the blocks of the real one`(format: String) throws {
        let model = try Model(contentsOf: Fixtures.path("onnx-quantized/model-\(format).onnx"))
        #expect(model.graph.unknownNodes.isEmpty)
        let report = try verify(model, againstRecording: Fixtures.path("onnx-quantized/io-\(format).npz"))
        #expect(report.passed, "\(report.text())")
        let real = try Model(contentsOf: Fixtures.path("torch-basic-folded/model.onnx")).inspection()
        let inspection = model.inspection()
        #expect(inspection.blocks.map(\.kind) == real.blocks.map(\.kind))
        #expect(inspection.blocks.map(\.shortcut) == real.blocks.map(\.shortcut))
        #expect(inspection.blocks.map(\.parameters) == real.blocks.map(\.parameters))
    }
}
