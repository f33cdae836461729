import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffVerify

/// Reports filled by hand, so that every part of text and JSON has something to say.
@Suite struct ReportTests {
    private static let shape = [1, 2, 3]

    private func judgement(_ reference: [Double], _ own: [Double]) -> Judgement {
        Judgement(reference: reference, float: own, double: own.map { $0 + 1e-7 }, shape: Self.shape)
    }

    private func layer(_ explanations: [Explanation]) -> GuiltyLayer {
        let judgement = judgement([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7])
        return GuiltyLayer(
            name: "b\u{202E}n", referenceName: "bn_ref", nodes: ["conv", "bn"], operatorNames: ["Conv2D", "BatchNormalization"],
            referenceNode: "bn_node", recording: nil, shape: Self.shape, judgement: judgement,
            firstElement: judgement.comparison.worst, wrongElements: 1, explanations: explanations, experiments: 17,
            valueHistogram: .init(bounds: [0, 1, 2], counts: [3, 4]), referenceHistogram: nil, errorHistogram: nil)
    }

    private func report(_ explanations: [Explanation]) -> ParityReport {
        let comparison = judgement([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7]).comparison
        var wrong = ValueParity(
            role: .intermediate, name: "b\u{202E}n", referenceName: "bn_ref", node: "bn", operatorName: "BatchNormalization",
            shape: Self.shape, comparison: comparison, noise: 1e-7, ratio: 84, verdict: .differs,
            reason: "RMS error is 84 times the rounding noise")
        wrong.worstRatio = 200
        wrong.localRatio = 91
        wrong.referenceNode = "bn_node"
        wrong.confidence = 0.95
        wrong.evidence = [.topology, .weights]
        wrong.order = 3
        let missing = ValueParity(
            role: .output, name: "scores", referenceName: "", shape: [], comparison: nil, verdict: .incomparable,
            reason: "the model has no such output")
        var report = ParityReport(
            policy: ParityPolicy(), seed: 0, inputs: [.init(name: "x", elementType: .float32, shape: [1, 3, 8, 8])],
            values: [missing, wrong], assumptions: ["inputs are paired in their order"], unmatched: [],
            decidesByOutputs: false, firstDivergence: wrong)
        report.guilty = [layer(explanations)]
        report.hidden = ["BatchNormalization is folded into conv1"]
        return report
    }

    private let padding = Explanation(
        kind: .padding, node: "conv", parameter: "padding", found: "(1,1,1,1)", expected: "(0,0,1,1)", ratio: 0.9)

    @Test func `text names the guilty layer, its errors, its first wrong element and the reason`() {
        let text = report([padding]).text()
        for part in [
            "guilty layer: bn (Conv2D → BatchNormalization), in the reference bn_node", "with what it inherits, by 84 ×",
            "first wrong element at [0, 1, 2]: 7.0 here, 6.0 in the reference; 1 of 6 are wrong",
            "conv: padding (0,0,1,1) explains it; this model has (1,1,1,1)", "first difference: b\\u{202e}n, from bn",
            "1 value is hidden in another step: BatchNormalization is folded into conv1", "parity failed: 2 of 2 values do not agree",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(!text.contains("[]"))
        #expect(!text.contains("\u{202E}"))
        #expect(report([]).text().contains("none of 17 experiments explains it"))
    }

    @Test func `tables fit the terminal`() {
        let report = report([padding])
        for width in [60, 80, 120] {
            let lines = report.text(width: width, listsAll: true).split(separator: "\n")
            let start = lines.firstIndex { $0.contains("verdict") } ?? 0
            for line in lines[start..<min(start + 3, lines.count)] { #expect(line.count <= width, "\(line)") }
        }
        #expect(report.text(colors: true).contains("\u{1B}[31m"))
        #expect(!report.text().contains("\u{1B}"))
    }

    @Test func `JSON has layers, explanations and both models' names`() throws {
        let object = try JSONValue(parsing: report([padding]).json().text())
        let guilty = try #require(object["guilty"]?[0])
        #expect(guilty["node"] == "bn")
        #expect(guilty["referenceNode"] == "bn_node")
        #expect(guilty["nodes"]?.arrayValue?.count == 2)
        #expect(guilty["explanations"]?[0]?["kind"] == "padding")
        #expect(guilty["firstElement"]?["index"]?[2]?.intValue == 2)
        #expect(guilty["histograms"]?["value"]?["counts"]?[1]?.intValue == 4)
        #expect(guilty["histograms"]?["error"]?.isNull == true)
        #expect(guilty["judgement"]?["verdict"] == "differs")
        #expect(object["explanations"]?[0]?["sentence"] == .string(padding.sentence))
        #expect(object["explanations"]?[0]?["layer"] == "b\u{202E}n")
        #expect(object["hidden"]?.arrayValue?.count == 1)
        let first = try #require(object["firstDivergence"])
        #expect(first["referenceName"] == "bn_ref")
        #expect(first["referenceNode"] == "bn_node")
        #expect(first["localRatio"]?.doubleValue == 91)
        #expect(first["evidence"]?[1] == "weights")
        #expect(first["smallestTolerance"]?["absolute"]?.doubleValue == first["metrics"]?["maximumError"]?.doubleValue)
        #expect(object["values"]?[0]?["shape"]?.isNull == true)
        #expect(object["smallestTolerance"]?.isNull == true)
    }

    @Test func `joined reports keep the layers of each`() throws {
        let joined = try #require(ParityReport(joining: [report([padding]), report([])]))
        #expect(joined.guilty.count == 2)
        #expect(joined.hidden.count == 1)
        #expect(joined.text().contains("guilty layer 2 of 2"))
    }

    @Test func `numbers that are not finite are written one way`() {
        let comparison = Comparison([-Double.nan, 1], [1, 1], shape: [2])
        #expect(comparison.nonFiniteMismatch?.text == "at [0]: NaN here, 1.0 in the reference")
        #expect(elementText(-.infinity) == "-∞")
        #expect(elementText(0.1 as Double) == "0.1")
        #expect(elementText(Double(Float(0.1))) == "0.1")
        #expect(elementText(1 + 1e-12, beside: 1) == "1.000000000001")
    }

    @Test func `the smallest tolerances pass, and what is below them does not`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let reference = (0..<50).map { _ in Double.random(in: -2...2, using: &generator) }
            let own = reference.map { $0 * (1 + Double.random(in: -1e-3...1e-3, using: &generator)) }
            let plain = Comparison(own, reference, shape: [50])
            let relative = plain.smallestTolerance?.relative ?? 0
            func exceeding(_ absolute: Double, _ relative: Double) -> Int {
                Comparison(own, reference, shape: [50], absoluteTolerance: absolute, relativeTolerance: relative).exceedingCount
            }
            #expect(exceeding(0, relative) == 0)
            #expect(exceeding(0, relative * (1 - 1e-14)) > 0)
            #expect(exceeding(plain.maximumError, 0) == 0)
            #expect(exceeding(plain.maximumError.nextDown, 0) == 1)
        }
        #expect(Comparison([1, 2], [0, 2], shape: [2]).smallestTolerance?.relative == .infinity)
        #expect(Comparison([1, 2], [1, 2], shape: [2]).smallestTolerance?.relative == 0)
        #expect(Comparison([.nan], [1], shape: [1]).smallestTolerance == nil)
    }
}
