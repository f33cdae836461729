import SkiffCore
import SkiffTestSupport
import Testing

@testable import SkiffKeras

@Suite("Broken Keras files")
struct HostileFileTests {
    private func outcome(_ bytes: [UInt8]) -> KerasError? {
        do throws(KerasError) {
            _ = try KerasReader.read(storage: Storage(bytes))
            return nil
        } catch {
            return error
        }
    }

    @Test("a file cut at any multiple of 512 bytes is refused", arguments: [
        "lambda-refused/model.h5", "conv1d-dilated/model.h5", "conv1d-dilated/model.keras",
    ])
    func truncation(name: String) throws {
        let bytes = try Fixtures.bytes(name)
        for count in stride(from: 0, to: bytes.count, by: 512) {
            #expect(outcome(Array(bytes[..<count])) != nil, "\(count) bytes")
        }
    }

    /// Further on lie lengths of variable strings, which libhdf5 1.10 trusts: only a process of its own contains it.
    @Test("a flipped bit in the superblock is refused or does no harm")
    func flips() throws {
        let bytes = try Fixtures.bytes("lambda-refused/model.h5")
        for index in 0..<96 {
            for bit in 0..<8 {
                var copy = bytes
                copy[index] ^= 1 << UInt8(bit)
                _ = outcome(copy)
            }
        }
        #expect(outcome(bytes) == nil)
    }

    @Test("configurations that nest without end or repeat keys are refused")
    func configurations() throws {
        let deep = String(repeating: "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[", count: 100)
        #expect(throws: (any Error).self) { try ModelParser(major: 2).model(JSONValue(parsing: deep)) }
        var nested: JSONValue = .array([])
        for _ in 0..<70 {
            nested = ["class_name": "Sequential", "config": ["name": "m", "layers": .array([nested])]]
        }
        #expect(throws: KerasError.self) { try ModelParser(major: 2).model(nested) }
    }
}
