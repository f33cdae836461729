internal import SkiffCore
internal import SkiffGraph

/// What comparing two weights gave.
struct WeightVerdict: Sendable {
    var state: ModelDifference.Weight.State
    var text: String
    var amounts: WeightAmounts?
    /// Output channels with a difference, and all of them.
    var changedChannels: Int?
    var channels: Int?
    /// The largest difference, and where it is in the left tensor.
    var largest: Double?
    var place: [Int]?
    /// What one side was rounded to: `float16`.
    var roundedTo: String?
    /// Whether one of them could not be read or may not be, so that nothing is known but that digests differ.
    var isUnread = false

    init(_ state: ModelDifference.Weight.State, _ text: String) {
        self.state = state
        self.text = text
    }
}

/// What headers say of weights: digests of elements that do not hang on the order of axes.
struct WeightDigests: Sendable {
    var digest: [UInt8]
    /// What ``digest`` was before rounding.
    var sourceDigest: [UInt8]?
    /// How the elements are stored, for people: `float16`, `int8`.
    var encoding: String
}

/// Compares weights, the cheap ways first: one place in one file, one digest, equal bytes, then elements.
struct WeightComparator: Sendable {
    var isHeadersOnly = false

    func compare(
        _ left: WeightRef, _ right: WeightRef, digests: (left: WeightDigests?, right: WeightDigests?)
    ) -> WeightVerdict {
        guard Set(left.axes) == Set(right.axes), left.axes.count == right.axes.count else {
            return WeightVerdict(
                .changed, "shape \(left.tensor.shape.shapeText) → \(right.tensor.shape.shapeText)")
        }
        let isPlain = left.scaling == nil && right.scaling == nil
        let liesLike = left.liesLike(right)
        if isPlain, let known = fromHeaders(left, right, digests) { return known }
        if isPlain, liesLike, left.tensor.isSamePlace(as: right.tensor) { return same(left, right) }
        if isHeadersOnly {
            var verdict = WeightVerdict(
                .changed, digests.left == nil || digests.right == nil ? "not read" : "other elements, not read")
            verdict.isUnread = true
            return verdict
        }
        do {
            if isPlain, left.tensor.elementType == right.tensor.elementType, try isSameElements(left, right) {
                return same(left, right)
            }
            return try measured(left, right, digests)
        } catch {
            var verdict = WeightVerdict(.changed, "cannot be read: \(error.message)")
            verdict.isUnread = true
            return verdict
        }
    }

    private func same(_ left: WeightRef, _ right: WeightRef) -> WeightVerdict {
        if left.liesLike(right) {
            let isTurned = left.tensor.byteOrder != right.tensor.byteOrder
            return WeightVerdict(.identical, isTurned ? "same elements in the other byte order" : "same bytes")
        }
        return WeightVerdict(
            .rearranged, "same elements, axes \(left.tensor.shape.shapeText) → \(right.tensor.shape.shapeText)")
    }

    /// What digests decide; `nil` where they do not.
    private func fromHeaders(
        _ left: WeightRef, _ right: WeightRef, _ digests: (left: WeightDigests?, right: WeightDigests?)
    ) -> WeightVerdict? {
        guard let one = digests.left, let other = digests.right else { return nil }
        // A digest counts elements in the order of the operator's axes; factors of flattened axes it does not know.
        guard !left.hasFactors, !right.hasFactors else { return nil }
        if one.digest == other.digest { return same(left, right) }
        let (name, isRight): (String, Bool)
        if other.sourceDigest == one.digest {
            (name, isRight) = (other.encoding, true)
        } else if one.sourceDigest == other.digest {
            (name, isRight) = (one.encoding, false)
        } else {
            return nil
        }
        var verdict = WeightVerdict(
            .rounded, isRight ? "rounded to \(name)" : "of what is rounded to \(name) on the left")
        verdict.roundedTo = name
        return verdict
    }

    private func isSameElements(_ left: WeightRef, _ right: WeightRef) throws(CoreError) -> Bool {
        if left.liesLike(right) {
            if left.tensor.shape == right.tensor.shape {
                return left.tensor.firstDifferingElement(from: right.tensor) == nil
            }
            return try left.tensor.firstDifferingElement(
                from: right.tensor, permutedBy: Array(left.axes.indices), of: left.axes.map(\.extent)) == nil
        }
        guard let order = left.order(of: right) else { return false }
        return try left.tensor.firstDifferingElement(
            from: right.tensor, permutedBy: order, of: left.axes.map(\.extent)) == nil
    }

    private func measured(
        _ left: WeightRef, _ right: WeightRef, _ digests: (left: WeightDigests?, right: WeightDigests?)
    ) throws(CoreError) -> WeightVerdict {
        var walk = WeightWalk(left, right)
        try walk.run()
        let amounts = walk.amounts
        if amounts.changed == 0 {
            let isTyped = left.tensor.elementType != right.tensor.elementType
            let types = "\(left.tensor.elementType.rawValue) → \(right.tensor.elementType.rawValue)"
            if left.tensor.elementType.isWide || right.tensor.elementType.isWide {
                var verdict = WeightVerdict(
                    isTyped ? .rounded : .changed, isTyped ? "rounded, \(types)" : "differs below float32's precision")
                verdict.roundedTo = isTyped ? "float32" : nil
                return verdict
            }
            // Zeros of either sign, and NaN of other bits, are the same numbers.
            return WeightVerdict(.rearranged, isTyped ? "same numbers, \(types)" : "same numbers, other bits")
        }
        var verdict = WeightVerdict(.changed, "")
        verdict.amounts = amounts
        verdict.largest = amounts.largest
        verdict.place = left.place(of: amounts.largestPosition, walkedAs: right)
        verdict.channels = walk.channelCount
        verdict.changedChannels = walk.changedChannels
        if let rounded = rounding(left, right, amounts, digests) {
            verdict.state = .rounded
            verdict.roundedTo = rounded.name
            verdict.text = rounded.text
        } else {
            verdict.text = changeText(verdict, amounts, name: "channels")
        }
        return verdict
    }

    private func rounding(
        _ left: WeightRef, _ right: WeightRef, _ amounts: WeightAmounts,
        _ digests: (left: WeightDigests?, right: WeightDigests?)
    ) -> (name: String, text: String)? {
        for (isRight, name, applies) in [
            (true, "float16", amounts.isRightHalf), (true, "bfloat16", amounts.isRightBrain),
            (false, "float16", amounts.isLeftHalf), (false, "bfloat16", amounts.isLeftBrain),
        ] where applies {
            let stored = (isRight ? right : left).tensor.elementType.rawValue
            let kept = stored == name ? "" : ", kept as \(stored)"
            return (name, isRight ? "rounded to \(name)\(kept)" : "\(name)\(kept) → what it was rounded from")
        }
        if left.scaling != nil || right.scaling != nil, amounts.isWithinHalfStep {
            let isRight = right.scaling != nil
            let name = (isRight ? right : left).tensor.elementType.rawValue
            let share = "by \(percentText(amounts.relativeError)) of its size, within half a step everywhere"
            return (name, isRight ? "quantized to \(name), \(share)" : "\(name) → what it was quantized from, \(share)")
        }
        for (isRight, digests) in [(true, digests.right), (false, digests.left)] {
            // Eight bits keep a 127th of a channel's largest element, half a step of it at most.
            guard let encoding = digests?.encoding, encoding == "int8", amounts.relativeError < 0.05 else { continue }
            let share = "differs by \(percentText(amounts.relativeError)) of its size"
            return ("int8", isRight ? "stored as int8, \(share)" : "stored as int8 on the left, \(share)")
        }
        return nil
    }

    private func changeText(_ verdict: WeightVerdict, _ amounts: WeightAmounts, name: String) -> String {
        var parts: [String] = []
        if let changed = verdict.changedChannels, let all = verdict.channels, all > 1, changed < all {
            parts.append("\(changed) of \(all) \(name) changed")
        } else if amounts.changed * 2 < amounts.count {
            parts.append("\(amounts.changed) of \(amounts.count) elements changed")
        }
        let size = amounts.relativeError
        if amounts.zeroed > 0, amounts.zeroed == amounts.changed {
            parts.append("\(amounts.zeroed) of \(amounts.count) elements set to zero")
        }
        if size.isFinite {
            parts.append("differs by \(percentText(size)) of its size")
        } else {
            parts.append(amounts.hasNonfinite ? "differs in elements that are no numbers" : "was all zero")
        }
        if let place = verdict.place, amounts.largest.isFinite {
            parts.append("most by \(amountText(amounts.largest)) at \(place.shapeText)")
        }
        return parts.joined(separator: ", ")
    }
}

extension ElementType {
    /// Whether elements hold numbers that float32 does not.
    fileprivate var isWide: Bool {
        switch self {
        case .float64, .int64, .uint64, .int32, .uint32: true
        default: false
        }
    }
}

extension WeightRef {
    var hasFactors: Bool {
        axes.contains {
            if case .input(let factor) = $0.key { factor > 0 } else { false }
        }
    }

    /// Axis `k` of `other` is axis `result[k]` of this.
    func order(of other: WeightRef) -> [Int]? {
        var result: [Int] = []
        for axis in other.axes {
            guard let found = axes.firstIndex(of: axis) else { return nil }
            result.append(found)
        }
        return Set(result).count == axes.count ? result : nil
    }

    /// The index in the stored tensor of the element at a position that was walked in another's order.
    func place(of position: Int, walkedAs other: WeightRef) -> [Int] {
        let strides = other.axes.map(\.extent).rowMajorStrides
        let own = axes.map(\.extent).rowMajorStrides
        var offset = 0
        for (axis, stride) in zip(other.axes, strides) {
            guard let found = axes.firstIndex(of: axis), axis.extent > 0 else { continue }
            offset += position / stride % axis.extent * own[found]
        }
        return zip(tensor.shape.rowMajorStrides, tensor.shape).map { offset / $0 % max($1, 1) }
    }
}

extension Tensor {
    /// Whether both are the same bytes of one file, or of one piece of memory.
    func isSamePlace(as other: Tensor) -> Bool {
        guard elementType == other.elementType, byteRange == other.byteRange, byteOrder == other.byteOrder else {
            return false
        }
        if storage === other.storage { return true }
        return storage.identity != nil && storage.identity == other.storage.identity && !storage.isDeferred
            && !other.storage.isDeferred
    }
}
