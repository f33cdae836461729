public import SkiffCore
public import SkiffGraph

/// A run of a graph that goes one node at a time, so that several can go side by side and values can be exchanged for
/// others on the way.
///
///     let run = try EvaluatorRun(evaluator, inputs, precision: .double, observing: values)
///     while try run.step() {
///         for (id, value) in run.observed { … }
///     }
///
/// Holds no more than what is still to be read, and what the last step gave.
public final class EvaluatorRun {
    /// The elements of a value as the run keeps them.
    public enum Elements: Sendable {
        case float([Float])
        case double([Double])
        /// Whole numbers of any type.
        case integer([Int64])
        case boolean([Bool])
    }

    public struct ObservedValue: Sendable {
        public var elementType: ElementType
        public var shape: Shape
        public var elements: Elements

        public init(elementType: ElementType, shape: Shape, elements: Elements) {
            self.elementType = elementType
            self.shape = shape
            self.elements = elements
        }

        /// The value as ``Evaluator/run(_:precision:observing:progress:)`` gives it.
        /// - Throws: ``EngineError`` where the shape has no representable size.
        public func tensor() throws(EngineError) -> Tensor {
            do throws(CoreError) {
                switch elements {
                case .float(let floats):
                    return try Operand<Float>(elementType: elementType, shape: shape, buffer: .real(floats)).tensor()
                case .double(let doubles):
                    return try Operand<Double>(elementType: elementType, shape: shape, buffer: .real(doubles)).tensor()
                case .integer(let integers):
                    return try Operand<Float>(elementType: elementType, shape: shape, buffer: .integer(integers)).tensor()
                case .boolean(let flags):
                    return try Operand<Float>(elementType: elementType, shape: shape, buffer: .boolean(flags)).tensor()
                }
            } catch { throw EngineError(error) }
        }
    }

    private enum State {
        case float(Execution<FloatArithmetic>)
        case reference(Execution<ReferenceArithmetic>)
        case double(Execution<DoubleArithmetic>)
        case moved
    }

    private var state: State
    /// Nodes that the observed values need, in order.
    public let nodes: [NodeID]
    /// Nodes that have been run.
    public private(set) var position = 0
    /// What was observed in the last step; inputs and weights before the first one.
    public private(set) var observed: [(id: ValueID, value: ObservedValue)] = []

    /// Checks the inputs, decodes them and the weights that are read, and runs no node.
    /// - Parameter observing: values whose elements are shown; inputs may be among them.
    /// - Throws: ``EngineError`` as ``Evaluator/run(_:precision:observing:progress:)`` does.
    public init(
        _ evaluator: Evaluator, _ inputs: [String: Tensor], precision: Precision, observing: Set<ValueID>
    ) throws(EngineError) {
        let request = try Request(evaluator.graph, inputs: inputs, observing: .values(observing), holdsObserved: false)
        nodes = request.nodes.map { NodeID($0) }
        state = switch precision {
        case .float: .float(Execution(evaluator, request))
        case .reference: .reference(Execution(evaluator, request))
        case .double: .double(Execution(evaluator, request))
        }
        try start()
    }

    /// The node that ``step()`` runs next; `nil` behind the last one.
    public var next: NodeID? { position < nodes.count ? nodes[position] : nil }

    /// Runs one node.
    /// - Returns: `false` where there was none left.
    /// - Throws: ``EngineError``.
    public func step() throws(EngineError) -> Bool {
        guard let node = next else { return false }
        observed = []
        position += 1
        switch take() {
        case .float(var execution):
            defer { state = .float(execution) }
            observed = try execution.advance(node.index)
        case .reference(var execution):
            defer { state = .reference(execution) }
            observed = try execution.advance(node.index)
        case .double(var execution):
            defer { state = .double(execution) }
            observed = try execution.advance(node.index)
        case .moved: return false
        }
        return true
    }

    /// What later nodes read in the place of a value that was observed last.
    /// - Throws: ``EngineError`` where it has another shape, or is a whole number where reals are.
    public func replace(_ id: ValueID, with value: ObservedValue) throws(EngineError) {
        switch take() {
        case .float(var execution):
            defer { state = .float(execution) }
            try execution.replace(id.index, with: value)
        case .reference(var execution):
            defer { state = .reference(execution) }
            try execution.replace(id.index, with: value)
        case .double(var execution):
            defer { state = .double(execution) }
            try execution.replace(id.index, with: value)
        case .moved: break
        }
    }

    private func start() throws(EngineError) {
        switch take() {
        case .float(var execution):
            defer { state = .float(execution) }
            observed = try execution.begin()
        case .reference(var execution):
            defer { state = .reference(execution) }
            observed = try execution.begin()
        case .double(var execution):
            defer { state = .double(execution) }
            observed = try execution.begin()
        case .moved: break
        }
    }

    /// The state, held by nobody else while it changes, so that its arrays are not copied.
    private func take() -> State {
        defer { state = .moved }
        return state
    }
}

extension Operand {
    /// The value with elements as this run keeps them; `nil` for reals where whole numbers are, or the reverse.
    func taking(_ value: EvaluatorRun.ObservedValue) -> Self? {
        var operand = self
        switch (buffer, value.elements) {
        case (.real, .float(let floats)):
            operand.buffer = .real((floats as? [Stored]) ?? floats.map { Stored($0) })
        case (.real, .double(let doubles)):
            operand.buffer = .real((doubles as? [Stored]) ?? doubles.map { Stored($0) })
        case (.integer, .integer(let integers)): operand.buffer = .integer(integers)
        case (.boolean, .boolean(let flags)): operand.buffer = .boolean(flags)
        default: return nil
        }
        guard operand.buffer.count == buffer.count else { return nil }
        operand.round()
        return operand
    }

    /// The elements as they are; no copy.
    var observed: EvaluatorRun.ObservedValue {
        let elements: EvaluatorRun.Elements =
            switch buffer {
            case .real(let reals):
                if let floats = reals as? [Float] { .float(floats) } else { .double(reals as? [Double] ?? []) }
            case .integer(let integers): .integer(integers)
            case .boolean(let flags): .boolean(flags)
            }
        return EvaluatorRun.ObservedValue(elementType: elementType, shape: shape, elements: elements)
    }
}
