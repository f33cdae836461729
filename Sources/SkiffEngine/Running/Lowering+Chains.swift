internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// Elementwise operators: those that follow each other run together, in one pass over the elements.
extension Lowering {
    /// Takes a node that works element by element: behind the chain that gives its input, or as the first of one. The
    /// chain is emitted where its result is more than another elementwise operator's input.
    mutating func lowerElements(_ node: Draft.Node) throws(EngineError) -> Bool {
        guard let output = node.outputs.first, isFastValue(output),
            node.inputs.allSatisfy({ $0.map { isFastValue($0) } ?? true }),
            let found = draft.elementOperations(node, preferring: { pending[$0] != nil })
        else { return false }
        var held = node.inputs.compactMap { $0 }
        var chain = PendingChain(
            source: found.source, operations: found.operations, node: node, text: found.text, held: held)
        if let before = pending[found.source] {
            let joined = before.operations + found.operations
            if joined.count <= ChainStep.limit, chainShape(before.source, joined) != nil {
                pending[found.source] = nil
                let text = before.text + " + " + found.text
                // The value between the two has no place to be held.
                chain = PendingChain(
                    source: before.source, operations: joined, node: before.node, text: text,
                    held: before.held + held.filter { $0 != found.source })
                held.removeAll { $0 == found.source }
            }
        }
        guard chain.operations.count <= ChainStep.limit else { return false }
        try settle(node.inputs)
        guard chainShape(chain.source, chain.operations) != nil else { return false }
        for value in held { reads[value] += 1 }
        if isReadByElementsOnly(output) {
            pending[output] = chain
        } else {
            try emitChain(chain, output: output, own: held.count { $0 == chain.source })
        }
        return true
    }

    /// Emits the chains that give these values, where they wait.
    mutating func settle(_ values: [Int?]) throws(EngineError) {
        for case let value? in values {
            if let chain = pending.removeValue(forKey: value) { try emitChain(chain, output: value, own: 0) }
        }
    }

    /// Whether one elementwise operator of the same shape reads the value, and nobody else.
    private func isReadByElementsOnly(_ value: Int) -> Bool {
        guard readers[value].count == 1, let reader = readers[value].first, reader >= 0,
            let operation = draft.elementOperations(draft.nodes[reader], preferring: { $0 == value })
        else { return false }
        let node = draft.nodes[reader]
        return operation.source == value && node.inputs.allSatisfy { $0.map { isFastValue($0) } ?? true }
            && node.outputs.allSatisfy { isFastValue($0) && draft.values[$0].constant == nil }
    }

    /// The nodes that read each value, once for each input; −1 for an output of the network.
    static func readers(_ draft: Draft) -> [[Int]] {
        var readers = [[Int]](repeating: [], count: draft.values.count)
        for (index, node) in draft.nodes.enumerated() {
            for case let input? in node.inputs { readers[input].append(index) }
        }
        for output in draft.outputs { readers[output.value].append(-1) }
        return readers
    }

    private func chainOrder(_ source: Int) -> [Int] {
        order(of: source) ?? Array(draft.values[source].shape.indices)
    }

    private func chainShape(_ source: Int, _ operations: [ElementOperation]) -> ChainShape? {
        let shape = draft.values[source].shape
        let order = chainOrder(source)
        let operands = operations.map { operation in
            let own: Shape
            switch operation.operand {
            case .none: own = shape
            case .value(let value): own = draft.values[value].shape
            case .numbers(_, let shape): own = shape
            }
            return order.map { axis in
                let position = axis - (shape.count - own.count)
                return position >= 0 && own[position] == shape[axis]
            }
        }
        return ChainShape(extents: order.map { shape[$0] }, operands: operands)
    }

    /// - Parameter own: Reads of the chain's source by the node that is being lowered, where the chain ends with it.
    private mutating func emitChain(_ chain: PendingChain, output: Int, own: Int) throws(EngineError) {
        let order = chainOrder(chain.source)
        guard let shape = chainShape(chain.source, chain.operations) else {
            throw EngineError(.notRunnable("its operands have more shapes than a chain takes"))
        }
        let source = try input(chain.source, order: order)
        var views: [View?] = []
        for operation in chain.operations { views.append(try operandView(operation.operand, order)) }
        for value in chain.held { reads[value] -= 1 }
        // The source's own place will do where nobody reads it any more and no operand lies there.
        let isOperand = views.contains { $0?.isSamePlace(as: source) ?? false }
        let target = isOperand
            ? result(output, order: order) : result(output, order: order, over: chain.source, own: own)
        let operations = zip(chain.operations, shape.strides).map { operation, strides in
            var result = skiff_operation()
            result.opcode = Int32(operation.opcode.rawValue)
            (result.a, result.b, result.c) = (operation.a, operation.b, operation.c)
            result.image_stride = Int64(strides.image)
            result.pixel_stride = Int64(strides.pixel)
            result.channel_stride = Int64(strides.channel)
            return result
        }
        let step = ChainStep(
            kernels: kernels, operations: operations, operands: views, shape: shape, threads: threads)
        let report = PlanReport.Step(
            name: name(chain.node), operation: chain.text, algorithm: "chain",
            inputShape: draft.values[chain.source].shape, outputShape: draft.values[output].shape)
        let reads = [source] + views.compactMap { $0 }
        emit(report, tasks: step.tasks, reads: reads, writes: [target]) { state, task, _ in
            step.run(task, state, input: source.pointer(state), output: target.pointer(state))
        }
    }

    private mutating func operandView(
        _ operand: ElementOperation.Operand, _ order: [Int]
    ) throws(EngineError) -> View? {
        switch operand {
        case .none: return nil
        case .value(let value):
            let missing = order.count - draft.values[value].shape.count
            return try input(value, order: order.filter { $0 >= missing }.map { $0 - missing })
        case .numbers(let numbers, _):
            let memory = try constantMemory(elements: max(1, numbers.count))
            for (index, number) in numbers.enumerated() { memory[index] = number }
            return View(home: .constant(memory))
        }
    }
}
