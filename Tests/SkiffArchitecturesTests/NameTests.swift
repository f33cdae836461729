import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@testable import SkiffArchitectures

@Suite struct NameTests {
    static let positions = [(0, 0), (0, 2), (1, 1), (2, 22), (3, 35)].map { BlockPosition(stage: $0.0, block: $0.1) }

    @Test(arguments: NameScheme.all.map(\.identifier))
    func `every name of a scheme is read as the role it was written for`(identifier: String) throws {
        let scheme = try NameScheme.named(identifier)
        var count = 0
        for position in Self.positions {
            for index in 0..<3 {
                for kind in LayerRole.Kind.allCases {
                    let role = LayerRole(kind, position, index)
                    guard let name = scheme.name(of: role) else { continue }
                    count += 1
                    #expect(scheme.role(of: name[...]) == role, "\(name)")
                }
            }
        }
        #expect(count > 30)
    }

    @Test(arguments: [
        ("torchvision", "layer3.5.bn2", LayerRole.normalization(BlockPosition(stage: 2, block: 5), 1)),
        ("keras", "conv4_block23_0_conv", .projection(BlockPosition(stage: 2, block: 22))),
        ("keras-v2", "conv2_block1_preact_bn", .normalization(BlockPosition(stage: 0, block: 0), 0)),
        ("keras-old", "res5c_branch2b", .convolution(BlockPosition(stage: 3, block: 2), 1)),
        ("keras-old", "bn4b22_branch2c", .normalization(BlockPosition(stage: 2, block: 22), 2)),
        ("huggingface", "resnet.encoder.stages.1.layers.0.shortcut.normalization", .projectionNormalization(BlockPosition(stage: 1, block: 0))),
    ])
    func `published names mean what they mean`(scheme: String, name: String, role: LayerRole) throws {
        #expect(try NameScheme.named(scheme).role(of: name[...]) == role)
        // Caffe's deep networks number blocks where its shallow ones letter them; both are read.
        guard !name.contains("b22") else { return }
        #expect(try NameScheme.named(scheme).name(of: role) == name)
    }

    @Test(arguments: ["layer1", "layer1..conv1", "layer0.0.conv1", "layer1.0.conv0", "layer99999999999999999999.0.conv1", ""])
    func `other names are none`(name: String) throws {
        #expect(try NameScheme.named("torchvision").role(of: name[...]) == nil)
    }

    @Test func `torchvision's weights go to Keras' names and back bit for bit`() throws {
        let drawn = try #require(Published.all.first { $0.identifier == "torchvision/resnet50" }).drawn()
        let graph = try #require(try Architectures.candidates(for: drawn.set()).first).graph()
        let map = try NameMap(of: graph, Inspection(of: graph, format: ""), scheme: "keras")
        let kernel = try #require(map.rows.first { $0.target == "conv3_block1_0_conv/kernel" })
        #expect(kernel.source == "layer2.0.downsample.0.weight")
        #expect(kernel.shape == [1, 1, 256, 512])
        #expect(map.rows.contains { $0.source == nil && $0.target == "conv1_conv/bias" && $0.change == "zeros" })
        #expect(map.notes.contains { $0.contains("stride") })
        let tensors = try map.rows.map { ($0.target, try $0.tensor()) }
        let back = WeightSet(tensors: tensors, isInModelOrder: false, metadata: GraphMetadata())
        let keras = try #require(try Architectures.candidates(for: back).first)
        #expect(keras.identifier == "keras/resnet50")
        let returned = try NameMap(
            of: keras.graph(), Inspection(of: keras.graph(), format: ""), scheme: "torchvision")
        let original = Set(try drawn.set().layers.flatMap(\.variables).map(\.name))
        #expect(Set(returned.rows.map(\.target)) == original)
    }

    @Test func `an unknown scheme and a network without blocks are refused`() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", Fact(.float32, [1, 3, 8, 8]))
        builder.addOutput("y", try builder.addNode("relu", sourceOperator: "Relu", .unary(Unary(.relu)), inputs: [input], output: "y"))
        let graph = try builder.build()
        for scheme in ["torchvision", "nobody's"] {
            #expect(throws: ArchitectureError.self) { try NameMap(of: graph, Inspection(of: graph, format: ""), scheme: scheme) }
        }
    }

    @Test func `a permuted tensor has its elements where the axes say`() throws {
        let tensor = try Tensor(floats: (0..<24).map(Float.init), shape: [2, 3, 4])
        let turned = try tensor.permuted([2, 0, 1])
        #expect(turned.shape == [4, 2, 3])
        let values = try turned.floats()
        for (a, b, c) in [(0, 0, 0), (3, 1, 2), (2, 0, 1)] { #expect(values[(a * 2 + b) * 3 + c] == Float((b * 3 + c) * 4 + a)) }
        #expect(throws: CoreError.self) { try tensor.permuted([0, 0, 1]) }
    }
}
