import SkiffCore
import SkiffGraph

@testable import SkiffArchitectures

/// Weights of a network as a framework would list them: names and shapes of a published architecture, all zeros.
struct DrawnWeights {
    var convention: Convention
    var scheme: NameScheme
    var stages: [Int]
    var depth: Int
    var groups = 1
    /// Channels of the first stage's wide convolution.
    var width = 64
    var channels = 3
    var classes: Int? = 1000
    var prefix = ""
    var stemConvolutions = 1
    /// Layers in the order of a Keras model, by class and count.
    var isPositional = false

    static let zeros = Storage([UInt8](repeating: 0, count: 64 << 20))

    func set() throws -> WeightSet {
        var blueprint = Blueprint(
            convention, stages: stages, convolutionsPerBlock: depth, hasClassifier: classes != nil)
        blueprint.stemConvolutions = stemConvolutions
        if stemConvolutions == 3 {
            blueprint.stemKernel = 3
            for index in 1..<3 { blueprint.normalizations.insert(.stemNormalization(index)) }
        }
        if convention.identifier == "classification-models", depth == 2 {
            blueprint.projections.insert(BlockPosition(stage: 0, block: 0))
        }
        let plan = Plan(convention, blueprint)
        var shapes = Shapes(drawn: self)
        var layers: [LayerRole: WeightSet.Layer] = [:]
        var outputs: [Int] = []
        for step in plan.steps {
            let input = step.inputs.first.map { outputs[$0] } ?? channels
            outputs.append(shapes.channels(of: step, most: step.inputs.map { outputs[$0] }.max() ?? channels))
            if let role = step.role { layers[role] = try layer(role, input: input, output: outputs[outputs.count - 1]) }
        }
        let order = isPositional ? plan.kerasOrder : plan.roles
        return WeightSet(
            layers: order.compactMap { layers[$0] }, isInModelOrder: isPositional,
            metadata: GraphMetadata(sourceFormat: "drawn"))
    }

    private func layer(_ role: LayerRole, input: Int, output: Int) throws -> WeightSet.Layer {
        let name = isPositional ? "layer-\(role)" : prefix + (scheme.name(of: role) ?? "?")
        let names = scheme.variables
        var variables: [(String, Shape)] = []
        switch role.kind.layerKind {
        case .convolution:
            let kernel = kernelExtent(role)
            let isGrouped = if case .convolution(_, 1) = role { depth == 3 } else { false }
            let inputs = isGrouped ? input / groups : input
            variables = [(names.kernel, scheme.outputFirst ? [output, inputs, kernel, kernel] : [kernel, kernel, inputs, output])]
            if scheme.hasBias(role) { variables.append((names.bias, [output])) }
        case .dense:
            let classes = classes ?? 1
            variables = [(names.kernel, scheme.outputFirst ? [classes, input] : [input, classes]), (names.bias, [classes])]
        case .normalization:
            variables = [names.gamma, names.beta, names.mean, names.variance].map { ($0, [output]) }
        }
        return WeightSet.Layer(
            name: name,
            variables: try variables.map { role, shape in
                WeightSet.Variable(name: name + names.separator + role, role: role, tensor: try Self.tensor(shape))
            })
    }

    static func tensor(_ shape: Shape) throws -> Tensor {
        try Tensor(
            elementType: .float32, shape: shape, storage: zeros, byteRange: 0..<4 * shape.reduce(1, *))
    }

    private func kernelExtent(_ role: LayerRole) -> Int {
        switch role {
        case .stemConvolution: convention.stem == .plain || stemConvolutions > 1 ? 3 : 7
        case .convolution(_, let index): depth == 2 || index == 1 ? 3 : 1
        default: 1
        }
    }

    /// Channels along a plan.
    private struct Shapes {
        let drawn: DrawnWeights

        mutating func channels(of step: Plan.Step, most: Int) -> Int {
            // An addition gives what the wider of its operands has: a shortcut of option A is padded up to it.
            guard case .convolution(let role, _) = step.operation else { return most }
            let base = drawn.convention.stem == .plain && drawn.stages.count == 3 ? 16 : 64
            let factor = 1 << (role.position?.stage ?? 0)
            let outer = drawn.depth == 3 ? 4 * base * factor : base * factor
            switch role {
            case .stemConvolution: return base
            case .convolution(_, let index):
                return index == drawn.depth - 1 ? outer : drawn.depth == 3 ? drawn.width * base / 64 * factor : outer
            default: return outer
            }
        }
    }
}

extension Convention {
    static func named(_ identifier: String) throws -> Convention {
        guard let found = all.first(where: { $0.identifier == identifier }) else { throw CoreError(.malformed(identifier)) }
        return found
    }
}

extension NameScheme {
    static func named(_ identifier: String) throws -> NameScheme {
        guard let found = all.first(where: { $0.identifier == identifier }) else { throw CoreError(.malformed(identifier)) }
        return found
    }
}
