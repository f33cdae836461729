internal import SkiffCore
internal import SkiffGraph

/// The steps on one edge of a skeleton, and the values between them.
struct Chain {
    struct Step {
        var role: StepRole
        /// `nil` for a bias that is added inside the contraction.
        var node: NodeID?
        /// What a shift adds, or takes away.
        var amount: ValueID?
        var isTakenAway = false
    }

    /// What changes elements, in order.
    private(set) var steps: [Step] = []
    /// Values in front of each step, and behind the last: each time one map, in whatever types, shapes and orders of axes.
    private(set) var states: [[ValueID]]

    /// The steps from `start`, which carries on to `end`.
    /// - Parameter bias: what `start` has added to it that the contraction alone does not give.
    init(_ flow: ValueFlow, from start: ValueID, to end: ValueID, bias: ValueID?) {
        var values: [ValueID] = []
        var current = end
        while current != start, let parent = flow.parent(of: current) {
            values.append(current)
            current = parent
        }
        states = [[start]]
        if let bias {
            states.insert([], at: 0)
            steps.append(Step(role: .affine(.shift), node: nil, amount: bias))
        }
        for value in values.reversed() {
            let role = flow.steps[value.index] ?? .layout
            let step = Self.step(role, flow.graph.producer(of: value), in: flow)
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
    private static func step(_ role: StepRole, _ id: NodeID?, in flow: ValueFlow) -> Step {
        var step = Step(role: role, node: id)
        guard role == .affine(.shift), let node = id.map({ flow.graph[$0] }) else { return step }
        step.amount = node.inputs.lazy.compactMap { $0 }.first { !flow.isComputed[$0.index] }
        if case .binary(let binary) = node.operator { step.isTakenAway = binary.kind == .subtract }
        return step
    }

    /// Most elements of what a shift adds that are read.
    private static let readElements = 1 << 16

    /// What every shift adds; `nil` for other steps, and where it is computed.
    func amounts(in graph: Graph) -> [[Double]?] {
        steps.map { step in
            guard let tensor = step.amount.flatMap({ graph.storedWeight($0) })?.tensor,
                tensor.elementCount <= Self.readElements, let values = try? tensor.doubles()
            else { return nil }
            return step.isTakenAway ? values.map { -$0 } : values
        }
    }

    /// Multiplications in front of the first step that is not affine.
    var leadingScales: Int {
        steps.prefix { $0.role.isAffine || $0.role == .identity }
            .count { $0.role == .affine(.scale) || $0.role == .affine(.normalization) }
    }

    var hasIdentity: Bool { steps.contains { $0.role == .identity } }

    /// A bias inside a contraction that the other side lacks altogether is no step of its own.
    static func dropLonelyBias(_ one: inout Chain, _ other: inout Chain) {
        let columns = ChainAlignment(one.steps, other.steps).columns
        if columns.contains(where: { $0.candidate == 0 && $0.reference == nil }) { one.dropBias() }
        if columns.contains(where: { $0.reference == 0 && $0.candidate == nil }) { other.dropBias() }
    }

    private mutating func dropBias() {
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
