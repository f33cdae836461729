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
        if let distinct = statistics.distinct, distinct > 8, !findings.isFractional, magnitude <= 65535 {
            return wholeNumbers(statistics)
        }
        if let distinct = statistics.distinct, distinct <= 256, numbers >= 16 * max(distinct, 16) {
            return .palette(distinct)
        }
        if let levels = grid.levels { return .channelGrid(levels: levels) }
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

    private func wholeNumbers(_ statistics: TensorStatistics) -> NumberForm {
        let isSigned = statistics.minimum < 0
        let span = isSigned ? max(-statistics.minimum, statistics.maximum + 1) * 2 : statistics.maximum + 1
        var bits = 1
        while Double(1 << bits) < span { bits += 1 }
        return .wholeNumbers(bits: [2, 4, 8, 16, 32].first { $0 >= bits } ?? bits, isSigned: isSigned)
    }
}
