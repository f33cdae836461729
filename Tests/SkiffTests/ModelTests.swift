import Foundation
@testable import Skiff
import SkiffTestSupport
import Testing

@Suite struct ModelTests {
    private static let bottleneck = Fixtures.path("keras3-bottleneck/model.h5")

    /// The example of the documentation.
    @Test func `a model is read, run, written, inspected and verified`() throws {
        try withTemporaryFolder { folder in
            let model = try Model(contentsOf: Self.bottleneck)
            let image = try SeededInput().tensor(forInput: 0, elementType: .float32, shape: [3, 10, 8, 1])
            let outputs = try model.run(["image": image])
            #expect(outputs["predictions"]?.shape == [3, 10])

            try model.write(to: folder + "/model.skiff")
            let converted = try Model(contentsOf: URL(fileURLWithPath: folder + "/model.skiff"))
            #expect(converted.format.identifier == "skiff")
            #expect(try converted.run(["image": image])["predictions"]?.floats() == outputs["predictions"]?.floats())

            #expect(model.inspection().blocks.count == 4)
            let report = try verify(converted, against: model)
            #expect(report.verdict == .identical)
        }
    }

    @Test func `one network from two formats and two layouts gives the same on the same image`() throws {
        let keras = try Model(contentsOf: Self.bottleneck)
        for name in ["model.keras", "model.onnx", "model-tf2onnx.onnx"] {
            let other = try Model(contentsOf: Fixtures.path("keras3-bottleneck/\(name)"))
            let report = try verify(other, against: keras)
            let passed = report.passed
            #expect(passed, "\(report.text())")
        }
    }

    @Test func `a folded network is the same function, whatever its intermediate values are called`() throws {
        let kept = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        let folded = try Model(contentsOf: Fixtures.path("torch-basic-folded/model.onnx"))
        var verifier = Verifier()
        verifier.comparesIntermediates = true
        let report = try verify(kept, against: folded, using: verifier)
        #expect(report.passed)
        #expect(report.firstDivergence == nil)
    }

    @Test func `another network is not the same function`() throws {
        let kept = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        let other = try Model(contentsOf: Fixtures.path("mobile-like/model.h5"))
        let report = try verify(kept, against: other)
        #expect(report.verdict == .differs)
        #expect(report.inputs.first?.referenceShape == [2, 8, 8, 1])
    }

    /// `Fixtures/make/safetensors_files.py` reads such files with the reference implementation.
    @Test func `a model's weights are written alone, even where its layers are code`() throws {
        try withTemporaryFolder { folder in
            for name in ["torch-basic/model.onnx", "keras3-bottleneck/model.h5", "lambda-refused/model.keras"] {
                let model = try Model(contentsOf: Fixtures.path(name))
                let path = folder + "/weights.safetensors"
                try model.write(to: path)
                #expect(try model.firstDifference(fromWritten: path) == nil)
                let other = try Model(contentsOf: Fixtures.path("conv1d-dilated/model.h5"))
                #expect(try other.firstDifference(fromWritten: path)?.contains("tensor") == true)
            }
        }
    }

    @Test func `weights in a NumPy archive are grouped as those of the file beside it`() throws {
        let archived = try WeightSet(npz: Fixtures.storage("safetensors/block.npz"))
        #expect(archived.layers.count == 6)
        #expect(archived.layers.first?.name == "layer1.0.conv1")
        #expect(archived.layers.first?.variables.first?.role == "weight")
        #expect(archived.layers.flatMap(\.variables).count == 18)
    }

    @Test func `the model's own file is not written over`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/model.skiff"
            try Model(contentsOf: Self.bottleneck).write(to: path)
            let model = try Model(contentsOf: path)
            #expect(throws: SkiffError.self) { try model.write(to: path) }
            #expect(throws: SkiffError.self) { try model.write(to: folder + "/model.keras") }
            #expect(names(inFolder: folder) == ["model.skiff"])
        }
    }
}

@Suite struct LookalikeTests {
    private static let kinds: [(bytes: [UInt8], word: String)] = [
        ([], "empty"),
        ([UInt8](repeating: 0, count: 4096), "zeros"),
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 102\n".utf8), "Git LFS"),
        (Array("\n<!DOCTYPE html><html><title>404</title></html>".utf8), "HTML"),
        (Array("<HTML><body>".utf8), "HTML"),
        (Array("{\"error\": \"not found\"}".utf8), "JSON"),
        ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "gzip"),
        ([0x80, 0x02, 0x8A, 0x0A, 0x6C], "pickle"),
        ([0x40, 0, 0, 0, 0, 0, 0, 0] + Array("{\"__metadata__\":{}}".utf8), "safetensors file cut off"),
        ([0x08, 0x01, 0x12, 0xF0, 0x10, 0x0A, 0x05], "SavedModel"),
        ([0x1C, 0, 0, 0] + Array("TFL3".utf8) + [0, 0], "TensorFlow Lite"),
        ([0x50, 0x4B, 3, 4, 20, 0, 0, 0], "cut off"),
        (Array("just some text that is no model".utf8), "a text that says"),
        ([0x93] + Array("NUMPY".utf8) + [1, 0], "NumPy"),
    ]

    @Test(arguments: 0..<14)
    func `what is no model is named as what it is`(index: Int) throws {
        let kind = Self.kinds[index]
        try withTemporaryFolder { folder in
            let path = folder + "/model.onnx"
            try Data(kind.bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: SkiffError.self) { try Model(contentsOf: path) }
            #expect(error?.message.contains(kind.word) == true, "\(error?.message ?? "")")
            #expect(error?.place.file == path)
        }
    }

    @Test func `a recording is not taken for a model`() throws {
        let error = #expect(throws: SkiffError.self) { try Model(contentsOf: Fixtures.path("torch-basic/io.npz")) }
        #expect(error?.message.contains("a recording of a model's inputs and outputs") == true)
        #expect(error?.hint?.contains("--against") == true)
    }

    @Test func `folders are told apart`() throws {
        try withTemporaryFolder { folder in
            let empty = #expect(throws: SkiffError.self) { try Model(contentsOf: folder) }
            #expect(empty?.message.contains("model.onnx") == true)
            for name in ["config.json", "model.weights.h5", "metadata.json"] {
                try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
            }
            let unpacked = #expect(throws: SkiffError.self) { try Model(contentsOf: folder) }
            #expect(unpacked?.place.file?.hasSuffix("config.json") == true)
        }
    }

    @Test func `a cut model is refused at every length`() throws {
        let bytes = try Fixtures.bytes("onnx-opsets/opset9.onnx")
        try withTemporaryFolder { folder in
            let path = folder + "/model.onnx"
            for length in stride(from: 0, to: bytes.count, by: 97) {
                try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
                #expect(throws: SkiffError.self, "\(length) bytes") { try Model(contentsOf: path) }
            }
        }
    }
}

@Suite struct SupportTableTests {
    @Test func `the table names formats, operators and layers`() {
        let text = SupportTable.markdown()
        for word in ["`.onnx`", "`.keras`", "`.h5`", "`.skiff`", "`Conv`", "`BatchNormalization`", "`Conv2D`"] {
            #expect(text.contains(word))
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: Fixtures.path("../README.md"))))
    func `README.md says what the code says`() throws {
        let path = Fixtures.path("../README.md")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(SupportTable.updated(text) == text, "make docs brings README.md up to date")
    }

    @Test func `text without markers is left alone`() {
        #expect(SupportTable.updated("# Title") == nil)
        let marked = "a\n\(SupportTable.begin)\nstale words\n\(SupportTable.end)\nb"
        let updated = SupportTable.updated(marked)
        #expect(updated?.contains("stale words") == false)
        #expect(updated.flatMap(SupportTable.updated) == updated)
    }
}
