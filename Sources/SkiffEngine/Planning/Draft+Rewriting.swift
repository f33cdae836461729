internal import SkiffCore
internal import SkiffGraph

/// Who gives a draft's values, and how often they are read: what passes ask while they change it.
struct Wiring {
    /// Index of the node that gives a value; `nil` for inputs and constants.
    var producers: [Int?]
    /// Reads by nodes and by the draft's outputs.
    var reads: [Int]

    init(_ draft: Draft) {
        producers = Array(repeating: nil, count: draft.values.count)
        reads = Array(repeating: 0, count: draft.values.count)
        for (index, node) in draft.nodes.enumerated() {
            for output in node.outputs { producers[output] = index }
            for case let input? in node.inputs { reads[input] += 1 }
        }
        for output in draft.outputs { reads[output.value] += 1 }
    }
}

extension Draft {
    /// The operator of node `index`, where nothing is fused to it.
    func operation(_ index: Int) -> Operator? {
        if case .operation(let `operator`) = nodes[index].work { `operator` } else { nil }
    }

    /// Whether all that a node reads is constant.
    func hangsOnNothing(_ node: Node) -> Bool {
        node.inputs.allSatisfy { $0.map { values[$0].constant != nil } ?? true }
    }

    /// The product of node `index`, where it is one.
    func product(_ index: Int) -> FusedProduct? {
        if case .product(let product) = nodes[index].work { product } else { nil }
    }

    /// The value that node `index` reads as input `position`; `nil` where it is left out.
    func input(_ index: Int, _ position: Int) -> Int? {
        let inputs = nodes[index].inputs
        return position < inputs.count ? inputs[position] : nil
    }

    /// Whole numbers of a constant; `nil` where it is none, or large.
    func integers(_ value: Int) -> [Int]? {
        guard let constant = values[value].constant, constant.elementCount <= Fact.contentsLimit else { return nil }
        return (try? constant.integers())?.map { Int($0) }
    }

    /// The one number that all elements of a constant of numbers are; `nil` where there is none.
    func uniformNumber(_ value: Int) -> Double? {
        guard let constant = values[value].constant, constant.elementCount <= Fact.contentsLimit,
            let elements = try? constant.doubles(), let first = elements.first, elements.allSatisfy({ $0 == first })
        else { return nil }
        return first
    }

    /// Whether a value is float32 and has elements: what products compute with.
    func isFloatMap(_ value: Int) -> Bool {
        values[value].elementType == .float32 && !values[value].shape.contains(0)
    }

    /// Drops the nodes marked, and reads `replacements` instead of what they gave; both by index.
    mutating func drop(_ isDropped: [Bool], reading replacements: [Int]? = nil) {
        var kept: [Node] = []
        kept.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() where !isDropped[index] { kept.append(node) }
        nodes = kept
        guard let replacements else { return }
        for index in nodes.indices {
            for (position, input) in nodes[index].inputs.enumerated() {
                guard let input, replacements[input] != input else { continue }
                nodes[index].inputs[position] = replacements[input]
            }
        }
        for index in outputs.indices { outputs[index].value = replacements[outputs[index].value] }
    }
}
