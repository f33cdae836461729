public import SkiffGraph
internal import SkiffCore

/// Something that weights cannot tell and that was taken for granted.
public struct Assumption: Hashable, Sendable {
    /// `stride`, `padding`, `epsilon`, `activation`, `preprocessing`, …
    public var topic: String
    /// What was assumed.
    public var text: String
    /// Why.
    public var reason: String

    public init(_ topic: String, _ text: String, reason: String) {
        self.topic = topic
        self.text = text
        self.reason = reason
    }

    /// In one line, as it is printed and stored.
    public var line: String { "\(topic): \(text) (\(reason))" }
}

/// An architecture that fits a weight set.
public struct ArchitectureCandidate: Sendable {
    public let convention: Convention
    /// The network's layers by what they are to it.
    public let map: RoleMap
    /// `ResNet-50`.
    public let networkName: String
    /// As `--architecture` spells the network: `resnet50`.
    public let network: String
    public let assumptions: [Assumption]
    let outputFirst: Bool
    /// Whether kernels more likely lie the other way round.
    let isUnlikelyDirection: Bool
    let metadata: GraphMetadata

    /// As `--architecture` spells it: `torchvision/resnet50`.
    public var identifier: String { convention.identifier + "/" + network }

    /// `ResNet-50, torchvision (version 1.5)`.
    public var title: String { "\(networkName), \(convention.title)" }

    /// Builds the network.
    /// - Parameters:
    ///   - rivals: architectures that fit too, to be noted.
    ///   - evidence: why it is this one, to be noted.
    /// - Throws: ``ArchitectureError`` where layers do not fit together.
    public func graph(
        rivals: [ArchitectureCandidate] = [], evidence: String? = nil
    ) throws(ArchitectureError) -> Graph {
        var metadata = metadata
        metadata.entries.append(.init(Self.architectureKey, identifier))
        for assumption in assumptions { metadata.entries.append(.init(Self.assumptionKey, assumption.line)) }
        if !rivals.isEmpty {
            metadata.entries.append(
                .init(Self.rivalsKey, rivals.map(\.identifier).joined(separator: ", ")))
        }
        if let evidence { metadata.entries.append(.init(Self.evidenceKey, evidence)) }
        metadata.entries.append(.init(Self.extentKey, String(usualExtent)))
        let plan = Plan(convention, Blueprint(of: map, outputFirst: outputFirst))
        var assembler = GraphAssembler(
            convention, map, outputFirst: outputFirst, name: network, metadata: metadata)
        return try assembler.graph(plan)
    }

    /// Keys of the entries of ``GraphMetadata`` that say what was assumed.
    public static let architectureKey = "architecture"
    public static let assumptionKey = "assumption"
    public static let rivalsKey = "architectures_that_fit_too"
    /// The usual extent of the images that a network of open extents takes, in pixels.
    public static let extentKey = "usual_image_extent"
    public static let evidenceKey = "architecture_evidence"

    /// Whether the order of layers told what they are, not their names.
    public var isPositional: Bool { map.scheme.identifier == NameScheme.positional.identifier }

    /// Whether the head pools windows of a fixed extent, so that small images do not reach it.
    public var poolsWindows: Bool { if case .pooling = convention.head { true } else { false } }

    /// Rank among the conventions that fit one file; the least is the likeliest.
    var priority: Int {
        let row = Convention.all.firstIndex {
            $0.identifier == convention.identifier || $0.onTheano.identifier == convention.identifier
        } ?? Convention.all.count
        return 4 * row + (isOfOtherVersion ? 6 : 0) + (isUnlikelyDirection ? 1 : 0)
    }

    /// Keras 2.2 pads in front of the first pooling, as no version before it did; files of Keras 2 say their version.
    private var isOfOtherVersion: Bool {
        guard let numbers = metadata["keras_version"]?.split(separator: ".").compactMap({ Int($0) }), numbers.count > 1,
            convention.identifier.hasPrefix(Convention.kerasOld.identifier)
        else { return false }
        let isNew = (numbers[0], numbers[1]) >= (2, 2)
        return isNew != (convention.stem == .pooled(padding: 1))
    }

    private var usualExtent: Int { convention.stem == .plain ? 32 : 224 }
}
