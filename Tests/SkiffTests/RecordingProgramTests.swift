import Skiff
import SkiffTestSupport
import Testing

/// What the programs record is compared by Fixtures/make/crosscheck_verify.py; here is what they have to say.
@Suite struct RecordingProgramTests {
    private func program(_ fixture: String, batch: Int = 2) throws -> String {
        var verifier = Verifier()
        verifier.batch = batch
        return try RecordingProgram(for: Model(contentsOf: Fixtures.path(fixture)), using: verifier).text
    }

    @Test func `the program of an ONNX file names the model, its inputs and nothing else of this machine`() throws {
        let text = try program("torch-basic/model.onnx", batch: 3)
        #expect(text.contains("\nMODEL = \"\(Fixtures.path("torch-basic/model.onnx"))\"\n"))
        #expect(text.contains("\n    \"image\": (\"float32\", [3, 1, 8, 8]),\n"))
        #expect(text.contains("pip install onnx onnxruntime"))
        let others = text.replacing(Fixtures.path("torch-basic/model.onnx"), with: "")
        #expect(!others.contains(Fixtures.folder))
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count < 110)
    }

    @Test func `a model that declares its samples gets as many`() throws {
        #expect(try program("onnx-node/test_abs/model.onnx").contains("\"x\": (\"float32\", [3, 4, 5])"))
        let model = try Model(contentsOf: Fixtures.path("onnx-node/test_abs/model.onnx"))
        #expect(try Capsule(running: model).inputs.map(\.shape) == [[3, 4, 5]])
    }

    @Test(arguments: [
        ("keras3-bottleneck/model.h5", "[\"keras\"], [\"3\"]", "keras torch"),
        ("keras3-bottleneck/model.keras", "[\"keras\"], [\"3\"]", "keras torch"),
        ("keras2-nested/model.h5", "[\"tf_keras\", \"keras\"], [\"2\", \"3\"]", "tf_keras"),
    ])
    func `the program of a Keras file asks for the Keras that wrote it`(
        fixture: String, names: String, packages: String
    ) throws {
        let text = try program(fixture)
        #expect(text.contains("NAMES, VERSIONS = " + names))
        #expect(text.contains("pip install \(packages)\n"))
    }

    @Test func `files that no framework runs are refused with what to do`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a.skiff"
            try Model(contentsOf: Fixtures.path("torch-basic/model.onnx")).write(to: path)
            let error = #expect(throws: SkiffError.self) { try RecordingProgram(for: Model(contentsOf: path)) }
            #expect(error?.hint?.contains("skiff verify model.onnx --record") == true)
            let weights = #expect(throws: SkiffError.self) {
                try RecordingProgram(for: Model(contentsOf: Fixtures.path("weights-torch/strided-first.safetensors")))
            }
            #expect(weights?.message.contains("weights alone") == true)
        }
    }
}
