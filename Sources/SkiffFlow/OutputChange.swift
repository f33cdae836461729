internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// How far the outputs of a changed network are from the whole one's, over all runs.
struct OutputChange {
    /// Sums of squares of one output of reals: of the change, and of the output.
    private struct Sums {
        var change = 0.0
        var whole = 0.0

        /// Roots of both, one over the other.
        var ratio: Double {
            if change == 0 { return 0 }
            return whole == 0 ? .infinity : (change / whole).squareRoot()
        }
    }

    private var reals: [String: Sums] = [:]
    /// Elements of outputs of whole numbers: all, and those that differ.
    private var integers = (count: 0, changed: 0)
    /// Of the scores that a Softmax is computed from.
    private var scores: Sums?
    private var decisions = 0
    private var agreements = 0

    /// Of the worst output of reals; where there is none, the share of whole numbers that differ.
    var lesion: SignalFlow.Lesion {
        let worst = reals.values.map(\.ratio).reduce(Double?.none) { worst, ratio in
            worst.map { ratio.isNaN || $0.isNaN ? .nan : max($0, ratio) } ?? ratio
        }
        let changed = integers.count > 0 ? Double(integers.changed) / Double(integers.count) : 0
        let agreement: Double? = if decisions > 0 {
            Double(agreements) / Double(decisions)
        } else if reals.isEmpty, integers.count > 0 { 1 - changed } else { nil }
        return SignalFlow.Lesion(outputChange: worst ?? changed, top1Agreement: agreement, scoreChange: scores?.ratio)
    }

    /// Adds one run.
    /// - Parameters:
    ///   - changed: outputs that may have changed; the others are as they were.
    ///   - classes: the output with classes and where they lie in it.
    /// - Throws: ``EngineError`` where an output cannot be decoded.
    mutating func add(
        whole: [String: Tensor], changed: [String: Tensor], classes: RunClasses?
    ) throws(EngineError) {
        for (name, tensor) in whole.sorted(by: { $0.key < $1.key }) {
            let other = changed[name] ?? tensor
            guard tensor.shape == other.shape else { continue }
            do throws(CoreError) {
                guard tensor.elementType.isFloatingPoint else {
                    let (before, after) = (try tensor.integers(), try other.integers())
                    integers.count += before.count
                    integers.changed += zip(before, after).count { $0 != $1 }
                    continue
                }
                let (before, after) = (try tensor.doubles(), try other.doubles())
                if let classes, classes.scores?.name == name, let layout = classes.scores?.layout {
                    addScores(before, after, layout)
                } else {
                    add(before, after, name)
                }
                if let classes, classes.name == name {
                    decisions += classes.layout.decisions
                    agreements += classes.layout.agreements(before, after)
                }
            } catch { throw EngineError(error) }
        }
    }

    private mutating func addScores(_ before: [Double], _ after: [Double], _ layout: ClassLayout) {
        var sums = scores ?? Sums()
        layout.forEachCentred(before, after) { old, new in
            sums.change += (new - old) * (new - old)
            sums.whole += old * old
        }
        scores = sums
    }

    private mutating func add(_ before: [Double], _ after: [Double], _ name: String) {
        var sums = reals[name] ?? Sums()
        for (old, new) in zip(before, after) {
            // Equal infinities have not changed.
            let change = old == new ? 0 : new - old
            sums.change += change * change
            sums.whole += old * old
        }
        reals[name] = sums
    }
}

/// The classes of one run's output.
struct RunClasses {
    let name: String
    let layout: ClassLayout
    let samples: Int
    /// Under what name the scores come that a Softmax is computed from, and where classes lie in them.
    let scores: (name: String, layout: ClassLayout)?

    /// The first output that has classes in these shapes; `nil` where none has.
    init?(_ candidates: [OutputClasses], _ outputs: FlowOutputs, _ tensors: [String: Tensor]) {
        for candidate in candidates {
            let name = outputs.all[candidate.output].name
            guard let tensor = tensors[name], tensor.elementType.isFloatingPoint,
                let layout = candidate.layout(in: tensor.shape)
            else { continue }
            self.name = name
            self.layout = layout
            samples = tensor.shape.first ?? 1
            if let value = candidate.scores?.value, let hidden = outputs.hidden[value],
                let scores = tensors[hidden], scores.elementType.isFloatingPoint,
                let layout = candidate.scoreLayout(in: scores.shape), layout.count == self.layout.count
            {
                self.scores = (hidden, layout)
            } else { scores = nil }
            return
        }
        return nil
    }
}

/// The outputs of a network, and the scores that the first Softmax among them is computed from.
struct FlowOutputs {
    /// The network's own come first.
    let all: [GraphOutput]
    /// By value, under what name scores come that are no output.
    let hidden: [ValueID: String]

    init(_ graph: Graph, _ candidates: [OutputClasses]) {
        var all = graph.outputs
        var hidden: [ValueID: String] = [:]
        if let value = candidates.lazy.compactMap(\.scores?.value).first, graph.producer(of: value) != nil {
            var name = "scores"
            while all.contains(where: { $0.name == name }) { name += "_" }
            all.append(GraphOutput(name: name, value: value))
            hidden[value] = name
        }
        self.all = all
        self.hidden = hidden
    }
}
