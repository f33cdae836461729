internal import SkiffCore
internal import SkiffGraph

/// A node that runs in the reference evaluator, on copies of its inputs.
struct PlainStep {
    struct Fact {
        var elementType: ElementType
        var shape: Shape
    }

    enum Source {
        case missing
        case constant(Tensor)
        case box(Int)
        case view(View, Shape)
    }

    enum Target {
        case view(View, Fact)
        case box(Int, Fact)

        var fact: Fact {
            switch self {
            case .view(_, let fact), .box(_, let fact): fact
            }
        }
    }

    /// What is fused behind a product.
    struct Finish {
        let scale: [Double]?
        let shift: [Double]?
        let lower: Double
        let upper: Double
        let addend: View?
        /// The axis of the output's channels: the second for channels first, else the last.
        let isChannelsFirst: Bool

        init(_ product: FusedProduct, addend: View?) {
            scale = product.scale
            shift = product.shift
            lower = product.lower
            upper = product.upper
            self.addend = addend
            if case .convolution(let convolution) = product.kind, convolution.layout == .channelsFirst {
                isChannelsFirst = true
            } else {
                isChannelsFirst = false
            }
        }
    }

    let operation: Operator
    let sources: [Source]
    let targets: [Target]
    let threads: Int
    let memoryBudget: Int
    let place: Place
    let finish: Finish?
    private let cache: PackedWeights

    init(
        operation: Operator, sources: [Source], targets: [Target], threads: Int, memoryBudget: Int, place: Place,
        finish: Finish?
    ) {
        self.operation = operation
        self.sources = sources
        self.targets = targets
        self.threads = threads
        self.memoryBudget = memoryBudget
        self.place = place
        self.finish = finish
        cache = PackedWeights(budget: memoryBudget / 2)
    }

    func run(_ state: RunState) {
        guard !state.hasFailed else { return }
        do throws(EngineError) { try evaluate(state) } catch { state.fail(error.at(place)) }
    }

    private func evaluate(_ state: RunState) throws(EngineError) {
        let inputs = try sources.map { source throws(EngineError) in try input(source, state) }
        let outputs = targets.map { target in
            Step<FloatArithmetic>.Output(
                elementType: target.fact.elementType, shape: target.fact.shape,
                count: target.fact.shape.checkedElementCount ?? 0)
        }
        let step = Step<FloatArithmetic>(
            node: 0, inputs: inputs, outputs: outputs, threads: threads, freeBytes: memoryBudget, cache: cache)
        let buffers =
            outputs.contains { $0.count > 0 }
            ? try SkiffEngine.evaluate(operation, step) : outputs.map { Buffer<Float>.empty($0.elementType) }
        guard buffers.count == targets.count, zip(buffers, outputs).allSatisfy({ $0.count == $1.count }) else {
            throw EngineError(.notRunnable("its result has not the shape that its rule gives"))
        }
        for (target, buffer) in zip(targets, buffers) {
            var operand = Operand(elementType: target.fact.elementType, shape: target.fact.shape, buffer: buffer)
            operand.round()
            switch target {
            case .box(let value, _): state.boxes[value] = operand
            case .view(let view, let fact):
                guard case .real(let elements) = operand.buffer else { continue }
                let to = view.pointer(state)
                elements.withUnsafeBufferPointer { from in
                    if let base = from.baseAddress { to.update(from: base, count: from.count) }
                }
                finish?.apply(to: to, shape: fact.shape, state: state)
            }
        }
    }

    private func input(_ source: Source, _ state: RunState) throws(EngineError) -> Step<FloatArithmetic>.Input? {
        switch source {
        case .missing: return nil
        case .constant(let tensor): return .weight(tensor)
        case .box(let value):
            guard let operand = state.boxes[value] else { throw EngineError(.operand("an input was not computed")) }
            return .operand(operand)
        case .view(let view, let shape):
            let count = shape.checkedElementCount ?? 0
            let elements = Array(UnsafeBufferPointer(start: view.pointer(state), count: count))
            return .operand(Operand(elementType: .float32, shape: shape, buffer: .real(elements)))
        }
    }
}

extension PlainStep.Finish {
    /// Scale, shift, addend and clamp, in the output's own order.
    func apply(to elements: UnsafeMutablePointer<Float>, shape: Shape, state: RunState) {
        let count = shape.checkedElementCount ?? 0
        let channels = isChannelsFirst ? shape[1] : shape[shape.count - 1]
        guard count > 0, channels > 0 else { return }
        let inner = isChannelsFirst ? shape.dropFirst(2).reduce(1, *) : 1
        let addend = addend?.pointer(state)
        let (lower, upper) = (Float(self.lower), Float(self.upper))
        for index in 0..<count {
            let channel = index / inner % channels
            var value = Double(elements[index])
            if let scale { value *= scale[channel] }
            if let shift { value += shift[channel] }
            var result = Float(value)
            if let addend { result += addend[index] }
            if lower > result { result = lower }
            if upper < result { result = upper }
            elements[index] = result
        }
    }
}
