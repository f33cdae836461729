import Foundation
import Skiff
import SkiffTestSupport
import Testing

private let bottleneck = Fixtures.path("keras3-bottleneck/model.h5")
private let bottleneckValues = Fixtures.path("keras3-bottleneck/io.npz")
private let heldout = Fixtures.path("keras3-bottleneck/heldout.npz")
private let torch = Fixtures.path("torch-basic/model.onnx")

private func json(_ run: CommandRun) throws -> JSONValue { try JSONValue(parsing: run.output) }

@Suite struct VerifyTests {
    @Test func `a recording is told in a table with its verdict`() throws {
        let run = try CommandRun(["verify", bottleneck, "--against", bottleneckValues])
        #expect(run.status == 0)
        for part in ["predictions", "× noise", "51 of 51 intermediate values agree", "parity: all 52 values within"] {
            #expect(run.output.contains(part), "\(run.output)")
        }
        #expect(try CommandRun(["verify", bottleneck, bottleneckValues, "-q"]).output.isEmpty)
    }

    @Test func `two models that are not the same give exit code 1`() throws {
        let run = try CommandRun(["verify", torch, Fixtures.path("mobile-like/model.h5")])
        #expect(run.status == 1)
        #expect(run.output.contains("parity failed"))
        #expect(run.output.contains("first difference"))
    }

    @Test func `JSON has the verdict and every value`() throws {
        let object = try json(CommandRun(["verify", bottleneck, "--against", bottleneckValues, "--json"]))
        #expect(object["schema"] == "skiff.verify/1")
        #expect(object["verdict"] == "rounding")
        #expect(object["values"]?.arrayValue?.count == 52)
        #expect(object["firstDivergence"]?.isNull == true)
        #expect(object["values"]?[0]?["metrics"]?["elements"]?.intValue == 40)
    }

    @Test func `ONNX's folder of test data sets is a recording`() throws {
        try withTemporaryFolder { folder in
            try Self.makeDataSets(folder, scale: 1)
            let run = try CommandRun(["verify", folder])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(run.output.contains("parity: all 2 "))
            try Self.makeDataSets(folder, scale: 1.001)
            #expect(try CommandRun(["verify", folder]).status == 1)
        }
    }

    @Test func `a folder without test data is no reference`() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(atPath: torch, toPath: folder + "/model.onnx")
            let run = try CommandRun(["verify", folder])
            #expect(run.status == 2)
            #expect(run.errors.contains("test_data_set_0"))
            #expect(try CommandRun(["verify", torch]).status == 64)
        }
    }

    /// `model.onnx` and two data sets with what it gives, times `scale`.
    private static func makeDataSets(_ folder: String, scale: Float) throws {
        try? FileManager.default.copyItem(atPath: torch, toPath: folder + "/model.onnx")
        let model = try Model(contentsOf: torch)
        for set in 0..<2 {
            let image = try SeededInput(seed: UInt64(set)).tensor(
                forInput: 0, elementType: .float32, shape: [2, 1, 8, 8])
            let output = try #require(try model.run(["image": image])["logits"])
            let scaled = try Tensor(floats: output.floats().map { $0 * scale }, shape: output.shape)
            let path = "\(folder)/test_data_set_\(set)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try tensorFile(image, "").write(to: URL(fileURLWithPath: path + "/input_0.pb"))
            try tensorFile(scaled, "logits").write(to: URL(fileURLWithPath: path + "/output_0.pb"))
        }
    }

    /// A TensorProto of floats: dims (1), data_type (2), name (8), raw_data (9).
    private static func tensorFile(_ tensor: Tensor, _ name: String) throws -> Data {
        func varint(_ value: Int) -> [UInt8] {
            var rest = UInt64(value)
            var bytes: [UInt8] = []
            while rest >= 0x80 {
                bytes.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            return bytes + [UInt8(rest)]
        }
        var bytes: [UInt8] = []
        for extent in tensor.shape { bytes += [0x08] + varint(extent) }
        bytes += [0x10, 1]
        bytes += [0x42] + varint(name.utf8.count) + Array(name.utf8)
        let raw = tensor.withUnsafeBytes { [UInt8]($0) }
        bytes += [0x4A] + varint(raw.count) + raw
        return Data(bytes)
    }
}

@Suite struct RunTests {
    @Test func `outputs are written by name and counted against labels`() throws {
        try withTemporaryFolder { folder in
            let arguments = ["run", bottleneck, "--input", heldout, "--output", folder + "/y.npz"]
            let run = try CommandRun(arguments + ["--labels", heldout + ":predictions", "--top", "1"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("360 of 360 classified as labelled (100.0 %)"))
            #expect(run.output.contains("sample 0 "))
            let archive = try NPZ(Storage(mapping: folder + "/y.npz"))
            #expect(archive.entries.map(\.name) == ["predictions"])
            #expect(archive.entries.first?.tensor.shape == [360, 10])
            let object = try json(CommandRun(arguments + ["--labels", heldout, "--json"]))
            #expect(object["schema"] == "skiff.run/1")
            #expect(object["accuracy"]?["total"]?.intValue == 360)
            #expect(object["accuracy"]?["correct"]?.intValue ?? 0 > 340)
        }
    }

    @Test func `inputs are given by name, in order, or in an archive`() throws {
        try withTemporaryFolder { folder in
            let image = try SeededInput().tensor(forInput: 0, elementType: .float32, shape: [1, 1, 8, 8])
            try NPY.write(image, to: folder + "/x.npy")
            try NPZ.write([("image", image), ("other", image)], to: folder + "/x.npz")
            var outputs: [[Float]] = []
            for input in ["x.npy", "image=x.npy", "x.npz"] {
                let run = try CommandRun(["run", torch, "--input", input, "--output", "y.npy", "-q"], in: folder)
                #expect(run.status == 0, "\(run.errors)")
                outputs.append(try NPY.read(Storage(mapping: folder + "/y.npy")).floats())
            }
            #expect(outputs[0].count == 10)
            #expect(Set(outputs).count == 1)
        }
    }

    @Test func `all values written are a recording that verify reads`() throws {
        try withTemporaryFolder { folder in
            let run = try CommandRun(
                ["run", bottleneck, "--input", bottleneckValues, "--output", folder + "/all.npz", "--all"])
            #expect(run.status == 0, "\(run.errors)")
            let check = try CommandRun(["verify", bottleneck, "--against", folder + "/all.npz"])
            #expect(check.status == 0)
            #expect(check.output.contains("within 8 × rounding noise"))
        }
    }

    @Test func `inputs that do not fit are refused`() throws {
        try withTemporaryFolder { folder in
            let image = try Tensor(floats: [1, 2], shape: [1, 2])
            try NPY.write(image, to: folder + "/x.npy")
            try NPZ.write([("a", image), ("b", image)], to: folder + "/x.npz")
            for input in [["x.npy"], ["nothere=x.npy"], ["x.npz"], ["x.npy", "x.npy"], ["image=x.npz"], ["none.npy"]] {
                let arguments = ["run", torch, "--output", "y.npz"] + input.flatMap { ["--input", $0] }
                let run = try CommandRun(arguments, in: folder)
                #expect(run.status == 2, "\(input)")
                #expect(run.errors.hasPrefix("skiff: error: "))
            }
            #expect(names(inFolder: folder) == ["x.npy", "x.npz"])
        }
    }
}

@Suite struct InspectTests {
    @Test func `blocks are shown, and more on demand`() throws {
        let run = try CommandRun(["inspect", bottleneck])
        #expect(run.status == 0)
        #expect(run.output.contains("conv3_block2"))
        #expect(run.output.contains("projection"))
        let layers = try CommandRun(["inspect", bottleneck, "--layers"])
        #expect(layers.output.count > run.output.count)
    }

    @Test func `JSON has blocks, and layers on demand`() throws {
        let object = try json(CommandRun(["inspect", bottleneck, "--json"]))
        #expect(object["schema"] == "skiff.inspect/1")
        #expect(object["blocks"]?.arrayValue?.count == 4)
        #expect(object["layers"] == nil)
        let full = try json(CommandRun(["inspect", bottleneck, "--json", "--layers"]))
        #expect(full["layers"]?.arrayValue?.isEmpty == false)
    }

    @Test func `a model that cannot be run is shown`() throws {
        let run = try CommandRun(["inspect", Fixtures.path("lambda-refused/model.keras")])
        #expect(run.status == 0)
        #expect(run.output.contains("Lambda"))
    }
}

@Suite struct ConvertToONNXTests {
    @Test func `the operator set is asked for, chosen and explained`() throws {
        try withTemporaryFolder { folder in
            let run = try CommandRun(["convert", bottleneck, "-o", folder + "/m.onnx", "--json"])
            #expect(run.status == 0, "\(run.errors)")
            let object = try json(run)
            #expect(object["parity"] == "identical")
            #expect(object["outputs"]?.stringValue?.hasPrefix("the output") == true)
            let text = try CommandRun(["convert", folder + "/m.onnx", "-o", folder + "/n.onnx", "--opset", "17"])
            #expect(text.output.contains("parity: identical, every node and weight"), "\(text.output)\(text.errors)")
            #expect(try CommandRun(["inspect", folder + "/n.onnx", "--json"]).output.contains("\"opset\":\"17\""))
            for (arguments, status) in [
                (["-o", folder + "/m.skiff", "--opset", "13"], 64 as Int32), (["-o", folder + "/m.onnx", "--opset", "8"], 64),
                (["-o", folder + "/m.onnx", "--opset", "29"], 64),
            ] {
                #expect(try CommandRun(["convert", torch] + arguments).status == status)
            }
            let dynamo = Fixtures.path("torch-basic-folded/model-dynamo.onnx")
            #expect(try CommandRun(["convert", dynamo, "-o", folder + "/d.onnx"]).errors.contains("opset 18"))
            let raised = try CommandRun(["convert", Fixtures.path("onnx-quantized/model-qdq.onnx"), "-o", folder + "/q.onnx", "--opset", "9"])
            #expect(raised.status == 2)
            #expect(raised.errors.contains("needs opset 1") && raised.errors.contains("node \""), "\(raised.errors)")
        }
    }
}
