internal import SkiffCore

extension WeightView {
    /// Some filters of a weight, those at the same places of every weight of these extents.
    struct Sample {
        /// For each output channel that was looked at, elements over inputs and taps.
        var filters: [[Double]]
    }

    private static let sampledOutputs = 8
    private static let sampledInputs = 8
    private static let sampledTaps = 27
    /// Most bytes of an encoded weight that are decoded for a sample.
    private static let decodedBytes = 16 << 20

    /// - Parameter decodes: whether weights that are not in memory are decoded for it.
    /// - Returns: `nil` where the weight is not stored as numbers, or cannot be read.
    func sample(decodes: Bool) -> Sample? {
        guard let tensor, let width = tensor.elementType.byteWidth, tensor.elementType.isFloatingPoint || width == 1 else {
            return nil
        }
        var (storage, base) = (tensor.storage, tensor.byteRange.lowerBound)
        if storage.isDeferred {
            guard decodes, tensor.byteRange.count <= Self.decodedBytes else { return nil }
            var bytes = [UInt8](repeating: 0, count: tensor.byteRange.count)
            let isRead = bytes.withUnsafeMutableBytes { buffer in
                (try? storage.read(tensor.byteRange, into: buffer)) != nil
            }
            guard isRead else { return nil }
            (storage, base) = (Storage(bytes), 0)
        }
        let offsets = offsets()
        let (type, isLittle, zero) = (tensor.elementType, tensor.byteOrder == .little, zeroPoint)
        let filters = storage.withUnsafeBytes { bytes in
            offsets.map { filter in
                filter.map { Self.element(bytes, base + $0 * width, type, isLittle) - zero }
            }
        }
        return filters.allSatisfy { $0.allSatisfy(\.isFinite) } ? Sample(filters: filters) : nil
    }

    /// The positions of the sample's elements.
    private func offsets() -> [[Int]] {
        let tapCount = taps.reduce(1, *)
        return Self.spread(outputs, Self.sampledOutputs).map { output in
            var start = output / multiplier * strides[axes.output]
            if let axis = axes.multiplier { start += output % multiplier * strides[axis] }
            return Self.spread(inputs, Self.sampledInputs).flatMap { input in
                Self.spread(tapCount, Self.sampledTaps).map { tap in
                    var (offset, rest) = (start + (axes.input.map { input * strides[$0] } ?? 0), tap)
                    for (position, axis) in axes.spatial.enumerated().reversed() {
                        offset += rest % taps[position] * strides[axis]
                        rest /= taps[position]
                    }
                    return offset
                }
            }
        }
    }

    /// Up to `count` indices below `extent`, evenly apart.
    private static func spread(_ extent: Int, _ count: Int) -> [Int] {
        extent <= count ? Array(0..<extent) : (0..<count).map { $0 * extent / count }
    }

    private static func element(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ type: ElementType, _ isLittle: Bool
    ) -> Double {
        func word<Word: FixedWidthInteger>(_: Word.Type) -> Word {
            let raw = bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
            return isLittle ? Word(littleEndian: raw) : Word(bigEndian: raw)
        }
        return switch type {
        case .float32: Double(Float(bitPattern: word(UInt32.self)))
        case .float64: Double(bitPattern: word(UInt64.self))
        case .float16: Double(floatFromHalf(word(UInt16.self)))
        case .bfloat16: Double(Float(bitPattern: UInt32(word(UInt16.self)) << 16))
        case .int8: Double(Int8(bitPattern: word(UInt8.self)))
        case .uint8: Double(word(UInt8.self))
        default: .nan
        }
    }
}

/// What samples of two weights say of each other.
enum WeightLikeness: Equatable {
    /// The filters have the same directions; `isUnscaled`: and the same lengths, so that nothing was folded in.
    case same(isUnscaled: Bool)
    /// Directions differ by what rounding to few bits does.
    case similar
    case different
    /// Filters too short to have a direction, or not read.
    case unknown

    init(_ one: WeightView.Sample?, _ other: WeightView.Sample?) {
        guard let one, let other, one.filters.count == other.filters.count else {
            self = .unknown
            return
        }
        var (equal, near, told, isUnscaled) = (0, 0, 0, true)
        for (a, b) in zip(one.filters, other.filters) {
            guard a.count == b.count, a.count > 2 else { continue }
            let products = zip(a, b).reduce(into: (ab: 0.0, aa: 0.0, bb: 0.0)) { sums, pair in
                sums.ab += pair.0 * pair.1
                sums.aa += pair.0 * pair.0
                sums.bb += pair.1 * pair.1
            }
            // Filters that training or pruning left empty tell nothing.
            guard products.aa > 1e-30, products.bb > 1e-30 else { continue }
            told += 1
            let cosine = abs(products.ab) / (products.aa * products.bb).squareRoot()
            if cosine > 1 - 1e-6 { equal += 1 }
            if cosine > 0.99 { near += 1 }
            if abs(products.aa / products.bb - 1) > 4e-6 || products.ab < 0 { isUnscaled = false }
        }
        guard told > 0 else {
            self = one.filters == other.filters && one.filters.contains { $0.contains { $0 != 0 } }
                ? .same(isUnscaled: true) : .unknown
            return
        }
        // One changed element touches one filter.
        if equal * 4 >= told * 3 {
            self = .same(isUnscaled: isUnscaled)
        } else if near * 4 >= told * 3 {
            self = .similar
        } else {
            self = .different
        }
    }
}

extension WeightView {
    /// A number that rounding hardly moves and that neither layout nor a folded BatchNormalization changes: how the
    /// directions of some filters lie to a drawn one. `nil` where filters have no direction or cannot be read.
    var fingerprint: Double? {
        guard let sample = sample(decodes: true), let length = sample.filters.first?.count, length > 2 else { return nil }
        let drawn = (0..<length).map { Double(SeededInput.real(SeededInput.mix(UInt64($0) &+ 1))) }
        var sum = 0.0
        for filter in sample.filters {
            let norm = filter.reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard norm > 1e-15 else { continue }
            sum += abs(zip(filter, drawn).reduce(0) { $0 + $1.0 * $1.1 }) / norm
        }
        return sum
    }
}
