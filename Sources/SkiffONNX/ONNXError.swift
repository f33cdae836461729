public import SkiffCore
public import SkiffGraph

/// What the ONNX reader refuses.
public struct ONNXError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// The bytes are not an ONNX model, or not the kind of file that was asked for.
        case notThisFormat(String)
        /// A version outside the supported range: `ir_version`, `opset`.
        case version(of: String, found: Int64, supported: ClosedRange<Int>)
        /// Two imports of one operator set, with different versions; or none, for a domain that nodes use.
        case operatorSets(String)
        /// A field that has to be there and is not.
        case missing(String)
        /// A number of `TensorProto.DataType` that no version up to opset 28 has.
        case elementType(found: Int32)
        /// A tensor's dimensions, data fields or external data break a rule.
        case tensor(String)
        /// A tensor whose elements are text: carried nowhere.
        case textTensor
        /// An attribute whose value does not have the type the operator gives it, or lies outside its range.
        case attribute(name: String, expected: String, found: String)
        /// An external data file that cannot be opened.
        case externalFile(location: String, why: String)
        /// Something ONNX allows and Skiff does not read.
        case refused(String)
        /// An operator's form that Skiff knows of and cannot express; the importer carries the node as unknown.
        case inexpressible(String)
        /// A node that only a later operator set than the one that is written can say.
        case needsOpset(Int, what: String, found: Int)
        /// A node that no operator of ONNX says.
        case unwritable(String)
        /// The graph is broken.
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

    init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }
    /// A node without a name has none to show; the importer fills in what it is known by.
    init(_ error: GraphError) {
        self.init(.graph(error.reason), at: error.place)
        if place.node == "" { place.node = nil }
    }

    public var message: String {
        switch reason {
        case .notThisFormat(let text), .operatorSets(let text), .refused(let text), .inexpressible(let text),
            .tensor(let text):
            text
        case .version(let what, let found, let supported):
            "\(what) \(found): supported are \(supported.lowerBound) to \(supported.upperBound)"
        case .externalFile(let location, let why): "its external data file \"\(escaped(location))\" cannot be opened: \(why)"
        case .missing(let what): "has no \(what)"
        case .needsOpset(let version, let what, let found): "\(what) needs opset \(version), asked for is \(found)"
        case .unwritable(let why): "cannot be said in ONNX: \(why)"
        case .elementType(let found): "has data_type \(found), expected 1 to 28"
        case .textTensor: "holds text, expected numbers"
        case .attribute(let name, let expected, let found):
            "attribute \(escaped(name)) is \(escaped(found)), expected \(expected)"
        case .graph(let reason): GraphError(reason).message
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .version(of: "opset", let found, let supported) where found < Int64(supported.lowerBound):
            "onnx.version_converter can raise the opset"
        case .needsOpset(let version, _, _): "--opset \(version) writes it, and so does leaving --opset out"
        case .externalFile(let location, _):
            "the model keeps weights in \"\(escaped(location))\", which belongs beside it under that name"
        default: nil
        }
    }
}

/// Runs `body`, whose ground-layer errors become ONNX errors with the gaps of their place filled from `place`.
func located<Result>(
    _ place: @autoclosure () -> Place = Place(), _ body: () throws(CoreError) -> Result
) throws(ONNXError) -> Result {
    do throws(CoreError) {
        return try body()
    } catch {
        throw ONNXError(error).at(place())
    }
}

/// Runs `body`, whose graph errors become ONNX errors.
func connected<Result>(_ body: () throws(GraphError) -> Result) throws(ONNXError) -> Result {
    do throws(GraphError) {
        return try body()
    } catch {
        throw ONNXError(error)
    }
}
