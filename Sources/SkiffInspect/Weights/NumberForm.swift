internal import SkiffCore

/// What the numbers of a tensor give away of where they come from: that they would fit something narrower.
public enum NumberForm: Hashable, Sendable {
    /// Every number is one of float16, bfloat16 or, of a float64 tensor, float32: it was stored so once.
    case narrower(ElementTypeName)
    /// No number has more fraction bits than TensorFloat-32, float16's ten, though some leave float16's range.
    case tensorFloat32
    /// Whole numbers that this many bits hold, with a sign where one is negative.
    case wholeNumbers(bits: Int, isSigned: Bool)
    /// This few distinct values for so many elements: quantized, or clustered to a palette.
    case palette(Int)
    /// All elements are one of these two or three, in order: identity and selection kernels, signs.
    case fewValues([Double])
    /// All numbers are whole multiples of one step, as a quantizer of the whole tensor to so many levels has them.
    case grid(levels: Int)
    /// The numbers of each channel are whole multiples of the channel's step, as a quantizer to so many levels has them.
    case channelGrid(levels: Int)

    /// The narrower floating-point types.
    public enum ElementTypeName: String, Hashable, Sendable {
        case float32, float16, bfloat16
    }

    /// `float16 once`, `8-bit whole numbers`, `16 values`.
    public var text: String {
        switch self {
        case .narrower(let type): "\(type.rawValue) once"
        case .tensorFloat32: "10 fraction bits"
        case .wholeNumbers(let bits, let isSigned): "\(isSigned ? "int" : "uint")\(bits) values"
        case .palette(let count): "\(count) values"
        case .fewValues(let values):
            (values.count == 2 ? "two values: " : "three values: ")
                + values.dropLast().map { numberText($0) }.joined(separator: ", ") + " and " + (values.last.map { numberText($0) } ?? "")
        case .grid(let levels): "\(levels == 16 ? "int4" : "int8") once"
        case .channelGrid(let levels): "\(levels == 16 ? "int4" : "int8") once, by channel"
        }
    }
}

extension TensorReading.Totals {
    /// What the numbers of a tensor give away, if anything. Few or simple numbers give nothing away: they fit every type.
    func form(of statistics: TensorStatistics) -> NumberForm? {
        let type = statistics.elementType
        let numbers = statistics.elements - statistics.zeros - statistics.nonFinite
        guard type.isFloatingPoint, numbers >= 16, statistics.minimum < statistics.maximum else { return nil }
        let magnitude = statistics.largestMagnitude
        if let values = distinctValues(of: statistics), values.count <= 3 { return .fewValues(values) }
        if let distinct = statistics.distinct, distinct > 8, !findings.isFractional, magnitude <= 65535 {
            return wholeNumbers(statistics)
        }
        // Tables of coordinates have equal steps too, and so have float16's denormal numbers.
        let isTable = statistics.shape.count < 2 || numbers < 4 * (statistics.distinct ?? 0)
        if !isTable, findings.leavesHalfGrid || magnitude >= 0x1p-14, let values = distinctValues(of: statistics),
            let levels = Self.levels(of: values) {
            return .grid(levels: levels)
        }
        if let distinct = statistics.distinct, distinct <= 256, numbers >= 16 * max(distinct, 16) {
            return .palette(distinct)
        }
        if let levels = grid.levels {
            // So few values are multiples of some step by chance.
            if let distinct = statistics.distinct, distinct <= 16 { return .palette(distinct) }
            return .channelGrid(levels: levels)
        }
        let bits = statistics.fractionBits
        let lowest = statistics.exponents.lowest
        if type == .float64, statistics.denormals == 0, bits > 10 {
            return bits <= 23 && lowest >= -126 && magnitude < 0x1p128 ? .narrower(.float32) : nil
        }
        guard type == .float32 || type == .float64, statistics.distinct.map({ $0 > 16 }) ?? true else { return nil }
        if bits <= 10, bits > 3, magnitude <= 65504, !findings.leavesHalfGrid, bits > 7 || magnitude < 0x1p-14 {
            return .narrower(.float16)
        }
        if bits <= 7, bits > 3 { return .narrower(.bfloat16) }
        return bits <= 10 && bits > 7 ? .tensorFloat32 : nil
    }

    /// The distinct elements in order, where they are counted and all are finite.
    private func distinctValues(of statistics: TensorStatistics) -> [Double]? {
        guard let count = statistics.distinct, count > 1, statistics.nonFinite == 0,
            let decoding = NumberDecoding(statistics.elementType)
        else { return nil }
        return distinct.map { bits in
            decoding.isDouble ? Double(bitPattern: bits) : Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        }.sorted()
    }

    /// The levels of a quantizer whose step the values are multiples of; `nil` where there is none. Nothing can be told of few
    /// values.
    private static func levels(of values: [Double]) -> Int? {
        guard values.count > 16, let least = values.first, let most = values.last else { return nil }
        let gap = zip(values.dropFirst(), values).map { $0 - $1 }.min() ?? 0
        let extent = max(-least, most)
        guard gap > 0, extent / gap < 1024 else { return nil }
        // The gap is a difference of rounded numbers; the largest magnitude tells the step more exactly.
        let step = extent / (extent / gap).rounded()
        guard step > 0, (most - least) / step < 255.5,
            values.allSatisfy({ abs($0 / step - ($0 / step).rounded()) < 1e-3 })
        else { return nil }
        return 256
    }

    private func wholeNumbers(_ statistics: TensorStatistics) -> NumberForm {
        let isSigned = statistics.minimum < 0
        let span = isSigned ? max(-statistics.minimum, statistics.maximum + 1) * 2 : statistics.maximum + 1
        var bits = 1
        while Double(1 << bits) < span { bits += 1 }
        return .wholeNumbers(bits: [2, 4, 8, 16, 32].first { $0 >= bits } ?? bits, isSigned: isSigned)
    }
}
