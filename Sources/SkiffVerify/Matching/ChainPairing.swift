internal import SkiffGraph

/// Which values of two chains are one, and which one side computes on the way.
///
/// Where both chains end in the same place the question is what a difference inside means. A BatchNormalization that one
/// side lacks is folded into the contraction in front if the weights differ in scale; then the values behind it correspond
/// and those before do not. Padding that one side lacks is inside what reads it.
struct ChainPairing {
    struct StatePair {
        var candidate: Int
        var reference: Int
        /// Both chains have the same steps around it.
        var isExact: Bool
    }

    struct HiddenState {
        var isCandidate: Bool
        var state: Int
        var reason: Reason
    }

    enum Reason {
        /// Into the contraction in front; the step that is.
        case folded(step: Int)
        /// Padding, into what reads it.
        case padded
        /// Into the step that ends a run in which both sides differ; its state on the other side.
        case within(state: Int)
        /// Into the contraction behind.
        case foldedOnward(step: Int)
        case missing
    }

    private(set) var pairs: [StatePair] = []
    private(set) var hidden: [HiddenState] = []

    private let one: [Chain.Step]
    private let other: [Chain.Step]
    /// Whether nothing is folded into the contraction in front.
    private let isUnfolded: Bool
    private let startsAtContraction: Bool
    private let endsAtContraction: Bool
    /// What the shifts of both chains add, by step.
    private let amounts: Sides<[[Double]?]>

    /// Positions in the chains between two cuts, and what is known of their ends.
    private struct Segment {
        var start: Position
        var columns: [ChainAlignment.Column]
        /// Whether both maps are the same at the start: behind steps that are.
        var isStartKnown: Bool
        var isStartPaired: Bool
    }

    /// A state of each chain.
    private struct Position {
        var candidate: Int
        var reference: Int
        init(_ candidate: Int, _ reference: Int) {
            self.candidate = candidate
            self.reference = reference
        }
    }

    init(
        _ one: [Chain.Step], _ other: [Chain.Step], startsAtContraction: Bool, endsAtContraction: Bool,
        isUnfolded: Bool, amounts: Sides<[[Double]?]>
    ) {
        self.amounts = amounts
        self.one = one
        self.other = other
        self.isUnfolded = isUnfolded
        self.startsAtContraction = startsAtContraction
        self.endsAtContraction = endsAtContraction
        walk(ChainAlignment(one, other).columns)
    }

    /// Cuts the chains at steps that are not affine, and pairs what lies between.
    private mutating func walk(_ columns: [ChainAlignment.Column]) {
        var segment = Segment(
            start: Position(0, 0), columns: [], isStartKnown: !startsAtContraction, isStartPaired: true)
        var here = Position(0, 0)
        for (index, column) in columns.enumerated() {
            let role = column.candidate.map { one[$0].role }
            let otherRole = column.reference.map { other[$0].role }
            let next = Position(
                here.candidate + (role == nil ? 0 : 1), here.reference + (otherRole == nil ? 0 : 1))
            if Self.isRun(role), Self.isRun(otherRole) {
                segment.columns.append(column)
            } else {
                // Where activations differ and steps behind them, too, one may be a formula of the other.
                let isEndKnown =
                    role == otherRole || role == .pad || otherRole == .pad || hasEqualRun(columns[(index + 1)...])
                close(segment, here, isEndKnown: isEndKnown, isLast: false)
                segment = Segment(
                    start: next, columns: [], isStartKnown: role == otherRole,
                    isStartPaired: role != nil && otherRole != nil)
                let reason = role == .pad || otherRole == .pad ? Reason.padded : .missing
                if otherRole == nil {
                    hidden.append(HiddenState(isCandidate: true, state: next.candidate, reason: reason))
                } else if role == nil {
                    hidden.append(HiddenState(isCandidate: false, state: next.reference, reason: reason))
                }
            }
            here = next
        }
        close(segment, here, isEndKnown: true, isLast: true)
    }

    /// Whether a step is part of a run of affine steps: what is folded.
    private static func isRun(_ role: StepRole?) -> Bool {
        guard let role else { return true }
        return role.isAffine || role == .identity
    }

    /// Whether the run of affine steps at the front is the same on both sides.
    private func hasEqualRun(_ columns: ArraySlice<ChainAlignment.Column>) -> Bool {
        for column in columns {
            let role = column.candidate.map { one[$0].role }
            guard Self.isRun(role), Self.isRun(column.reference.map { other[$0].role }) else { return true }
            if !isEqual(column) { return false }
        }
        return true
    }

    private mutating func pair(_ candidate: Int, _ reference: Int, exact: Bool) {
        pairs.append(StatePair(candidate: candidate, reference: reference, isExact: exact))
    }

    private func isEqual(_ column: ChainAlignment.Column) -> Bool {
        guard let a = column.candidate, let b = column.reference else { return false }
        return one[a].role == other[b].role
    }

    /// Whether two steps at the front of runs that differ are one: of one role, and a shift by as much, since what is
    /// added may be folded into a shift that comes later.
    private func isSame(_ step: Int, _ otherStep: Int) -> Bool {
        guard one[step].role == other[otherStep].role else { return false }
        guard one[step].role == .affine(.shift) else { return true }
        guard let a = amounts.candidate[step], let b = amounts.reference[otherStep], a.count == b.count else {
            return false
        }
        let size = a.reduce(0) { $0 + $1 * $1 }
        let apart = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return apart <= 1e-4 * size
    }

    private mutating func close(_ segment: Segment, _ end: Position, isEndKnown: Bool, isLast: Bool) {
        let columns = segment.columns
        if columns.allSatisfy(isEqual) {
            if segment.isStartPaired {
                pair(segment.start.candidate, segment.start.reference, exact: segment.isStartKnown || isEndKnown)
            }
            for column in columns {
                guard let a = column.candidate, let b = column.reference else { continue }
                pair(a + 1, b + 1, exact: true)
            }
            return
        }
        let isFirst = segment.start.candidate == 0 && segment.start.reference == 0
        let isStartKnown = segment.isStartKnown || isFirst && startsAtContraction && isUnfolded
        if isStartKnown {
            closeFromStart(segment, end, isEndKnown: isEndKnown, isLast: isLast)
        } else if isEndKnown || isLast {
            closeFromEnd(segment, end)
        }
    }

    /// Nothing was folded in front: steps correspond from the start on.
    private mutating func closeFromStart(_ segment: Segment, _ end: Position, isEndKnown: Bool, isLast: Bool) {
        if segment.isStartPaired { pair(segment.start.candidate, segment.start.reference, exact: true) }
        var here = segment.start
        while here.candidate < end.candidate, here.reference < end.reference, isSame(here.candidate, here.reference) {
            here = Position(here.candidate + 1, here.reference + 1)
            pair(here.candidate, here.reference, exact: true)
        }
        let own = here.candidate..<end.candidate
        let others = here.reference..<end.reference
        if !own.isEmpty, !others.isEmpty {
            guard isEndKnown else { return }
            pair(end.candidate, end.reference, exact: false)
            for step in own.dropLast() {
                hidden.append(HiddenState(isCandidate: true, state: step + 1, reason: .within(state: end.reference)))
            }
            for step in others.dropLast() {
                hidden.append(HiddenState(isCandidate: false, state: step + 1, reason: .within(state: end.candidate)))
            }
            return
        }
        let isOnward = isLast && endsAtContraction
        for (isCandidate, steps) in [(true, own), (false, others)] {
            for step in steps {
                let reason = isOnward ? Reason.foldedOnward(step: step) : .missing
                hidden.append(HiddenState(isCandidate: isCandidate, state: step + 1, reason: reason))
            }
        }
    }

    /// Something was folded in front: steps correspond from the end on.
    private mutating func closeFromEnd(_ segment: Segment, _ end: Position) {
        // Behind a step that one side lacks, a map without further steps is in front of it, too.
        let isBehind = end.candidate > segment.start.candidate && end.reference > segment.start.reference
        guard segment.isStartPaired || isBehind else { return }
        pair(end.candidate, end.reference, exact: false)
        for state in segment.start.candidate..<max(end.candidate, segment.start.candidate) {
            hidden.append(.init(isCandidate: true, state: state, reason: .folded(step: state)))
        }
        for state in segment.start.reference..<max(end.reference, segment.start.reference) {
            hidden.append(.init(isCandidate: false, state: state, reason: .folded(step: state)))
        }
    }
}
