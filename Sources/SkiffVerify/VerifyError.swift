public import SkiffCore
public import SkiffEngine
public import SkiffGraph

/// What the verifier refuses: models and recordings that cannot be set side by side, or cannot be run.
public struct VerifyError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// The two models do not take the same number of inputs.
        case inputCount(candidate: Int, reference: Int)
        /// Shapes of one input that no layout makes equal.
        case inputShapes(candidate: String, reference: String)
        /// An input whose extents neither model tells.
        case openInput(shape: String)
        /// A shape given for an input that declares another.
        case givenShape(given: String, declared: String)
        /// A number of samples asked for, where every input declares another.
        case fixedBatch(asked: Int, declared: [Int])
        /// A shape given for an input that the model does not have.
        case unknownInput(expected: [String])
        /// An input of the model is not recorded.
        case unrecordedInput(recorded: [String])
        /// Inputs are given, and this one is not.
        case missingInput(given: [String])
        /// Nothing recorded is a value of the model.
        case nothingRecorded(recorded: [String])
        /// A value has another shape than the reference's.
        case shape(found: String, reference: String)
        /// A capsule that breaks a rule of Docs/Capsule.md.
        case capsule(String)
        /// The evaluator refuses.
        case engine(EngineError.Reason)
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

    public init(_ error: EngineError) { self.init(.engine(error.reason), at: error.place) }
    public init(_ error: GraphError) { self.init(.graph(error.reason), at: error.place) }
    public init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .inputCount(let candidate, let reference):
            "takes \(candidate) inputs, the reference takes \(reference)"
        case .inputShapes(let candidate, let reference):
            "input has shape \(escaped(candidate)), the reference's has \(escaped(reference))"
        case .givenShape(let given, let declared):
            "is given the shape \(escaped(given)), the model takes \(escaped(declared))"
        case .fixedBatch(let asked, let declared):
            "samples are \(asked), the model takes \(declared.map(String.init).joined(separator: " and "))"
        case .openInput(let shape): "input has shape \(escaped(shape)), which leaves open what to run with"
        case .unknownInput(let expected): "is no input of the model, expected \(Self.list(expected))"
        case .unrecordedInput(let recorded): "input is not recorded, recorded are \(Self.list(recorded))"
        case .missingInput(let given): "input is not given, given are \(Self.list(given))"
        case .nothingRecorded(let recorded):
            "no recorded array is an output or value of the model, recorded are \(Self.list(recorded))"
        case .shape(let found, let reference):
            "shape is \(escaped(found)), the reference's is \(escaped(reference))"
        case .capsule(let text): "capsule: \(text)"
        case .engine(let reason): EngineError(reason).message
        case .graph(let reason): GraphError(reason).message
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .openInput, .inputShapes: "--input-shape NAME=2x3x224x224 says what to run with"
        case .fixedBatch: "leave out the number of samples"
        case .missingInput: "--input NAME=FILE gives one by name"
        case .unrecordedInput, .nothingRecorded:
            "name the arrays input:NAME, output:NAME and value:NAME, or as the model names its inputs and outputs"
        case .engine(let reason): EngineError(reason).hint
        default: nil
        }
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(8).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
