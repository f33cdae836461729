import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@testable import SkiffArchitectures

/// A published network, and what has to be recognised in its weights.
struct Published: CustomTestStringConvertible, Sendable {
    var identifier: String
    var scheme: String
    var stages: [Int]
    var depth: Int
    var groups = 1
    var width = 64
    var stemConvolutions = 1
    var isPositional = false

    var testDescription: String { identifier + (isPositional ? ", without names" : "") }

    func drawn() throws -> DrawnWeights {
        let convention = identifier.split(separator: "/").first.map(String.init) ?? ""
        return DrawnWeights(
            convention: try .named(convention), scheme: try .named(scheme), stages: stages, depth: depth, groups: groups,
            width: width, stemConvolutions: stemConvolutions, isPositional: isPositional)
    }

    /// Depth, stages and convolutions per block of the networks for ImageNet.
    private static let imageNet: [(String, [Int], Int)] = [
        ("18", [2, 2, 2, 2], 2), ("34", [3, 4, 6, 3], 2), ("50", [3, 4, 6, 3], 3), ("101", [3, 4, 23, 3], 3),
        ("152", [3, 8, 36, 3], 3),
    ]

    static let all: [Published] = torch + keras + cifar

    private static let torch: [Published] = {
        var list: [Published] = []
        for (depth, stages, convolutions) in imageNet {
            for scheme in ["torchvision", "huggingface"] {
                list.append(
                    Published(identifier: "\(scheme)/resnet\(depth)", scheme: scheme, stages: stages, depth: convolutions))
            }
        }
        let (fifty, hundred) = ([3, 4, 6, 3], [3, 4, 23, 3])
        func wider(_ name: String, _ stages: [Int], groups: Int = 1, width: Int) -> Published {
            Published(
                identifier: "torchvision/" + name, scheme: "torchvision", stages: stages, depth: 3, groups: groups,
                width: width)
        }
        list.append(wider("resnext50_32x4d", fifty, groups: 32, width: 128))
        list.append(wider("resnext101_32x8d", hundred, groups: 32, width: 256))
        list.append(wider("wide_resnet50_2", fifty, width: 128))
        list.append(wider("wide_resnet101_2", hundred, width: 128))
        list.append(
            Published(
                identifier: "timm-deep/resnet50", scheme: "timm-deep", stages: fifty, depth: 3, stemConvolutions: 3))
        for (depth, stages, convolutions) in imageNet {
            list.append(
                Published(
                    identifier: "classification-models/resnet\(depth)v2", scheme: "classification-models", stages: stages,
                    depth: convolutions))
        }
        return list
    }()

    private static let keras: [Published] = {
        var list: [Published] = []
        for (depth, stages, _) in imageNet.suffix(3) {
            for (scheme, suffix) in [("keras", ""), ("keras-v2", "v2"), ("keras-old", "")] {
                let identifier = "\(scheme)/resnet\(depth)\(suffix)"
                list.append(Published(identifier: identifier, scheme: scheme, stages: stages, depth: 3))
                guard scheme != "keras-old" else { continue }
                list.append(
                    Published(identifier: identifier, scheme: scheme, stages: stages, depth: 3, isPositional: true))
            }
        }
        return list
    }()

    private static let cifar: [Published] = {
        var list: [Published] = []
        for count in [3, 5, 7, 9, 18] {
            let stages = [count, count, count]
            let (basic, bottleneck) = (6 * count + 2, 9 * count + 2)
            for convention in ["torch-cifar", "torch-cifar-a"] {
                list.append(
                    Published(identifier: "\(convention)/resnet\(basic)", scheme: "torchvision", stages: stages, depth: 2))
            }
            list.append(
                Published(
                    identifier: "keras-cifar/resnet\(basic)", scheme: "keras", stages: stages, depth: 2, isPositional: true))
            list.append(
                Published(
                    identifier: "keras-cifar-v2/resnet\(bottleneck)v2", scheme: "keras", stages: stages, depth: 3,
                    isPositional: true))
        }
        return list
    }()
}

@Suite struct RecognitionTests {
    @Test(arguments: Published.all)
    func `a published network is recognised, with and without its head, for any classes and channels`(
        network: Published
    ) throws {
        for (channels, classes) in [(3, 1000), (1, 7), (4, nil)] as [(Int, Int?)] {
            var drawn = try network.drawn()
            (drawn.channels, drawn.classes) = (channels, classes)
            let candidates = try Architectures.candidates(for: drawn.set())
            let identifiers = candidates.map(\.identifier)
            #expect(identifiers.first == network.identifier, "\(identifiers)")
            let graph = try #require(candidates.first).graph()
            let blocks = Inspection(of: graph, format: "").blocks.count
            #expect(blocks == network.stages.reduce(0, +))
            #expect(graph.metadata[ArchitectureCandidate.architectureKey] == network.identifier)
        }
    }

    @Test func `where two architectures fit both are named, and a name decides`() throws {
        let drawn = try #require(Published.all.first { $0.identifier == "torchvision/resnet50" }).drawn()
        let candidates = try Architectures.candidates(for: drawn.set())
        #expect(candidates.map(\.identifier) == ["torchvision/resnet50", "torch-v1/resnet50"])
        #expect(try Architectures.choose("torch-v1", among: candidates).identifier == "torch-v1/resnet50")
        #expect(try Architectures.choose("resnet50", among: candidates).identifier == "torchvision/resnet50")
        #expect(throws: ArchitectureError.self) { try Architectures.choose("keras", among: candidates) }
        let topics = try #require(candidates.first).assumptions.map(\.topic)
        for topic in ["architecture", "stride", "padding", "epsilon", "activation", "head", "preprocessing"] {
            #expect(topics.contains(topic))
        }
    }

    @Test func `names may stand behind a prefix, and what is left over is listed`() throws {
        var drawn = try #require(Published.all.first { $0.identifier == "torchvision/resnet18" }).drawn()
        drawn.prefix = "backbone."
        var set = try drawn.set()
        set.layers.append(
            .init(name: "projector.0", variables: [.init(name: "projector.0.weight", role: "weight", tensor: try DrawnWeights.tensor([4, 512]))]))
        let candidate = try #require(try Architectures.candidates(for: set).first)
        #expect(candidate.identifier == "torchvision/resnet18")
        #expect(candidate.assumptions.contains { $0.topic == "left over" && $0.text == "\"projector.0\"" })
    }

    @Test func `a head of somebody's own is taken for the classifier where it alone fits`() throws {
        var drawn = try #require(Published.all.first { $0.identifier == "keras/resnet50" }).drawn()
        drawn.classes = nil
        var set = try drawn.set()
        for (name, shape) in [("features", [64]), ("dense_1", [2048, 5])] {
            set.layers.append(
                .init(name: name, variables: [.init(name: name + "/kernel", role: "kernel", tensor: try DrawnWeights.tensor(shape))]))
        }
        let candidate = try #require(try Architectures.candidates(for: set).first)
        #expect(candidate.map[.classifier]?.name == "dense_1")
        #expect(candidate.map.leftOver == ["features"])
        #expect(candidate.assumptions.contains { $0.topic == "classifier" })
        set.layers.append(
            .init(name: "dense_2", variables: [.init(name: "dense_2/kernel", role: "kernel", tensor: try DrawnWeights.tensor([5, 2]))]))
        // A head of several layers is not told by weights.
        #expect(try Architectures.candidates(for: set).first?.map[.classifier] == nil)
    }

    @Test func `kernels of uneven groups, and layers that are counted past a gap, are refused by name`() throws {
        var set = try #require(Published.all.first { $0.identifier == "torchvision/resnet18" }).drawn().set()
        let index = try #require(set.layers.firstIndex { $0.name == "layer2.1.conv2" })
        set.layers[index].variables[0].tensor = try DrawnWeights.tensor([128, 64, 3, 3])
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        #expect(try #require(error).message.contains("layer2.1.conv2"))
        var counted = try #require(Published.all.first { $0.testDescription == "keras/resnet50, without names" }).drawn().set()
        for index in counted.layers.indices { counted.layers[index].name = "layers/layer_\(index)" }
        counted.layers.remove(at: 40)
        let other = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: counted) }
        #expect(try #require(other).message.contains("layers/layer_40"))
    }

    @Test(arguments: ["layer1.0.se.fc1", "layer4.1.attention"])
    func `a network with more in its blocks is none of the known ones`(name: String) throws {
        var set = try #require(Published.all.first { $0.identifier == "torchvision/resnet50" }).drawn().set()
        set.layers.append(
            .init(name: name, variables: [.init(name: name + ".weight", role: "weight", tensor: try DrawnWeights.tensor([16, 256, 1, 1]))]))
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        #expect(try #require(error).message.contains(name))
    }

    @Test(arguments: ["layer3.0.conv2", "layer2.1.bn1", "layer4.0.downsample.0"])
    func `a missing layer is named, and what is left over`(name: String) throws {
        var set = try #require(Published.all.first { $0.identifier == "torchvision/resnet18" }).drawn().set()
        let index = try #require(set.layers.firstIndex { $0.name == name })
        set.layers[index].name = "renamed"
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        let text = try #require(error).message
        #expect(text.contains(name) && text.contains("renamed"), "\(text)")
    }

    @Test(arguments: [("conv3_block2_2_conv", "bias"), ("conv5_block3_1_bn", "moving_variance")])
    func `a missing variable of one layer is named`(layer: String, role: String) throws {
        var set = try #require(Published.all.first { $0.identifier == "keras/resnet50" }).drawn().set()
        let index = try #require(set.layers.firstIndex { $0.name == layer })
        set.layers[index].variables.removeAll { $0.role == role }
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        #expect(try #require(error).message.contains(layer))
    }

    @Test func `a kernel that does not fit is refused by name`() throws {
        var set = try #require(Published.all.first { $0.identifier == "torchvision/resnet18" }).drawn().set()
        let index = try #require(set.layers.firstIndex { $0.name == "layer3.1.conv1" })
        set.layers[index].variables[0].tensor = try DrawnWeights.tensor([256, 255, 3, 3])
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        #expect(try #require(error).message.contains("layer3.1.conv1"))
    }

    /// Numbers in names count for no more than the layers that bear them, however large they are.
    @Test(arguments: [
        "layer99999.0.conv1", "layer4.99999.conv1", "layer1.0.conv99999", "layer_-9223372036854775808",
        "layer_9223372036854775807",
    ])
    func `large numbers in names cost nothing`(name: String) throws {
        var set = try #require(Published.all.first { $0.identifier == "torchvision/resnet18" }).drawn().set()
        let kernel = try DrawnWeights.tensor([8, 8, 3, 3])
        set.layers.append(.init(name: name, variables: [.init(name: name + ".weight", role: "weight", tensor: kernel)]))
        for index in 0..<12 {
            let counted = "layer_\(index)"
            set.layers.append(.init(name: counted, variables: [.init(name: counted, role: "weight", tensor: kernel)]))
        }
        _ = try? Architectures.candidates(for: set)
        for index in set.layers.indices { set.layers[index].name += "_\(index)" }
        set.layers.append(.init(name: name, variables: [.init(name: name, role: "weight", tensor: kernel)]))
        #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
    }

    @Test func `weights of other networks are refused with what they are`() throws {
        let set = WeightSet(
            layers: [.init(name: "encoder", variables: [.init(name: "encoder.weight", role: "weight", tensor: try DrawnWeights.tensor([8, 8]))])],
            isInModelOrder: false, metadata: GraphMetadata())
        let error = #expect(throws: ArchitectureError.self) { try Architectures.candidates(for: set) }
        #expect(try #require(error).message.contains("1 fully connected layers"))
        #expect(throws: ArchitectureError.self) {
            try Architectures.candidates(for: WeightSet(layers: [], isInModelOrder: true, metadata: GraphMetadata()))
        }
    }

    @Test func `Keras 1 files of Theano fit with kernels turned round too`() throws {
        var set = try #require(Published.all.first { $0.identifier == "keras-old/resnet50" }).drawn().set()
        for index in set.layers.indices {
            for variable in set.layers[index].variables.indices where set.layers[index].variables[variable].role == "kernel" {
                set.layers[index].variables[variable].role = "W"
            }
        }
        let identifiers = try Architectures.candidates(for: set).map(\.identifier)
        #expect(identifiers.first == "keras-old/resnet50")
        #expect(identifiers.contains("keras-old-theano/resnet50"))
        set.metadata.entries.append(.init("backend", "theano"))
        // Files of Keras 1 do not say the backend, so what names tell of it makes one likelier and leaves both.
        #expect(try Architectures.candidates(for: set).map(\.identifier).first == "keras-old-theano/resnet50")
        for layer in set.layers.indices {
            for variable in set.layers[layer].variables.indices where set.layers[layer].variables[variable].role == "W" {
                set.layers[layer].variables[variable].role = "kernel"
            }
        }
        #expect(try Architectures.candidates(for: set).allSatisfy { $0.convention.flipsKernels })
    }
}
