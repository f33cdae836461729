internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

extension ExplanationSearch {
    /// What was found, each function once, the best first, with what tells the first two apart.
    func outcome(_ reference: Explainer.ReferencePiece?) -> Explainer.Outcome {
        let ranked = accepted.enumerated().sorted {
            ($0.element.score, $0.element.ratio, $0.offset) < ($1.element.score, $1.element.ratio, $1.offset)
        }.map(\.element)
        var kept: [Accepted] = []
        for one in ranked where kept.count < explainer.most {
            let isKnown = kept.contains { other in
                other.fingerprint == one.fingerprint
                    && TellingInput(region, other.piece, one.piece, least: 0)?.separation ?? 0 == 0
            }
            if !isKnown { kept.append(one) }
        }
        var outcome = Explainer.Outcome(experiments: count, isCut: isCut)
        if let unit = original?.unit, unit > 0 { outcome.nearest = tried.map { $0.error / unit }.min() }
        if kept.count > 1 { outcome.telling = TellingInput(region, kept[0].piece, kept[1].piece) }
        if let telling = outcome.telling, let answer = reference?(telling.given) {
            let fitting = kept.filter { isBorneOut($0.piece, telling.given, answer) }
            if !fitting.isEmpty { kept = fitting }
        }
        for (position, one) in kept.enumerated() {
            var explanation = one.explanation
            if position == 0, kept.count > 1 { explanation.note = note(kept, outcome.telling) }
            outcome.findings.append(.init(explanation: explanation, piece: one.piece))
        }
        return outcome
    }

    private func note(_ kept: [Accepted], _ telling: TellingInput?) -> String {
        let others = kept.dropFirst().map { "\($0.experiment.parameter) \($0.experiment.expected) at \($0.experiment.node)" }
        let list = others.joined(separator: "; ")
        guard let telling else { return "as well fits: \(list); no input that was tried tells them apart" }
        return "as well fits: \(list); \(telling.description) tells the first two apart, by \(brief(telling.separation)) × noise"
    }

    /// Whether the reference gives what a changed piece gives, on another input.
    private func isBorneOut(_ piece: Graph, _ given: [String: Tensor], _ answer: Tensor) -> Bool {
        guard let float = try? region.output(of: piece, given: given, .float).doubles(),
            let double = try? region.output(of: piece, given: given, .double), let elements = try? double.doubles(),
            let expected = try? answer.doubles(), answer.shape == double.shape
        else { return true }
        return Judgement(
            reference: expected, float: float, double: elements, shape: answer.shape, elementType: answer.elementType,
            policy: region.policy
        ).verdict.isAgreement
    }
}

extension ExplanationSearch.Accepted {
    var explanation: Explanation {
        Explanation(
            kind: experiment.kind, node: experiment.node, parameter: experiment.parameter, found: experiment.found,
            expected: experiment.expected, ratio: ratio, sentence: experiment.sentence)
    }
}
