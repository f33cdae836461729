internal import SkiffGraph

extension OperatorTable {
    /// A reduction whose axes are an attribute. Source: Reduce* 1, 11, 13.
    static func reduction1(_ name: String, _ kind: Reduction.Kind) -> Entry {
        Entry(name, since: 1) { (node) throws(ONNXError) in
            // An empty list reduces all axes, as none does.
            let axes = try node.attributes.integers("axes").flatMap { $0.isEmpty ? nil : $0 }
            return .reduction(
                Reduction(kind, axes: axes, keepsDimensions: try node.attributes.flag("keepdims", default: true)))
        }
    }

    /// A reduction whose axes are input 1. Source: ReduceSum 13, the others 18.
    static func reductionOfInput(_ name: String, since: Int, _ kind: Reduction.Kind) -> Entry {
        Entry(name, since: since) { (node) throws(ONNXError) in
            .reduction(
                Reduction(
                    kind, axes: nil, keepsDimensions: try node.attributes.flag("keepdims", default: true),
                    emptyAxesMeanNone: try node.attributes.flag("noop_with_empty_axes", default: false)))
        }
    }

    /// Source: ArgMax, ArgMin 1, 11, 12 (`select_last_index`), 13.
    static func argument(_ name: String, _ kind: ArgumentReduction.Kind) -> Entry {
        Entry(name, since: 1) { (node) throws(ONNXError) in
            .argumentReduction(
                ArgumentReduction(
                    kind, axis: try node.attributes.integer("axis") ?? 0,
                    keepsDimensions: try node.attributes.flag("keepdims", default: true),
                    selectsLast: try node.attributes.flag("select_last_index", default: false)))
        }
    }

    /// Softmax and its kin before version 13: the axes from `axis` on are one.
    static func softmax1(_ name: String, _ kind: Softmax.Kind) -> Entry {
        Entry(name, since: 1) { (node) throws(ONNXError) in
            .softmax(Softmax(kind, axis: try node.attributes.integer("axis") ?? 1, flattensFromAxis: true))
        }
    }

    /// Softmax and its kin from version 13 on: along one axis.
    static func softmax13(_ name: String, _ kind: Softmax.Kind) -> Entry {
        Entry(name, since: 13) { (node) throws(ONNXError) in
            .softmax(Softmax(kind, axis: try node.attributes.integer("axis") ?? -1))
        }
    }
}

/// ONNX CumSum 11, 14.
@Sendable func readCumulativeSum(_ node: NodeImport) throws(ONNXError) -> Operator {
    .cumulativeSum(
        CumulativeSum(
            isExclusive: try node.attributes.flag("exclusive", default: false),
            isReversed: try node.attributes.flag("reverse", default: false)))
}
