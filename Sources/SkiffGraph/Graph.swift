public import SkiffCore

/// A value of a graph, an index into ``Graph/values``.
public struct ValueID: Hashable, Sendable, Comparable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (left: Self, right: Self) -> Bool { left.index < right.index }
}

/// A node of a graph, an index into ``Graph/nodes``.
public struct NodeID: Hashable, Sendable, Comparable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (left: Self, right: Self) -> Bool { left.index < right.index }
}

/// One tensor of a network: an input, a weight, or what a node gives.
public struct Value: Sendable {
    /// Where a value comes from.
    public enum Source: Sendable {
        /// The user gives it.
        case input
        /// It lies in the file. `isOverridable` says that the model also lists it as an input (ONNX IR 3).
        case weight(Tensor, isOverridable: Bool)
        /// Output `output` of a node.
        case node(NodeID, output: Int)
    }

    /// The source's name; empty only for node outputs that the model leaves out.
    public var name: String
    public var source: Source
    /// Element type, shape and small contents, declared or inferred; `nil` behind operators we do not know.
    public var fact: Fact?

    /// The weight's payload, where this is one.
    public var tensor: Tensor? {
        if case .weight(let tensor, _) = source { tensor } else { nil }
    }
}

/// One operator applied to values.
public struct Node: Sendable {
    /// The source's name: an ONNX node name, which may be empty, or a Keras layer name.
    public var name: String
    /// The operator as the source spells it: `Conv`, `Conv2D`.
    public var sourceOperator: String
    public var `operator`: Operator
    /// Inputs in the operator's order; `nil` where an optional one is left out.
    public var inputs: [ValueID?]
    public var outputs: [ValueID]
}

/// An output of the model. Its name may differ from its value's (Keras).
public struct GraphOutput: Hashable, Sendable {
    public var name: String
    public var value: ValueID
    public init(name: String, value: ValueID) {
        self.name = name
        self.value = value
    }
}

/// Where a graph comes from, in the source's own words.
public struct GraphMetadata: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var key: String
        public var value: String
        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// A file that weights were first read from.
    public struct Source: Hashable, Sendable {
        /// Without folders.
        public var name: String
        public var byteCount: Int
        /// Its SHA-256, 32 bytes; `nil` where it was not computed.
        public var checksum: [UInt8]?

        public init(name: String, byteCount: Int, checksum: [UInt8]?) {
            self.name = name
            self.byteCount = byteCount
            self.checksum = checksum
        }
    }

    /// `ONNX`, `Keras HDF5`, `Keras v3 archive`; the format of the first source, kept through conversions.
    public var sourceFormat: String
    /// Who wrote the source: `pytorch 2.9.0`, `keras 3.12.0`.
    public var producer: String
    /// Further facts in the source's order: `opset`, `ir_version`, `backend`, …
    public var entries: [Entry]
    /// The files of the first source, the model's own first; known once they were read to the end, in a native file.
    public var sources: [Source]

    public init(sourceFormat: String = "", producer: String = "", entries: [Entry] = [], sources: [Source] = []) {
        self.sourceFormat = sourceFormat
        self.producer = producer
        self.entries = entries
        self.sources = sources
    }

    /// The first entry under `key`.
    public subscript(key: String) -> String? { entries.first { $0.key == key }?.value }
}

/// A network: values and nodes as arrays, nodes in an order in which every input is given before it is read.
///
/// A graph is made by ``GraphBuilder`` and is immutable.
public struct Graph: Sendable {
    public let name: String
    public let values: [Value]
    public let nodes: [Node]
    /// Values the user gives, in the source's order.
    public let inputs: [ValueID]
    public let outputs: [GraphOutput]
    public let metadata: GraphMetadata

    init(
        name: String, values: [Value], nodes: [Node], inputs: [ValueID], outputs: [GraphOutput],
        metadata: GraphMetadata
    ) {
        self.name = name
        self.values = values
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        self.metadata = metadata
    }

    public subscript(id: ValueID) -> Value { values[id.index] }
    public subscript(id: NodeID) -> Node { nodes[id.index] }

    public var nodeIDs: LazyMapSequence<Range<Int>, NodeID> { nodes.indices.lazy.map { NodeID($0) } }
    public var valueIDs: LazyMapSequence<Range<Int>, ValueID> { values.indices.lazy.map { ValueID($0) } }

    /// The node that gives a value; `nil` for inputs and weights.
    public func producer(of id: ValueID) -> NodeID? {
        if case .node(let node, _) = self[id].source { node } else { nil }
    }

    /// For every value the nodes that read it, in order; a node that reads a value twice stands twice.
    /// Linear in the graph; keep the result.
    public func consumers() -> [[NodeID]] {
        var consumers = [[NodeID]](repeating: [], count: values.count)
        for (index, node) in nodes.enumerated() {
            for case let input? in node.inputs { consumers[input.index].append(NodeID(index)) }
        }
        return consumers
    }

    /// The weight behind a value: the value itself, or what `Cast` and `Identity` alone make it of; `nil` where it is computed
    /// otherwise.
    public func storedWeight(_ id: ValueID) -> (id: ValueID, tensor: Tensor)? {
        var current = id
        for _ in 0..<8 {
            if let tensor = self[current].tensor { return (current, tensor) }
            guard let producer = producer(of: current), let source = self[producer].inputs.first ?? nil else { return nil }
            switch self[producer].operator {
            case .cast, .identity: current = source
            default: return nil
            }
        }
        return nil
    }

    /// Weights in the order of values.
    public var weights: [ValueID] { valueIDs.filter { self[$0].tensor != nil } }

    /// A node's name for messages and tables: its own, else its first named output's.
    public func displayName(of id: NodeID) -> String {
        let node = self[id]
        if !node.name.isEmpty { return node.name }
        return node.outputs.lazy.map { self[$0].name }.first { !$0.isEmpty } ?? "#\(id.index)"
    }

    /// The place of a node for errors.
    public func place(of id: NodeID) -> Place {
        Place(node: displayName(of: id), operatorName: self[id].sourceOperator)
    }

    /// Operators that can be carried but not run, by node.
    public var unknownNodes: [NodeID] {
        nodeIDs.filter { if case .unknown = self[$0].operator { true } else { false } }
    }
}
