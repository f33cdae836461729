internal import SkiffCore

extension Trial {
    /// What the weights cannot tell, each with its reason.
    func assumptions(isPublished: Bool) -> [Assumption] {
        var list: [Assumption] = []
        let blueprint = Blueprint(of: map, outputFirst: map.kernelsAreOutputFirst ?? map.scheme.outputFirst)
        func add(_ topic: String, _ text: String, _ reason: String? = nil) {
            list.append(Assumption(topic, text, reason: reason ?? "as in \(convention.source)"))
        }
        let evidence =
            map.scheme.identifier == NameScheme.positional.identifier
            ? "number, order and shapes of its layers; the file holds no names"
            : "\(map.layers.count) layers bear the names of \(map.scheme.title)"
        add("architecture", convention.title, evidence)
        if !map.prefix.isEmpty { add("names", "those behind \"\(escaped(map.prefix))\"", "most layers of the architecture stand there") }
        if !isPublished { add("depth", "stages of \(stagesText) blocks", "so the layers are numbered; no published network has them") }
        if map.stages.count > 1 { add("stride", strideText) }
        add("dilation", "1 everywhere")
        add("padding", paddingText)
        if case .pooled(let padding) = convention.stem { add("pooling", stemText(padding)) }
        add("epsilon", "\(convention.epsilon) in every BatchNormalization")
        add("activation", activationText)
        if convention.shortcut == .padded {
            add("shortcut", "every second position, padded with zero channels on both sides (option A)",
                "no projection is in the file")
        }
        if convention.shortcut == .pooledProjection { add("shortcut", "average pooling of 2×2 in front of strided projections") }
        if case .globalPooling = convention.head {
            add("image", "any size; work is counted at \(convention.stem == .plain ? 32 : 224)×\(convention.stem == .plain ? 32 : 224)",
                "weights fit every size")
        }
        add("head", headText(blueprint))
        if map.isClassifierAssumed, let head = map[.classifier] {
            add("classifier", "\"\(escaped(head.name))\"", "it alone takes the last stage's channels")
        }
        add("preprocessing", "\(convention.preprocessing.rawValue), done by the caller")
        if convention.flipsKernels { add("kernels", "turned round by both spatial axes") }
        if !map.leftOver.isEmpty {
            let names = map.leftOver.prefix(4).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
            let more = map.leftOver.count > 4 ? " and \(map.leftOver.count - 4) more" : ""
            add("left over", names + more, "no layer of the architecture bears such a name")
        }
        return list
    }

    private var stagesText: String { map.stages.map(String.init).joined(separator: "-") }

    private var strideText: String {
        switch convention.stride {
        case .first where map.convolutionsPerBlock == 3: "2 in the first 1×1 convolution of each later stage's first block"
        case .first: "2 in the first convolution of each later stage's first block"
        case .spatial: "2 in the first 3×3 convolution of each later stage's first block"
        case .spatialOfLastBlock: "2 in the 3×3 convolution of the last block of each stage but the last"
        }
    }

    private var paddingText: String {
        switch convention.padding {
        case .symmetric: "half the kernel on both sides"
        case .layers: "half the kernel on both sides, in layers of its own where a kernel is strided"
        case .same: "same: with stride 2 the odd element goes after"
        }
    }

    private func stemText(_ padding: Int) -> String {
        let sides = switch (padding, convention.padding) {
        case (0, _): "without padding"
        case (_, .symmetric): "padded by \(padding)"
        default: "over a map padded with zeros by \(padding)"
        }
        return "maximum of 3×3 with stride 2 behind the stem, \(sides)"
    }

    private var activationText: String {
        switch convention.activation {
        case .after: "ReLU behind every normalization but the block's last, and behind the addition"
        case .before, .beforeButFirst: "ReLU behind every normalization, none behind the addition"
        }
    }

    private func headText(_ blueprint: Blueprint) -> String {
        guard blueprint.hasClassifier else {
            if case .pooling(let size, _) = convention.head, convention.stem != .plain {
                return "none: the output is the last feature map, averaged over \(size)×\(size)"
            }
            return "none: the output is the last feature map"
        }
        return switch convention.head {
        case .globalPooling(let softmax): "global average pooling" + (softmax ? ", softmax" : ", no softmax")
        case .pooling(let size, let softmax): "average pooling of \(size)×\(size)" + (softmax ? ", softmax" : "")
        }
    }
}
