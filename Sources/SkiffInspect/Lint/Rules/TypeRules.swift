internal import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let typeRules: [LintRule] = [castRoundTrip, doubleWeights, mixedPrecision]

    static let castRoundTrip: LintRule = LintRule(
        "cast-round-trip", .warning, "a Cast to another type and right back",
        reason: "Through a narrower type it throws precision away between two layers that do not need it; through a wider one it only "
            + "costs time.",
        advice: "leave both out",
        example: "node \"Cast_9\" (Cast): goes back to float32 from float16, to which \"Cast_8\" rounded"
    ) { context in
        context.steps.compactMap { step in
            guard case .cast(let back) = step.node.operator, let input = step.node.inputs.first ?? nil,
                let before = context.graph.producer(of: input), case .cast(let there) = context.graph[before].operator,
                let origin = (context.graph[before].inputs.first ?? nil).flatMap({ context.graph[$0].fact?.elementType }),
                origin == back.elementType, there.elementType != origin, origin.isFloatingPoint
            else { return nil }
            // What rounds to whole numbers is meant.
            guard there.elementType.isFloatingPoint else { return nil }
            let loses = (there.elementType.bitWidth ?? 0) < (origin.bitWidth ?? 0)
            return castRoundTrip.finding(
                "goes back to \(origin.rawValue) from \(there.elementType.rawValue), to which "
                    + "\"\(escaped(context.graph.displayName(of: before)))\" \(loses ? "rounded" : "went")",
                at: context.graph.place(of: step.id), severity: loses ? .warning : .note)
        }
    }

    static let doubleWeights: LintRule = LintRule(
        "float64-weights", .warning, "weights of float64",
        reason: "They take twice the room and far more than twice the time. NumPy makes float64 of Python numbers, so a weight "
            + "that went through it often changed its type without anybody asking.",
        advice: "convert the weights to float32; --weights says whether float32 holds them without loss",
        example: "tensor \"conv1.weight\": is float64, as 52 other weights are"
    ) { context in
        let double = context.graph.weights.filter { id in
            guard let tensor = context.graph[id].tensor else { return false }
            return tensor.elementType == .float64 && tensor.elementCount >= 8 && !context.readers[id.index].isEmpty
        }
        guard let first = double.first else { return [] }
        let rest = double.count > 1 ? ", as \(countText(double.count - 1, "other weight")) are" : ""
        return [doubleWeights.finding("is float64\(rest)", at: context.place(of: first))]
    }

    static let mixedPrecision: LintRule = LintRule(
        "mixed-precision", .note, "kernels of several floating-point types",
        reason: "Some layers were converted to half precision and some were not. That may be meant, to keep sensitive layers exact.",
        advice: "see which with --weights; convert all, or note why not",
        example: "tensor \"conv1.weight\": is float16, 3 of 53 kernels are float32"
    ) { context in
        var kinds: [ElementType: [ValueID]] = [:]
        var known: Set<ValueID> = []
        for step in context.steps where [.convolution, .matrix].contains(step.node.operator.role) {
            guard step.node.inputs.count > 1, let input = step.node.inputs[1],
                let weight = context.graph.storedWeight(input), weight.tensor.elementType.isFloatingPoint,
                known.insert(weight.id).inserted
            else { continue }
            kinds[weight.tensor.elementType, default: []].append(weight.id)
        }
        guard kinds.count > 1, let least = kinds.min(by: { ($0.value.count, $0.key.rawValue) < ($1.value.count, $1.key.rawValue) }),
            let first = least.value.first
        else { return [] }
        let others = kinds.keys.filter { $0 != least.key }.map(\.rawValue).sorted().joined(separator: " or ")
        return [
            mixedPrecision.finding(
                "is \(least.key.rawValue), as \(least.value.count) of \(known.count) kernels are; the others are \(others)",
                at: context.place(of: first))
        ]
    }
}
