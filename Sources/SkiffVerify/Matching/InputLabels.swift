internal import SkiffCore
internal import SkiffGraph

/// Labels for the axes of two models' inputs: by the layout in which each model reads them, and where one does not say,
/// as the other has them.
struct InputLabels {
    private(set) var candidate: [ValueID: [Int]] = [:]
    private(set) var reference: [ValueID: [Int]] = [:]

    init(_ candidate: Graph, _ reference: Graph, _ pairs: [InterfacePairs.Pair]) {
        let traces = Sides(candidate: LayoutTrace(candidate), reference: LayoutTrace(reference))
        for pair in pairs {
            guard let shape = candidate[pair.candidate].fact?.shape, let other = reference[pair.reference].fact?.shape,
                shape.count == other.count, shape.count > 2
            else { continue }
            let rank = shape.count
            let own = traces.candidate.layout(ofInput: pair.candidate).map { AxisLabels.labels($0, rank: rank) }
            let others = traces.reference.layout(ofInput: pair.reference).map { AxisLabels.labels($0, rank: rank) }
            guard let labels = own ?? others.flatMap({ Self.turned($0, other, shape) }),
                let otherLabels = others ?? own.flatMap({ Self.turned($0, shape, other) })
            else { continue }
            self.candidate[pair.candidate] = labels
            self.reference[pair.reference] = otherLabels
        }
    }

    /// Labels of one input for the other of another shape: as they are where the shapes agree, else in the one other layout
    /// that fits.
    private static func turned(_ labels: [Int], _ shape: SymbolicShape, _ other: SymbolicShape) -> [Int]? {
        func agrees(_ one: SymbolicShape) -> Bool {
            zip(one, other).allSatisfy { a, b in a.fixedValue == nil || b.fixedValue == nil || a == b }
        }
        if agrees(shape) { return labels }
        let fitting = [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)]
            .compactMap { Permutation(from: $0, to: $1, rank: shape.count) }.filter { agrees($0(shape)) }
        return fitting.count == 1 ? fitting[0](labels) : nil
    }
}
