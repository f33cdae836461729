import Foundation
import Skiff
import SkiffTestSupport
import Testing

/// Native files on disk, by the command.
@Suite struct NativeFileTests {
    /// y = x · w with a weight of that many rows of 1024, as a native file.
    private static func write(_ rows: Int, seed: Int, to path: String) throws {
        var builder = GraphBuilder(name: "product")
        let x = try builder.addInput("x", Fact(.float32, [1, .fixed(rows)]))
        let count = rows * 1024
        let weight = try Tensor(
            floats: (0..<count).map { Float(Int32(truncatingIfNeeded: ($0 + seed) &* 0x9E37_79B1)) / 0x1p35 },
            shape: [rows, 1024])
        let w = try builder.addWeight("w", weight)
        let product = Operator.matrixMultiplication(MatrixMultiplication())
        builder.addOutput("y", try builder.addNode("p", sourceOperator: "MatMul", product, inputs: [x, w], output: "y"))
        try SkiffWriter.write(builder.build(), to: path)
    }

    @Test(arguments: ["raw", "lossless", "int8"])
    func `a writer that is killed at any moment leaves the old file or the new one`(encoding: String) throws {
        try withTemporaryFolder { folder in
            try Self.write(16_384, seed: 0, to: folder + "/new.skiff")
            try Self.write(16, seed: 1, to: folder + "/old.skiff")
            let target = folder + "/target.skiff"
            let arguments = ["convert", "-q", "--encoding", encoding, "new.skiff", "-o", "target.skiff"]
            let clock = ContinuousClock()
            let start = clock.now
            let first = try CommandRun(arguments, in: folder)
            let whole = clock.now - start
            #expect(first.status == 0)
            let newBytes = try Data(contentsOf: URL(fileURLWithPath: target))
            let oldBytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/old.skiff"))
            var generator = SystemRandomNumberGenerator()
            var killed = 0
            for _ in 0..<20 {
                try? FileManager.default.removeItem(atPath: target)
                try FileManager.default.copyItem(atPath: folder + "/old.skiff", toPath: target)
                let process = Process()
                process.executableURL = URL(fileURLWithPath: CommandRun.path)
                process.arguments = arguments
                process.currentDirectoryURL = URL(fileURLWithPath: folder)
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                Thread.sleep(forTimeInterval: Double.random(in: 0...1, using: &generator) * (whole / .seconds(1)))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                killed += process.terminationReason == .uncaughtSignal ? 1 : 0
                let left = try Data(contentsOf: URL(fileURLWithPath: target))
                #expect(left == oldBytes || left == newBytes)
                let check = try CommandRun(["check", "-q", "target.skiff"], in: folder)
                #expect(check.status == 0)
            }
            #expect(killed > 0)
        }
    }

    @Test func `check names the tensor that a flipped bit hit`() throws {
        try withTemporaryFolder { folder in
            try Self.write(64, seed: 0, to: folder + "/a.skiff")
            let sound = try CommandRun(["check", "a.skiff", "--tensors"], in: folder)
            #expect(sound.status == 0)
            #expect(sound.output.contains("a.skiff: sound"))
            #expect(sound.output.contains("\n  w  float32 [64, 1024]  raw  262 kB  "))
            var bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.skiff"))
            bytes[100_000] ^= 8
            try bytes.write(to: URL(fileURLWithPath: folder + "/b.skiff"))
            let damaged = try CommandRun(["check", "b.skiff"], in: folder)
            #expect(damaged.status == 2)
            #expect(damaged.errors.contains("tensor \"w\""))
            #expect(damaged.errors.contains("damaged"))
            let json = try CommandRun(["check", "a.skiff", "--json"], in: folder)
            #expect(json.output.contains("\"schema\":\"skiff.check/1\""))
            #expect(json.output.contains("\"digest\":"))
        }
    }

    @Test(arguments: [[], ["--encoding", "lossless"], ["--encoding", "int8"]])
    func `what is written without a proof is a sound file too`(encoding: [String]) throws {
        try withTemporaryFolder { folder in
            for model in ["torch-basic/model.onnx", "keras3-bottleneck/model.h5", "torch-basic-folded/model-external.onnx"] {
                let path = Fixtures.folder + "/" + model
                let run = try CommandRun(["convert", "-q", "--no-verify", path, "-o", "x.skiff"] + encoding, in: folder)
                #expect(run.status == 0, "\(run.errors)")
                let check = try CommandRun(["check", "x.skiff"], in: folder)
                #expect(check.status == 0, "\(check.errors)")
                #expect(check.output.contains("not taken"))
            }
        }
    }

    @Test func `check says what has no checksums`() throws {
        let run = try CommandRun(["check", Fixtures.folder + "/conv1d-dilated-torch/model.onnx"])
        #expect(run.status == 2)
        #expect(run.errors.contains("keeps no checksums"))
    }
}
