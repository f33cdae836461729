internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// What differs at the inputs and outputs.
struct InterfaceDifference {
    /// A line each.
    private(set) var lines: [String] = []
    /// What is only called or laid out otherwise.
    private(set) var notes: [String] = []
    /// Whether there is an input or output that the other has not, or that is computed otherwise.
    private(set) var isOther = false
    private(set) var isUnknown = false

    private let left: Network
    private let right: Network

    init(_ left: Network, _ right: Network, _ matching: PieceMatching) {
        self.left = left
        self.right = right
        compareInputs(matching)
        compareOutputs(matching)
    }

    private mutating func compareInputs(_ matching: PieceMatching) {
        let (inputs, others) = (left.graph.inputs, right.graph.inputs)
        for (position, input) in inputs.enumerated() {
            guard let other = matching.inputs[position] else {
                lines.append("input \(escaped(left.graph[input].name)) has no counterpart on the right")
                isOther = true
                continue
            }
            compare("input", left.graph[input], right.graph[others[other]], left.graph[input].name, right.graph[others[other]].name,
                left.side.axes(of: input), right.side.axes(of: others[other]))
            if position != other { lines.append("input \(escaped(left.graph[input].name)): position \(position + 1) → \(other + 1)") }
        }
        for (position, input) in others.enumerated() where !matching.inputs.values.contains(position) {
            lines.append("input \(escaped(right.graph[input].name)) has no counterpart on the left")
            isOther = true
        }
    }

    private mutating func compareOutputs(_ matching: PieceMatching) {
        var rest = Array(right.graph.outputs.indices)
        for (position, output) in left.graph.outputs.enumerated() {
            let origin = left.origins[output.value.index]
            let translated = origin.flatMap(matching.translated)
            let fitting = rest.filter { right.origins[right.graph.outputs[$0].value.index] == translated && translated != nil }
            let found = fitting.first { right.graph.outputs[$0].name == output.name } ?? fitting.first
            guard let found else {
                isOther = true
                lines.append("output \(escaped(output.name)) is none of the right model's")
                continue
            }
            rest.removeAll { $0 == found }
            let other = right.graph.outputs[found]
            let axes = (left.side.axes(of: output.value), right.side.axes(of: other.value))
            compare("output", left.graph[output.value], right.graph[other.value], output.name, other.name, axes.0, axes.1)
            if position != found { lines.append("output \(escaped(output.name)): position \(position + 1) → \(found + 1)") }
        }
        for index in rest {
            isOther = true
            lines.append("output \(escaped(right.graph.outputs[index].name)) is none of the left model's")
        }
    }

    private mutating func compare(
        _ kind: String, _ one: Value, _ other: Value, _ name: String, _ otherName: String,
        _ axes: [[PairedFlows.AxisFactor]]?, _ otherAxes: [[PairedFlows.AxisFactor]]?
    ) {
        if name != otherName { notes.append("\(kind) \(escaped(name)) is called \(escaped(otherName)) on the right") }
        let label = escaped(name)
        if let type = one.fact?.elementType, let otherType = other.fact?.elementType, type != otherType {
            lines.append("\(kind) \(label): \(type.rawValue) → \(otherType.rawValue)")
        }
        guard let shape = one.fact?.shape, let otherShape = other.fact?.shape else { return }
        let order = PairedFlows.order(axes, otherAxes)
        switch order {
        case .permuted(let permutation):
            let text = "\(shape.shapeText) → \(otherShape.shapeText)"
            lines.append("\(kind) \(label): axes in another order, \(text)")
            // Channels last or first is a layout; any other order is another output.
            if !movesChannelsAlone(permutation, axes) { isOther = true }
            if shape.count == otherShape.count { compareExtents(kind, label, permutation.map { shape[$0] }, otherShape, shape) }
        case .incompatible:
            lines.append("\(kind) \(label): elements in another order, \(shape.shapeText) → \(otherShape.shapeText)")
            isOther = true
        case .same, .untold:
            if shape.count != otherShape.count {
                if kind == "input" { isOther = true }
                lines.append("\(kind) \(label): shape \(shape.shapeText) → \(otherShape.shapeText)")
            } else {
                compareExtents(kind, label, shape, otherShape, shape)
            }
        }
    }

    /// Whether an order of axes differs in nothing but where channels stand, behind the samples or last.
    private func movesChannelsAlone(_ permutation: [Int], _ axes: [[PairedFlows.AxisFactor]]?) -> Bool {
        let rank = permutation.count
        guard rank >= 3, let axes, axes.count == rank else { return false }
        let toLast = [0] + Array(2..<rank) + [1]
        let toSecond = [0, rank - 1] + Array(1..<rank - 1)
        func isChannels(_ axis: Int) -> Bool { axes[axis].contains { $0.label == PairedFlows.channelsLabel } }
        return permutation == toLast && isChannels(1) || permutation == toSecond && isChannels(rank - 1)
    }

    /// Fixed extents have to be equal; an open one takes what the other fixes.
    private mutating func compareExtents(
        _ kind: String, _ label: String, _ turned: SymbolicShape, _ other: SymbolicShape, _ shape: SymbolicShape
    ) {
        let differs = zip(turned, other).contains { one, other in
            guard let one = one.fixedValue, let other = other.fixedValue else { return false }
            return one != other
        }
        if differs {
            if kind == "input" { isOther = true }
            lines.append("\(kind) \(label): shape \(shape.shapeText) → \(other.shapeText)")
            return
        }
        let opened = zip(turned, other).contains { ($0.fixedValue == nil) != ($1.fixedValue == nil) }
        if opened { lines.append("\(kind) \(label): extents fixed on one side are open on the other, \(shape.shapeText) → \(other.shapeText)") }
    }
}
