internal import SkiffCore
internal import SkiffGraph

/// A weight as one operator reads it.
struct ParameterRead {
    /// The value that holds it, behind all that only rearranges it.
    var root: ValueID
    var elements: Int
    var isMovingStatistic: Bool
}

extension Graph {
    /// The weights that a node computes with, each once.
    ///
    /// A weight may lie behind operators that rearrange it, or be made by ConstantOfShape. Whole numbers are
    /// parameters only where the operator's weights are quantized, and single numbers only where they are biases.
    func parameterReads(of id: NodeID, facts: [Fact?]) -> [ParameterRead] {
        var reads: [ParameterRead] = []
        var roots: Set<ValueID> = []
        let node = self[id]
        for (slot, input) in node.inputs.enumerated() {
            guard let input, let use = node.operator.parameterUse(slot: slot) else { continue }
            guard let root = weightRoot(of: input), let elements = parameterElements(of: root, use: use, facts: facts)
            else { continue }
            guard roots.insert(root).inserted else { continue }
            reads.append(ParameterRead(root: root, elements: elements, isMovingStatistic: use == .movingStatistic))
        }
        return reads
    }

    /// The weight or the filled constant that a value is a rearrangement of; `nil` for everything else.
    private func weightRoot(of value: ValueID) -> ValueID? {
        var value = value
        for _ in 0..<32 {
            switch self[value].source {
            case .input: return nil
            case .weight: return value
            case .node(let node, _):
                if case .constantOfShape = self[node].operator { return value }
                guard self[node].operator.rearrangesWeights, let input = self[node].inputs.first ?? nil else { return nil }
                value = input
            }
        }
        return nil
    }

    private func parameterElements(of root: ValueID, use: ParameterUse, facts: [Fact?]) -> Int? {
        let type: ElementType
        let elements: Int
        if let tensor = self[root].tensor {
            (type, elements) = (tensor.elementType, tensor.elementCount)
        } else {
            guard use != .operand, let fact = facts[root.index] ?? self[root].fact,
                let count = fact.shape?.fixedShape?.checkedElementCount
            else { return nil }
            (type, elements) = (fact.elementType, count)
        }
        switch use {
        case .weight, .movingStatistic: return elements
        case .operand: return elements > 1 && type.isFloatingPoint ? elements : nil
        case .carried: return elements > 1 && type != .int64 && type != .bool && type != .string ? elements : nil
        }
    }
}

/// What a node's input is to it, where it can be a parameter.
private enum ParameterUse {
    /// A kernel, a bias, a scale.
    case weight
    case movingStatistic
    /// One side of an elementwise operator.
    case operand
    /// Whatever an unknown operator reads.
    case carried
}

extension Operator {
    fileprivate func parameterUse(slot: Int) -> ParameterUse? {
        switch self {
        case .convolution, .convolutionTranspose, .dense: slot >= 1 ? .weight : nil
        case .gemm, .matrixMultiplication, .einsum: .weight
        case .batchNormalization: slot >= 3 ? .movingStatistic : slot >= 1 ? .weight : nil
        case .instanceNormalization, .layerNormalization, .groupNormalization, .parametricReLU: slot >= 1 ? .weight : nil
        case .gather, .gatherElements, .gatherND: slot == 0 ? .operand : nil
        case .binary, .variadic, .concatenation: .operand
        case .unknown: .carried
        default: nil
        }
    }

    fileprivate var rearrangesWeights: Bool {
        switch self {
        case .identity, .cast, .quantize, .dequantize, .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .expand:
            true
        default: false
        }
    }
}
