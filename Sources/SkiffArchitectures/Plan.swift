/// A residual network as a list of steps in the order in which frameworks make its layers.
struct Plan {
    struct Step {
        enum Operation: Hashable {
            case input
            /// Zeros on both sides of both spatial axes.
            case pad(Int)
            case convolution(LayerRole, stride: Int)
            case normalization(LayerRole)
            case activation
            /// A square window.
            case maximumPooling(Int, stride: Int, padding: Int)
            case averagePooling(Int, stride: Int)
            /// Every second position, and zero channels up to the number that the step of that index gives.
            case padded(stride: Int, like: Int)
            case add
            case globalPooling
            case flatten
            case classifier
            case softmax
        }

        var operation: Operation
        /// Indices of earlier steps.
        var inputs: [Int]
        /// The block it belongs to.
        var position: BlockPosition?
        /// What the step is called in its block, where it has no weights to be named by.
        var name: String
    }

    private(set) var steps: [Step] = []
    private let convention: Convention
    private let blueprint: Blueprint

    /// The roles of the steps that have weights, in their order.
    var roles: [LayerRole] { steps.compactMap(\.role) }

    init(_ convention: Convention, _ blueprint: Blueprint) {
        self.convention = convention
        self.blueprint = blueprint
        var last = add(.input, [], name: "input")
        last = stem(last)
        for (stage, count) in blueprint.stages.enumerated() {
            for block in 0..<count { last = self.block(BlockPosition(stage: stage, block: block), last) }
        }
        last = normalized(.finalNormalization, last)
        if blueprint.normalizations.contains(.finalNormalization) { last = add(.activation, [last], name: "post_relu") }
        head(last)
    }

    // MARK: Parts

    private mutating func stem(_ input: Int) -> Int {
        var last = normalized(.inputNormalization, input)
        let isPooled = convention.stem != .plain
        for index in 0..<blueprint.stemConvolutions {
            let stride = isPooled && index == 0 ? 2 : 1
            let kernel = index == 0 ? blueprint.stemKernel : 3
            last = convolution(.stemConvolution(index), stride: stride, kernel: kernel, last, "stem")
            guard blueprint.normalizations.contains(.stemNormalization(index)) else { continue }
            last = normalized(.stemNormalization(index), last)
            last = add(.activation, [last], name: "stem_relu\(index + 1)")
        }
        guard case .pooled(let padding) = convention.stem else { return last }
        // Keras pads with zeros in a layer of its own, which matters where the map can be negative.
        if padding > 0, convention.padding != .symmetric {
            last = add(.pad(padding), [last], name: "pool1_pad")
            return add(.maximumPooling(3, stride: 2, padding: 0), [last], name: "pool1_pool")
        }
        return add(.maximumPooling(3, stride: 2, padding: padding), [last], name: "pool1_pool")
    }

    private mutating func block(_ position: BlockPosition, _ input: Int) -> Int {
        let stride = stride(of: position)
        let site = convention.stride == .first ? 0 : blueprint.spatialConvolution
        var branch = input
        if convention.activation != .after, blueprint.normalizations.contains(.normalization(position, 0)) {
            branch = normalized(.normalization(position, 0), branch)
            branch = add(.activation, [branch], position, name: "preact_relu")
        }
        let activated = branch
        var shortcut = self.shortcut(position, stride: stride, input: input, activated: activated)
        for index in 0..<blueprint.convolutionsPerBlock {
            if index > 0, convention.activation != .after {
                branch = normalized(.normalization(position, index), branch)
                branch = add(.activation, [branch], position, name: "relu\(index + 1)")
            }
            branch = convolution(
                .convolution(position, index), stride: index == site ? stride : 1,
                kernel: index == blueprint.spatialConvolution ? 3 : nil, branch, "pad\(index + 1)")
            guard convention.activation == .after else { continue }
            branch = normalized(.normalization(position, index), branch)
            if index < blueprint.convolutionsPerBlock - 1 {
                branch = add(.activation, [branch], position, name: "relu\(index + 1)")
            }
        }
        if convention.shortcut == .padded, position.block == 0, position.stage > 0 {
            shortcut = add(.padded(stride: stride, like: branch), [input], position, name: "shortcut")
        }
        let sum = add(.add, [shortcut, branch], position, name: "add")
        return convention.activation == .after ? add(.activation, [sum], position, name: "out") : sum
    }

    private mutating func shortcut(_ position: BlockPosition, stride: Int, input: Int, activated: Int) -> Int {
        guard blueprint.projections.contains(position) else {
            guard stride > 1, convention.shortcut != .padded else { return input }
            return add(.maximumPooling(1, stride: stride, padding: 0), [input], position, name: "shortcut_pool")
        }
        var last = convention.shortcut == .activatedProjection ? activated : input
        var stride = stride
        if convention.shortcut == .pooledProjection, stride > 1 {
            last = add(.averagePooling(2, stride: stride), [last], position, name: "shortcut_pool")
            stride = 1
        }
        last = convolution(.projection(position), stride: stride, kernel: 1, last, "shortcut")
        return normalized(.projectionNormalization(position), last)
    }

    private mutating func head(_ input: Int) {
        var last = input
        guard blueprint.hasClassifier else {
            // Keras 1 to 2.1 pool even where they leave the classifier out.
            if case .pooling(let size, _) = convention.head, convention.stem != .plain {
                add(.averagePooling(size, stride: size), [last], name: "avg_pool")
            }
            return
        }
        let hasSoftmax: Bool
        switch convention.head {
        case .globalPooling(let softmax):
            last = add(.globalPooling, [last], name: "avg_pool")
            hasSoftmax = softmax
        case .pooling(let size, let softmax):
            last = add(.averagePooling(size, stride: size), [last], name: "avg_pool")
            last = add(.flatten, [last], name: "flatten")
            hasSoftmax = softmax
        }
        last = add(.classifier, [last], name: "classifier")
        if hasSoftmax { add(.softmax, [last], name: "softmax") }
    }

    private func stride(of position: BlockPosition) -> Int {
        switch convention.stride {
        case .first, .spatial: position.block == 0 && position.stage > 0 ? 2 : 1
        case .spatialOfLastBlock:
            position.stage + 1 < blueprint.stages.count && position.block + 1 == blueprint.stages[position.stage] ? 2 : 1
        }
    }

    // MARK: Steps

    private mutating func convolution(
        _ role: LayerRole, stride: Int, kernel: Int?, _ input: Int, _ padName: String
    ) -> Int {
        var input = input
        if convention.padding == .layers, stride > 1, let kernel, kernel > 1 {
            input = add(.pad(kernel / 2), [input], role.position, name: padName + "_pad")
        }
        return add(.convolution(role, stride: stride), [input], role.position, name: "")
    }

    private mutating func normalized(_ role: LayerRole, _ input: Int) -> Int {
        guard blueprint.normalizations.contains(role) else { return input }
        return add(.normalization(role), [input], role.position, name: "")
    }

    @discardableResult
    private mutating func add(
        _ operation: Step.Operation, _ inputs: [Int], _ position: BlockPosition? = nil, name: String
    ) -> Int {
        steps.append(Step(operation: operation, inputs: inputs, position: position, name: name))
        return steps.count - 1
    }
}

extension Plan.Step {
    /// The role of a step that has weights.
    var role: LayerRole? {
        switch operation {
        case .convolution(let role, _), .normalization(let role): role
        case .classifier: .classifier
        default: nil
        }
    }
}
