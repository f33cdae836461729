internal import SkiffCore
internal import SkiffGraph

/// Compares two pieces of which one has folded into its weights what the other does behind.
struct FoldComparison: Sendable {
    typealias Weight = ModelDifference.Weight

    let left: Network
    let right: Network

    struct Outcome {
        var weights: [Weight] = []
        var notes: [String] = []
        var unknowns: [String] = []
        var isSame = false
    }

    func compare(_ one: Int, _ other: Int, isHeadersOnly: Bool) -> Outcome {
        let (piece, partner) = (left.pieces[one], right.pieces[other])
        var outcome = Outcome()
        guard !isHeadersOnly else {
            outcome.unknowns.append("what is folded can only be told from the weights")
            outcome.weights = weights(piece, left, isLeft: true, .changed, "not read", isUnread: true)
                + weights(partner, right, isLeft: false, .changed, "not read", isUnread: true)
            return outcome
        }
        guard let map = AffineMap(piece, in: left), let otherMap = AffineMap(partner, in: right) else {
            outcome.unknowns.append("constants behind it cannot be read")
            return outcome
        }
        var rounding = AffineMap.rounding
        var roundedTo: String?
        let isPlain = map.scale == otherMap.scale
        guard piece.isContraction else {
            compareMaps(piece, partner, map, otherMap, &outcome)
            return outcome
        }
        guard let weight = left.weights(of: piece.head, in: piece).first,
            let otherWeight = right.weights(of: partner.head, in: partner).first, let stored = weight.stored,
            let otherStored = otherWeight.stored
        else {
            outcome.unknowns.append("its weight is computed")
            return outcome
        }
        let types = [stored.tensor.elementType, otherStored.tensor.elementType]
        if types.contains(.float16) { (rounding, roundedTo) = (0x1.1p-11, "float16") }
        if types.contains(.bfloat16) { (rounding, roundedTo) = (0x1.1p-8, "bfloat16") }
        var result = Weight(
            state: .folded, left: weight.value, right: otherWeight.value, name: left.name(of: weight), text: "",
            role: "weight")
        var isSame = false
        if isPlain {
            // Only shifts are written otherwise: the weights are the same as they are.
            let verdict = WeightComparator().compare(stored, otherStored, digests: (nil, nil))
            result.take(verdict)
            isSame = verdict.state == .identical || verdict.state == .rearranged
        } else {
            isSame = fold(stored, otherStored, map, otherMap, rounding, &result)
            if isSame, let roundedTo {
                result.state = .rounded
                result.roundedTo = roundedTo
                result.text += ", then rounded to \(roundedTo)"
            }
        }
        outcome.weights.append(result)
        let shift = map.shiftDistance(to: otherMap, rounding: rounding)
        let isShiftSame = shift?.isRounding ?? false
        outcome.isSame = isSame && isShiftSame
        addRest(piece, partner, isShiftSame ? nil : shift?.relative, isPlain, &outcome)
        let fewer = piece.nodes.count > partner.nodes.count
        let tail = (fewer ? piece.steps.dropFirst(0) : partner.steps.dropFirst(0))
            .map { (fewer ? left : right).graph[$0].sourceOperator }
        if !tail.isEmpty {
            let name = fewer ? right.name(of: other) : left.name(of: one)
            outcome.notes.append(
                "\(tail.joined(separator: " and ")) of the \(fewer ? "left" : "right") is "
                    + (isPlain ? "the bias of " : "folded into ") + "\(name)")
        }
        return outcome
    }

    private func fold(
        _ stored: WeightRef, _ other: WeightRef, _ map: AffineMap, _ otherMap: AffineMap, _ rounding: Double,
        _ result: inout Weight
    ) -> Bool {
        guard Set(stored.axes) == Set(other.axes) else {
            result.state = .changed
            result.text = "shape \(stored.tensor.shape.shapeText) → \(other.tensor.shape.shapeText)"
            return false
        }
        var walk = WeightWalk(stored, other)
        walk.factors = (map.scale, otherMap.scale)
        walk.tolerance = Float(rounding)
        do {
            try walk.run()
        } catch {
            result.state = .changed
            result.text = "cannot be read: \(error.message)"
            result.isUnread = true
            return false
        }
        let amounts = walk.amounts
        result.elements = amounts.count
        result.changedElements = amounts.changed
        if amounts.changed == 0 {
            result.text = "BatchNormalization folded in, equal but for rounding"
            return true
        }
        result.state = .changed
        result.relativeError = amounts.relativeError
        result.largestError = amounts.largest
        result.largestAt = stored.place(of: amounts.largestPosition, walkedAs: other)
        result.changedChannels = walk.changedChannels
        result.channels = walk.channelCount
        let channels = walk.channelCount.map { "\(walk.changedChannels) of \($0) channels changed, " } ?? ""
        result.text = channels + "with BatchNormalization folded in differs by \(percentText(amounts.relativeError)) of its size"
        return false
    }

    /// Steps without a contraction.
    private func compareMaps(
        _ piece: Piece, _ partner: Piece, _ map: AffineMap, _ otherMap: AffineMap, _ outcome: inout Outcome
    ) {
        let scale = map.scaleDistance(to: otherMap, rounding: AffineMap.rounding)
        let shift = map.shiftDistance(to: otherMap, rounding: AffineMap.rounding)
        outcome.isSame = (scale?.isRounding ?? false) && (shift?.isRounding ?? false)
        let text =
            outcome.isSame
            ? "the same multiple and shift of each channel, but for rounding"
            : "multiples differ by \(percentText(scale?.relative ?? .infinity)), shifts by \(percentText(shift?.relative ?? .infinity))"
        outcome.weights = weights(piece, left, isLeft: true, outcome.isSame ? .folded : .changed, text)
            + weights(partner, right, isLeft: false, outcome.isSame ? .folded : .changed, text)
        let names = [(piece, left), (partner, right)].map { piece, network in
            piece.nodes.map { network.graph[$0].sourceOperator }.joined(separator: " and ")
        }
        if outcome.isSame { outcome.notes.append("\(names[0]) on the left, \(names[1]) on the right") }
    }

    /// Biases and what was folded.
    private func addRest(
        _ piece: Piece, _ partner: Piece, _ distance: Double?, _ isPlain: Bool, _ outcome: inout Outcome
    ) {
        let state: Weight.State = distance == nil ? (isPlain ? .rearranged : .folded) : .changed
        let text =
            distance.map { "biases with what is folded in differ by \(percentText($0)) of the largest" }
            ?? (isPlain ? "same shift of each channel" : "folded, equal but for rounding")
        outcome.weights += weights(piece, left, isLeft: true, state, text, skipsFirst: true)
            + weights(partner, right, isLeft: false, state, text, skipsFirst: true)
    }

    private func weights(
        _ piece: Piece, _ network: Network, isLeft: Bool, _ state: Weight.State, _ text: String,
        skipsFirst: Bool = false, isUnread: Bool = false
    ) -> [Weight] {
        let all = piece.nodes.flatMap { network.weights(of: $0, in: piece) }
        return all.dropFirst(skipsFirst ? 1 : 0).map { weight in
            var result = Weight(
                state: state, left: isLeft ? weight.value : nil, right: isLeft ? nil : weight.value,
                name: network.name(of: weight), text: text, role: weight.role)
            result.isUnread = isUnread
            return result
        }
    }
}

extension ModelDifference.Weight {
    mutating func take(_ verdict: WeightVerdict) {
        state = verdict.state
        text = verdict.text
        roundedTo = verdict.roundedTo
        isUnread = verdict.isUnread
        largestError = verdict.largest
        largestAt = verdict.place
        channels = verdict.channels
        changedChannels = verdict.changedChannels
        relativeError = verdict.amounts?.relativeError
        elements = verdict.amounts?.count
        changedElements = verdict.amounts?.changed
    }
}
