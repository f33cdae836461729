public import SkiffCore

/// What a graph refuses: broken structure, operators whose inputs do not fit, shapes that do not exist.
public struct GraphError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// Two values carry one name.
        case duplicateName(String)
        /// A node reads a value that nothing gives.
        case undefinedValue(String)
        /// A value is given by two nodes, or by a node and as an input or weight.
        case redefinedValue(String)
        /// The nodes named lie on a cycle.
        case cycle(nodes: [String])
        /// The graph gives no output.
        case noOutputs
        /// An operator got a number of inputs or outputs it does not take.
        case arity(what: String, expected: ClosedRange<Int>, found: Int)
        /// An input that the operator needs is left out.
        case missingInput(String)
        /// An input's rank does not fit.
        case rank(input: String, expected: String, found: Int)
        /// An extent does not fit.
        case extent(input: String, expected: String, found: String)
        /// An element type does not fit.
        case elementType(input: String, expected: String, found: ElementType)
        /// Shapes that cannot be broadcast together.
        case broadcast(String, String)
        /// An attribute outside its range.
        case attribute(name: String, expected: String, found: String)
        /// An output extent below zero, such as a window larger than its padded input.
        case emptyOutput(axis: Int, found: Int)
        /// A number computed from extents and attributes leaves 64 bits.
        case overflow(String)
        /// A value is needed while shapes are inferred, and is known only when the graph runs.
        case contentsUnknown(input: String)
        /// An operator that is carried but cannot be run.
        case notRunnable(String)
        /// A named limit would be passed.
        case limit(name: String, declared: Int, allowed: Int)
        /// Ground-layer refusal.
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public init(_ error: CoreError) {
        self.init(.core(error.reason), at: error.place)
    }

    public var message: String {
        switch reason {
        case .duplicateName(let name): "two values are named \"\(escaped(name))\""
        case .undefinedValue(let name): "reads \"\(escaped(name))\", which no input, weight or node gives"
        case .redefinedValue(let name): "value \"\(escaped(name))\" is given twice"
        case .cycle(let nodes): "nodes form a cycle: " + nodes.map { escaped($0) }.joined(separator: " → ")
        case .noOutputs: "graph has no outputs"
        case .arity(let what, let expected, let found):
            "takes \(rangeText(expected)) \(what), found \(found)"
        case .missingInput(let name): "input \(name) is left out"
        case .rank(let input, let expected, let found): "\(input) has rank \(found), expected \(expected)"
        case .extent(let input, let expected, let found): "\(input) has \(found), expected \(expected)"
        case .elementType(let input, let expected, let found):
            "\(input) is \(found.rawValue), expected \(expected)"
        case .broadcast(let left, let right): "shapes \(left) and \(right) do not broadcast"
        case .attribute(let name, let expected, let found):
            "attribute \(name) is \(escaped(found)), expected \(expected)"
        case .emptyOutput(let axis, let found): "output axis \(axis) would have \(found) elements"
        case .overflow(let what): "\(what) leaves 64 bits"
        case .contentsUnknown(let input): "\(input) is not known before the graph runs"
        case .notRunnable(let name): "operator \(escaped(name)) is carried but cannot be run"
        case .limit(let name, let declared, let allowed): "\(name) is \(declared), allowed are \(allowed)"
        case .core(let reason): CoreError(reason).message
        }
    }
}
