internal import SkiffCore
internal import SkiffGraph

/// Bytes of what layers give, and the most that lives at once when they run in the graph's order.
///
/// Every value lives from the node that gives it to the last node that reads it; inputs live from the start, outputs to
/// the end. Operators that only rename elements (Reshape, Flatten, Identity, …) take no memory of their own. That is what a
/// run without fusion needs; an engine that plans may need less.
public struct ActivationMemory: Hashable, Sendable {
    /// Samples per run, where the model leaves that open; else what it declares is counted.
    public var batch: Int
    /// Bytes of all values that nodes give, each once; `nil` where a shape is open.
    public var total: Int?
    /// The most bytes that live at once, inputs included; `nil` where a shape is open.
    public var peak: Int?
    /// The layer in whose run that is, an index into ``Inspection/layers``.
    public var peakLayer: Int?
}

extension Graph {
    /// - Returns: the memory, and the bytes that each node gives; 0 for one that gives another name to what it reads.
    func activationMemory(facts: [Fact?], isData: [Bool], batch: Int) -> (memory: ActivationMemory, ofNodes: [Int?]) {
        let owner = owners()
        func bytes(_ value: Int) -> Int? {
            guard let fact = facts[value], let shape = fact.shape?.fixedShape else { return nil }
            return try? checkedTensorBytes(shape: shape, elementType: fact.elementType)
        }
        var lastUse = [Int](repeating: -1, count: values.count)
        for id in nodeIDs {
            for case let input? in self[id].inputs { lastUse[owner[input.index]] = id.index }
        }
        for output in outputs { lastUse[owner[output.value.index]] = nodes.count }
        var expiring = [[Int]](repeating: [], count: nodes.count)
        var live: Int? = 0
        for input in inputs {
            live = checkedSum(live, bytes(input.index))
            if lastUse[input.index] >= 0, lastUse[input.index] < nodes.count { expiring[lastUse[input.index]].append(input.index) }
        }
        var memory = ActivationMemory(batch: batch, total: 0, peak: live, peakLayer: nil)
        var ofNodes = [Int?](repeating: 0, count: nodes.count)
        for id in nodeIDs {
            for output in self[id].outputs where owner[output.index] == output.index && isData[output.index] {
                let size = bytes(output.index)
                ofNodes[id.index] = checkedSum(ofNodes[id.index], size)
                live = checkedSum(live, size)
                let last = max(lastUse[output.index], id.index)
                if last < nodes.count { expiring[last].append(output.index) }
            }
            memory.total = checkedSum(memory.total, ofNodes[id.index])
            guard let size = live else { continue }
            if let peak = memory.peak, size > peak {
                memory.peak = size
                memory.peakLayer = id.index
            }
            live = expiring[id.index].reduce(size) { $0 - (bytes($1) ?? 0) }
        }
        if live == nil {
            memory.peak = nil
            memory.peakLayer = nil
        }
        return (memory, ofNodes)
    }

    /// By value, the value whose memory it is.
    private func owners() -> [Int] {
        var owner = Array(values.indices)
        for id in nodeIDs where self[id].operator.onlyRenames {
            guard let input = self[id].inputs.first ?? nil, let output = self[id].outputs.first else { continue }
            owner[output.index] = owner[input.index]
        }
        return owner
    }
}

extension Operator {
    /// Whether it gives the elements that it reads, in the order in which they lie.
    fileprivate var onlyRenames: Bool {
        switch self {
        case .identity, .reshape, .flatten, .squeeze, .unsqueeze: true
        default: false
        }
    }
}
