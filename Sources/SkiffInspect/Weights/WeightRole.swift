internal import SkiffCore
internal import SkiffGraph

/// What a weight is to the layer that computes with it.
public enum WeightRole: String, Hashable, Sendable, CaseIterable {
    /// What is multiplied with the data, of convolutions and matrix products.
    case kernel
    case bias
    /// BatchNormalization's gamma, and its like of other normalizations.
    case scale
    /// BatchNormalization's beta, and its like.
    case offset
    case mean
    case variance
    /// Scale or zero point of a quantized tensor.
    case quantization
    /// Whatever else real numbers are for: slopes, operands of elementwise operators, tables of vectors.
    case operand
    /// Shapes, axes, indices.
    case constant
    /// Nothing reads it.
    case unused
}

/// The axis of output channels of a weight, as row-major strides: element i is of channel i / inner % channels.
struct ChannelAxis: Hashable, Sendable {
    var channels: Int
    var inner: Int

    static func single(_ elements: Int) -> ChannelAxis { ChannelAxis(channels: 1, inner: max(1, elements)) }
}

/// How a weight is read.
struct WeightUse: Sendable {
    var role: WeightRole
    /// The first node that reads the weight itself.
    var reader: NodeID?
    /// The first node that computes with it, behind those that only pass it on, and the input it comes by.
    var user: (node: NodeID, slot: Int)?
    /// The first node behind the reader that does not only pass it on: what its place among the weights hangs on.
    var position: Int { user.map { $0.node.index } ?? .max }
    /// How many inputs of nodes read it.
    var readers: Int
    /// `nil` where the weight has no output channels.
    var axis: ChannelAxis?
}

extension Graph {
    /// How every weight is read, by value.
    func weightUses() -> [Int: WeightUse] {
        var readers: [[(node: NodeID, slot: Int)]] = Array(repeating: [], count: values.count)
        for id in nodeIDs {
            for (slot, input) in self[id].inputs.enumerated() {
                guard let input else { continue }
                if self[input].tensor != nil || passesOn(producer(of: input)) { readers[input.index].append((id, slot)) }
            }
        }
        var uses: [Int: WeightUse] = [:]
        for value in weights {
            let own = readers[value.index]
            var use = WeightUse(role: .unused, reader: own.first?.node, user: own.first, readers: own.count, axis: nil)
            // A weight may be carried by nodes that leave its axes alone; what these scale by goes along.
            var scales = false
            for _ in 0..<8 {
                guard let user = use.user, passesOn(user.node), let output = self[user.node].outputs.first,
                    let next = readers[output.index].first
                else { break }
                scales = scales || user.slot > 0
                use.user = next
            }
            if let user = use.user, let tensor = self[value].tensor {
                use.role = scales ? .quantization : role(of: tensor, in: self[user.node].operator, slot: user.slot)
                if use.role == .kernel {
                    use.axis = channelAxis(of: tensor.shape, in: self[user.node].operator, slot: user.slot)
                }
            }
            uses[value.index] = use
        }
        return uses
    }

    /// Whether a node gives its first input with the same axes: a Cast, an Identity, a step of quantization.
    private func passesOn(_ node: NodeID?) -> Bool {
        guard let node else { return false }
        return switch self[node].operator {
        case .cast, .identity, .quantize, .dequantize: true
        default: false
        }
    }

    private func role(of tensor: Tensor, in operation: Operator, slot: Int) -> WeightRole {
        switch operation {
        case .convolution, .convolutionTranspose, .dense: slot == 1 ? .kernel : slot == 2 ? .bias : .operand
        case .gemm: slot < 2 ? .kernel : .bias
        case .matrixMultiplication, .einsum: .kernel
        case .batchNormalization:
            switch slot {
            case 1: .scale
            case 2: .offset
            case 3: .mean
            case 4: .variance
            default: .operand
            }
        case .instanceNormalization, .layerNormalization, .groupNormalization:
            slot == 1 ? .scale : slot == 2 ? .offset : .operand
        case .quantize, .dequantize: slot > 0 ? .quantization : .operand
        default: tensor.elementType.isFloating ? .operand : .constant
        }
    }

    private func channelAxis(of shape: Shape, in operation: Operator, slot: Int) -> ChannelAxis? {
        let last = shape.count - 1
        switch operation {
        case .convolution(let convolution):
            switch convolution.kernelOrder {
            case .outputInputSpatial: return axis(0, of: shape)
            case .spatialInputOutput: return axis(last, of: shape)
            case .spatialChannelMultiplier: return axis(last - 1, of: shape, merging: 2)
            case .inputOutputSpatial, .spatialOutputInput: return nil
            }
        case .convolutionTranspose(let convolution):
            // With groups, a channel's kernels do not lie along one axis.
            guard convolution.groups == 1 else { return nil }
            return axis(convolution.kernelOrder == .spatialOutputInput ? last - 1 : 1, of: shape)
        case .dense: return axis(last, of: shape)
        case .gemm(let gemm):
            if slot == 1 { return axis(gemm.transposesB ? 0 : last, of: shape) }
            return axis(gemm.transposesA ? last : 0, of: shape)
        case .matrixMultiplication: return slot == 1 && shape.count == 2 ? axis(1, of: shape) : nil
        default: return nil
        }
    }

    private func axis(_ axis: Int, of shape: Shape, merging axes: Int = 1) -> ChannelAxis? {
        guard axis >= 0, axis + axes <= shape.count, let elements = shape.checkedElementCount, elements > 0 else {
            return nil
        }
        let channels = shape[axis..<axis + axes].reduce(1, *)
        return ChannelAxis(channels: channels, inner: shape[(axis + axes)...].reduce(1, *))
    }
}
