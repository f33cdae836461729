internal import SkiffCore
internal import SkiffGraph

/// Operators that pick elements by position.
extension Lowering {
    mutating func lowerPad(_ node: Draft.Node, _ pad: Pad) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let shape = draft.values[input].shape
        let given = numbers(node, 1).map { $0 ?? pad.pads ?? [] }
        let axes = numbers(node, 3).map { $0 ?? Array(shape.indices) }
        guard let given, let axes, given.count == 2 * axes.count else { return false }
        var value = Double(pad.value)
        if node.inputs.count > 2, let constant = node.inputs[2] {
            guard let found = try? draft.values[constant].constant?.floats().first else { return false }
            value = Double(found)
        }
        guard let tables = try? pad.sources(shape, draft.values[output].shape, given: given, axes: axes) else {
            return false
        }
        return try lowerSelection(node, input, output, tables, value: value, text: "pad")
    }

    mutating func lowerCropping(_ node: Draft.Node, _ cropping: Cropping) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let first = cropping.layout.firstSpatialAxis
        let tables = draft.values[output].shape.enumerated().map { axis, extent in
            let before = cropping.before.indices.contains(axis - first) ? cropping.before[axis - first] : 0
            return (0..<extent).map { $0 + before }
        }
        return try lowerSelection(node, input, output, tables, text: "crop")
    }

    mutating func lowerSlice(_ node: Draft.Node) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node), let starts = numbers(node, 1) ?? nil,
            let ends = numbers(node, 2) ?? nil, let givenAxes = numbers(node, 3), let givenSteps = numbers(node, 4)
        else { return false }
        let (shape, result) = (draft.values[input].shape, draft.values[output].shape)
        let axes = givenAxes ?? Array(starts.indices)
        let steps = givenSteps ?? starts.map { _ in 1 }
        guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else { return false }
        var tables = result.map { Array(0..<$0) }
        for (index, axis) in axes.enumerated() {
            let axis = axis < 0 ? axis + shape.count : axis
            guard shape.indices.contains(axis),
                let range = try? SlicedRange(
                    start: .fixed(starts[index]), end: .fixed(ends[index]), step: .fixed(steps[index]),
                    of: .fixed(shape[axis]))
            else { return false }
            tables[axis] = (0..<result[axis]).map { range.first &+ $0 &* range.step }
        }
        return try lowerSelection(node, input, output, tables, text: "slice")
    }

    mutating func lowerSplit(_ node: Draft.Node, _ split: Split) throws(EngineError) -> Bool {
        guard let input = node.inputs.first ?? nil, isFastValue(input),
            node.outputs.allSatisfy({ isFastValue($0) })
        else { return false }
        let shape = draft.values[input].shape
        let axis = split.axis < 0 ? split.axis + shape.count : split.axis
        guard shape.indices.contains(axis) else { return false }
        var first = 0
        var parts: [(output: Int, tables: [[Int]])] = []
        for output in node.outputs {
            var tables = draft.values[output].shape.map { Array(0..<$0) }
            guard tables.count == shape.count else { return false }
            tables[axis] = tables[axis].map { $0 + first }
            first += tables[axis].count
            parts.append((output, tables))
        }
        guard first <= shape[axis] else { return false }
        for part in parts where try !lowerSelection(node, input, part.output, part.tables, text: "split") {
            throw EngineError(.notRunnable("its parts are not the input's"))
        }
        return true
    }

    /// Whole numbers of a constant input: `.some(nil)` where it is left out, `nil` where it is not known.
    private func numbers(_ node: Draft.Node, _ position: Int) -> [Int]?? {
        guard position < node.inputs.count, let input = node.inputs[position] else { return .some(nil) }
        guard let found = try? draft.values[input].constant?.integers() else { return nil }
        return .some(found.map { Int($0) })
    }

    /// - Parameter tables: For each axis of the shape the input's position; −1 for the constant.
    private mutating func lowerSelection(
        _ node: Draft.Node, _ input: Int, _ output: Int, _ tables: [[Int]], value: Double = 0, text: String
    ) throws(EngineError) -> Bool {
        let (shape, result) = (draft.values[input].shape, draft.values[output].shape)
        let isValid = tables.count == shape.count && result.count == shape.count
            && shape.indices.allSatisfy { axis in
                tables[axis].count == result[axis] && tables[axis].allSatisfy { -1..<shape[axis] ~= $0 }
            }
        guard isValid else { return false }
        let order = self.order(of: input) ?? Array(shape.indices)
        let source = try self.input(input, order: order)
        let target = self.result(output, order: order)
        let step = SelectionStep(
            kernels: kernels, tables: order.map { tables[$0] }, extents: order.map { shape[$0] }, value: value,
            threads: threads)
        let report = PlanReport.Step(
            name: name(node), operation: text, algorithm: "copy", inputShape: shape, outputShape: result)
        emit(report, tasks: step.tasks.tasks, reads: [source], writes: [target]) { state, task, _ in
            step.run(task, input: source.pointer(state), output: target.pointer(state))
        }
        return true
    }
}
