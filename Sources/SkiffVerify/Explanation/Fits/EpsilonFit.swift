internal import SkiffCore
internal import SkiffGraph

extension ExplanationSearch {
    /// Runs of one search for an epsilon.
    private static let epsilonSteps = 40

    /// Solves for the epsilon of each normalization: the one with which the piece comes nearest to the reference.
    mutating func fitEpsilon(_ own: (rms: Double, largest: Double)) throws {
        for site in list.sites where NormalizationExperiments.epsilon(of: site.node.operator) != nil {
            guard hasRoom(), let epsilon = fittedEpsilon(site, own.rms) else { continue }
            // The shortest number that does.
            for digits in 1...6 {
                let rounded = Self.rounded(epsilon, digits: digits)
                guard var experiment = NormalizationExperiments.changed(to: Float(rounded), at: site, rank: 1.5) else { continue }
                experiment.expected = shortText(Float(rounded))
                let before = accepted.count
                try attempt(experiment, own)
                if accepted.count > before { break }
            }
        }
    }

    /// By a coarse search over powers of ten, and a golden section between the neighbours of the best.
    private mutating func fittedEpsilon(_ site: Site, _ own: Double) -> Double? {
        func error(_ exponent: Double) -> Double {
            guard let experiment = NormalizationExperiments.changed(to: Float(Self.power(exponent)), at: site, rank: 0),
                let result = try? runner.output(of: experiment.edit), result.shape == runner.shape
            else { return .infinity }
            return Self.error(result.elements, runner.reference).rms
        }
        let grid = stride(from: -8.0, through: 0, by: 0.5).map { (exponent: $0, error: error($0)) }
        counted(grid.count)
        guard let best = grid.min(by: { $0.error < $1.error }), best.error < 0.7 * own else { return nil }
        var (low, high) = (best.exponent - 0.5, best.exponent + 0.5)
        let section = 0.618_033_988_749_895
        var (left, right) = (high - section * (high - low), low + section * (high - low))
        var (leftError, rightError) = (error(left), error(right))
        for _ in 0..<Self.epsilonSteps {
            if leftError < rightError {
                (high, right, rightError) = (right, left, leftError)
                left = high - section * (high - low)
                leftError = error(left)
            } else {
                (low, left, leftError) = (left, right, rightError)
                right = low + section * (high - low)
                rightError = error(right)
            }
        }
        counted(Self.epsilonSteps + 2)
        return Self.power((low + high) / 2)
    }

    static func power(_ exponent: Double) -> Double {
        // Ten to whole and fractional parts, without a mathematics library.
        var result = 1.0
        let whole = exponent.rounded(.down)
        for _ in 0..<Int(abs(whole)) { result *= whole < 0 ? 0.1 : 10 }
        // e^(fraction · ln 10) as a series; the argument is below 2.31.
        let argument = (exponent - whole) * 2.302_585_092_994_046
        var (sum, term) = (1.0, 1.0)
        for index in 1...30 {
            term *= argument / Double(index)
            sum += term
        }
        return result * sum
    }

    /// A number to so many decimal digits.
    static func rounded(_ number: Double, digits: Int) -> Double {
        guard number > 0, number.isFinite else { return number }
        var scale = 1.0
        var size = number
        while size >= 10 { (size, scale) = (size / 10, scale * 10) }
        while size < 1 { (size, scale) = (size * 10, scale / 10) }
        var steps = 1.0
        for _ in 1..<max(digits, 1) + 0 { steps *= 10 }
        // By text, so that 0.003 is the number that is written so.
        let mantissa = (size * steps).rounded() / steps
        var exponent = 0
        var rest = scale
        while rest > 1.5 { (rest, exponent) = (rest / 10, exponent + 1) }
        while rest < 0.5 { (rest, exponent) = (rest * 10, exponent - 1) }
        return Double("\(mantissa)e\(exponent)") ?? mantissa * scale
    }
}
