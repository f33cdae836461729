internal import SkiffCore
public import SkiffGraph

extension WeightStatistics {
    /// What the weights say as a whole, one line each: where they come from, what is dead, what is hardly used.
    public func summary(of graph: Graph, _ inspection: Inspection) -> [String] {
        let context = LintContext(graph, inspection, statistics: self)
        let rules = LintRule.weightRules + [.negativeVariance, .tinyVariance]
        return formLines + rules.flatMap { rule -> [String] in
            let found = rule.check?(context) ?? []
            guard found.count > 3 else { return found.map(\.line) }
            return [found[0].line + ", and \(groupedText(found.count - 1)) more of \(rule.title)"]
        }
    }

    /// The health of each BatchNormalization, in the order of the network.
    public func normalizations(of graph: Graph, _ inspection: Inspection) -> [NormalizationHealth] {
        NormalizationHealth.all(of: LintContext(graph, inspection, statistics: self))
    }

    /// How each residual block scales its branch, where it can be told.
    public func blockGains(of graph: Graph, _ inspection: Inspection) -> [BlockGain] {
        BlockGain.all(of: LintContext(graph, inspection, statistics: self))
    }

    /// `all 53 kernels of float32 hold float16 numbers`: forms, of which most tensors share one.
    var formLines: [String] {
        var groups: [String: [TensorStatistics]] = [:]
        var order: [String] = []
        for tensor in tensors {
            guard let form = tensor.form else { continue }
            let key = "\(tensor.elementType.rawValue) \(form.kind)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(tensor)
        }
        return order.compactMap { key in
            guard let group = groups[key], let first = group.first, let form = first.form else { return nil }
            let all = tensors.count { $0.elementType == first.elementType && $0.elements - $0.zeros >= 16 && !$0.isConstant }
            let which = group.count == 1 ? "\"\(escaped(first.name))\"" : "\(group.count) of \(countText(all, "\(first.elementType.rawValue) tensor"))"
            return which + " " + form.sentence(isPlural: group.count > 1)
        }
    }
}

extension NumberForm {
    /// What tensors are grouped by.
    fileprivate var kind: String {
        switch self {
        case .narrower(let type): type.rawValue
        case .tensorFloat32: "tf32"
        case .wholeNumbers(let bits, let isSigned): "\(isSigned)\(bits)"
        case .palette: "palette"
        case .fewValues(let values): "\(values)"
        case .grid: "one grid"
        case .channelGrid: "grid"
        }
    }

    fileprivate func sentence(isPlural: Bool) -> String {
        let verb = isPlural ? "hold" : "holds"
        return switch self {
        case .narrower(let type): "\(verb) \(type.rawValue) numbers alone: \(isPlural ? "they were" : "it was") \(type.rawValue) once"
        case .tensorFloat32: "\(verb) numbers of 10 fraction bits: TensorFloat-32"
        case .wholeNumbers: "\(verb) whole numbers of few bits"
        case .palette: "\(verb) at most 256 distinct values: quantized or clustered"
        case .fewValues: "\(verb) \(text) alone"
        case .grid: "\(verb) multiples of one step: \(isPlural ? "they were" : "it was") quantized once"
        case .channelGrid: "\(verb) multiples of a step by channel: \(isPlural ? "they were" : "it was") quantized once"
        }
    }
}

extension Finding {
    fileprivate var line: String { place.text.isEmpty ? message : "\(place.text): \(message)" }
}
