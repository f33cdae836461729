import Skiff
@testable import SkiffCommand
import SkiffTestSupport
import Testing

/// The arithmetic of the report, on a plan whose figures are round.
@Suite struct BenchReportTests {
    private func report(threads: Int = 2) throws -> BenchReport {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        var report = BenchReport(model: model, inputs: try model.madeUpInputs(), threads: threads, isExact: false)
        report.runs = [0.004, 0.003, 0.010, 0.005]
        report.plan = PlanReport(
            passes: [],
            steps: [
                .init(
                    name: "layer1/conv1 with a long name that has to give way where the terminal is narrow",
                    operation: "Convolution 3×3 + ReLU", algorithm: "Winograd F(4×4, 3×3)", inputShape: [1, 56, 56, 64],
                    outputShape: [1, 56, 56, 64], multiplyAdds: 115_605_504, plannedMultiplyAdds: 28_901_376,
                    predictedMicroseconds: 690.25, predictedErrorRatio: 4),
                .init(
                    name: "layer2/conv1", operation: "Convolution 1×1/2 + add", algorithm: "direct",
                    inputShape: [1, 56, 56, 64], outputShape: [1, 28, 28, 128], multiplyAdds: 6_422_528,
                    plannedMultiplyAdds: 6_422_528, predictedMicroseconds: 110),
                .init(
                    name: "gate", operation: "GridSample", algorithm: "plain", inputShape: [1, 28, 28, 128],
                    outputShape: [1, 28, 28, 128], isFallback: true),
            ], arenaBytes: 1 << 20, packedWeightBytes: 3 << 20, kernels: "avx512")
        report.showsPlan = true
        report.profile = .init(stepSeconds: [0.001, 0.0005, 0.0025], peakMultiplyAddsPerSecond: 50e9)
        report.errors = [.init(step: 0, measured: 1.2e-6, direct: 3e-7), .init(step: 1, measured: 3e-7, direct: 0)]
        return report
    }

    @Test func `the median is the middle, or the mean of the two there`() throws {
        var report = try report()
        #expect(abs(report.median - 0.0045) < 1e-12)
        #expect(report.minimum == 0.003)
        report.runs = [3, 1, 2]
        #expect(report.median == 2)
        #expect(abs(try #require(report.gigaflops) - 2 * 414_528 / 2e9) < 1e-12)
    }

    @Test func `shares are of all steps, speeds of the threads' peak together`() throws {
        let profile = try #require(try report().json()["profile"])
        #expect(profile["peakGflops"]?.doubleValue == 200)
        #expect(profile["milliseconds"]?.doubleValue == 4)
        let first = try #require(profile["steps"]?[0])
        #expect(first["share"]?.doubleValue == 0.25)
        #expect(abs(try #require(first["peakShare"]?.doubleValue) - 1.15605504) < 1e-9)
        #expect(abs(try #require(first["plannedPeakShare"]?.doubleValue) - 0.28901376) < 1e-9)
        #expect(profile["algorithms"]?.arrayValue?.map { $0["name"] } == ["plain", "Winograd F(4×4, 3×3)", "direct"])
        #expect(profile["steps"]?[2]?["fallback"] == true)
        let single = try #require(try report(threads: 1).json()["profile"])
        #expect(single["peakGflops"]?.doubleValue == 100)
    }

    @Test func `errors stand at their steps`() throws {
        let steps = try #require(try report().json()["plan"]?["steps"])
        #expect(steps[0]?["error"]?["ratio"]?.doubleValue == 4)
        #expect(steps[1]?["error"]?["ratio"]?.isNull == true)
        #expect(steps[2]?["error"]?.isNull == true)
    }

    @Test func `tables show bars, both shares of the peak and fallbacks, and keep to the terminal`() throws {
        let report = try report()
        for width in [80, 100, 160] {
            let text = report.text(width: width, colors: false)
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
            let row = try #require(lines.first { $0.contains("25.0 %") && $0.contains("narrow") }, "\(text)")
            #expect(row.contains("███▎ "))
            #expect(row.contains("231") && row.contains("116 % (29 %)"))
            #expect(lines.contains { $0.contains("gate") && $0.contains("  ████████") })
            #expect(lines.contains { $0.contains("gate") && $0.contains("× plain") })
            #expect(lines.contains { $0.contains("4.00") && $0.contains("1.2e-06") && $0.contains("3.0e-07") })
            #expect(text.contains("1 of 3 steps have no fast kernel"))
        }
        #expect(report.text(width: 100, colors: true).contains("\u{1B}["))
    }
}
