import Skiff

/// A mistake that converters make, made on purpose in one place of a network.
struct Mutant: Sendable {
    /// The row of the table.
    var family: Family
    /// What was changed: `epsilon 0.0001 for 0.001`.
    var detail: String
    var edit: GraphEdit
    /// The nodes of the original that compute something else now.
    var nodes: [NodeID]
    /// The change that explains it where the mutant is the candidate; `nil` where the candidate does not hold what is
    /// missing, so that no experiment can.
    var explanation: Expectation?
    /// The change that explains it where the mutant is the reference.
    var reverse: Expectation?
    /// Kinds that say the truth where an explanation is not asked for.
    var truthful: Set<Explanation.Kind> = []

    enum Family: String, CaseIterable, Sendable {
        case padding = "padding: side and amount"
        case poolPaddingValue = "pool padding: zero, −∞"
        case ceilMode = "pool: ceil mode"
        case countIncludePadding = "pool: padding counted"
        case epsilon = "normalization: epsilon"
        case missingAffine = "gamma, beta or bias missing"
        case batchStatistics = "batch statistics"
        case stride = "stride"
        case strideSite = "stride site in the block"
        case dilation = "dilation"
        case kernelSpatialAxes = "kernel: height and width exchanged"
        case kernelChannelAxes = "kernel: inputs and outputs exchanged"
        case kernelFlip = "kernel: turned or mirrored"
        case groupOrder = "group order"
        case flattenOrder = "flatten order"
        case channelOrder = "input channel order"
        case preprocessing = "preprocessing"
        case softmax = "softmax missing, added, other axis"
        case activation = "activation missing or another"
        case weightPrecision = "weights rounded"
        case computePrecision = "values rounded"
        case transposedWeight = "matrix transposed"
        case swappedWeights = "tensors swapped"
        case staleWeight = "tensor of another layer"
        case channelsExchanged = "two channels exchanged"
        case channelZeroed = "one channel zero"
        case noise = "noise of 1e-3 on a tensor"
        case oneWeight1001 = "one weight × 1.001"
        case oneWeight101 = "one weight × 1.01"
        case oneWeight2 = "one weight × 2"
        case oneWeightSign = "one weight's sign"
        case oneWeightZero = "one weight zero"
        case notANumber = "one weight NaN"
    }

    init(
        _ family: Family, _ detail: String, _ edit: GraphEdit, _ nodes: [NodeID], _ explanation: Expectation?,
        reverse: Expectation?, truthful: Set<Explanation.Kind> = []
    ) {
        self.family = family
        self.detail = detail
        self.edit = edit
        self.nodes = nodes
        self.explanation = explanation
        self.reverse = reverse
        self.truthful = truthful.union(explanation?.kinds ?? []).union(reverse?.kinds ?? [])
    }
}

/// What a right explanation says.
struct Expectation: Sendable {
    var kinds: Set<Explanation.Kind>
    /// What the reference has.
    var setting: Setting

    init(_ kind: Explanation.Kind, _ setting: Setting = .any) {
        self.init([kind], setting)
    }

    init(_ kinds: Set<Explanation.Kind>, _ setting: Setting = .any) {
        self.kinds = kinds
        self.setting = setting
    }
}

/// A value of a convention, as an explanation may spell it.
enum Setting: Sendable {
    /// One of these lists of numbers, or one of the words.
    case numbers([[Double]], orWords: [String] = [])
    /// A number within an absolute distance.
    case number(Double, within: Double)
    /// One of the words, whatever their case.
    case words([String])
    /// There is nothing to spell: the kind says it.
    case any

    func matches(_ text: String) -> Bool {
        let lower = text.lowercased()
        switch self {
        case .any: return true
        case .words(let words): return words.contains { lower.contains($0.lowercased()) }
        case .number(let value, let distance): return text.numbers.contains { abs($0 - value) <= distance }
        case .numbers(let values, let words):
            let found = text.numbers
            let isEqual = values.contains { list in
                found.count == list.count && zip(found, list).allSatisfy { abs($0 - $1) <= 1e-4 * abs($1) }
            }
            return isEqual || words.contains { lower.contains($0.lowercased()) }
        }
    }
}

extension String {
    /// The decimal numbers in a text.
    var numbers: [Double] {
        var found: [Double] = []
        var piece = ""
        for character in self + " " {
            let isPart = character.isASCII && (character.isNumber || ".eE+-".contains(character) || character == "−")
            if isPart, !(piece.isEmpty && "eE".contains(character)) {
                piece.append(character == "−" ? "-" : character)
            } else {
                if let number = Double(piece) { found.append(number) }
                piece = ""
            }
        }
        return found
    }
}
