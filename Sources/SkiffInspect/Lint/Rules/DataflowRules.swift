public import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let dataflowRules: [LintRule] = [
        unusedTensor, deadNode, unreachableInput, constantOutput, batchBakedIn, closedBatch, identityChain, cancellingTransposes,
        mixedLayout, unknownOperator, droppingOut,
    ]

    public static let unusedTensor: LintRule = LintRule(
        "unused-tensor", .warning, "a weight that nothing reads",
        otherwise: [(.note, "for tensors of less than 4096 bytes")],
        reason: "It takes room and says that something went wrong on the way: a layer was cut off, or wired to another weight.",
        advice: "find the layer it belongs to; onnxsim, or writing the model again with skiff convert, leaves it out",
        example: "tensor \"fc.weight\": is read by nothing, float32 [1000, 2048], 8.19 MB"
    ) { context in
        context.graph.weights.compactMap { id in
            guard context.readers[id.index].isEmpty, !context.isOutput[id.index], let tensor = context.graph[id].tensor,
                tensor.elementType.isFloating, tensor.elementCount >= 8
            else { return nil }
            return unusedTensorFinding(
                name: context.graph[id].name, type: tensor.elementType, shape: tensor.shape, bytes: tensor.byteRange.count)
        }
    }

    /// The finding, of little weight where the tensor is small.
    public static func unusedTensorFinding(name: String, type: ElementType, shape: Shape, bytes: Int) -> Finding {
        unusedTensor.finding(
            "is read by nothing, \(type.rawValue) \(shape.shapeText), \(bytesText(bytes))", at: Place(tensor: name),
            severity: bytes < 4096 ? .note : .warning)
    }

    static let deadNode: LintRule = LintRule(
        "dead-node", .warning, "a node whose result reaches no output",
        otherwise: [(.note, "for nodes that are neither convolution, matrix product, normalization, activation nor pooling")],
        reason: "It is computed for nothing, or an output was forgotten: a training head, an auxiliary classifier.",
        advice: "add its result to the outputs, or leave it out with onnxsim or onnx.utils.extract_model",
        example: "node \"aux.conv\" (Conv): its result reaches no output"
    ) { context in
        let (_, isReached) = context.reached()
        return context.steps.compactMap { step in
            guard !isReached[step.id.index], !context.isUnusedText(step) else { return nil }
            let isHeavy: Bool = switch step.node.operator.role {
            case .convolution, .matrix, .normalization, .activation, .pool, .globalPool: true
            default: false
            }
            return deadNode.finding(
                "its result reaches no output", at: context.graph.place(of: step.id), severity: isHeavy ? .warning : .note)
        }
    }

    static let unreachableInput: LintRule = LintRule(
        "unreachable-input", .warning, "an input that no output hangs on",
        reason: "Whatever is fed to it changes nothing, though callers have to feed it.",
        advice: "wire it where it belongs, or leave it out",
        example: "tensor \"mask\": no output hangs on this input"
    ) { context in
        let (isReached, _) = context.reached()
        return context.graph.inputs.compactMap { id in
            guard !isReached[id.index] else { return nil }
            return unreachableInput.finding("no output hangs on this input", at: context.place(of: id))
        }
    }

    static let constantOutput: LintRule = LintRule(
        "constant-output", .warning, "an output that hangs on no input",
        reason: "It is the same for every image: something cut the network, or a helper tensor became an output.",
        advice: "look at what gives it: skiff inspect --layers",
        example: "tensor \"anchors\": this output hangs on no input"
    ) { context in
        let varies = context.varying()
        guard !context.graph.inputs.isEmpty else { return [] }
        return context.graph.outputs.compactMap { output in
            guard !varies[output.value.index] else { return nil }
            // The shape of an input is no constant, though no data of it.
            let isOfShape = context.graph.producer(of: output.value).map { node in
                if case .shapeOf = context.graph[node].operator { true } else { false }
            } ?? false
            guard !isOfShape else { return nil }
            return constantOutput.finding("this output hangs on no input", at: Place(tensor: output.name))
        }
    }

    static let batchBakedIn: LintRule = LintRule(
        "batch-baked-in", .warning, "a Reshape that fixes the batch which the inputs leave open",
        reason: "Exporters write the extents of the traced image. The model takes any batch by its inputs, and fails or "
            + "mixes samples at this node.",
        advice: "reshape to (-1, …) or flatten(1) and export with a dynamic batch axis",
        example: "node \"Reshape_121\" (Reshape): gives a batch of 1, the input's batch is open"
    ) { context in
        let names = Set(
            context.graph.inputs.compactMap { input -> String? in
                if case .symbolic(let name)? = context.graph[input].fact?.shape?.first { name } else { nil }
            })
        guard !names.isEmpty else { return [] }
        return context.steps.compactMap { step in
            guard case .reshape = step.node.operator, let input = step.node.inputs.first ?? nil,
                case .symbolic(let name)? = context.graph[input].fact?.shape?.first, names.contains(name),
                let output = step.node.outputs.first, let shape = context.graph[output].fact?.shape,
                let first = shape.first?.fixedValue, shape.dropFirst().contains(where: { $0.fixedValue == nil }) || first == 1,
                shape.count > 1, context.graph[input].fact?.elementType.isFloatingPoint == true,
                !shape.contains(where: { if case .symbolic(let other) = $0 { other == name } else { false } })
            else { return nil }
            return batchBakedIn.finding(
                "gives a batch of \(first), the input's batch is open", at: context.graph.place(of: step.id))
        }
    }

    static let closedBatch: LintRule = LintRule(
        "closed-batch", .note, "an input whose batch is fixed",
        reason: "The network takes as many images at a time as it was traced with and no others.",
        advice: "export with a dynamic batch axis: dynamic_axes={'input': {0: 'batch'}}, dynamic_shapes, or None in Keras",
        example: "tensor \"input\": its batch is fixed at 1 by [1, 3, 224, 224]"
    ) { context in
        context.graph.inputs.compactMap { id in
            guard let shape = context.graph[id].fact?.shape, shape.count >= 3, let batch = shape.first?.fixedValue else {
                return nil
            }
            return closedBatch.finding("its batch is fixed at \(batch) by \(shape.shapeText)", at: context.place(of: id))
        }
    }

    static let identityChain: LintRule = LintRule(
        "identity-chain", .note, "nodes that pass a value on, one behind the other",
        reason: "They do nothing, and hide patterns such as Conv, BatchNormalization, Relu from optimizers that look for them.",
        advice: "onnxsim, or onnxoptimizer's eliminate_identity, leaves them out",
        example: "node \"Identity_3\" (Identity): passes on what \"Identity_2\" passes on"
    ) { context in
        context.steps.compactMap { step in
            guard case .identity = step.node.operator, step.node.sourceOperator == "Identity",
                let input = step.node.inputs.first ?? nil, let before = context.graph.producer(of: input),
                context.graph[before].sourceOperator == "Identity"
            else { return nil }
            return identityChain.finding(
                "passes on what \"\(escaped(context.graph.displayName(of: before)))\" passes on",
                at: context.graph.place(of: step.id))
        }
    }

    static let cancellingTransposes: LintRule = LintRule(
        "cancelling-transposes", .warning, "Transposes to and fro that cancel",
        reason: "Converters between channels-first and channels-last leave them behind. Each moves a whole map through memory.",
        advice: "onnxsim or tf2onnx's optimizer takes such pairs out",
        example: "node \"Transpose_7\" (Transpose): undoes \"Transpose_6\" right before it"
    ) { context in
        context.steps.compactMap { step in
            guard case .transpose(let last) = step.node.operator, let input = step.node.inputs.first ?? nil,
                let before = context.graph.producer(of: input), case .transpose(let first) = context.graph[before].operator
            else { return nil }
            let rank = last.permutation?.count ?? first.permutation?.count ?? context.graph[input].fact?.shape?.count ?? 0
            let outer = last.permutation ?? Array((0..<rank).reversed())
            let inner = first.permutation ?? Array((0..<rank).reversed())
            guard rank > 1, outer.count == rank, inner.count == rank,
                outer.indices.allSatisfy({ inner.indices.contains(outer[$0]) && inner[outer[$0]] == $0 })
            else { return nil }
            return cancellingTransposes.finding(
                "undoes \"\(escaped(context.graph.displayName(of: before)))\" right before it",
                at: context.graph.place(of: step.id))
        }
    }

    static let mixedLayout: LintRule = LintRule(
        "mixed-layout", .note, "Transposes between layers that want another order of axes",
        reason: "Parts of the network want channels first and parts want them last, so whole maps are moved between them. One at an "
            + "input or output is usual; more cost time and hide patterns from optimizers.",
        advice: "build or export the network in one layout (tf2onnx --inputs-as-nchw; data_format)",
        example: "node \"Transpose_12\" (Transpose): moves a map of 4 axes inside the network, as 5 other nodes do"
    ) { context in
        let inner = context.steps.filter { step in
            guard case .transpose(let transpose) = step.node.operator, let permutation = transpose.permutation,
                [[0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 3, 4, 1], [0, 4, 1, 2, 3]].contains(permutation),
                let input = step.node.inputs.first ?? nil, let output = step.node.outputs.first,
                let before = context.source(of: input), !context.isOutput[output.index]
            else { return false }
            // What feeds dense layers is flattened in the order of the training framework.
            let readers = context.readers[output.index].map { context.graph[$0].operator.kind }
            return before.node.operator.role != .other && !readers.allSatisfy { [.reshape, .flatten].contains($0) }
        }
        guard inner.count > 2, let first = inner.first else { return [] }
        return [
            mixedLayout.finding(
                "moves a map inside the network, as \(inner.count - 1) other nodes do", at: context.graph.place(of: first.id))
        ]
    }

    public static let unknownOperator: LintRule = LintRule(
        "unknown-operator", .error, "an operator that cannot be run",
        reason: "Skiff carries it and shows it; results behind it cannot be computed or compared.",
        advice: "export with standard operators or at another opset; layers that code defines have to be rebuilt",
        example: "node \"NonMaxSuppression_3\" (NonMaxSuppression): cannot be run"
    ) { context in
        context.steps.compactMap { step in
            guard case .unknown(let unknown) = step.node.operator, unknown.name != "Dropout", !context.isUnusedText(step)
            else { return nil }
            let reason = unknown.reason.map { ": \(printable($0))" } ?? ""
            let domain = unknown.domain.isEmpty ? "" : " of \(escaped(unknown.domain))"
            return unknownOperator.finding(
                "cannot be run\(domain)\(reason)", at: context.graph.place(of: step.id))
        }
    }

    static let droppingOut: LintRule = LintRule(
        "dropout-in-training", .error, "a Dropout that still drops",
        reason: "The same image gives another result each time. The model was exported while it trained.",
        advice: "export again with model.eval(), or with training=TrainingMode.EVAL",
        example: "node \"Dropout_45\" (Dropout): drops at random: training mode is on"
    ) { context in
        context.steps.compactMap { step in
            guard case .unknown(let unknown) = step.node.operator, unknown.name == "Dropout" else { return nil }
            return droppingOut.finding(
                "drops at random: \(printable(unknown.reason ?? "training mode is on"))", at: context.graph.place(of: step.id))
        }
    }
}
