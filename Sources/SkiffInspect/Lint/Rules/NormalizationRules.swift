internal import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let normalizationRules: [LintRule] = [
        trainingMode, epsilonOutlier, epsilonFamily, epsilonUnusual, negativeVariance, tinyVariance, biasBeforeNormalization,
    ]

    static let trainingMode: LintRule = LintRule(
        "training-mode", .error, "BatchNormalization in training mode",
        reason: "It normalizes by the moments of the batch it is given, so an image's result hangs on its neighbours, "
            + "and a batch of one is far off.",
        advice: "export again with model.eval(), or training=False",
        example: "node \"bn1\" (BatchNormalization): is in training mode: it takes the batch's moments, not the stored ones"
    ) { context in
        // Weights are standardized by such a node, too, which has no batch then (NF-ResNets).
        let varies = context.varying()
        return context.steps.compactMap { step in
            guard case .batchNormalization(let attributes) = step.node.operator, attributes.isTraining,
                let input = step.node.inputs.first ?? nil, varies[input.index]
            else { return nil }
            return trainingMode.finding(
                "is in training mode: it takes the batch's moments, not the stored ones", at: context.graph.place(of: step.id))
        }
    }

    static let epsilonOutlier: LintRule = LintRule(
        "epsilon-outlier", .warning, "a BatchNormalization with another epsilon than its siblings",
        reason: "Frameworks have different defaults (PyTorch 1e-5, Keras 1e-3, keras.applications' ResNets 1.001e-5), and "
            + "networks put together by hand or carried between them mix them up; where variances are small it shows.",
        advice: "give it the epsilon that it was trained with",
        example: "node \"bn3\" (BatchNormalization): epsilon is 0.001, that of 52 others is 1e-5"
    ) { context in
        var groups: [Float: [LintContext.Step]] = [:]
        for step in context.steps {
            guard case .batchNormalization(let attributes) = step.node.operator else { continue }
            groups[attributes.epsilon, default: []].append(step)
        }
        guard groups.count > 1, let most = groups.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) else {
            return []
        }
        let total = groups.values.reduce(0) { $0 + $1.count }
        guard total >= 4, most.value.count * 4 >= total * 3 else { return [] }
        return groups.filter { $0.key != most.key }.sorted { $0.key < $1.key }.flatMap { epsilon, steps in
            steps.map { step in
                epsilonOutlier.finding(
                    "epsilon is \(epsilon), that of \(most.value.count) others is \(most.key)",
                    at: context.graph.place(of: step.id))
            }
        }
    }

    static let epsilonFamily: LintRule = LintRule(
        "epsilon-family", .warning, "the epsilon of another framework than the weights' names tell of",
        reason: "keras.applications' ResNets were trained with 1.001e-5, torchvision's with 1e-5. Rebuilt by hand they often get "
            + "the default of the framework they are carried to, which costs accuracy that no test of shapes notices.",
        advice: "rebuild the network with the epsilon of its origin",
        example: "node \"layer1.0.bn1\" (BatchNormalization): epsilon is 0.001, torchvision's is 1e-5"
    ) { context in
        var counts: [Int: (wrong: [LintContext.Step], right: Int)] = [:]
        for step in context.steps {
            guard case .batchNormalization(let attributes) = step.node.operator,
                let origin = EpsilonOrigin.index(of: context.graph.displayName(of: step.id))
            else { continue }
            let expected = EpsilonOrigin.all[origin].epsilon
            var entry = counts[origin] ?? ([], 0)
            if abs(attributes.epsilon - expected) > 0.0005 * expected { entry.wrong.append(step) } else { entry.right += 1 }
            counts[origin] = entry
        }
        // Where most are right, the others are outliers among their siblings.
        return counts.sorted { $0.key < $1.key }.flatMap { origin, entry -> [Finding] in
            guard entry.wrong.count > entry.right, let step = entry.wrong.first,
                case .batchNormalization(let attributes) = step.node.operator
            else { return [] }
            let known = EpsilonOrigin.all[origin]
            let rest = entry.wrong.count > 1 ? ", here and at \(countText(entry.wrong.count - 1, "other node"))" : ""
            return [
                epsilonFamily.finding(
                    "epsilon is \(attributes.epsilon)\(rest), \(known.name) have \(known.epsilon)",
                    at: context.graph.place(of: step.id))
            ]
        }
    }

    static let epsilonUnusual: LintRule = LintRule(
        "epsilon-unusual", .warning, "an epsilon outside what networks are trained with",
        otherwise: [(.error, "where it is negative or NaN")],
        reason: "Zero divides by nothing where a channel does not vary; a hundredth and more dampens most channels.",
        advice: "look up the epsilon in the code that trained the network",
        example: "node \"bn1\" (BatchNormalization): epsilon is 0.1, usual are 1e-12 to 0.01"
    ) { context in
        context.steps.compactMap { step in
            guard case .batchNormalization(let attributes) = step.node.operator else { return nil }
            let epsilon = attributes.epsilon
            guard !(epsilon >= 1e-12 && epsilon <= 0.0101) else { return nil }
            // Without epsilon all is well where every channel varies.
            if epsilon == 0, let variance = context.numbers(step.node.inputs.count > 4 ? step.node.inputs[4] : nil),
                variance.allSatisfy({ $0 > 1e-9 }) {
                return nil
            }
            return epsilonUnusual.finding(
                "epsilon is \(epsilon), usual are 1e-12 to 0.01", at: context.graph.place(of: step.id),
                severity: epsilon < 0 || epsilon.isNaN ? .error : .warning)
        }
    }

    static let negativeVariance: LintRule = LintRule(
        "negative-variance", .error, "a BatchNormalization with a variance below zero",
        reason: "A variance is never negative; below −epsilon the channel becomes NaN. Mean and variance may be mixed up.",
        advice: "check the order in which the four weights were copied: scale, offset, mean, variance",
        example: "node \"bn1\" (BatchNormalization): 3 of 64 channels have a negative variance, the least is -0.2"
    ) { context in
        context.normalizations { step, numbers in
            let negative = numbers.variance.count { $0 < 0 }
            guard negative > 0, let least = numbers.variance.min() else { return nil }
            return negativeVariance.finding(
                shareText(negative, of: numbers.variance.count, "channel")
                    + " \(negative == 1 ? "has" : "have") a negative variance, the least is \(numberText(least))",
                at: context.graph.place(of: step.id))
        }
    }

    static let tinyVariance: LintRule = LintRule(
        "tiny-variance", .note, "channels whose input hardly varied in training, and whose scale is not small",
        reason: "Their variance is below a hundredth of epsilon: the layer in front gives a constant, as a dead ReLU or a kernel of "
            + "zeros does. Where such a channel does vary, BatchNormalization multiplies it by up to 1/√epsilon, 316 for 1e-5; "
            + "half precision and quantization suffer first. Channels with a scale (gamma) of up to 0.01 are not counted.",
        advice: "look at what feeds these channels; prune them with it, or leave them if the outputs agree",
        example: "node \"bn2\" (BatchNormalization): the input of 2 of 64 channels hardly varied: variance below epsilon/100 (least 3e-9), scale up to 0.31"
    ) { context in
        context.normalizations { step, numbers in
            guard case .batchNormalization(let attributes) = step.node.operator else { return nil }
            let limit = Double(attributes.epsilon) / 100
            let scales = numbers.scale ?? [Double](repeating: 1, count: numbers.variance.count)
            let found = zip(numbers.variance, scales).filter { $0 >= 0 && $0 < limit && abs($1) > 0.01 }
            guard let most = found.map({ abs($1) }).max(), let least = found.map(\.0).min(), let greatest = found.map(\.0).max()
            else { return nil }
            // Below this nothing but rounding is left.
            let never = greatest <= 1e-12 * Double(attributes.epsilon)
            return tinyVariance.finding(
                "the input of \(shareText(found.count, of: numbers.variance.count, "channel")) \(never ? "never" : "hardly") varied: "
                    + "variance below epsilon/100 (least \(numberText(least))), scale up to \(numberText(most))",
                at: context.graph.place(of: step.id))
        }
    }

    static let biasBeforeNormalization: LintRule = LintRule(
        "bias-before-normalization", .note, "a convolution with a bias right before BatchNormalization",
        reason: "The normalization takes a constant away again: training learned nothing by it, and it costs an addition.",
        advice: "fold the normalization into the convolution, or build the layer with use_bias=False",
        example: "node \"conv1_conv\" (Conv2D): has a bias that the BatchNormalization behind it takes away"
    ) { context in
        context.steps.compactMap { step in
            guard case .batchNormalization = step.node.operator, let source = context.source(of: step.node.inputs.first ?? nil),
                source.node.inputs.count > 2, source.node.inputs[2] != nil,
                let output = source.node.outputs.first, context.readers[output.index].count == 1
            else { return nil }
            switch source.node.operator {
            case .convolution, .convolutionTranspose, .dense: break
            default: return nil
            }
            // A bias of zeros costs nothing to leave.
            if let bias = context.numbers(source.node.inputs[2]), bias.allSatisfy({ $0 == 0 }) { return nil }
            return biasBeforeNormalization.finding(
                "has a bias that the BatchNormalization behind it takes away", at: context.graph.place(of: source.id))
        }
    }
}

/// Where networks come from by the names of their normalizations, and the epsilon they were trained with.
private struct EpsilonOrigin {
    var name: String
    var epsilon: Float
    var matches: @Sendable (String) -> Bool

    static let all = [
        EpsilonOrigin(name: "keras.applications' ResNets", epsilon: 1.001e-5) { name in
            // conv3_block2_1_bn: stage, block, layer.
            let parts = name.split(separator: "/").last.map { $0.split(separator: "_") } ?? []
            return parts.count == 4 && parts[0].hasPrefix("conv") && Int(parts[0].dropFirst(4)) != nil
                && parts[1].hasPrefix("block") && Int(parts[1].dropFirst(5)) != nil && Int(parts[2]) != nil && parts[3] == "bn"
        },
        EpsilonOrigin(name: "torchvision's ResNets", epsilon: 1e-5) { name in
            // layer2.0.bn1, /layer2/layer2.0/bn1/BatchNormalization.
            let parts = name.split { $0 == "." || $0 == "/" }
            guard let layer = parts.lastIndex(where: { $0.hasPrefix("layer") && Int($0.dropFirst(5)) != nil }) else {
                return false
            }
            let rest = parts[(layer + 1)...].filter { $0 != "BatchNormalization" }
            guard rest.count == 2, Int(rest[rest.startIndex]) != nil, let last = rest.last else { return false }
            return last.hasPrefix("bn") && Int(last.dropFirst(2)) != nil
        },
    ]

    static func index(of name: String) -> Int? { all.firstIndex { $0.matches(name) } }
}

extension LintContext {
    /// The weights of a BatchNormalization.
    struct NormalizationNumbers {
        var scale: [Double]?
        var offset: [Double]?
        var mean: [Double]
        var variance: [Double]
    }

    func normalizationNumbers(_ step: Step) -> NormalizationNumbers? {
        guard case .batchNormalization(let attributes) = step.node.operator, !attributes.isTraining,
            step.node.inputs.count >= 5, let mean = numbers(step.node.inputs[3]),
            let variance = numbers(step.node.inputs[4]), mean.count == variance.count
        else { return nil }
        func same(_ index: Int) -> [Double]? {
            numbers(step.node.inputs[index]).flatMap { $0.count == variance.count ? $0 : nil }
        }
        return NormalizationNumbers(scale: same(1), offset: same(2), mean: mean, variance: variance)
    }

    /// What is found in the weights of each BatchNormalization; nothing where weights are not read.
    func normalizations(_ find: (Step, NormalizationNumbers) -> Finding?) -> [Finding] {
        guard statistics != nil else { return [] }
        return steps.compactMap { step in normalizationNumbers(step).flatMap { find(step, $0) } }
    }
}
