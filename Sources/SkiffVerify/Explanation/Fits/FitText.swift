internal import SkiffCore
internal import SkiffGraph

/// A fit in words.
struct FitText {
    var parameter = ""
    var found = ""
    var expected = ""
    var sentence = ""
    var rank = 4.0

    init(
        _ site: Site, _ view: LinearView, _ fits: [(channel: Int, fit: ChannelFit)], weight: [Double], bias: [Double],
        changed: [Int], biases: [Int]
    ) {
        let factors = fits.compactMap(\.fit.factor)
        let name = site.name
        if factors.count == fits.count, let factor = factors.first {
            tellFactors(name, view, fits, factors, factor)
        } else if changed.count == 1, biases.isEmpty {
            let index = view.weightShape.index(ofPosition: changed[0])
            (found, expected) = Self.texts(view.weight[changed[0]], weight[changed[0]])
            parameter = "\(view.names.weight) \(index.shapeText)"
            let what = view.names.weight == "weight" ? "one weight of \(name)" : "one element of \(view.names.weight) of \(name)"
            sentence = "\(what): \(index.shapeText) is \(found) here and \(expected) in the reference"
            tellVariance(view, fits[0].channel, weight[changed[0]])
        } else if changed.isEmpty, factors.isEmpty, let first = biases.first {
            (found, expected) = Self.texts(view.bias[first], bias[first])
            parameter = "\(view.names.bias) [\(first)]"
            let what = biases.count == 1
                ? "one element of \(view.names.bias) of \(name): " : "\(biases.count) elements of \(view.names.bias) of \(name), "
                    + "the first: "
            sentence = what + "[\(first)] is \(found) here and \(expected) in the reference"
            rank = biases.count == 1 ? 4 : 5
            if biases.count == 1 { tellMean(view, first, bias[first]) }
        } else if let first = changed.min() {
            let index = view.weightShape.index(ofPosition: first)
            (found, expected) = Self.texts(view.weight[first], weight[first])
            parameter = "\(changed.count) elements of \(view.names.weight)"
            let channels = fits.count == 1 ? "output channel \(fits[0].channel)" : "\(fits.count) output channels"
            let added = biases.isEmpty ? "" : " and \(view.names.bias)"
            sentence = "\(changed.count) elements of \(view.names.weight)\(added) of \(name), in \(channels): the first, "
                + "\(index.shapeText), is \(found) here and \(expected) in the reference"
            rank = 6
        } else {
            parameter = "\(view.names.weight) and \(view.names.bias) of \(fits.count) output channels"
            (found, expected) = ("its own", "others")
            sentence = "\(name): \(parameter) are others in the reference"
            rank = 6
        }
    }

    private mutating func tellFactors(
        _ name: String, _ view: LinearView, _ fits: [(channel: Int, fit: ChannelFit)], _ factors: [Double], _ factor: Double
    ) {
        let isOne = fits.count == 1
        let isUniform = factors.allSatisfy { abs($0 - factor) <= 1e-3 * abs(factor) }
        (found, expected) = Self.texts(1, factor)
        if isOne, view.taps == 1 {
            let own = view.weight[view.position(fits[0].channel, 0)]
            (found, expected) = Self.texts(own, own * factor)
            parameter = "\(view.names.weight) [\(fits[0].channel)]"
            let what = view.names.weight == "weight" ? "one weight of \(name)" : "one element of \(view.names.weight) of \(name)"
            let index = view.weightShape.index(ofPosition: view.position(fits[0].channel, 0))
            sentence = "\(what): \(index.shapeText) is \(found) here and \(expected) in the reference"
            tellVariance(view, fits[0].channel, own * factor)
        } else if isOne || isUniform {
            let what = isOne
                ? "weights of output channel \(fits[0].channel)"
                : fits.count == view.channels ? "all of \(view.names.weight)" : "weights of \(fits.count) output channels"
            parameter = what
            sentence = "\(name): \(what) are \(expected) times as large in the reference"
            rank = isOne ? 4 : 4.5
        } else {
            parameter = "weights of \(fits.count) output channels"
            sentence = "\(name): each output channel has a factor of its own in the reference, as if another normalization "
                + "were folded in; the first, of channel \(fits[0].channel), is \(expected)"
            rank = 5
        }
    }

    /// Another gamma may be another variance.
    private mutating func tellVariance(_ view: LinearView, _ channel: Int, _ gamma: Double) {
        guard let moments = view.moments, gamma != 0, view.weight[channel] != 0 else { return }
        let share = view.weight[channel] / gamma
        let variance = (moments.variance[channel] + moments.epsilon) * share * share - moments.epsilon
        guard variance >= 0 else { return }
        tell("variance", Self.texts(moments.variance[channel], variance))
    }

    /// Another beta may be another mean.
    private mutating func tellMean(_ view: LinearView, _ channel: Int, _ beta: Double) {
        guard let moments = view.moments, view.weight[channel] != 0 else { return }
        let deviation = (moments.variance[channel] + moments.epsilon).squareRoot()
        let mean = moments.mean[channel] - (beta - view.bias[channel]) * deviation / view.weight[channel]
        tell("mean", Self.texts(moments.mean[channel], mean))
    }

    private mutating func tell(_ name: String, _ texts: (String, String)) {
        expected += " (or \(name) \(texts.1))"
        sentence += "; or its \(name) is \(texts.0) here and \(texts.1) in the reference"
    }

    /// Two numbers in as few digits as show that they differ.
    private static func texts(_ found: Double, _ expected: Double) -> (String, String) {
        for digits in 3...9 {
            let texts = [found, expected].map { number in
                let sign = number < 0 ? -1.0 : 1
                return shortText(sign * ExplanationSearch.rounded(abs(number), digits: digits))
            }
            // The numbers differ by more than what leaving out digits changes.
            let step = abs(found - expected)
            let isTold = texts[0] != texts[1] && zip(texts, [found, expected]).allSatisfy { text, number in
                abs((Double(text) ?? .infinity) - number) < 0.1 * step
            }
            if isTold { return (texts[0], texts[1]) }
        }
        return (shortText(Float(found)), shortText(Float(expected)))
    }
}
