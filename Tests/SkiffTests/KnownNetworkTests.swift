import Skiff
import SkiffTestSupport
import Testing

/// Published networks, as torchvision, timm and the CIFAR paper build them, without their weights: what
/// `Fixtures/make/structures.py` counted in the frameworks' own modules.
@Suite struct KnownNetworkTests {
    struct Network: CustomTestStringConvertible, Sendable {
        var name: String
        var family: String?
        var blocks: Int
        var projections: Int
        /// Elements of trained parameters; `nil` where BatchNormalization is folded.
        var parameters: Int?

        var testDescription: String { name }
    }

    static let networks: [Network] = {
        guard let bytes = try? Fixtures.bytes("structures/expected.json"),
            case .object(let object)? = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
        else { return [] }
        return object.map { member in
            let entry = member.value
            return Network(
                name: member.key, family: entry["family"]?.stringValue, blocks: entry["blocks"]?.intValue ?? -1,
                projections: entry["projections"]?.intValue ?? -1, parameters: entry["parameters"]?.intValue)
        }
    }()

    @Test func `There are at least twenty-five`() { #expect(Self.networks.count >= 25) }

    @Test(arguments: networks) func `Blocks, projections and parameters are those of the framework's modules`(
        network: Network
    ) throws {
        let inspection = try Model(contentsOf: Fixtures.path("structures/\(network.name).onnx")).inspection()
        #expect(inspection.blocks.count == network.blocks)
        #expect(inspection.blocks.count { $0.shortcut == .projection } == network.projections)
        if let parameters = network.parameters { #expect(inspection.parameters.trainable == parameters) }
        #expect(inspection.warnings.isEmpty)
    }

    @Test(arguments: ["cifar-resnet20", "cifar-resnet110"]) func `A shortcut that steps and pads is told by axis`(
        name: String
    ) throws {
        let inspection = try Model(contentsOf: Fixtures.path("structures/\(name).onnx")).inspection()
        #expect(inspection.stages.map(\.stride) == [[1, 1], [2, 2], [2, 2]])
        #expect(inspection.blocks.filter { $0.shortcut == .pad }.map(\.stride) == [[2, 2], [2, 2]])
    }

    @Test(arguments: networks) func `The family is named, and no other`(network: Network) throws {
        let inspection = try Model(contentsOf: Fixtures.path("structures/\(network.name).onnx")).inspection()
        if let family = network.family {
            #expect(inspection.family.name == family)
        } else {
            #expect(inspection.family.variant == nil)
        }
    }
}
