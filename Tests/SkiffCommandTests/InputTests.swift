import Foundation
import Skiff
import SkiffTestSupport
import Testing

private let torch = Fixtures.path("torch-basic/model.onnx")
private let folded = Fixtures.path("torch-basic-folded/model.onnx")
private let bottleneck = Fixtures.path("keras3-bottleneck/model.h5")
private let bottleneckONNX = Fixtures.path("keras3-bottleneck/model.onnx")
private let photo = Fixtures.path("images/pillow-rgb.png")

@Suite struct VerifyInputTests {
    @Test func `probes are what two models are run with, and noise on demand`() throws {
        let probes = try CommandRun(["verify", bottleneck, bottleneckONNX])
        #expect(probes.status == 0, "\(probes.output)\(probes.errors)")
        let noise = try CommandRun(["verify", bottleneck, bottleneckONNX, "--made-up", "noise"])
        #expect(noise.status == 0)
        func row(_ run: CommandRun) -> String? { run.output.split(separator: "\n").first { $0.contains("predictions") }.map { "\($0)" } }
        #expect(row(probes) != nil && row(probes) != row(noise))
    }

    @Test func `recorded inputs are given to both models by name`() throws {
        let run = try CommandRun(["verify", bottleneck, bottleneckONNX, "--input", Fixtures.path("keras3-bottleneck/io.npz")])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("input image [4, 10, 8, 1]"))
        #expect(!run.output.contains("made up"))
    }

    @Test func `images are a batch, and what they are put through is said`() throws {
        let arguments = ["verify", torch, torch, "--input", photo, "--input", Fixtures.path("images/pillow.ppm")]
        let run = try CommandRun(arguments)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("input image [2, 1, 8, 8]"))
        #expect(run.errors.contains("--preprocess"))
        let told = try CommandRun(arguments + ["--preprocess", "raw"])
        #expect(told.status == 0 && !told.errors.contains("--preprocess"))
    }

    @Test func `options that do not go together are usage errors`() throws {
        for arguments in [
            ["--made-up", "noise", "--input", photo], ["--preprocess", "raw"], ["--made-up", "lies"],
            ["--input", photo, "--preprocess", "lies"],
        ] {
            #expect(try CommandRun(["verify", torch, torch] + arguments).status == 64, "\(arguments)")
        }
        let recording = Fixtures.path("torch-basic/io.npz")
        #expect(try CommandRun(["verify", torch, recording, "--input", photo]).status == 64)
        #expect(try CommandRun(["verify", torch, "--against", recording, "--made-up", "noise"]).status == 64)
    }

    @Test func `inputs that do not fit are refused by name`() throws {
        let run = try CommandRun(["verify", torch, torch, "--input", Fixtures.path("numpy/cube.npy")])
        #expect(run.status == 2)
        #expect(run.errors.contains("[2, 3, 4]") && run.errors.contains("image"))
    }
}

@Suite struct RunImageTests {
    @Test func `an image is run, by name and without`() throws {
        try withTemporaryFolder { folder in
            for input in [photo, "image=" + photo] {
                let run = try CommandRun(["run", torch, "--input", input, "--output", folder + "/y.npy", "--preprocess", "unit"])
                #expect(run.status == 0, "\(run.errors)")
                let model = try Model(contentsOf: torch)
                let image = try model.imageInput([ImageFile(contentsOf: photo)], for: "image", preprocessing: .unit).tensor
                let expected = try #require(try model.run(["image": image])["logits"]).floats()
                let found = try NPY.read(Storage(mapping: folder + "/y.npy")).floats()
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 })
            }
        }
    }

    @Test func `a damaged image is an error with its file`() throws {
        try withTemporaryFolder { folder in
            var bytes = try Fixtures.bytes("images/pillow-rgb.png")
            bytes[60] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/bad.png"))
            let run = try CommandRun(["run", torch, "--input", folder + "/bad.png"])
            #expect(run.status == 2)
            #expect(run.errors.contains("bad.png") && run.errors.contains("checksum"))
        }
    }
}

@Suite struct MinimizeTests {
    @Test func `the guilty layer is written, and fails by itself`() throws {
        try withTemporaryFolder { folder in
            let graph = try Model(contentsOf: bottleneck).graph
            let weights = graph.weights.filter { graph[$0].tensor?.shape.count == 4 }
            let id = weights[weights.count / 2]
            let tensor = try #require(graph[id].tensor)
            let numbers = try tensor.floats().map { $0 * 1.01 }
            let wrong = try graph.replacing([id: Tensor(floats: numbers, shape: tensor.shape)])
            _ = try SkiffWriter.write(wrong, to: folder + "/wrong.skiff")
            let piece = folder + "/piece"
            let run = try CommandRun(["verify", folder + "/wrong.skiff", bottleneck, "--minimize", piece])
            #expect(run.status == 1, "\(run.output)\(run.errors)")
            #expect(run.errors.contains("piece: ") && run.errors.contains(", 1 node"), "\(run.errors)")
            let alone = try CommandRun(["verify", piece])
            #expect(alone.status == 1, "\(alone.output)\(alone.errors)")
            #expect(try CommandRun(["verify", bottleneck, bottleneck, "--minimize", folder + "/none"]).status == 0)
            #expect(names(inFolder: folder).sorted() == ["piece", "wrong.skiff"])
        }
    }
}
