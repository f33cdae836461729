import Foundation
import SkiffCore
import SkiffInspect
import SkiffTestSupport
import Testing

/// Everything that `skiff inspect` says of every fixture, as text and as JSON, beside what it said before.
///
/// `SKIFF_UPDATE_GOLDENS=1 swift test --filter GoldenTests` writes what it says now; the difference is to be read
/// before it is committed.
@Suite struct GoldenTests {
    static let files = [
        "conv1d-dilated/model.h5", "conv1d-dilated/model.keras", "conv1d-dilated-torch/model.onnx",
        "conv1d-dilated-torch/model-dynamo.onnx", "custom-refused/model.h5", "custom-refused/model.keras",
        "keras2-nested/model.h5", "keras2-preact/model.h5", "keras3-bottleneck/model.h5", "keras3-bottleneck/model.keras",
        "keras3-bottleneck/model.onnx", "keras3-bottleneck/model-tf2onnx.onnx", "keras3-formats/model.h5",
        "keras3-formats/model.keras", "keras3-formats/bfloat16.keras", "keras3-formats/features.keras",
        "lambda-refused/model.h5", "lambda-refused/model.keras", "mobile-like/model.h5", "mobile-like/model.keras",
        "onnx-opsets/half.onnx", "onnx-opsets/newest.onnx", "onnx-opsets/opset7.onnx", "onnx-opsets/opset13.onnx",
        "onnx-quantized/model-operators.onnx", "onnx-quantized/model-qdq.onnx", "torch-basic/model.onnx",
        "torch-basic-folded/model.onnx", "torch-basic-folded/model-dynamo.onnx",
    ]

    static let updates = ProcessInfo.processInfo.environment["SKIFF_UPDATE_GOLDENS"] != nil

    @Test(arguments: files) func `What is said of a fixture is what was said before`(file: String) throws {
        let inspection = try FixtureTests.inspection(of: file)
        let name = file.replacingOccurrences(of: "/", with: "--")
        try compare(inspection.text(width: 100), with: "\(name).txt")
        try compare(lines(of: inspection.json().text()), with: "\(name).json")
    }

    /// A member or an element a line, so that differences can be read.
    private func lines(of json: String) -> String {
        json.replacingOccurrences(of: ",\"", with: ",\n\"").replacingOccurrences(of: "{\"", with: "{\n\"") + "\n"
    }

    private func compare(_ text: String, with name: String) throws {
        let url = URL(fileURLWithPath: Fixtures.path("inspections/\(name)"))
        if Self.updates {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
            return
        }
        let golden = try String(decoding: Data(contentsOf: url), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let now = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, pair) in zip(golden, now).enumerated() where pair.0 != pair.1 {
            Issue.record("\(name), line \(line + 1): \(pair.1), before \(pair.0)")
            return
        }
        #expect(golden.count == now.count, "\(name)")
    }
}
