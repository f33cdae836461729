import Foundation
import Skiff
import SkiffTestSupport
import Testing

private let torch = Fixtures.path("torch-basic/model.onnx")
private let weights = Fixtures.path("weights-torch/basic.safetensors")

@Suite struct BenchTests {
    /// The object on the last line of standard output.
    private func json(_ arguments: [String], environment: [String: String] = [:]) throws -> JSONValue {
        let run = try CommandRun(["bench"] + arguments + ["--json"], environment: environment)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.errors.isEmpty, "\(run.errors)")
        return try JSONValue(parsing: String(try #require(run.output.split(separator: "\n").last)))
    }

    @Test func `JSON has every figure`() throws {
        let object = try json([torch, "--threads", "2", "--batch", "3", "--iterations", "4", "--exact"])
        #expect(object["schema"] == "skiff.bench/1")
        #expect(object["threads"] == 2)
        #expect(object["batch"] == 3)
        #expect(object["iterations"] == 4)
        #expect(object["exact"] == true)
        #expect(object["inputs"]?[0]?["shape"] == [3, 1, 8, 8])
        let multiplyAdds = try #require(try Model(contentsOf: torch).inspection().multiplyAdds)
        #expect(object["multiplyAdds"]?.intValue == 3 * multiplyAdds)
        let median = try #require(object["medianMilliseconds"]?.doubleValue)
        let minimum = try #require(object["minimumMilliseconds"]?.doubleValue)
        #expect(minimum > 0 && minimum <= median)
        for key in ["loadMilliseconds", "planMilliseconds", "firstRunMilliseconds"] {
            #expect(try #require(object[key]?.doubleValue) > 0, "\(key)")
        }
        let gflops = try #require(object["gflops"]?.doubleValue)
        #expect(abs(gflops - 6 * Double(multiplyAdds) / median / 1e6) < 1e-9 * gflops)
        #expect(["portable", "avx2", "avx512"].contains(object["kernels"]?.stringValue))
        // The tests' own program is larger than the command.
        let peak = try #require(object["peakMiB"]?.doubleValue)
        #expect(peak > 4 && peak < 200)
    }

    @Test func `the text tells the same, and nothing where it is told to be quiet`() throws {
        let run = try CommandRun(["bench", torch, "--iterations", "2"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        for part in ["image [1, 1, 8, 8]", "median of 2", "GFLOP/s", "kernels", "MiB"] {
            #expect(run.output.contains(part), "\(run.output)")
        }
        let quiet = try CommandRun(["bench", torch, "--iterations", "1", "-q", "--profile", "--plan"])
        #expect(quiet.status == 0)
        #expect(quiet.output.isEmpty)
    }

    @Test func `plan, errors and profile are tables and members of the object`() throws {
        let arguments = [torch, "--iterations", "2", "--plan", "--errors", "--profile"]
        let run = try CommandRun(["bench"] + arguments)
        for heading in ["Passes", "Steps", "Rounding", "Algorithms", "Profile"] {
            #expect(run.output.contains("\n" + heading), "\(run.output)")
        }
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(run.output)")
        let object = try json(arguments)
        let steps = try #require(object["plan"]?["steps"]?.arrayValue)
        #expect(object["steps"]?.intValue == steps.count)
        #expect(object["profile"]?["steps"]?.arrayValue?.count == steps.count)
        #expect(try json([torch, "--iterations", "1"])["plan"] == nil)
        #expect(try json([torch, "--iterations", "1"])["profile"] == nil)
    }

    @Test func `weights alone run at their usual extent, or at the one that is given`() throws {
        let arguments = [weights, "--iterations", "1", "--threads", "1"]
        #expect(try json(arguments)["inputs"]?[0]?["shape"] == [1, 3, 224, 224])
        let small = try json(arguments + ["--input-shape", "input=2x3x64x64"])
        #expect(small["inputs"]?[0]?["shape"] == [2, 3, 64, 64])
        #expect(small["batch"] == 2)
        let run = try CommandRun(["bench"] + arguments + ["--input-shape", "input=1x3x32x32"])
        #expect(run.errors.contains("assumed, since the file holds weights alone"))
    }

    @Test func `SKIFF_KERNELS chooses the kernels, and must name some that are there`() throws {
        let best = try json([torch, "--iterations", "1"])["kernels"]?.stringValue
        for name in ["portable", "avx2", "avx512"] {
            let environment = ["SKIFF_KERNELS": name]
            let run = try CommandRun(["bench", torch, "--iterations", "1"], environment: environment)
            guard run.status == 0 else {
                // Where the processor does not have them.
                #expect(name != "portable" && name != best)
                #expect(run.errors.contains("SKIFF_KERNELS is \"\(name)\""), "\(run.errors)")
                continue
            }
            #expect(try json([torch, "--iterations", "1"], environment: environment)["kernels"]?.stringValue == name)
        }
        for name in ["sse9", "AVX2", "portable "] {
            let run = try CommandRun(["bench", torch], environment: ["SKIFF_KERNELS": name])
            #expect(run.status == 2)
            #expect(run.output.isEmpty)
            #expect(run.errors.hasPrefix("skiff: error: \(torch): "), "\(run.errors)")
            #expect(run.errors.contains("SKIFF_KERNELS is \"\(name)\""), "\(run.errors)")
            #expect(run.errors.contains("portable"))
        }
        #expect(try CommandRun(["bench", torch, "-q"], environment: ["SKIFF_KERNELS": ""]).status == 0)
    }

    @Test func `what cannot be measured is refused with exit code 2`() throws {
        let fixed = Fixtures.path("onnx-node/test_basic_conv_with_padding/model.onnx")
        for (arguments, word) in [
            ([fixed, "--batch", "4"], "samples are 4"), ([torch, "--input-shape", "image=1x2x8x8"], "the model takes"),
            ([torch, "--input-shape", "picture=1x1x8x8"], "picture"),
            ([torch, "--input-shape", "image=100000000000x1x8x8"], "bytes"),
            ([torch, "--batch", "100000000"], "memory"), (["/nowhere.onnx"], "No such file"),
            ([torch, "--architecture", "torchvision"], "architecture of its own"),
            ([Fixtures.path("lambda-refused/model.keras")], "Lambda"),
        ] {
            let run = try CommandRun(["bench"] + arguments)
            #expect(run.status == 2, "\(arguments)")
            #expect(run.output.isEmpty)
            #expect(run.errors.hasPrefix("skiff: error: \(arguments[0])"), "\(run.errors)")
            #expect(run.errors.contains(word), "\(run.errors)")
            let object = try JSONValue(parsing: CommandRun(["bench"] + arguments + ["--json"]).output)
            #expect(object["schema"] == "skiff.error/1")
            #expect(object["place"]?["file"]?.stringValue == arguments[0])
        }
    }
}
