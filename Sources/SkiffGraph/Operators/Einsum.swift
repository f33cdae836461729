internal import SkiffCore

/// A sum of products by Einstein's convention: `bij,bjk->bik`. Inputs: any number, of one type. Source: ONNX Einsum 12.
///
/// Letters name axes; those that the result does not name are summed over. An ellipsis stands for any number of axes,
/// aligned at the last one and broadcast. Without `->` the result has the letters that occur once, sorted, behind the
/// ellipsis.
public struct Einsum: OperatorAttributes {
    public var equation: String
    public init(equation: String) { self.equation = equation }

    /// The equation for operands of known ranks: for each operand and for the result the label of each axis.
    public struct Plan: Hashable, Sendable {
        public var operands: [[Int]]
        public var result: [Int]
        public var labelCount: Int
    }
}

/// Letters before and behind an ellipsis; `nil` behind where there is none.
private struct Term {
    var before: [Character] = []
    var behind: [Character]?

    init(_ text: Substring) throws(GraphError) {
        var rest = text.filter { $0 != " " }[...]
        while let next = rest.first {
            if rest.hasPrefix("..."), behind == nil {
                behind = []
                rest = rest.dropFirst(3)
                continue
            }
            guard next.isASCII, next.isLetter else {
                throw GraphError(.attribute(name: "equation", expected: "letters and one ellipsis", found: "\(text)"))
            }
            if behind == nil { before.append(next) } else { behind?.append(next) }
            rest = rest.dropFirst()
        }
    }

    var letters: [Character] { before + (behind ?? []) }

    /// Labels of the axes: those of letters, and `wide` of the ellipsis' axes, the last ones of `ellipsis`.
    func labels(_ letter: (Character) -> Int?, ellipsis: [Int], wide: Int) -> [Int] {
        let front = before.compactMap(letter)
        guard let behind else { return front }
        return front + ellipsis.suffix(wide) + behind.compactMap(letter)
    }
}

extension Einsum {
    /// - Throws: ``GraphError`` `attribute` for an equation that is none, or does not fit the ranks.
    public func plan(ranks: [Int]) throws(GraphError) -> Plan {
        func refusal(_ expected: String) -> GraphError {
            GraphError(.attribute(name: "equation", expected: expected, found: String(equation.prefix(80))))
        }
        guard equation.utf8.count <= 1024 else { throw refusal("at most 1024 letters") }
        let sides = equation.split(separator: "->", omittingEmptySubsequences: false)
        guard sides.count == 1 || sides.count == 2 else { throw refusal("one arrow") }
        let terms = try sides[0].split(separator: ",", omittingEmptySubsequences: false)
            .map { (text) throws(GraphError) in try Term(text) }
        guard terms.count == ranks.count else { throw refusal("\(ranks.count) operands") }
        var wide = 0
        for (term, rank) in zip(terms, ranks) {
            let extra = rank - term.letters.count
            guard term.behind == nil ? extra == 0 : extra >= 0 else { throw refusal("operands of ranks \(ranks)") }
            wide = max(wide, extra)
        }
        var labels: [Character: Int] = [:]
        for letter in terms.flatMap(\.letters) where labels[letter] == nil { labels[letter] = labels.count }
        let ellipsis = Array(labels.count..<labels.count + wide)
        let result: Term
        if sides.count == 2 {
            result = try Term(sides[1])
        } else {
            let all = terms.flatMap(\.letters)
            let once = Set(all).filter { letter in all.count { $0 == letter } == 1 }.sorted()
            let dots = terms.contains { $0.behind != nil } ? "..." : ""
            result = try Term((dots + String(once))[...])
        }
        guard result.letters.allSatisfy({ labels[$0] != nil }), Set(result.letters).count == result.letters.count else {
            throw refusal("distinct letters of the operands behind the arrow")
        }
        return Plan(
            operands: zip(terms, ranks).map { term, rank in
                term.labels({ labels[$0] }, ellipsis: ellipsis, wide: rank - term.letters.count)
            },
            result: result.labels({ labels[$0] }, ellipsis: ellipsis, wide: wide), labelCount: labels.count + wide)
    }

    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = inputs.indices.map { "input \($0)" }
        let operands = try Operands(inputs, names, required: max(inputs.count, 1), outputCount: outputCount)
        let first = try operands.required(0)
        try first.require(.number)
        try operands.requireSameTypes()
        let shapes = operands.all.compactMap(\.shape)
        guard shapes.count == inputs.count else { return [Fact(first.elementType, nil)] }
        let plan = try plan(ranks: shapes.map(\.count))
        let extents = try extents(plan, shapes)
        return [Fact(first.elementType, plan.result.map { extents[$0] })]
    }

    /// The extent of each label. An extent of one is repeated.
    private func extents(_ plan: Plan, _ shapes: [SymbolicShape]) throws(GraphError) -> SymbolicShape {
        var extents = SymbolicShape(repeating: 1, count: plan.labelCount)
        for (labels, shape) in zip(plan.operands, shapes) {
            for (label, extent) in zip(labels, shape) {
                guard let both = try broadcast([extents[label]], [extent])?.first else { continue }
                extents[label] = both
            }
        }
        return extents
    }

    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        let shapes = inputs.compactMap { $0?.shape }
        guard shapes.count == inputs.count, let plan = try? plan(ranks: shapes.map(\.count)),
            let extents = try? extents(plan, shapes).fixedShape
        else { return nil }
        return inputs.count > 1 ? extents.checkedElementCount : 0
    }
}
