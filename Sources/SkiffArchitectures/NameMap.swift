public import SkiffCore
public import SkiffGraph
public import SkiffInspect

/// A recognised network's weights under another framework's names, in that framework's layout.
///
/// Names follow from each layer's place among the residual blocks. What the other framework has no tensor for is
/// carried by one it has: a bias in front of a normalization by the mean, another epsilon by the scale; both are
/// exact up to one rounding.
public struct NameMap: Sendable {
    public struct Row: Sendable {
        public var role: LayerRole
        /// Name in the model; `nil` for a tensor that only the other framework has.
        public var source: String?
        /// Name in the other framework.
        public var target: String
        /// In the other framework's layout.
        public var shape: Shape
        /// What is done to the elements, in words; `nil` where they are copied.
        public var change: String?
        let make: @Sendable () throws(CoreError) -> Tensor

        /// The elements under the other framework's name. Rearranged ones are made anew at each call.
        /// - Throws: ``CoreError`` for element types that are not decoded.
        public func tensor() throws(CoreError) -> Tensor { try make() }
    }

    public private(set) var rows: [Row] = []
    public let scheme: NameScheme
    /// What names cannot carry: a stride elsewhere, layers that were folded.
    public private(set) var notes: [String] = []
    private let roles: GraphRoles
    private let graph: Graph

    /// The schemes that names can be asked for in.
    public static var identifiers: [String] {
        NameScheme.all.map(\.identifier).filter { $0 != NameScheme.positional.identifier }
    }

    /// - Throws: ``ArchitectureError`` `notNameable` where the network has layers that the scheme has no names for.
    public init(
        of graph: Graph, _ inspection: Inspection, scheme identifier: String
    ) throws(ArchitectureError) {
        guard let scheme = NameScheme.all.first(where: { $0.identifier == identifier }) else {
            throw ArchitectureError(
                .notNameable("\"\(escaped(identifier))\" is no scheme of names; there are \(Self.identifiers.joined(separator: ", "))"))
        }
        self.scheme = scheme
        self.graph = graph
        roles = try GraphRoles(graph, inspection)
        for role in roles.nodes.keys.sorted(by: Self.order) { try add(role) }
        if !roles.nodes.keys.contains(where: { $0.kind.layerKind == .normalization }) {
            notes.append("normalizations are folded into the convolutions: no tensor bears their names")
        }
        let without = roles.withoutRole
        if !without.isEmpty {
            let names = without.prefix(4).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
            notes.append("left out, for want of names: \(without.count) layer\(without.count == 1 ? "" : "s"), \(names)")
        }
        if let note = strideNote(inspection) { notes.append(note) }
    }

    private static func order(_ left: LayerRole, _ right: LayerRole) -> Bool {
        func key(_ role: LayerRole) -> (Int, BlockPosition, Int, Int) {
            let position = role.position ?? BlockPosition(stage: -1, block: 0)
            switch role {
            case .inputNormalization: return (0, position, 0, 0)
            case .stemConvolution(let index): return (1, position, index, 0)
            case .stemNormalization(let index): return (1, position, index, 1)
            case .convolution(_, let index): return (2, position, index, 0)
            case .normalization(_, let index): return (2, position, index, 1)
            case .projection: return (2, position, .max, 0)
            case .projectionNormalization: return (2, position, .max, 1)
            case .finalNormalization: return (3, position, 0, 0)
            case .classifier: return (4, position, 0, 0)
            }
        }
        return key(left) < key(right)
    }

    private mutating func add(_ role: LayerRole) throws(ArchitectureError) {
        guard let node = roles.nodes[role] else { return }
        guard let layer = scheme.name(of: role) else {
            throw ArchitectureError(
                .notNameable("\(scheme.title) has no name for the \(role)"),
                at: Place(node: graph.displayName(of: node)))
        }
        switch graph[node].operator {
        case .convolution(let convolution): try addConvolution(role, node, layer, convolution.kernelOrder)
        case .batchNormalization(let operation): try addNormalization(role, node, layer, operation.epsilon)
        case .dense, .matrixMultiplication: try addClassifier(role, node, layer, isOutputFirst: false)
        case .gemm(let gemm): try addClassifier(role, node, layer, isOutputFirst: gemm.transposesB)
        default: break
        }
    }

    // MARK: Layers

    private mutating func addConvolution(
        _ role: LayerRole, _ node: NodeID, _ layer: String, _ order: KernelOrder
    ) throws(ArchitectureError) {
        guard let kernel = roles.weight(node, 1) else { return }
        let isOutputFirst = order == .outputInputSpatial
        guard kernel.tensor.shape.count == 4, isOutputFirst || order == .spatialInputOutput else {
            throw ArchitectureError(.notNameable("a kernel in the order \(order.rawValue) has no place in \(scheme.title)"),
                at: Place(tensor: kernel.name))
        }
        let permutation = isOutputFirst == scheme.outputFirst ? nil : isOutputFirst ? [2, 3, 1, 0] : [3, 2, 0, 1]
        append(role, kernel, layer, scheme.variables.kernel, permutation, "axes permuted to \(scheme.kernelText)")
        let carrier = scheme.biases == .none ? normalizationRole(behind: role) : nil
        if let bias = roles.weight(node, 2) {
            // Where the framework's convolutions have no bias the mean behind them takes it.
            if carrier == nil { append(role, bias, layer, scheme.variables.bias, nil, nil) }
        } else if scheme.hasBias(role) {
            let channels = isOutputFirst ? kernel.tensor.shape[0] : kernel.tensor.shape[3]
            rows.append(constant(role, layer, scheme.variables.bias, 0, channels))
        }
    }

    private mutating func addNormalization(
        _ role: LayerRole, _ node: NodeID, _ layer: String, _ epsilon: Float
    ) throws(ArchitectureError) {
        guard let mean = roles.weight(node, 3), let variance = roles.weight(node, 4) else { return }
        let names = scheme.variables
        let channels = mean.tensor.elementCount
        let (from, to) = (Double(epsilon), Double(scheme.epsilon))
        let scales = abs(from - to) > 0.01 * to
        let gamma = roles.weight(node, 1)
        if scales {
            let text = "scaled for epsilon \(scheme.epsilon) in place of \(epsilon)"
            rows.append(
                Row(role: role, source: gamma?.name, target: layer + names.separator + names.gamma, shape: [channels],
                    change: text) { () throws(CoreError) in
                    let variances = try variance.tensor.doubles()
                    let gammas = try gamma?.tensor.doubles() ?? [Double](repeating: 1, count: channels)
                    let scaled = zip(gammas, variances).map { Float($0 * ((($1 + to) / ($1 + from)).squareRoot())) }
                    return try Tensor(floats: scaled, shape: [channels])
                })
        } else if let gamma {
            append(role, gamma, layer, names.gamma, nil, nil)
        } else {
            rows.append(constant(role, layer, names.gamma, 1, channels))
        }
        if let beta = roles.weight(node, 2) {
            append(role, beta, layer, names.beta, nil, nil)
        } else {
            rows.append(constant(role, layer, names.beta, 0, channels))
        }
        let convolution = scheme.biases == .none ? convolutionRole(before: role).flatMap { roles.nodes[$0] } : nil
        if let bias = convolution.flatMap({ roles.weight($0, 2) }), !roles.isPreActivation || role.kind != .normalization {
            rows.append(
                Row(role: role, source: mean.name, target: layer + names.separator + names.mean, shape: [channels],
                    change: "less the convolution's bias \"\(escaped(bias.name))\"") { () throws(CoreError) in
                    let (means, biases) = (try mean.tensor.doubles(), try bias.tensor.doubles())
                    return try Tensor(floats: zip(means, biases).map { Float($0 - $1) }, shape: [channels])
                })
        } else {
            append(role, mean, layer, names.mean, nil, nil)
        }
        append(role, variance, layer, names.variance, nil, nil)
    }

    private mutating func addClassifier(
        _ role: LayerRole, _ node: NodeID, _ layer: String, isOutputFirst: Bool
    ) throws(ArchitectureError) {
        guard let kernel = roles.weight(node, 1), kernel.tensor.shape.count == 2 else { return }
        let permutation = isOutputFirst == scheme.outputFirst ? nil : [1, 0]
        append(role, kernel, layer, scheme.variables.kernel, permutation, "transposed")
        if let bias = roles.weight(node, 2) ?? addedBias(behind: node) {
            append(role, bias, layer, scheme.variables.bias, nil, nil)
        }
    }

    /// The bias that a matrix product's reader adds.
    private func addedBias(behind node: NodeID) -> (name: String, tensor: Tensor)? {
        guard let output = graph[node].outputs.first else { return nil }
        for (index, reader) in graph.nodes.enumerated() where reader.inputs.contains(output) {
            guard case .binary(let binary) = reader.operator, binary.kind == .add else { continue }
            return roles.weight(NodeID(index), 0) ?? roles.weight(NodeID(index), 1)
        }
        return nil
    }

    // MARK: Parts

    private mutating func append(
        _ role: LayerRole, _ weight: (name: String, tensor: Tensor), _ layer: String, _ variable: String,
        _ permutation: [Int]?, _ change: String?
    ) {
        let tensor = weight.tensor
        let shape = permutation.map { $0.map { tensor.shape[$0] } } ?? tensor.shape
        rows.append(
            Row(role: role, source: weight.name, target: layer + scheme.variables.separator + variable, shape: shape,
                change: permutation == nil ? nil : change) { () throws(CoreError) in
                guard let permutation else { return tensor }
                return try tensor.permuted(permutation)
            })
    }

    private func constant(_ role: LayerRole, _ layer: String, _ variable: String, _ value: Float, _ count: Int) -> Row {
        Row(role: role, source: nil, target: layer + scheme.variables.separator + variable, shape: [count],
            change: value == 0 ? "zeros" : "ones") { () throws(CoreError) in
            try Tensor(floats: [Float](repeating: value, count: count), shape: [count])
        }
    }

    private func normalizationRole(behind role: LayerRole) -> LayerRole? {
        let behind: LayerRole? =
            switch role {
            case .stemConvolution(let index): .stemNormalization(index)
            case .convolution(let position, let index): roles.isPreActivation ? nil : .normalization(position, index)
            case .projection(let position): .projectionNormalization(position)
            default: nil
            }
        return behind.flatMap { roles.nodes[$0] == nil ? nil : $0 }
    }

    private func convolutionRole(before role: LayerRole) -> LayerRole? {
        switch role {
        case .stemNormalization(let index): .stemConvolution(index)
        case .normalization(let position, let index): .convolution(position, index)
        case .projectionNormalization(let position): .projection(position)
        default: nil
        }
    }

    private func strideNote(_ inspection: Inspection) -> String? {
        let strided = inspection.blocks.first { $0.parent == nil && $0.isStrided && $0.convolutions.count == 3 }
        guard let strided, let site = strided.convolutions.firstIndex(where: { $0.strides.contains { $0 > 1 } }),
            let expected = scheme.strideSite, site != expected, !roles.isPreActivation
        else { return nil }
        let ordinals = ["first 1×1", "3×3", "last 1×1"]
        return "the stride is in the \(ordinals[min(site, 2)]) convolution, in \(scheme.title) in the "
            + "\(ordinals[min(expected, 2)]) one: the weights fit there, the function does not"
    }
}

extension NameScheme {
    fileprivate var kernelText: String { outputFirst ? "(O, I, H, W)" : "(H, W, I, O)" }

    func hasBias(_ role: LayerRole) -> Bool {
        switch biases {
        case .none: false
        case .all: role.kind.layerKind == .convolution
        case .versionTwo:
            switch role {
            case .stemConvolution, .projection: true
            case .convolution(_, let index): index == 2
            default: false
            }
        }
    }
}
