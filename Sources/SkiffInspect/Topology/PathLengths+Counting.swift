#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

extension PathLengths {
    /// Shares that are left out at both ends of a distribution.
    private static let negligible = 1e-12

    /// One way of so many layers.
    init(layers: Int) {
        self.init(
            blocks: 0, log2Paths: 0, minimum: layers, maximum: layers, mean: Double(layers), deviation: 0, first: layers,
            shares: [1])
    }

    /// Puts as many equal blocks behind these ways.
    mutating func append(shortcut: Int, branch: Int, count: Int) {
        let (few, many) = (min(shortcut, branch), max(shortcut, branch))
        let step = many - few
        let (start, chances) = Self.binomial(count)
        var shares = [Double](repeating: 0, count: (chances.count - 1) * step + 1)
        for (index, chance) in chances.enumerated() { shares[index * step] += chance }
        append(
            PathLengths(
                blocks: count, log2Paths: Double(count), minimum: count * few, maximum: count * many,
                mean: Double(count) * (Double(few) + Double(step) / 2),
                deviation: Double(step) / 2 * Double(count).squareRoot(), first: count * few + start * step,
                shares: shares))
    }

    /// Puts other ways behind these.
    mutating func append(_ other: PathLengths) {
        blocks += other.blocks
        log2Paths += other.log2Paths
        minimum += other.minimum
        maximum += other.maximum
        mean += other.mean
        deviation = (deviation * deviation + other.deviation * other.deviation).squareRoot()
        var sum = [Double](repeating: 0, count: shares.count + other.shares.count - 1)
        for (index, share) in shares.enumerated() where share > 0 {
            for (further, chance) in other.shares.enumerated() where chance > 0 { sum[index + further] += share * chance }
        }
        first += other.first
        shares = sum
        trim()
    }

    /// Puts one more way beside these: the shortcut of a block around them.
    mutating func bypass(layers: Int) {
        let odds = exp2(-min(log2Paths, 1000))
        let chance = odds / (1 + odds)
        let squares = (deviation * deviation + mean * mean) * (1 - chance) + chance * Double(layers * layers)
        mean = mean * (1 - chance) + chance * Double(layers)
        deviation = max(0, squares - mean * mean).squareRoot()
        blocks += 1
        log2Paths += log2(1 + odds)
        minimum = min(minimum, layers)
        maximum = max(maximum, layers)
        guard chance >= Self.negligible else { return }
        let start = min(first, layers)
        var all = [Double](repeating: 0, count: max(first + shares.count - 1, layers) - start + 1)
        for (index, share) in shares.enumerated() { all[first - start + index] = share * (1 - chance) }
        all[layers - start] += chance
        (first, shares) = (start, all)
        trim()
    }

    private mutating func trim() {
        guard let kept = shares.firstIndex(where: { $0 >= Self.negligible }),
            let last = shares.lastIndex(where: { $0 >= Self.negligible })
        else { return }
        first += kept
        shares = Array(shares[kept...last])
    }

    /// The chances of heads in so many throws, from the first that is not negligible on: outwards from the middle, where
    /// the largest one is, so that 2ⁿ never appears.
    private static func binomial(_ count: Int) -> (start: Int, chances: [Double]) {
        let middle = count / 2
        var above = [1.0]
        while middle + above.count <= count, let last = above.last, last > negligible {
            let heads = middle + above.count
            above.append(last * Double(count - heads + 1) / Double(heads))
        }
        var below: [Double] = []
        while below.count < middle {
            let heads = middle - below.count
            let next = (below.last ?? 1) * Double(heads) / Double(count - heads + 1)
            guard next > negligible else { break }
            below.append(next)
        }
        let all = below.reversed() + above
        let sum = all.reduce(0, +)
        return (middle - below.count, all.map { $0 / sum })
    }
}

extension PathLengths {
    /// A histogram of at most so many lines: `31…33 layers  ███  12.1 %`.
    func histogram(lines: Int, bar: Int) -> [(range: ClosedRange<Int>, share: Double, bar: String)] {
        guard lines > 0, !shares.isEmpty else { return [] }
        let shown = shares.indices.filter { shares[$0] >= 5e-4 }
        guard let low = shown.first, let high = shown.last else { return [] }
        let width = (high - low + lines) / lines
        var groups: [(ClosedRange<Int>, Double)] = []
        for start in stride(from: low, through: high, by: width) {
            let end = min(start + width - 1, high)
            groups.append((first + start...first + end, shares[start...end].reduce(0, +)))
        }
        let most = groups.map(\.1).max() ?? 1
        return groups.map { range, share in
            let eighths = Int((share / max(most, 1e-300) * Double(bar * 8)).rounded())
            let rest = eighths % 8 == 0 ? "" : String(["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1])
            return (range, share, String(repeating: "█", count: eighths / 8) + rest)
        }
    }
}
