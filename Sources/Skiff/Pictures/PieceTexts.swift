internal import SkiffInspect

/// Words for layers, short enough for a box.
enum PieceTexts {
    /// `3×3`; a kernel of one axis is `3`.
    static func extents(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: "×") }

    /// `, /2`; nothing where no axis is strided.
    static func stride(_ strides: [Int]) -> String {
        guard let first = strides.first, strides.contains(where: { $0 != 1 }) else { return "" }
        return strides.allSatisfy { $0 == first } ? ", /\(first)" : ", /\(extents(strides))"
    }

    static func piece(of layer: ResidualBlock.Layer, isTransposed: Bool) -> NetworkDrawing.Piece {
        let channels = layer.outputChannels.map { ", \($0)" } ?? ""
        guard !layer.kernel.isEmpty else {
            return NetworkDrawing.Piece(kind: .matrix, text: "fc\(channels)", channels: layer.outputChannels)
        }
        let isKnown = layer.kernel.allSatisfy { $0 > 0 }
        var text = isKnown ? extents(layer.kernel) : "conv"
        if layer.kernel.count == 1, isKnown { text = "conv \(text)" }
        var kind = NetworkDrawing.Piece.Kind.convolution
        if layer.isDepthwise {
            text += " dw"
            kind = .depthwise
        } else if layer.isPointwise {
            kind = .pointwise
        }
        text += channels
        if layer.groups > 1, !layer.isDepthwise {
            text += ", g\(layer.groups)"
            kind = .grouped
        }
        if let dilation = layer.dilations.max(), dilation > 1 {
            text += ", d\(dilation)"
            if kind == .convolution { kind = .dilated }
        }
        if isTransposed {
            text = "up-\(text)"
            kind = .resampling
        }
        text += isTransposed ? stride(layer.strides).replacingSlash : stride(layer.strides)
        return NetworkDrawing.Piece(kind: kind, text: text, channels: layer.outputChannels)
    }

    /// `max 3×3, /2`.
    static func pooling(_ pooling: Pooling) -> String {
        "\(name(of: pooling.kind)) \(extents(pooling.kernel))\(stride(pooling.window.strides))"
    }

    static func name(of kind: Pooling.Kind) -> String {
        switch kind {
        case .maximum: "max"
        case .average: "avg"
        case .norm: "norm pool"
        }
    }

    static func globalPooling(_ pooling: GlobalPooling) -> String {
        switch pooling.kind {
        case .maximum: "global max"
        case .average: "global avg"
        case .norm: "global norm"
        }
    }

    /// What an operator that is no layer is drawn as; `nil` for those that a drawing leaves out.
    static func piece(of node: Node, dataOperands: Int) -> NetworkDrawing.Piece? {
        func piece(_ kind: NetworkDrawing.Piece.Kind, _ text: String) -> NetworkDrawing.Piece {
            NetworkDrawing.Piece(kind: kind, text: text)
        }
        switch node.operator {
        case .pooling(let attributes): return piece(.pooling, pooling(attributes))
        case .globalPooling(let attributes): return piece(.pooling, globalPooling(attributes))
        case .resize, .upsampling: return piece(.resampling, "upsample")
        case .depthToSpace: return piece(.resampling, "pixel shuffle")
        case .spaceToDepth: return piece(.resampling, "space to depth")
        case .concatenation: return dataOperands > 1 ? piece(.joining, "concat") : nil
        case .softmax: return piece(.other, "softmax")
        case .matrixMultiplication, .einsum: return dataOperands > 1 ? piece(.attention, "product") : nil
        case .reduction(let reduction):
            return reduction.kind == .mean ? piece(.pooling, "mean") : piece(.other, escaped(node.sourceOperator))
        case .unknown: return piece(.other, escaped(node.sourceOperator))
        default: break
        }
        switch node.operator.role {
        case .sum: return dataOperands > 1 ? piece(.joining, "add") : nil
        case .product: return dataOperands > 1 ? piece(.joining, "multiply") : nil
        default: return nil
        }
    }
}

extension String {
    /// A step of a transposed convolution widens: `, ×2` in the place of `, /2`.
    fileprivate var replacingSlash: String { String(map { $0 == "/" ? "×" : $0 }) }
}

/// `25.6 M`; `950`.
func countText(_ count: Int) -> String {
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < 4 {
        value /= 1000
        unit += 1
    }
    guard unit > 0 else { return String(count) }
    let text = fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    return "\(text) \(["", "k", "M", "G", "T"][unit])"
}
