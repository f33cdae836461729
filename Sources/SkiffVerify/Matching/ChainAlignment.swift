/// Which steps of two chains are one: columns of an alignment of least cost.
struct ChainAlignment {
    /// Positions in both chains; `nil` where one has no such step.
    struct Column {
        var candidate: Int?
        var reference: Int?
    }

    private(set) var columns: [Column] = []
    /// Most steps of a chain that are aligned; longer ones are what no network has between two contractions.
    private static let longest = 512

    init(_ one: [Chain.Step], _ other: [Chain.Step]) {
        if one.map(\.role) == other.map(\.role) {
            columns = one.indices.map { Column(candidate: $0, reference: $0) }
            return
        }
        var front = 0
        while front < min(one.count, other.count), one[front].role == other[front].role,
            front + Self.longest < max(one.count, other.count)
        {
            columns.append(Column(candidate: front, reference: front))
            front += 1
        }
        guard one.count - front <= Self.longest, other.count - front <= Self.longest else { return }
        align(Array(one[front...]), Array(other[front...]), front)
    }

    private mutating func align(_ one: [Chain.Step], _ other: [Chain.Step], _ front: Int) {
        let width = other.count + 1
        var costs = [Double](repeating: 0, count: (one.count + 1) * width)
        for i in 0...one.count {
            for j in 0...other.count where i + j > 0 {
                var least = Double.infinity
                if i > 0 { least = costs[(i - 1) * width + j] + Self.cost(one[i - 1].role) }
                if j > 0 { least = min(least, costs[i * width + j - 1] + Self.cost(other[j - 1].role)) }
                if i > 0, j > 0, let cost = Self.cost(one[i - 1].role, other[j - 1].role) {
                    least = min(least, costs[(i - 1) * width + j - 1] + cost)
                }
                costs[i * width + j] = least
            }
        }
        var found: [Column] = []
        var (i, j) = (one.count, other.count)
        while i > 0 || j > 0 {
            let here = costs[i * width + j]
            if i > 0, j > 0, let cost = Self.cost(one[i - 1].role, other[j - 1].role),
                here == costs[(i - 1) * width + j - 1] + cost
            {
                (i, j) = (i - 1, j - 1)
                found.append(Column(candidate: front + i, reference: front + j))
            } else if i > 0, here == costs[(i - 1) * width + j] + Self.cost(one[i - 1].role) {
                i -= 1
                found.append(Column(candidate: front + i, reference: nil))
            } else {
                j -= 1
                found.append(Column(candidate: nil, reference: front + j))
            }
        }
        columns += found.reversed()
    }

    /// What it costs that one side lacks a step.
    private static func cost(_ role: StepRole) -> Double {
        switch role {
        case .identity: 0.0625
        case .affine: 0.5
        case .pad: 0.25
        case .activation: 1.25
        default: 1
        }
    }

    /// What it costs to take two steps for one; `nil` where they cannot be.
    private static func cost(_ one: StepRole, _ other: StepRole) -> Double? {
        if one == other { return 0 }
        return switch (one, other) {
        case (.affine, .affine): 0.25
        case (.activation(.softmax), .activation(.softmax)): 0.25
        case (.activation, .activation): 1
        case (.activation, .identity), (.identity, .activation): 0.75
        case (.affine, .identity), (.identity, .affine): 0.375
        case (.part, .part): 1
        case (.other(let kind), .other(let otherKind)) where kind == otherKind: 0.5
        default: nil
        }
    }
}
