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
        return SignalFlow.Lesion(outputChange: worst ?? changed, top1Agreement: agreement)
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
            do throws(CoreError) {
                if tensor.elementType.isFloatingPoint {
                    let (before, after) = (try tensor.doubles(), try other.doubles())
                    guard before.count == after.count else { continue }
                    add(before, after, name)
                } else {
                    let (before, after) = (try tensor.integers(), try other.integers())
                    guard before.count == after.count else { continue }
                    integers.count += before.count
                    integers.changed += zip(before, after).count { $0 != $1 }
                }
                guard let classes, classes.name == name, tensor.shape == other.shape else { continue }
                decisions += classes.layout.decisions
                agreements += changed[name] == nil ? classes.layout.decisions
                    : OutputClasses.agreements(try tensor.floats(), try other.floats(), classes.layout)
            } catch { throw EngineError(error) }
        }
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
    var name: String
    var layout: (count: Int, stride: Int, decisions: Int)
    var samples: Int

    /// The first output that has classes in these shapes; `nil` where none has.
    init?(_ candidates: [OutputClasses], _ graph: Graph, _ outputs: [String: Tensor]) {
        for candidate in candidates {
            let name = graph.outputs[candidate.output].name
            guard let tensor = outputs[name], tensor.elementType.isFloatingPoint,
                let layout = candidate.layout(in: tensor.shape)
            else { continue }
            self.name = name
            self.layout = layout
            samples = tensor.shape.first ?? 1
            return
        }
        return nil
    }
}
