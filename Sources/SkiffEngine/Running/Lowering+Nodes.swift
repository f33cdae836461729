internal import SkiffCore
internal import SkiffGraph

extension Lowering {
    /// Emits the steps of one node.
    mutating func lower(_ node: Draft.Node) throws(EngineError) {
        if node.outputs.allSatisfy({ draft.values[$0].constant != nil }) { return }
        switch node.work {
        case .product(let product):
            switch product.kind {
            case .convolution(let convolution):
                if try lowerConvolution(node, product, convolution) { return }
            case .matrix(let isTransposed):
                if try lowerMatrix(node, product, isTransposed: isTransposed) { return }
            }
            try lowerUnfused(node, product)
        case .operation(let operation):
            if try lowerView(node, operation) { return }
            if try lowerFast(node, operation) { return }
            try lowerPlain(node, operation)
        }
    }

    /// The report's name for a node.
    func name(_ node: Draft.Node) -> String {
        node.origins.first.map { graph.displayName(of: $0) } ?? node.outputs.first.map { draft.values[$0].name } ?? ""
    }

    /// Operators that move nothing: the result is the input's elements where they lie.
    mutating func lowerView(_ node: Draft.Node, _ operation: Operator) throws(EngineError) -> Bool {
        guard let input = node.inputs.first ?? nil, let output = node.outputs.first, node.outputs.count == 1,
            draft.values[input].elementType == .float32, draft.values[output].elementType == .float32,
            !isBoxed[input], draft.values[input].constant == nil
        else { return false }
        switch operation {
        case .transpose:
            guard let permutation = permutation(input, output, operation), let order = order(of: input) else { return false }
            var inverse = [Int](repeating: 0, count: permutation.count)
            for (to, from) in permutation.enumerated() { inverse[from] = to }
            let view = try self.input(input, order: order)
            alias(output, order: order.map { inverse[$0] }, view)
            return true
        case .reshape, .flatten, .squeeze, .unsqueeze, .identity:
            let view = try self.input(input, order: Array(draft.values[input].shape.indices))
            alias(output, order: Array(draft.values[output].shape.indices), view)
            return true
        default: return false
        }
    }

    private func permutation(_ input: Int, _ output: Int, _ operation: Operator) -> [Int]? {
        guard case .transpose(let transpose) = operation else { return nil }
        let rank = draft.values[input].shape.count
        let permutation = transpose.permutation ?? Array((0..<rank).reversed())
        return permutation.sorted() == Array(0..<rank) ? permutation : nil
    }

    /// A fused product that no kernel takes: the operator and what is fused to it, one after the other.
    private mutating func lowerUnfused(_ node: Draft.Node, _ product: FusedProduct) throws(EngineError) {
        let base: Operator =
            switch product.kind {
            case .convolution(let convolution): .convolution(convolution)
            case .matrix(let isTransposed):
                isTransposed
                    ? .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: true))
                    : .matrixMultiplication(MatrixMultiplication())
            }
        try lowerPlain(node, base, finishing: product)
    }

    /// Runs an operator in the reference evaluator.
    mutating func lowerPlain(
        _ node: Draft.Node, _ operation: Operator, finishing product: FusedProduct? = nil
    ) throws(EngineError) {
        if let why = operation.refusal { throw EngineError(.notRunnable(why)) }
        let count = product == nil ? node.inputs.count : min(2, node.inputs.count)
        var sources: [PlainStep.Source] = []
        var reads: [View] = []
        for case let input in node.inputs.prefix(count) {
            guard let input else {
                sources.append(.missing)
                continue
            }
            let value = draft.values[input]
            if let constant = value.constant {
                sources.append(.constant(constant))
            } else if isBoxed[input] {
                sources.append(.box(input))
            } else {
                let view = try self.input(input, order: Array(value.shape.indices))
                reads.append(view)
                sources.append(.view(view, value.shape))
            }
        }
        var addend: View?
        if let product, node.inputs.count > 2, let input = node.inputs[2] {
            addend = try self.input(input, order: Array(draft.values[input].shape.indices))
            if let addend { reads.append(addend) }
            _ = product
        }
        var targets: [PlainStep.Target] = []
        var writes: [View] = []
        for output in node.outputs {
            let value = draft.values[output]
            let fact = PlainStep.Fact(elementType: value.elementType, shape: value.shape)
            if value.elementType == .float32 {
                let view = result(output, order: Array(value.shape.indices))
                writes.append(view)
                targets.append(.view(view, fact))
            } else {
                box(output)
                targets.append(.box(output, fact))
            }
        }
        let step = PlainStep(
            operation: operation, sources: sources, targets: targets, threads: threads, memoryBudget: memoryBudget,
            place: node.origins.first.map { graph.place(of: $0) } ?? Place(),
            finish: product.map { PlainStep.Finish($0, addend: addend) })
        let shapes = node.inputs.first.flatMap { $0 }.map { draft.values[$0].shape } ?? []
        let report = PlanReport.Step(
            name: name(node), operation: nodeText, algorithm: "plain", inputShape: shapes,
            outputShape: node.outputs.first.map { draft.values[$0].shape } ?? [],
            multiplyAdds: multiplyAdds(node, operation), plannedMultiplyAdds: multiplyAdds(node, operation),
            isFallback: true)
        emit(report, tasks: 1, reads: reads, writes: writes) { state, _, _ in step.run(state) }
    }

    func fact(_ index: Int) -> Fact {
        let value = draft.values[index]
        return value.constant.map { Fact(of: $0) } ?? Fact(value.elementType, shape: value.shape)
    }

    func multiplyAdds(_ node: Draft.Node, _ operation: Operator) -> Int {
        operation.multiplyAdds(
            inputs: node.inputs.map { $0.map { fact($0) } }, outputs: node.outputs.map { fact($0) }) ?? 0
    }
}
