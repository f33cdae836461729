/// An operator that Skiff carries and shows, but cannot run: a custom layer, a Lambda, an ONNX operator outside
/// the ones above, or one whose attributes ask for what Skiff does not know.
public struct UnknownOperator: OperatorAttributes {
    public enum AttributeValue: Hashable, Sendable {
        case integer(Int64)
        case real(Float)
        case text(String)
        case integers([Int64])
        case reals([Float])
        case texts([String])
        /// A value that is shown but not carried: a graph, a tensor.
        case opaque(String)
    }

    public struct Attribute: Hashable, Sendable {
        public var name: String
        public var value: AttributeValue
        public init(_ name: String, _ value: AttributeValue) {
            self.name = name
            self.value = value
        }
    }

    public var name: String
    /// ONNX domain, or the Keras module or registered package; empty for the default one.
    public var domain: String
    /// Why it cannot be run, in words, where there is more to say than its name.
    public var reason: String?
    public var attributes: [Attribute]

    public init(name: String, domain: String, reason: String? = nil, attributes: [Attribute] = []) {
        self.name = name
        self.domain = domain
        self.reason = reason
        self.attributes = attributes
    }

    /// Nothing is known of the outputs; the graph keeps what the source declares of them.
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
