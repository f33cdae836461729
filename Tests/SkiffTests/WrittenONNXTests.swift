import Skiff
import SkiffTestSupport
import Testing

/// Real networks, written as ONNX, against what their own frameworks computed.
@Suite struct WrittenONNXTests {
    static let runs = FixtureTests.runnable

    @Test(arguments: runs)
    func `written as ONNX, every output lies within the rounding noise of what the framework recorded`(run: FixtureRun) throws {
        try withTemporaryFolder { folder in
            let source = try Model(contentsOf: run.modelPath)
            for opset in [nil, 11, 18, 28] as [Int?] {
                var options = WriteOptions()
                options.opset = opset
                let path = folder + "/model.onnx"
                do {
                    try source.write(to: path, options: options)
                } catch {
                    // Only what says so needs a later one.
                    #expect(opset != nil && "\(error)".contains("needs opset"), "\(error)")
                    continue
                }
                let comparison = try source.comparison(withWritten: path)
                #expect(comparison.difference == nil, "opset \(opset ?? 0)")
                #expect(comparison.notes.isEmpty, "\(comparison.notes)")
                let written = try Model(contentsOf: path)
                var verifier = Verifier()
                verifier.comparesIntermediates = false
                let report = try verify(written, againstRecording: run.ioPath, using: verifier)
                let outputs = report.outputs
                #expect(!outputs.isEmpty && outputs.allSatisfy(\.verdict.isAgreement), "opset \(opset ?? 0): \(report.text())")
                if !run.model.hasSuffix(".onnx") {
                    #expect(written.graph.nodes.count { $0.sourceOperator == "Transpose" } <= 3)
                    #expect(written.graph.inputs.map { written.graph[$0].fact?.shape } == source.graph.inputs.map { source.graph[$0].fact?.shape })
                }
            }
        }
    }

    @Test(arguments: ["torch-basic/model.onnx", "torch-basic-folded/model-dynamo.onnx", "onnx-opsets/newest.onnx"])
    func `from ONNX to the native format and back, names and weights stay`(name: String) throws {
        try withTemporaryFolder { folder in
            let source = try Model(contentsOf: Fixtures.path(name))
            try source.write(to: folder + "/native.skiff")
            let native = try Model(contentsOf: folder + "/native.skiff")
            try native.write(to: folder + "/back.onnx")
            let comparison = try native.comparison(withWritten: folder + "/back.onnx")
            #expect(comparison.difference == nil)
            #expect(comparison.compared == "node and weight")
            let back = try Model(contentsOf: folder + "/back.onnx")
            #expect(source.graph.firstDifferenceByName(from: back.graph, ignoringMetadata: ["opset", "ir_version"]) == nil)
        }
    }

    @Test func `a damaged weight, and a node that computes something else, are found`() throws {
        try withTemporaryFolder { folder in
            let source = try Model(contentsOf: Fixtures.path("keras3-bottleneck/model.h5"))
            let other = try Model(contentsOf: Fixtures.path("keras2-preact/model.h5"))
            try other.write(to: folder + "/model.onnx")
            #expect(try source.comparison(withWritten: folder + "/model.onnx").difference != nil)
            try source.write(to: folder + "/model.onnx")
            #expect(try source.comparison(withWritten: folder + "/model.onnx").difference == nil)
        }
    }
}
