package import SkiffCore
package import SkiffGraph

/// Two networks' values, paired, with how each value flows and what its axes are: what a comparison of structure rests on.
package struct PairedFlows {
    /// What a node does to the one map that passes through it.
    package enum Carry: Hashable, Sendable {
        /// Elements keep their values; type, shape or order of axes change.
        case layout
        /// Nothing changes.
        case identity
        /// A multiple and a shift per channel, or of the whole map.
        case affine
        case pad
        /// Anything else that has one computed operand.
        case other
    }

    /// One factor of an axis, by a label that both networks share: 0 the batch, 1 channels, 2 and on spatial axes, others
    /// made of those; and its extent.
    package struct AxisFactor: Hashable, Sendable {
        package var label: Int
        package var extent: Dimension
    }

    /// How the axes of two values correspond.
    package enum AxisOrder: Equatable, Sendable {
        case same
        case permuted([Int])
        case incompatible
        case untold
    }

    /// One network's flow.
    package struct Side: Sendable {
        package let graph: Graph
        private let flow: ValueFlow
        private let labels: AxisLabels

        init(_ flow: ValueFlow, _ labels: AxisLabels) {
            graph = flow.graph
            self.flow = flow
            self.labels = labels
        }

        /// Whether a value hangs on the contents of an input.
        package func isComputed(_ value: ValueID) -> Bool { flow.isComputed[value.index] }

        /// Whether a node computes shapes or constants only.
        package func isConstant(_ node: NodeID) -> Bool {
            if case .constant = flow.roles[node.index] { true } else { false }
        }

        /// What the node behind a value does to the map that it passes on; `nil` for what merges, contracts or pools.
        package func carry(to value: ValueID) -> Carry? {
            switch flow.steps[value.index] {
            case nil: nil
            case .layout: .layout
            case .identity: .identity
            case .affine: .affine
            case .pad: .pad
            default: .other
            }
        }

        /// The value that the node behind a value passes on.
        package func parent(of value: ValueID) -> ValueID? { flow.parent(of: value) }

        /// The axes of a value, each of its factors, the outermost first; `nil` where they are not told.
        package func axes(of value: ValueID) -> [[AxisFactor]]? {
            labels.axes[value.index].map { axes in
                axes.map { $0.map { AxisFactor(label: $0.label, extent: $0.extent) } }
            }
        }
    }

    package let left: Side
    package let right: Side
    /// Inputs first; the left side's are the candidate's.
    package let pairs: [ValueMatching.Pair]

    package init(_ left: Graph, _ right: Graph) {
        let values = MatchedValues(left, right)
        self.left = Side(values.matching.candidate.flow, values.labels.candidate)
        self.right = Side(values.matching.reference.flow, values.labels.reference)
        pairs = values.pairs
    }

    /// How two lists of axes correspond: axis `i` of the second is that axis of the first.
    package static func order(_ one: [[AxisFactor]]?, _ other: [[AxisFactor]]?) -> AxisOrder {
        func labelled(_ axes: [[AxisFactor]]) -> [AxisLabels.Axis] {
            axes.map { $0.map { AxisLabels.Factor(label: $0.label, extent: $0.extent) } }
        }
        return switch AxisLabels.order(one.map(labelled), other.map(labelled)) {
        case .same: .same
        case .permuted(let axes): .permuted(axes)
        case .incompatible: .incompatible
        case .untold: .untold
        }
    }

    /// Labels of batch and channels; spatial axes count from ``spatialLabel``.
    package static var batchLabel: Int { AxisLabels.batch }
    package static var channelsLabel: Int { AxisLabels.channels }
    package static var spatialLabel: Int { AxisLabels.spatial }
}
