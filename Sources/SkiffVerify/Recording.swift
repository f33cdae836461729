public import SkiffCore
public import SkiffGraph

/// Inputs of a model and what some framework computed from them.
public struct Recording: Sendable {
    public struct Entry: Sendable {
        public var name: String
        public var tensor: Tensor
        public init(_ name: String, _ tensor: Tensor) {
            self.name = name
            self.tensor = tensor
        }
    }

    /// What to call it in messages: a file name, `test_data_set_0`.
    public var name: String
    public var inputs: [Entry]
    public var outputs: [Entry]
    /// Intermediate values.
    public var values: [Entry]

    public init(name: String, inputs: [Entry], outputs: [Entry], values: [Entry] = []) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.values = values
    }

    /// Sorts the arrays of an archive into inputs, outputs and values of `graph`.
    ///
    /// Where names begin with `input:`, `output:` or `value:`, those count and others do not. Else an array is
    /// what the model calls so; `input_0`, `output_0` and so on stand for the model's order where it has no
    /// such names of its own.
    public init(name: String, arrays: [Entry], for graph: Graph) {
        self.init(name: name, inputs: [], outputs: [], values: [])
        if arrays.contains(where: { $0.name.hasPrefix("input:") || $0.name.hasPrefix("output:") }) {
            inputs = Self.entries(arrays, prefix: "input:")
            outputs = Self.entries(arrays, prefix: "output:")
            values = Self.entries(arrays, prefix: "value:")
            return
        }
        let inputNames = Set(graph.inputs.map { graph[$0].name })
        let outputNames = Set(graph.outputs.map(\.name))
        let valueNames = Set(graph.values.lazy.filter { $0.tensor == nil }.map(\.name))
        for array in arrays {
            if inputNames.contains(array.name) {
                inputs.append(array)
            } else if outputNames.contains(array.name) {
                outputs.append(array)
            } else if valueNames.contains(array.name) {
                values.append(array)
            } else if array.name.hasPrefix("input_") {
                inputs.append(array)
            } else if array.name.hasPrefix("output_") {
                outputs.append(array)
            }
        }
    }

    private static func entries(_ arrays: [Entry], prefix: String) -> [Entry] {
        arrays.compactMap { array in
            array.name.hasPrefix(prefix) ? Entry(String(array.name.dropFirst(prefix.count)), array.tensor) : nil
        }
    }
}

/// Things with names set beside each other: by name where all names agree, else in their order.
struct Pairing {
    /// Positions in both lists.
    var pairs: [(left: Int, right: Int)]
    var isByName: Bool

    /// `nil` where names do not agree and the numbers of things differ; then only equal names are in
    /// ``common(_:_:)``.
    init?(_ left: [String], _ right: [String]) {
        let positions = Self.positions(right)
        if left.count == right.count, Set(left).count == left.count, Set(left) == Set(right) {
            pairs = left.enumerated().compactMap { position, name in positions[name].map { (position, $0) } }
            isByName = true
        } else if left.count == right.count {
            pairs = left.indices.map { ($0, $0) }
            isByName = false
        } else {
            return nil
        }
    }

    /// The pairs of equal names.
    static func common(_ left: [String], _ right: [String]) -> [(left: Int, right: Int)] {
        let positions = positions(right)
        return left.enumerated().compactMap { position, name in positions[name].map { (position, $0) } }
    }

    private static func positions(_ names: [String]) -> [String: Int] {
        Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
