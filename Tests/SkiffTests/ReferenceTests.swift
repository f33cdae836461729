@testable import Skiff
import SkiffTestSupport
import Testing

/// References that are no model: capsules of real recordings, and what Polygraphy saves.
@Suite struct ReferenceTests {
    static let recorded = [
        ("keras3-bottleneck/model.h5", "keras3-bottleneck/io.npz"), ("torch-basic/model.onnx", "torch-basic/io.npz"),
        ("keras2-nested/model.h5", "keras2-nested/io.npz"), ("conv1d-dilated/model.keras", "conv1d-dilated/io.npz"),
        ("mobile-like/model.h5", "mobile-like/io.npz"),
    ]

    @Test(arguments: recorded)
    func `the capsule of a recording says of a model what the recording says`(model: String, io: String) throws {
        try withTemporaryFolder { folder in
            let model = try Model(contentsOf: Fixtures.path(model))
            let path = folder + "/c.capsule"
            try Capsule(of: model, recording: Fixtures.path(io)).write(to: path)
            let whole = try verify(model, againstRecording: Fixtures.path(io))
            let report = try verify(model, againstRecording: path)
            #expect(report.passed)
            #expect(Set(report.values.map(\.name)) == Set(whole.values.map(\.name)))
            for value in whole.values {
                let other = try #require(report.values.first { $0.name == value.name && $0.role == value.role })
                guard let ratio = value.ratio, let estimate = other.ratio, ratio > 0.1 else { continue }
                // Of some hundred values one may lie outside of what holds for 999 of 1000.
                #expect(estimate > 0.6 * ratio && estimate < 1.6 * ratio, "\(value.name): \(estimate) for \(ratio)")
            }
        }
    }

    @Test func `a converted network is checked by the capsule of its source`() throws {
        try withTemporaryFolder { folder in
            let source = try Model(contentsOf: Fixtures.path("keras3-bottleneck/model.h5"))
            try Capsule(running: source).write(to: folder + "/c.capsule")
            for name in ["a.skiff", "a.onnx"] {
                try source.write(to: folder + "/" + name)
                let report = try verify(Model(contentsOf: folder + "/" + name), againstRecording: folder + "/c.capsule")
                #expect(report.passed)
                #expect(report.values.count > 50)
            }
            let other = try Model(contentsOf: Fixtures.path("keras3-bottleneck/model-tf2onnx.onnx"))
            let report = try verify(other, againstRecording: folder + "/c.capsule")
            #expect(report.passed)
            #expect(report.values.count > 20, "values of tf2onnx's names are paired by content")
        }
    }

    @Test func `what Polygraphy saves is a recording of each runner and iteration`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        for inputs in [nil, Fixtures.path("polygraphy/inputs.json")] {
            let report = try verify(
                model, againstRecording: Fixtures.path("polygraphy/outputs.json"), inputsFrom: inputs)
            #expect(report.passed)
            #expect(report.values.count == 12)
            #expect(Set(report.values.compactMap(\.recording)).count == 4)
            #expect(Set(report.values.map(\.name)).contains("/maxpool/MaxPool_output_0"))
        }
        #expect(ReferenceFile.isReference(Fixtures.path("polygraphy/outputs.json")))
        #expect(!ReferenceFile.isReference(Fixtures.path("manifest.json")))
        #expect(!ReferenceFile.isReference(Fixtures.path("torch-basic/model.onnx")))
    }

    @Test func `results without their inputs, and inputs in their place, are refused with what to do`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        try withTemporaryFolder { folder in
            let results = try Fixtures.bytes("polygraphy/outputs.json")
            try write(results, folder + "/out.json")
            var error = #expect(throws: SkiffError.self) { try verify(model, againstRecording: folder + "/out.json") }
            #expect(error?.hint?.contains("--inputs-from") == true)
            error = #expect(throws: SkiffError.self) {
                try verify(model, againstRecording: Fixtures.path("polygraphy/inputs.json"))
            }
            #expect(error?.message.contains("expected results") == true)
            error = #expect(throws: SkiffError.self) {
                try verify(
                    model, againstRecording: Fixtures.path("torch-basic/io.npz"), inputsFrom: folder + "/out.json")
            }
            #expect(error?.message.contains("none of Polygraphy's") == true)
        }
    }

    @Test func `damaged results are refused or read, and nothing else`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        let bytes = try Fixtures.bytes("polygraphy/outputs.json")
        try withTemporaryFolder { folder in
            var refused = 0
            for draw in 0..<60 {
                var changed = bytes
                let place = Int(UInt64(draw) &* 0x9E37_79B9_7F4A_7C15 >> 20) % bytes.count
                if draw % 3 == 0 { changed.removeLast(place) } else { changed[draw % 3 == 1 ? place : place % 900] ^= 0x15 }
                try write(changed, folder + "/out.json")
                do {
                    _ = try verify(
                        model, againstRecording: folder + "/out.json", inputsFrom: Fixtures.path("polygraphy/inputs.json"))
                } catch { refused += 1 }
            }
            #expect(refused > 20)
        }
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(bytes) }
    }

    @Test func `base64 is read, and nothing but base64`() throws {
        func decoded(_ text: String) throws -> [UInt8] {
            let text = Array(text.utf8)
            return try text.withUnsafeBytes { text in
                var bytes = [UInt8](repeating: 0, count: try Base64.byteCount(text))
                try bytes.withUnsafeMutableBytes { try Base64.decode(text, into: $0) }
                return bytes
            }
        }
        #expect(try decoded("") == [])
        #expect(try decoded("AA==") == [0])
        #expect(try decoded("//79") == [255, 254, 253])
        #expect(try decoded("U2tpZmY=") == Array("Skiff".utf8))
        for text in ["A", "A===", "AA=A", "AAA!", "====", "AA==AAAA", "é=="] {
            #expect(throws: CoreError.self, "\(text)") { try decoded(text) }
        }
    }
}
