import Foundation
import SkiffTestSupport
import Testing

/// Memory of the whole process, its mapped pages too, on a model larger than what it may take.
@Suite struct MemoryTests {
    /// y = x + w with `w` of 300 MB in an external file, which is sparse but for its ends.
    private static func writeModel(in folder: String, elements: Int) throws {
        let data = folder + "/weights.bin"
        _ = FileManager.default.createFile(atPath: data, contents: Data([1, 2, 3, 4]))
        let handle = try #require(FileHandle(forWritingAtPath: data))
        try handle.truncate(atOffset: UInt64(elements * 4))
        try handle.seek(toOffset: UInt64(elements * 4 - 4))
        try handle.write(contentsOf: Data([5, 6, 7, 8]))
        try handle.close()

        func entry(_ key: String, _ value: String) -> [UInt8] {
            field(13, field(1, Array(key.utf8)) + field(2, Array(value.utf8)))
        }
        let tensor = [0x08] + varint(elements) + [0x10, 1] + field(8, [0x77]) + entry("location", "weights.bin")
            + entry("length", String(elements * 4)) + [0x70, 1]
        let node = field(1, [0x78]) + field(1, [0x77]) + field(2, [0x79]) + field(4, Array("Add".utf8))
        let type = field(2, field(1, [0x08, 1] + field(2, field(1, [0x08] + varint(elements)))))
        let graph = field(1, node) + field(2, [0x67]) + field(5, tensor) + field(11, field(1, [0x78]) + type)
            + field(12, field(1, [0x79]) + type)
        let model = [0x08, 8] + field(7, graph) + field(8, [0x10, 17])
        try Data(model).write(to: URL(fileURLWithPath: folder + "/model.onnx"))
    }

    /// A length-delimited field of a protobuf message.
    private static func field(_ number: Int, _ contents: some Collection<UInt8>) -> [UInt8] {
        varint(number << 3 | 2) + varint(contents.count) + Array(contents)
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var value = value
        var bytes: [UInt8] = []
        while value > 0x7F {
            bytes.append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    #if os(Linux)
    /// macOS does not enforce the limit.
    @Test(arguments: [150_000, 200_000, 250_000, 300_000, 350_000, 400_000, 500_000, 700_000, 4_000_000])
    func `a lack of memory is an error and never a trap`(kibibytes: Int) throws {
        try withTemporaryFolder { folder in
            let elements = 20_000_000
            try Self.writeModel(in: folder, elements: elements)
            let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(elements),), }"
            let header = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
                + [UInt8](repeating: 0x20, count: 117 - text.utf8.count) + [0x0A]
            try Data(header).write(to: URL(fileURLWithPath: folder + "/x.npy"))
            let handle = try #require(FileHandle(forWritingAtPath: folder + "/x.npy"))
            try handle.truncate(atOffset: UInt64(128 + elements * 4))
            try handle.close()
            let limits = "ulimit -c 0; ulimit -v \(kibibytes); "
            let run = try CommandRun(shell: limits + "skiff run model.onnx --input x.npy; echo status $?", in: folder)
            let isEnough = kibibytes >= 4_000_000
            #expect(run.output.contains(isEnough ? "status 0" : "status 2") || run.output.contains("status 0"))
            #expect(run.output.contains("status 2") == run.errors.contains("skiff: error:"), "\(run.errors)")
            #expect(!isEnough || run.output.contains("status 0"), "\(run.errors)")
        }
    }
    #endif

    @Test(arguments: ["out.skiff", "out.safetensors"])
    func `converting takes no more memory than 64 MiB above idle, and compares all of it`(target: String) throws {
        try withTemporaryFolder { folder in
            try Self.writeModel(in: folder, elements: 75_000_000)
            let run = try MeasuredRun(["convert", folder + "/model.onnx", "-o", folder + "/" + target])
            #expect(run.status == 0)
            #expect(run.output.contains("parity: identical"))
            // Idle is measured as 21 MiB.
            #expect(run.peakBytes > 1 << 20)
            #expect(run.peakBytes < (64 + 21) << 20, "\(run.peakBytes >> 20) MiB")
        }
    }
}
