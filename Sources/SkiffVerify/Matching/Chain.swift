internal import SkiffGraph

/// The steps on one edge of a skeleton, and the values between them.
struct Chain {
    struct Step {
        var role: StepRole
        /// `nil` for a bias that is added inside the contraction.
        var node: NodeID?
    }

    /// What changes elements, in order.
    private(set) var steps: [Step] = []
    /// Values in front of each step, and behind the last: each time one map, in whatever types, shapes and orders of axes.
    private(set) var states: [[ValueID]]

    /// The steps from `start`, which carries on to `end`.
    /// - Parameter hasBias: whether `start` has a bias added that the contraction alone does not give.
    init(_ flow: ValueFlow, from start: ValueID, to end: ValueID, hasBias: Bool) {
        var values: [ValueID] = []
        var current = end
        while current != start, let parent = flow.parent(of: current) {
            values.append(current)
            current = parent
        }
        states = [[start]]
        if hasBias {
            states.insert([], at: 0)
            steps.append(Step(role: .affine(.shift), node: nil))
        }
        for value in values.reversed() {
            let role = flow.steps[value.index] ?? .layout
            let step = Step(role: role, node: flow.graph.producer(of: value))
            if role == .layout {
                states[states.count - 1].append(value)
            } else if role == .activation(.clamp), steps.last?.role == role {
                // One clamp may be written as several.
                steps[steps.count - 1] = step
                states[states.count - 1] = [value]
            } else {
                steps.append(step)
                states.append([value])
            }
        }
    }
}

extension Chain {
    var hasIdentity: Bool { steps.contains { $0.role == .identity } }

    /// Takes what a contraction gives with its bias for what it gives without.
    mutating func dropBias() {
        guard let first = steps.first, first.node == nil else { return }
        steps.removeFirst()
        states.removeFirst()
    }

    /// Takes the values behind those steps for the map in front of them: nodes that change nothing.
    mutating func absorb(_ absorbed: [Int]) {
        for step in absorbed.sorted(by: >) where steps.indices.contains(step) {
            states[step] += states[step + 1]
            states.remove(at: step + 1)
            steps.remove(at: step)
        }
    }

    /// Absorbs what changes nothing in one chain and has no step beside it in the other.
    static func absorbIdentities(_ one: inout Chain, _ other: inout Chain) {
        let columns = ChainAlignment(one.steps, other.steps).columns
        one.absorb(
            columns.filter { $0.reference == nil }.compactMap(\.candidate).filter { one.steps[$0].role == .identity })
        other.absorb(
            columns.filter { $0.candidate == nil }.compactMap(\.reference).filter { other.steps[$0].role == .identity })
    }
}
