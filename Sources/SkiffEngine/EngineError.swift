public import SkiffCore
public import SkiffGraph

/// What the evaluator refuses: graphs it cannot run, inputs that do not fit, budgets that would be passed.
public struct EngineError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// An operator that cannot be run, and why.
        case notRunnable(String)
        /// A node's output shape hangs on what its inputs hold and is known only when the graph runs, so that
        /// nothing can be planned.
        case openShape
        /// A graph input that was not given.
        case missingInput(String)
        /// A name that is no graph input.
        case unexpectedInput(String, expected: [String])
        /// An input's rank is not the declared one.
        case inputRank(expected: String, found: Shape)
        /// An input's extent is not the declared one; axes with one symbolic name must agree.
        case inputExtent(axis: Int, expected: String, found: Shape)
        /// An input's element type cannot be taken for the declared one.
        case inputType(expected: ElementType, found: ElementType)
        /// A number of threads outside 1 to ``Evaluator/threadLimit``.
        case threads(found: Int, allowed: ClosedRange<Int>)
        /// A set of kernels that this build or this processor does not have.
        case kernels(found: String, supported: [String])
        /// A named limit would be passed; checked before anything is allocated.
        case limit(name: String, declared: Int, allowed: Int)
        /// Contents of an input that an operator cannot take, such as an index outside its axis.
        case operand(String)
        /// A value asked for that the graph does not have.
        case unknownValue(index: Int, count: Int)
        /// The graph's shape rules refuse.
        case graph(GraphError.Reason)
        /// Ground-layer refusal.
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    public init(_ error: GraphError) { self.init(.graph(error.reason), at: error.place) }
    public init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .notRunnable(let why): "cannot be run: \(escaped(why))"
        case .openShape: "its output shape is known only when the graph runs"
        case .missingInput(let name): "input \"\(escaped(name))\" is not given"
        case .unexpectedInput(let name, let expected):
            "\"\(escaped(name))\" is no input of the model, expected "
                + expected.map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        case .inputRank(let expected, let found): "shape is \(found.shapeText), expected \(escaped(expected))"
        case .inputExtent(let axis, let expected, let found):
            "shape is \(found.shapeText), expected \(escaped(expected)) on axis \(axis)"
        case .inputType(let expected, let found):
            "elements are \(found.rawValue), expected \(expected.rawValue)"
        case .threads(let found, let allowed):
            "threads are \(found), expected \(allowed.lowerBound) to \(allowed.upperBound)"
        case .kernels(let found, let supported):
            "SKIFF_KERNELS is \"\(escaped(found))\", this processor has \(supported.joined(separator: ", "))"
        case .limit(let name, let declared, let allowed): "\(name) is \(declared), allowed are \(allowed)"
        case .operand(let text): text
        case .unknownValue(let index, let count): "value \(index) is asked for, the graph has \(count)"
        case .graph(let reason): GraphError(reason).message
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .inputType(let expected, let found) where expected.isFloatingPoint && !found.isFloatingPoint:
            "convert the input to real numbers, scaled as the model expects them"
        case .limit("bytes of values", _, _): "a larger memory budget lets it run"
        default: nil
        }
    }
}
