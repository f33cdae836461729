internal import SkiffCore
internal import SkiffInspect

extension SignalFlow {
    /// Change of the outputs below which a block is said to be hardly used.
    static let hardlyUsed = 0.01
    /// Most blocks that a sentence names.
    private static let mostNames = 6

    /// What was measured, in sentences.
    func reading(_ inspection: Inspection) -> [String] {
        [sizes, use(inspection), kinds(inspection)].compactMap { $0 }
    }

    private var sizes: String? {
        let ratios = blocks.compactMap(\.ratio).filter(\.isFinite).sorted()
        guard !ratios.isEmpty else { return nil }
        let smaller = ratios.count { $0 < 1 }
        var text = "The branch is smaller than the shortcut in \(smaller) of \(counted(ratios.count, "block"))"
        text += ", their ratio \(short(median(ratios))) in the middle."
        let sums = blocks.compactMap(\.sumRMS).filter { $0.isFinite && $0 > 0 }
        if let first = sums.first, let last = sums.last, sums.count > 1 {
            let word = last > 1.25 * first ? "grows" : last < 0.8 * first ? "shrinks" : "stays about the same"
            text += " Along the depth the sum \(word), from \(short(first)) to \(short(last))."
        }
        return text
    }

    private func use(_ inspection: Inspection) -> String? {
        let tried = blocks.compactMap { block in
            block.lesion.map { (name: inspection.blocks[block.block].name, lesion: $0) }
        }.filter { !$0.lesion.change.isNaN }
        guard let least = tried.min(by: { $0.lesion.change < $1.lesion.change }),
            let most = tried.max(by: { $0.lesion.change < $1.lesion.change })
        else { return nil }
        let unused = tried.filter { $0.lesion.change < Self.hardlyUsed }.map { escaped($0.name) }
        let what = tried.contains { $0.lesion.scoreChange != nil } ? "scores" : "outputs"
        var text: String
        if unused.isEmpty {
            text = "Every block is used: without the least missed, \(escaped(least.name)), \(what) change by "
                + "\(percent(least.lesion.change))."
        } else {
            let isOne = unused.count == 1
            text = "Hardly used \(isOne ? "is" : "are") \(listed(unused)): without \(isOne ? "it" : "any one of them") "
                + "\(what) change by less than \(percent(Self.hardlyUsed))."
        }
        if tried.count > 1 {
            text += " Missed most is \(escaped(most.name)), \(percent(most.lesion.change))."
        }
        if let classes, !classes.isPerPosition {
            let kept = tried.count { $0.lesion.top1Agreement == 1 }
            text += " Without any one of \(kept) of \(counted(tried.count, "block")) all samples keep their class."
        }
        return text
    }

    /// Whether blocks that change extent or channels are missed more than those that keep both.
    private func kinds(_ inspection: Inspection) -> String? {
        func changes(_ isChanging: Bool) -> [Double] {
            blocks.compactMap { block in
                let about = inspection.blocks[block.block]
                guard (about.isStrided || about.shortcut != .identity) == isChanging else { return nil }
                return block.lesion?.change
            }.filter(\.isFinite).sorted()
        }
        let (changing, keeping) = (changes(true), changes(false))
        guard changing.count > 1, keeping.count > 1 else { return nil }
        return "Removing a block that changes extent or channels changes them by \(percent(median(changing))) in the "
            + "middle, one with an identity shortcut by \(percent(median(keeping)))."
    }

    private func listed(_ names: [String]) -> String {
        let shown = names.prefix(Self.mostNames).joined(separator: ", ")
        return names.count > Self.mostNames ? "\(shown) and \(names.count - Self.mostNames) more" : shown
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

/// The middle of sorted numbers.
private func median(_ sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
