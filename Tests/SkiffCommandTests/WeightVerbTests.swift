import Skiff
import SkiffTestSupport
import Testing

private let torch = Fixtures.path("torch-basic/model.onnx")

private func json(_ run: CommandRun) throws -> JSONValue { try JSONValue(parsing: run.output) }

@Suite struct WeightVerbTests {
    @Test func `weights are a table, and one tensor is shown in full`() throws {
        let table = try CommandRun(["inspect", torch, "--weights"])
        #expect(table.status == 0)
        #expect(table.output.hasPrefix("Weights  75 tensors"))
        #expect(table.output.contains("conv1.weight") && table.output.contains("█"))
        let one = try CommandRun(["inspect", torch, "--tensor", "fc.weight", "--channels"])
        for part in ["Values", "Magnitudes", "Channels", "2^-", "layer"] { #expect(one.output.contains(part)) }
        let object = try json(CommandRun(["inspect", torch, "--tensor", "layer*.conv1.weight", "--json"]))
        let names = object["weights"]?["tensors"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        #expect(names.count == 6 && names.allSatisfy { $0.hasSuffix(".conv1.weight") })
        let unknown = try CommandRun(["inspect", torch, "--tensor", "conv1.weigth"])
        #expect(unknown.status == 2 && unknown.errors.contains("\"conv1.weight\""), "\(unknown.errors)")
    }

    @Test func `tensors are extracted as they are`() throws {
        try withTemporaryFolder { folder in
            let model = try Model(contentsOf: torch)
            let weight = try #require(model.graph.values.first { $0.name == "fc.weight" }?.tensor)
            let run = try CommandRun(["inspect", torch, "--extract", "fc.weight", "-o", "w.npy"], in: folder)
            #expect(run.status == 0, "\(run.errors)")
            let read = try NPY.read(Storage(mapping: folder + "/w.npy"))
            #expect(read.shape == weight.shape && read.firstDifferingElement(from: weight) == nil)
            #expect(try CommandRun(["inspect", torch, "--extract", "*.bias", "-o", "w.npz", "-q"], in: folder).status == 0)
            let archive = try NPZ(Storage(mapping: folder + "/w.npz"))
            #expect(archive.entries.count == 14 && archive["fc.bias"] != nil)
            let several = try CommandRun(["inspect", torch, "--extract", "*.bias", "-o", "w.npy"], in: folder)
            #expect(several.status == 2 && several.errors.contains(".npz"))
            #expect(try CommandRun(["inspect", torch, "--extract", "fc.bias"], in: folder).status == 64)
            let half = Fixtures.path("onnx-opsets/opset18.onnx")
            let told = try json(
                CommandRun(["inspect", half, "--extract", "*w16", "-o", "b.npz", "--json"], in: folder))
            #expect(told["tensors"]?[0]?["type"] == "bfloat16" && told["tensors"]?[0]?["writtenType"] == "float32")
        }
    }

    @Test func `lint tells errors by its exit code`() throws {
        let healthy = try CommandRun(["inspect", torch, "--lint"])
        #expect(healthy.status == 0 && healthy.output.hasPrefix("Lint  0 errors, 0 warnings"))
        let custom = try CommandRun(["inspect", Fixtures.path("custom-refused/model.h5"), "--lint", "--json"])
        #expect(custom.status == 1)
        let lint = try json(custom)["lint"]
        #expect(lint?["errors"]?.intValue == 1 && lint?["findings"]?[0]?["rule"] == "unknown-operator")
        #expect(lint?["findings"]?[0]?["place"]?["node"] == "scale")
    }

    @Test func `a file that is refused is looked at nevertheless`() throws {
        try withTemporaryFolder { folder in
            // ONNX's version number of the operator set lies in the file's last bytes: 10 11 is opset 17.
            var bytes = try Fixtures.bytes("torch-basic/model.onnx")
            let at = try #require(bytes.indices.dropLast().last { bytes[$0] == 0x10 && bytes[$0 + 1] == 17 })
            bytes[at + 1] = 99
            try atomicWrite(to: folder + "/future.onnx") { writer throws(CoreError) in try writer.write(bytes) }
            let run = try CommandRun(["inspect", "future.onnx", "--lint"], in: folder)
            #expect(run.status == 1, "\(run.errors)")
            #expect(run.output.contains("unreadable") && run.output.contains("opset 99: supported are"))
            #expect(run.output.contains("new-opset"))
            #expect(try CommandRun(["inspect", "future.onnx"], in: folder).status == 2)
        }
    }

    @Test func `weights without an architecture have statistics, too`() throws {
        let path = Fixtures.path("keras2-preact/model.weights.h5")
        let object = try json(CommandRun(["inspect", path, "--weights", "--lint", "--json"]))
        #expect(object["schema"] == "skiff.weights/1")
        #expect(object["weights"]?["tensors"]?.arrayValue?.count == 76)
        #expect(object["lint"]?["errors"]?.intValue == 0)
    }
}
