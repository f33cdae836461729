internal import SkiffCore
internal import SkiffGraph

/// One run of a graph in one arithmetic.
struct Execution<A: Arithmetic> {
    private let evaluator: Evaluator
    private let graph: Graph
    private let request: Request
    /// Values that are still to be read, by index.
    private var operands: [Operand<A.Stored>?]
    private var facts: [Fact?]
    private var reads: [Int32]
    private var liveBytes = 0

    init(_ evaluator: Evaluator, _ request: Request) {
        self.evaluator = evaluator
        self.request = request
        graph = evaluator.graph
        operands = Array(repeating: nil, count: graph.values.count)
        facts = Array(repeating: nil, count: graph.values.count)
        reads = request.reads
    }

    mutating func run(
        progress: (@Sendable (Int, Int) -> Void)?,
        observer: (ValueID, Tensor) throws(EngineError) -> Void
    ) throws(EngineError) {
        try takeInputs(observer: observer)
        for (done, index) in request.nodes.enumerated() {
            try runLocated(index)
            for output in graph.nodes[index].outputs { try finish(output.index, observer: observer) }
            releaseInputs(of: index)
            progress?(done + 1, request.nodes.count)
        }
    }

    private mutating func runLocated(_ index: Int) throws(EngineError) {
        do throws(EngineError) {
            try runNode(index)
        } catch {
            throw error.at(graph.place(of: NodeID(index)))
        }
    }

    private mutating func releaseInputs(of index: Int) {
        for case let input? in graph.nodes[index].inputs {
            reads[input.index] -= 1
            if reads[input.index] == 0 { release(input.index) }
        }
    }

    /// Takes the inputs in, and gives those that are observed.
    mutating func begin() throws(EngineError) -> [(id: ValueID, value: EvaluatorRun.ObservedValue)] {
        try takeInputs { (_, _) throws(EngineError) in }
        return graph.inputs.compactMap { id in
            guard request.isObserved[id.index], let operand = operands[id.index] else { return nil }
            return (id, operand.observed)
        }
    }

    /// Runs a node whose inputs are there, and gives its observed outputs; what nothing reads any more is let go.
    mutating func advance(_ index: Int) throws(EngineError) -> [(id: ValueID, value: EvaluatorRun.ObservedValue)] {
        try runLocated(index)
        var observed: [(id: ValueID, value: EvaluatorRun.ObservedValue)] = []
        for output in graph.nodes[index].outputs {
            if request.isObserved[output.index], let operand = operands[output.index] {
                observed.append((output, operand.observed))
            }
            if reads[output.index] == 0 { release(output.index) }
        }
        releaseInputs(of: index)
        return observed
    }

    /// Sets other elements in the place of a value that is still to be read.
    mutating func replace(_ index: Int, with value: EvaluatorRun.ObservedValue) throws(EngineError) {
        guard operands.indices.contains(index), let operand = operands[index] else { return }
        guard operand.shape == value.shape, let taken = operand.taking(value) else {
            throw EngineError(.operand("shapes \(operand.shape.shapeText) and \(value.shape.shapeText) do not agree"))
        }
        operands[index] = nil
        set(index, taken)
    }

    private mutating func takeInputs(
        observer: (ValueID, Tensor) throws(EngineError) -> Void
    ) throws(EngineError) {
        for index in graph.values.indices where reads[index] > 0 || request.isObserved[index] {
            let value = graph.values[index]
            if let (tensor, elementType) = request.given[index] {
                do throws(EngineError) {
                    try claim(tensor.elementCount, elementType)
                    do throws(CoreError) {
                        set(index, try Operand(tensor, as: elementType))
                    } catch { throw EngineError(error) }
                    try finish(index, observer: observer)
                } catch {
                    throw error.at(Place(tensor: value.name))
                }
            } else if case .weight(let tensor, _) = value.source {
                facts[index] = value.fact ?? Fact(of: tensor)
                if request.isObserved[index] { try observer(ValueID(index), tensor) }
            }
        }
    }

    /// Counts a value's bytes before they are allocated.
    private mutating func claim(_ count: Int, _ elementType: ElementType) throws(EngineError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: Buffer<A.Stored>.width(elementType))
        let (total, carry) = liveBytes.addingReportingOverflow(bytes)
        guard !overflow, !carry, total <= evaluator.memoryBudget else {
            throw EngineError(
                .limit(
                    name: "bytes of values", declared: overflow || carry ? Int.max : total,
                    allowed: evaluator.memoryBudget))
        }
        do throws(CoreError) { try Limits.checkMemory(bytes) } catch { throw EngineError(error) }
        liveBytes = total
    }

    private mutating func set(_ index: Int, _ operand: Operand<A.Stored>) {
        var fact = Fact(operand.elementType, shape: operand.shape)
        switch operand.buffer {
        case .integer(let elements) where elements.count <= Fact.contentsLimit:
            fact.contents = .integers(elements.map { .fixed(Int($0)) })
        case .boolean(let elements) where elements.count <= Fact.contentsLimit:
            fact.contents = .integers(elements.map { .fixed($0 ? 1 : 0) })
        case .real(let elements) where elements.count <= 64:
            fact.contents = .reals(elements.map(\.double))
        default: break
        }
        facts[index] = fact
        operands[index] = operand
    }

    /// Hands an observed value over and lets go of a value that nothing reads.
    private mutating func finish(
        _ index: Int, observer: (ValueID, Tensor) throws(EngineError) -> Void
    ) throws(EngineError) {
        if request.isObserved[index], let operand = operands[index] {
            if request.holdsObserved { try claim(operand.buffer.count, operand.elementType) }
            let tensor: Tensor
            do throws(CoreError) { tensor = try operand.tensor() } catch { throw EngineError(error) }
            try observer(ValueID(index), tensor)
        }
        if reads[index] == 0 { release(index) }
    }

    private mutating func release(_ index: Int) {
        guard let operand = operands[index] else { return }
        liveBytes -= operand.buffer.count * Buffer<A.Stored>.width(operand.elementType)
        operands[index] = nil
        facts[index] = nil
    }

    private mutating func runNode(_ index: Int) throws(EngineError) {
        let node = graph.nodes[index]
        let inferred: [Fact]
        do throws(GraphError) {
            inferred = try node.operator.infer(
                node.inputs.map { $0.flatMap { facts[$0.index] } }, outputCount: node.outputs.count)
        } catch { throw EngineError(error) }
        let outputs = try completed(inferred, count: node.outputs.count)
        for output in outputs { try claim(output.count, output.elementType) }
        let step = Step<A>(
            node: index, inputs: node.inputs.map { $0.flatMap { input($0.index) } }, outputs: outputs,
            threads: evaluator.threads, freeBytes: evaluator.memoryBudget - liveBytes,
            cache: evaluator.packedWeights)
        // Without elements there is nothing to compute, however long the other axes are.
        let buffers =
            outputs.contains { $0.count > 0 }
            ? try evaluate(node.operator, step) : outputs.map { Buffer<A.Stored>.empty($0.elementType) }
        guard buffers.count == outputs.count, zip(buffers, outputs).allSatisfy({ $0.count == $1.count }) else {
            throw EngineError(.notRunnable("its result has not the shape that its rule gives"))
        }
        for (position, buffer) in buffers.enumerated() {
            var operand = Operand(
                elementType: outputs[position].elementType, shape: outputs[position].shape, buffer: buffer)
            operand.round()
            set(node.outputs[position].index, operand)
        }
    }

    private func input(_ index: Int) -> Step<A>.Input? {
        if let operand = operands[index] { return .operand(operand) }
        if let tensor = graph.values[index].tensor { return .weight(tensor) }
        return nil
    }

    private func completed(_ facts: [Fact], count: Int) throws(EngineError) -> [Step<A>.Output] {
        guard facts.count >= count else {
            throw EngineError(.notRunnable("has \(count) outputs, \(facts.count) of them can be computed"))
        }
        var outputs: [Step<A>.Output] = []
        for fact in facts.prefix(count) {
            guard let shape = fact.shape?.fixedShape else {
                throw EngineError(.notRunnable("its output shape hangs on contents that are too large to follow"))
            }
            do throws(CoreError) {
                _ = try checkedTensorBytes(shape: shape, elementType: fact.elementType)
            } catch { throw EngineError(error) }
            outputs.append(
                Step<A>.Output(elementType: fact.elementType, shape: shape, count: shape.checkedElementCount ?? 0))
        }
        return outputs
    }
}
