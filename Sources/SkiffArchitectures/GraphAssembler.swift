internal import SkiffCore
internal import SkiffGraph

/// Makes the graph of a plan, with a file's weights.
struct GraphAssembler {
    private var builder: GraphBuilder
    private let convention: Convention
    private let map: RoleMap
    private let outputFirst: Bool
    private let layout: Layout
    /// What each step gave: the value, and its channels.
    private var results: [(value: ValueID, channels: Int)] = []
    private var names: Set<String> = []
    private var loaded: [String: ValueID] = [:]

    init(_ convention: Convention, _ map: RoleMap, outputFirst: Bool, name: String, metadata: GraphMetadata) {
        self.convention = convention
        self.map = map
        self.outputFirst = outputFirst
        // Keras keeps kernels as the channels lie, unless Theano's order of both was asked for.
        layout = convention.isChannelsLast && !outputFirst ? .channelsLast : .channelsFirst
        builder = GraphBuilder(name: name, metadata: metadata)
    }

    /// - Throws: ``ArchitectureError`` where layers are missing or do not fit together.
    mutating func graph(_ plan: Plan) throws(ArchitectureError) -> Graph {
        for step in plan.steps {
            do throws(ArchitectureError) {
                results.append(try add(step))
            } catch {
                throw error.at(Place(node: step.role.flatMap { map[$0]?.name } ?? title(of: step)))
            }
        }
        guard let last = results.last else { throw ArchitectureError(.unrecognized("no layers")) }
        builder.addOutput("output", last.value)
        do throws(GraphError) {
            return try builder.build()
        } catch {
            throw ArchitectureError(error)
        }
    }

    // MARK: Steps

    private mutating func add(
        _ step: Plan.Step
    ) throws(ArchitectureError) -> (value: ValueID, channels: Int) {
        guard let first = step.inputs.first else { return try addInput() }
        let input = results[first]
        switch step.operation {
        case .input: return input
        case .convolution(let role, let stride): return try convolution(role, stride: stride, input)
        case .normalization(let role): return (try normalization(role, input), input.channels)
        case .classifier: return try classifier(input)
        case .padded(let stride, let like):
            return try padded(step, stride: stride, channels: results[like].channels, input)
        default:
            let inputs = step.inputs.map { results[$0].value }
            let value = try node(title(of: step), simple(step.operation), inputs)
            return (value, input.channels)
        }
    }

    private func simple(_ operation: Plan.Step.Operation) -> Operator {
        switch operation {
        case .pad(let amount): .pad(spatialPad(amount))
        case .maximumPooling(let kernel, let stride, let padding): .pooling(pooling(.maximum, kernel, stride, padding))
        case .averagePooling(let kernel, let stride):
            .pooling(
                pooling(
                    .average(countsPadding: false), kernel, stride, 0, ceilMode: convention.shortcut == .pooledProjection))
        case .add: .binary(Binary(.add))
        case .globalPooling: .globalPooling(GlobalPooling(kind: .average, layout: layout, keepsDimensions: false))
        case .flatten: .flatten(Flatten(axis: 1))
        case .softmax: .softmax(Softmax(axis: -1))
        case .activation: .unary(Unary(.relu))
        case .input, .convolution, .normalization, .classifier, .padded: .identity(Identity())
        }
    }

    private mutating func addInput() throws(ArchitectureError) -> (value: ValueID, channels: Int) {
        guard let stem = map.kernel(.stemConvolution(0), outputFirst: outputFirst) else {
            throw ArchitectureError(.missing([LayerRole.stemConvolution(0).description], found: 0, expected: 1))
        }
        let spatial: [Dimension] = [.symbolic("height"), .symbolic("width")]
        let channels = Dimension.fixed(stem.inputs)
        let shape = [.symbolic("batch")] + (layout == .channelsLast ? spatial + [channels] : [channels] + spatial)
        names.insert("input")
        do throws(GraphError) {
            return (try builder.addInput("input", Fact(.float32, shape)), stem.inputs)
        } catch {
            throw ArchitectureError(error)
        }
    }

    private mutating func convolution(
        _ role: LayerRole, stride: Int, _ input: (value: ValueID, channels: Int)
    ) throws(ArchitectureError) -> (value: ValueID, channels: Int) {
        let layer = try layer(role)
        guard let kernel = map.kernel(role, outputFirst: outputFirst), kernel.inputs > 0,
            input.channels % kernel.inputs == 0, input.channels == kernel.inputs || role.mayBeGrouped
        else {
            throw ArchitectureError(
                .kernel(layer.name, shape: layer.kernelShape.shapeText, expectedInputs: input.channels))
        }
        let padding: Padding =
            switch convention.padding {
            case .same: .sameUpper
            case .layers: stride == 1 ? .sameUpper : .valid
            case .symmetric:
                .explicit(
                    before: [kernel.height / 2, kernel.width / 2], after: [kernel.height / 2, kernel.width / 2])
            }
        let operation = Convolution(
            window: Window(strides: [stride, stride], dilations: [1, 1], padding: padding),
            groups: input.channels / kernel.inputs, layout: layout,
            kernelOrder: outputFirst ? .outputInputSpatial : .spatialInputOutput)
        let weights = [try weight(layer.kernel, flipped: convention.flipsKernels), try weight(layer.bias)]
        return (try node(layer.name, .convolution(operation), [input.value] + weights), kernel.outputs)
    }

    private mutating func normalization(
        _ role: LayerRole, _ input: (value: ValueID, channels: Int)
    ) throws(ArchitectureError) -> ValueID {
        let layer = try layer(role)
        let operation = BatchNormalization(epsilon: convention.epsilon, axis: layout == .channelsLast ? -1 : 1)
        let weights = [
            try weight(layer.gamma), try weight(layer.beta), try weight(layer.mean), try weight(layer.variance),
        ]
        return try node(layer.name, .batchNormalization(operation), [input.value] + weights)
    }

    private mutating func classifier(
        _ input: (value: ValueID, channels: Int)
    ) throws(ArchitectureError) -> (value: ValueID, channels: Int) {
        let layer = try layer(.classifier)
        let shape = layer.kernelShape
        guard shape.count == 2, shape.contains(input.channels) else {
            throw ArchitectureError(.kernel(layer.name, shape: shape.shapeText, expectedInputs: input.channels))
        }
        let isOutputFirst = shape[0] == shape[1] ? outputFirst : shape[1] == input.channels
        let operation: Operator =
            isOutputFirst ? .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: true)) : .dense(Dense())
        let weights = [try weight(layer.kernel), try weight(layer.bias)]
        return (try node(layer.name, operation, [input.value] + weights), isOutputFirst ? shape[0] : shape[1])
    }

    private mutating func padded(
        _ step: Plan.Step, stride: Int, channels: Int, _ input: (value: ValueID, channels: Int)
    ) throws(ArchitectureError) -> (value: ValueID, channels: Int) {
        guard channels >= input.channels else {
            throw ArchitectureError(.unrecognized("a shortcut of option A narrows \(input.channels) to \(channels)"))
        }
        let subsampled = try node(
            title(of: step) + "_subsample", .pooling(pooling(.maximum, 1, stride, 0)), [input.value])
        let before = (channels - input.channels) / 2
        let axis = layout.channelAxis(rank: 4)
        var pads = [Int](repeating: 0, count: 8)
        pads[axis] = before
        pads[axis + 4] = channels - input.channels - before
        let value = try node(title(of: step), .pad(Pad(mode: .constant, pads: pads)), [subsampled])
        return (value, channels)
    }

    // MARK: Parts

    private func layer(_ role: LayerRole) throws(ArchitectureError) -> TypedLayer {
        guard let layer = map[role] else {
            throw ArchitectureError(.missing([map.missingName(role)], found: map.layers.count, expected: nil))
        }
        return layer
    }

    /// A variable as a value: Float as it lies, other types converted when the graph runs.
    private mutating func weight(
        _ variable: WeightSet.Variable?, flipped: Bool = false
    ) throws(ArchitectureError) -> ValueID? {
        guard let variable else { return nil }
        if let known = loaded[variable.name] { return known }
        do {
            var tensor = variable.tensor
            if flipped { tensor = try tensor.reversed(axes: outputFirst ? 2..<4 : 0..<2) }
            var value = try builder.addWeight(variable.name, tensor)
            if tensor.elementType != .float32 {
                let name = variable.name + "/cast"
                value = try builder.addNode(
                    name, sourceOperator: "Cast", .cast(Cast(to: .float32)), inputs: [value], output: name)
            }
            loaded[variable.name] = value
            return value
        } catch let error as GraphError {
            throw ArchitectureError(error)
        } catch let error as CoreError {
            throw ArchitectureError(error)
        } catch {
            throw ArchitectureError(.unrecognized("\(error)"))
        }
    }

    private mutating func node(
        _ name: String, _ operation: Operator, _ inputs: [ValueID?]
    ) throws(ArchitectureError) -> ValueID {
        var unique = name
        var count = 1
        while !names.insert(unique).inserted || builder.isDefined(unique) {
            count += 1
            unique = "\(name)_\(count)"
        }
        do throws(GraphError) {
            return try builder.addNode(
                unique, sourceOperator: operation.sourceName, operation, inputs: inputs, output: unique)
        } catch {
            throw ArchitectureError(error)
        }
    }

    private func title(of step: Plan.Step) -> String {
        guard let position = step.position else { return step.name }
        return map.scheme.blockName(position) + map.scheme.separator + step.name
    }

    private func spatialPad(_ amount: Int) -> Pad {
        let inner = [amount, amount]
        let side = layout == .channelsLast ? [0] + inner + [0] : [0, 0] + inner
        return Pad(mode: .constant, pads: side + side)
    }

    private func pooling(
        _ kind: Pooling.Kind, _ kernel: Int, _ stride: Int, _ padding: Int, ceilMode: Bool = false
    ) -> Pooling {
        let sides = [padding, padding]
        return Pooling(
            kind: kind, kernel: [kernel, kernel],
            window: Window(
                strides: [stride, stride], dilations: [1, 1],
                padding: padding == 0 ? .valid : .explicit(before: sides, after: sides)),
            ceilMode: ceilMode, layout: layout)
    }
}

extension LayerRole {
    /// Groups are of a block's inner convolutions alone.
    fileprivate var mayBeGrouped: Bool { if case .convolution(_, let index) = self { index > 0 } else { false } }
}

extension Operator {
    /// What a node of a rebuilt network calls its operator: as Keras says it.
    fileprivate var sourceName: String {
        switch self {
        case .convolution: "Conv2D"
        case .batchNormalization: "BatchNormalization"
        case .dense, .gemm: "Dense"
        case .pooling(let pooling): pooling.kind == .maximum ? "MaxPooling2D" : "AveragePooling2D"
        case .globalPooling: "GlobalAveragePooling2D"
        case .unary: "ReLU"
        case .binary: "Add"
        case .pad: "ZeroPadding2D"
        case .flatten: "Flatten"
        case .softmax: "Softmax"
        default: kind.rawValue
        }
    }
}
