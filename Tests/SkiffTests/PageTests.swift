import Foundation
import SkiffTestSupport
import Testing

@testable import Skiff
@testable import SkiffVerify

@Suite struct PageTests {
    private static let torch = Fixtures.path("torch-basic/model.onnx")

    private func page(_ change: (inout ParityReport) -> Void) throws -> String {
        let model = try Model(contentsOf: Self.torch)
        var report = try Skiff.verify(model, againstRecording: Fixtures.path("torch-basic/io.npz"))
        change(&report)
        return VerificationPage(report, candidate: model, reference: "io.npz", seconds: 0.2).html
    }

    @Test func `names with markup stay text`() throws {
        let hostile = "</script><script>alert('x')</script>\"&\u{202E}"
        let html = try page { report in
            report.values[0].name = hostile
            report.values[1].reason = hostile
            report.values[2].node = hostile
            report.inputs[0].name = hostile
            report.unmatched = [hostile]
            report.hidden = [hostile]
            report.explanations = [
                Explanation(kind: .epsilon, node: hostile, parameter: hostile, found: hostile, expected: hostile, ratio: 1)
            ]
        }
        #expect(html.components(separatedBy: "<script").count == 2)
        #expect(!html.contains("alert('x')"))
        #expect(html.contains("&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)"))
        #expect(!html.contains("\u{202E}"))
    }

    @Test func `the policy names the digest of what the page holds`() throws {
        let html = try page { _ in }
        for tag in ["script", "style"] {
            let body = try #require(html.components(separatedBy: "<\(tag)>").last?.components(separatedBy: "</\(tag)>").first)
            #expect(html.contains("\(tag)-src &#39;\(Page.digest(of: body))&#39;"))
        }
        // FIPS 180-4's example.
        #expect(Page.digest(of: "abc") == "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(["", "f", "fo", "foo", "foob"].map { Page.base64(Array($0.utf8)) } == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="])
        #expect(!html.contains("://"))
        #expect(!html.contains(" style="))
    }

    @Test func `guilty layers have their numbers, their reasons and their histograms`() throws {
        let html = try page { report in
            guard let index = report.values.firstIndex(where: { $0.node == "/layer2/layer2.0/conv1/Conv" }) else { return }
            report.values[index].verdict = .differs
            report.values[index].ratio = 1234
            let value = report.values[index]
            let numbers = (0..<64).map { Double($0) }
            let judgement = Judgement(
                reference: numbers, float: numbers.map { $0 * 1.01 }, double: numbers.map { $0 * 1.0100001 }, shape: [64])
            report.guilty = [
                GuiltyLayer(
                    name: value.name, referenceName: value.name, nodes: [value.node ?? ""], operatorNames: ["Conv"],
                    referenceNode: nil, recording: nil, shape: value.shape, judgement: judgement,
                    firstElement: judgement.comparison.worst, wrongElements: 63,
                    explanations: [], experiments: 12, valueHistogram: .init(bounds: [0, 1, 2], counts: [5, 0]),
                    referenceHistogram: .init(bounds: [0, 1, 2], counts: [4, 1]),
                    errorHistogram: .init(bounds: [0, 1, 2, 4, 8, 16, .infinity], counts: [9, 0, 1, 2, 3, 40]))
            ]
        }
        for part in ["none of 12 experiments explains it", "63 of 64, 98.4 %", "class=\"histogram\"", "bar wrong", ">guilty<"] {
            #expect(html.contains(part), "\(part)")
        }
    }

    @Test func `a page replaces neither model nor reference`() throws {
        try withTemporaryFolder { folder in
            let copy = folder + "/model.onnx"
            try FileManager.default.copyItem(atPath: Self.torch, toPath: copy)
            let model = try Model(contentsOf: copy)
            let report = try Skiff.verify(model, against: model)
            let page = VerificationPage(report, candidate: model, reference: Fixtures.path("torch-basic/io.npz"))
            #expect(throws: SkiffError.self) { try page.write(to: copy) }
            #expect(throws: SkiffError.self) { try page.write(to: Fixtures.path("torch-basic/io.npz")) }
            #expect(throws: SkiffError.self) { try page.write(to: folder) }
            try page.write(to: folder + "/page.html")
            #expect(try String(contentsOfFile: folder + "/page.html", encoding: .utf8) == page.html)
        }
    }

    @Test func `histograms and charts of any numbers are drawn`() {
        for numbers in [[], [0], [Double.infinity, .nan, 1e-300, 5e-324], [1e300, .greatestFiniteMagnitude]] {
            let points = numbers.map { GrowthChart.Point(total: $0, local: $0, severity: .differs) }
            let chart = GrowthChart(points: points, threshold: 8, sections: [(0, "stem")], guilty: [], description: "")
            #expect(chart.markup.source.hasPrefix("<svg"))
            #expect(!chart.markup.source.contains("nan"))
            let bars = GuiltyLayer.Histogram(bounds: numbers, counts: numbers.map { _ in Int.max })
            #expect(!Histogram(bars: bars, outline: bars, threshold: 8, label: "").markup.source.contains("nan"))
        }
        #expect(Drawing.powerOfTen(-12) == "10⁻¹²")
        #expect(Drawing.powerOfTen(-2) == "0.01")
        #expect(Drawing.number(-0.04) == "0")
    }
}
