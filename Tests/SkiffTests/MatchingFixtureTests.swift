import Foundation
import Skiff
import SkiffTestSupport
import Testing

/// Two exports of one network: every pair of values is checked by numbers.
@Suite struct MatchingFixtureTests {
    static let models: [(String, String)] = [
        ("keras3-bottleneck/model.keras", "keras3-bottleneck/model.h5"),
        ("keras3-bottleneck/model.h5", "keras3-bottleneck/model.onnx"),
        ("keras3-bottleneck/model.onnx", "keras3-bottleneck/model.keras"),
        ("keras3-bottleneck/model.h5", "keras3-bottleneck/model-tf2onnx.onnx"),
        ("keras3-bottleneck/model-tf2onnx.onnx", "keras3-bottleneck/model.onnx"),
        ("torch-basic/model.onnx", "torch-basic-folded/model.onnx"),
        ("torch-basic-folded/model.onnx", "torch-basic/model.onnx"),
    ]

    @Test(arguments: models)
    func `values of two exports are paired, and what is paired is equal`(candidate: String, reference: String) throws {
        let models = (try Model(contentsOf: Fixtures.path(candidate)), try Model(contentsOf: Fixtures.path(reference)))
        let check = try MatchingCheck(models.0.graph, models.1.graph)
        print(candidate, reference, check.summary)
        #expect(check.wrong.isEmpty, "\(check.wrong.joined(separator: "\n"))")
    }

    @Test func `models named by the environment`() throws {
        guard let list = environment("SKIFF_MATCH_MODELS") else { return }
        for pair in list.split(separator: " ") {
            let names = pair.split(separator: "=").map(String.init)
            let models = (try Model(contentsOf: names[0]), try Model(contentsOf: names[1]))
            let check = try MatchingCheck(models.0.graph, models.1.graph)
            print(names, check.summary)
            for line in check.wrong { print("  WRONG", line) }
            if environment("SKIFF_MATCH_VERBOSE") != nil { print(check.listing) }
        }
    }
}

private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
