internal import SkiffGraph

/// What is known of values while a graph is imported, worked out only as far as somebody asks: a window without
/// a kernel's extent takes its rank from its input.
struct ImportFacts {
    private var facts: [ValueID: Fact] = [:]
    private var declared: [ValueID: Fact] = [:]
    private var pending: [(operator: Operator, inputs: [ValueID?], outputs: [ValueID])] = []
    private var inferredCount = 0

    /// Notes an input's or a weight's fact.
    mutating func know(_ id: ValueID, _ fact: Fact?) { facts[id] = fact }

    /// Notes what the source says of a value that a node gives.
    mutating func declare(_ id: ValueID, _ fact: Fact) { declared[id] = fact }

    mutating func append(_ operator: Operator, inputs: [ValueID?], outputs: [ValueID]) {
        pending.append((`operator`, inputs, outputs))
    }

    mutating func fact(of id: ValueID) -> Fact? {
        if let fact = facts[id] { return fact }
        if let fact = declared[id], fact.shape != nil { return fact }
        while inferredCount < pending.count {
            infer(pending[inferredCount])
            inferredCount += 1
        }
        return facts[id] ?? declared[id]
    }

    /// What does not fit stays unknown here; the finished graph is inferred again and says what is wrong.
    private mutating func infer(_ node: (operator: Operator, inputs: [ValueID?], outputs: [ValueID])) {
        var inputs: [Fact?] = []
        for input in node.inputs {
            guard let input else { inputs.append(nil); continue }
            guard let fact = facts[input] ?? declared[input] else { return }
            inputs.append(fact)
        }
        guard let results = try? node.operator.infer(inputs, outputCount: node.outputs.count) else { return }
        for (output, fact) in zip(node.outputs, results) { facts[output] = fact }
    }
}
