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
        ("torch-basic-folded/model-dynamo.onnx", "torch-basic/model.onnx"),
        ("conv1d-dilated/model.h5", "conv1d-dilated/model.keras"),
        ("conv1d-dilated-torch/model.onnx", "conv1d-dilated-torch/model-dynamo.onnx"),
        ("mobile-like/model.h5", "mobile-like/model.keras"),
        ("keras2-preact/model.h5", "keras2-preact/model.h5"),
        ("keras2-nested/model.h5", "keras2-nested/model.h5"),
    ]

    @Test(arguments: models)
    func `values of two exports are paired, and what is paired is equal`(candidate: String, reference: String) throws {
        let models = (try Model(contentsOf: Fixtures.path(candidate)), try Model(contentsOf: Fixtures.path(reference)))
        let check = try MatchingCheck(models.0.graph, models.1.graph)
        #expect(check.wrong.isEmpty, "\(check.wrong.joined(separator: "\n"))")
        // Whatever one side has alone the matching must say where the other computes it.
        #expect(check.matching.candidateAlone.isEmpty && check.matching.referenceAlone.isEmpty, "\(check.listing)")
        #expect(check.matching.pairs.count * 2 > min(check.counts.candidate, check.counts.reference))
    }
}
