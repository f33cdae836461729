/// How a framework names the layers of a residual network, and the variables of a layer.
public struct NameScheme: Sendable {
    /// As `--names` spells it.
    public let identifier: String
    /// Whose names they are.
    public let title: String
    /// Names of layers. The first that can say a role is how it is written; all are read.
    let entries: [Entry]
    /// Name of a block, for the nodes in it that have no weights.
    let block: NameTemplate
    /// What stands between the parts of a node's name.
    let separator: String
    let variables: VariableNames
    /// Whether kernels are (O, I, H, W) and the classifier's weight (O, I); else (H, W, I, O) and (I, O).
    public let outputFirst: Bool
    /// Which convolutions have a bias.
    let biases: Biases
    /// Epsilon of the framework's normalizations.
    let epsilon: Float
    /// The convolution of a bottleneck that is strided, from 0; `nil` where that differs.
    let strideSite: Int?

    enum Biases: Sendable {
        case none, all
        /// The stem, projections and each block's last convolution.
        case versionTwo
    }

    struct Entry: Sendable {
        let kind: LayerRole.Kind
        let template: NameTemplate
        /// The number among its kind where the name does not say it.
        let index: Int?

        init(_ kind: LayerRole.Kind, _ pattern: String, index: Int? = nil) {
            self.kind = kind
            template = NameTemplate(pattern)
            self.index = index
        }
    }

    /// Names of the variables of a layer.
    struct VariableNames: Sendable {
        let kernel: String
        let bias: String
        let gamma: String
        let beta: String
        let mean: String
        let variance: String
        /// What stands between layer and variable.
        let separator: String

        static let torch = VariableNames(
            kernel: "weight", bias: "bias", gamma: "weight", beta: "bias", mean: "running_mean",
            variance: "running_var", separator: ".")
        static let keras = VariableNames(
            kernel: "kernel", bias: "bias", gamma: "gamma", beta: "beta", mean: "moving_mean",
            variance: "moving_variance", separator: "/")
    }

    /// The role of the layer that bears `name`; `nil` where no layer of the scheme bears such a name.
    func role(of name: Substring) -> LayerRole? {
        for entry in entries {
            guard let (position, index) = entry.template.match(name) else { continue }
            return LayerRole(entry.kind, position, entry.index ?? index)
        }
        return nil
    }

    /// Whether a layer of such a name lies in a residual block, whatever it is there.
    func isInsideBlock(_ name: Substring) -> Bool {
        // Caffe's names begin with what the layer does and end with the branch it is on.
        block.matchStart(of: name) != nil || identifier == "keras-old" && name.contains("_branch")
    }

    /// What the first convolution may be called.
    var stemNames: [String] {
        entries.filter { $0.kind == .stemConvolution && ($0.index ?? 0) == 0 }.compactMap {
            $0.template.name(BlockPosition(stage: 0, block: 0), 0)
        }
    }

    /// The layer's name; `nil` for roles that the scheme has no name for.
    public func name(of role: LayerRole) -> String? {
        let position = role.position ?? BlockPosition(stage: 0, block: 0)
        for entry in entries where entry.kind == role.kind {
            if let index = entry.index, index != role.index { continue }
            guard let name = entry.template.name(position, role.index),
                let match = entry.template.match(name[...]), LayerRole(entry.kind, match.0, entry.index ?? match.1) == role
            else { continue }
            return name
        }
        return nil
    }

    func blockName(_ position: BlockPosition) -> String {
        block.name(position, 0) ?? "stage\(position.stage + 1).block\(position.block + 1)"
    }
}
