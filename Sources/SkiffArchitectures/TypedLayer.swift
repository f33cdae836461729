public import SkiffGraph
internal import SkiffCore

/// A layer of a weight set whose variables are told apart: a convolution, a normalization or a fully connected layer.
public struct TypedLayer: Sendable {
    public enum Kind: String, Hashable, Sendable { case convolution, normalization, dense }

    public let kind: Kind
    /// The file's name of the layer.
    public let name: String
    /// Of convolutions and fully connected layers.
    public private(set) var kernel: WeightSet.Variable?
    /// Of convolutions and fully connected layers.
    public private(set) var bias: WeightSet.Variable?
    public private(set) var gamma: WeightSet.Variable?
    public private(set) var beta: WeightSet.Variable?
    public private(set) var mean: WeightSet.Variable?
    public private(set) var variance: WeightSet.Variable?

    /// The variables there are, in the order in which frameworks list them.
    public var variables: [WeightSet.Variable] {
        [kernel, bias, gamma, beta, mean, variance].compactMap { $0 }
    }

    /// The extents of the kernel, none for normalizations.
    var kernelShape: Shape { kernel?.tensor.shape ?? [] }

    /// `nil` for layers of another kind, and those without variables.
    init?(_ layer: WeightSet.Layer) {
        name = layer.name
        let variables = layer.variables.filter { !Self.isCounter($0.role) }
        if let kernel = variables.first(where: { $0.tensor.shape.count > 1 }) {
            switch kernel.tensor.shape.count {
            case 4: kind = .convolution
            case 2: kind = .dense
            default: return nil
            }
            self.kernel = kernel
            let rest = variables.filter { $0.name != kernel.name }
            guard rest.count <= 1, rest.allSatisfy({ $0.tensor.shape.count == 1 }) else { return nil }
            bias = rest.first
            return
        }
        guard (2...4).contains(variables.count), variables.allSatisfy({ $0.tensor.shape.count == 1 }),
            Set(variables.map(\.tensor.shape)).count == 1
        else { return nil }
        kind = .normalization
        guard assign(variables) else { return nil }
    }

    /// A copy under another name, with other variables.
    init(
        _ kind: Kind, name: String, kernel: WeightSet.Variable? = nil, bias: WeightSet.Variable? = nil,
        gamma: WeightSet.Variable? = nil, beta: WeightSet.Variable? = nil, mean: WeightSet.Variable? = nil,
        variance: WeightSet.Variable? = nil
    ) {
        self.kind = kind
        self.name = name
        self.kernel = kernel
        self.bias = bias
        self.gamma = gamma
        self.beta = beta
        self.mean = mean
        self.variance = variance
    }

    /// PyTorch counts the batches that a normalization has seen.
    private static func isCounter(_ role: String) -> Bool { role.hasSuffix("num_batches_tracked") }

    /// Gives a normalization its variables by their names, else by the order in which Keras keeps them.
    private mutating func assign(_ variables: [WeightSet.Variable]) -> Bool {
        for variable in variables {
            let role = variable.role.split(separator: ":").first.map { $0.lowercased() } ?? ""
            if role.hasSuffix("mean") {
                mean = variable
            } else if ["variance", "var", "std"].contains(where: role.hasSuffix) {
                // Keras 1 calls the variance `running_std`.
                variance = variable
            } else if ["gamma", "scale", "weight"].contains(where: role.hasSuffix) {
                gamma = variable
            } else if ["beta", "bias", "offset"].contains(where: role.hasSuffix) {
                beta = variable
            }
        }
        if mean != nil, variance != nil { return true }
        guard gamma == nil, beta == nil, mean == nil, variance == nil else { return false }
        var rest = variables[...]
        variance = rest.popLast()
        mean = rest.popLast()
        // Of three the first is the offset: networks leave out the scale in front of a layer that scales.
        beta = rest.popLast()
        gamma = rest.popLast()
        return true
    }
}
