/// What must be added to one channel's weights so that it gives what the reference has.
struct ChannelFit {
    /// Added to single taps, and to the bias.
    var taps: [(tap: Int, change: Double)] = []
    var bias = 0.0
    /// What the channel's whole sum is multiplied with; `nil` where single taps are changed.
    var factor: Double?
    /// RMS of what is left.
    var rest: Double

    /// Taps that are taken for wrong one by one.
    private static let mostTaps = 6
    /// Multiply-adds that one channel may take.
    private static let mostWork = 400_000_000

    /// The fewest changes that leave no more than `enough`.
    /// - Parameters:
    ///   - columns: what each tap reads, `taps` × positions.
    ///   - wanted: what is missing, by position; and which of them are determined.
    ///   - own: the channel's own sum without bias.
    init?(columns: [Double], count taps: Int, wanted: [Double], isKnown: [Bool], own: [Double], enough: Double) {
        let known = wanted.indices.filter { isKnown[$0] }
        guard known.count >= 2 else { return nil }
        var best: ChannelFit?
        // A single change of one kind must leave nothing; what two changes leave may be less by chance alone.
        for fit in [Self.bias(wanted, known), Self.scaled(wanted, own, known)].compactMap({ $0 }) where fit.rest <= enough {
            if fit.rest < best?.rest ?? .infinity { best = fit }
        }
        let pursued = Self.pursue(columns, taps, wanted, known, enough, hasBias: false)
        if let pursued, pursued.rest <= enough, pursued.taps.count == 1, pursued.rest < best?.rest ?? .infinity {
            best = pursued
        }
        if best == nil, let pursued, pursued.rest <= enough { best = pursued }
        if best == nil {
            let both = Self.pursue(columns, taps, wanted, known, enough, hasBias: true)
            if let both, both.rest <= enough { best = both }
        }
        if best == nil { best = Self.solved(columns, taps, wanted, known).flatMap { $0.rest <= enough ? $0 : nil } }
        guard let best else { return nil }
        self = best
    }

    private init(rest: Double) { self.rest = rest }

    private static func rms(_ sum: Double, _ count: Int) -> Double { (max(sum, 0) / Double(max(count, 1))).squareRoot() }

    private static func bias(_ wanted: [Double], _ known: [Int]) -> ChannelFit {
        let mean = known.reduce(0.0) { $0 + wanted[$1] } / Double(known.count)
        let rest = known.reduce(0.0) { $0 + (wanted[$1] - mean) * (wanted[$1] - mean) }
        var fit = ChannelFit(rest: rms(rest, known.count))
        fit.bias = mean
        return fit
    }

    private static func scaled(_ wanted: [Double], _ own: [Double], _ known: [Int]) -> ChannelFit? {
        let square = known.reduce(0.0) { $0 + own[$1] * own[$1] }
        guard square > 0 else { return nil }
        let change = known.reduce(0.0) { $0 + own[$1] * wanted[$1] } / square
        let rest = known.reduce(0.0) { sum, index in
            let left = wanted[index] - change * own[index]
            return sum + left * left
        }
        var fit = ChannelFit(rest: rms(rest, known.count))
        fit.factor = 1 + change
        return fit
    }

    /// Takes the tap that explains most, solves for all that were taken, and so on (orthogonal matching pursuit).
    private static func pursue(
        _ columns: [Double], _ taps: Int, _ wanted: [Double], _ known: [Int], _ enough: Double, hasBias: Bool
    ) -> ChannelFit? {
        let positions = wanted.count
        guard taps > 0, taps <= mostWork / max(positions, 1) else { return nil }
        var chosen: [Int] = []
        var left = wanted
        var fit: ChannelFit?
        // As many equations as numbers sought, and one more, decide nothing.
        let most = min(mostTaps, taps, (known.count - 1) / 2)
        while chosen.count < most {
            var best: (tap: Int, gain: Double)?
            for tap in 0..<taps where !chosen.contains(tap) {
                let start = tap * positions
                var (product, square) = (0.0, 0.0)
                for index in known {
                    product += columns[start + index] * left[index]
                    square += columns[start + index] * columns[start + index]
                }
                guard square > 0 else { continue }
                let gain = product * product / square
                if gain > best?.gain ?? 0 { best = (tap, gain) }
            }
            guard let best else { break }
            chosen.append(best.tap)
            let used = chosen
            func column(_ number: Int, _ index: Int) -> Double {
                number < used.count ? columns[used[number] * positions + index] : 1
            }
            let unknowns = chosen.count + (hasBias ? 1 : 0)
            guard let solution = leastSquares(unknowns, known, wanted, column) else { break }
            var sum = 0.0
            for index in known {
                var value = wanted[index]
                for number in 0..<unknowns { value -= solution[number] * column(number, index) }
                left[index] = value
                sum += value * value
            }
            var next = ChannelFit(rest: rms(sum, known.count))
            next.taps = zip(chosen, solution).map { (tap: $0, change: $1) }
            if hasBias { next.bias = solution[chosen.count] }
            fit = next
            if next.rest <= enough { break }
        }
        return fit
    }

    /// All taps and the bias at once, where there are twice as many equations.
    private static func solved(_ columns: [Double], _ taps: Int, _ wanted: [Double], _ known: [Int]) -> ChannelFit? {
        let positions = wanted.count
        guard taps > 0, known.count >= 2 * (taps + 1), taps * taps <= mostWork / max(positions, 1) else { return nil }
        func column(_ number: Int, _ index: Int) -> Double { number < taps ? columns[number * positions + index] : 1 }
        guard let solution = leastSquares(taps + 1, known, wanted, column) else { return nil }
        var sum = 0.0
        for index in known {
            var value = wanted[index]
            for number in 0...taps { value -= solution[number] * column(number, index) }
            sum += value * value
        }
        var fit = ChannelFit(rest: rms(sum, known.count))
        fit.taps = (0..<taps).map { (tap: $0, change: solution[$0]) }
        fit.bias = solution[taps]
        return fit
    }

    /// Solves the normal equations by Cholesky's method; `nil` where they do not determine the numbers.
    private static func leastSquares(
        _ unknowns: Int, _ known: [Int], _ wanted: [Double], _ column: (Int, Int) -> Double
    ) -> [Double]? {
        var matrix = [Double](repeating: 0, count: unknowns * unknowns)
        var right = [Double](repeating: 0, count: unknowns)
        var row = [Double](repeating: 0, count: unknowns)
        for index in known {
            for number in 0..<unknowns { row[number] = column(number, index) }
            for one in 0..<unknowns where row[one] != 0 {
                right[one] += row[one] * wanted[index]
                for other in 0...one { matrix[one * unknowns + other] += row[one] * row[other] }
            }
        }
        for one in 0..<unknowns {
            let size = matrix[one * unknowns + one]
            for other in 0...one {
                var sum = matrix[one * unknowns + other]
                for index in 0..<other { sum -= matrix[one * unknowns + index] * matrix[other * unknowns + index] }
                if one == other {
                    guard sum > 1e-11 * size, sum > 0 else { return nil }
                    matrix[one * unknowns + one] = sum.squareRoot()
                } else {
                    matrix[one * unknowns + other] = sum / matrix[other * unknowns + other]
                }
            }
        }
        for one in 0..<unknowns {
            for index in 0..<one { right[one] -= matrix[one * unknowns + index] * right[index] }
            right[one] /= matrix[one * unknowns + one]
        }
        for one in (0..<unknowns).reversed() {
            for index in (one + 1)..<max(unknowns, one + 1) { right[one] -= matrix[index * unknowns + one] * right[index] }
            right[one] /= matrix[one * unknowns + one]
        }
        return right
    }
}
