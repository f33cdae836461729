internal import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let activationRules: [LintRule] = [softmaxTwice, squashedTwice, repeatedReLU]

    static let softmaxTwice: LintRule = LintRule(
        "softmax-twice", .warning, "a Softmax of a Softmax",
        reason: "Probabilities become nearly equal: 0.99 and 0.01 turn into 0.73 and 0.27. The order stays, so tests of the best class "
            + "pass. It happens where a Softmax is added to a model that has one.",
        advice: "leave one out, and look whether the loss was trained on logits (from_logits, CrossEntropyLoss)",
        example: "node \"Softmax_2\" (Softmax): takes the Softmax \"Softmax_1\" again"
    ) { context in
        context.steps.compactMap { step in
            guard step.node.operator.isSoftmax, let before = context.source(of: step.node.inputs.first ?? nil, passesReshapes: true),
                before.node.operator.isSoftmax
            else { return nil }
            return softmaxTwice.finding(
                "takes the Softmax \"\(escaped(context.graph.displayName(of: before.id)))\" again",
                at: context.graph.place(of: step.id))
        }
    }

    static let squashedTwice: LintRule = LintRule(
        "squashed-twice", .warning, "Sigmoid and Softmax one behind the other, or a Sigmoid of a Sigmoid",
        reason: "Both make probabilities of logits; of probabilities they make numbers that are nearly equal.",
        advice: "keep the one that the loss was trained with",
        example: "node \"softmax\" (Softmax): takes what the Sigmoid \"sigmoid\" squashed already"
    ) { context in
        context.steps.compactMap { step in
            guard step.node.operator.isSoftmax || step.node.operator.isSigmoid,
                let before = context.source(of: step.node.inputs.first ?? nil, passesReshapes: true),
                before.node.operator.isSigmoid || step.node.operator.isSigmoid && before.node.operator.isSoftmax
            else { return nil }
            return squashedTwice.finding(
                "takes what the \(escaped(before.node.sourceOperator)) \"\(escaped(context.graph.displayName(of: before.id)))\" squashed already",
                at: context.graph.place(of: step.id))
        }
    }

    static let repeatedReLU: LintRule = LintRule(
        "repeated-relu", .note, "a ReLU of a ReLU",
        reason: "The second one does nothing. In a residual block it may have replaced another layer.",
        advice: "leave it out",
        example: "node \"Relu_4\" (Relu): takes the ReLU \"Relu_3\" again"
    ) { context in
        context.steps.compactMap { step in
            guard step.node.operator.isReLU, let before = context.source(of: step.node.inputs.first ?? nil),
                before.node.operator.isReLU
            else { return nil }
            return repeatedReLU.finding(
                "takes the ReLU \"\(escaped(context.graph.displayName(of: before.id)))\" again",
                at: context.graph.place(of: step.id))
        }
    }
}

extension Operator {
    fileprivate var isSoftmax: Bool {
        if case .softmax(let softmax) = self { softmax.kind == .softmax } else { false }
    }

    fileprivate var isSigmoid: Bool {
        if case .unary(let unary) = self { unary.kind == .sigmoid } else { false }
    }

    fileprivate var isReLU: Bool {
        if case .unary(let unary) = self { unary.kind == .relu } else { false }
    }
}
