internal import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let weightRules: [LintRule] = [
        notANumber, infiniteWeights, zeroKernel, deadChannels, scaledAway, initialMoments, nearIdentity, storedTwice, denormals,
    ]

    static let notANumber: LintRule = LintRule(
        "nan-weights", .error, "NaN among the weights",
        reason: "One NaN reaches every output behind it. Training diverged, or bytes were read in the wrong type or order.",
        advice: "take an earlier checkpoint; check how the weights were converted",
        example: "tensor \"conv1.weight\": 3 of 9,408 elements are NaN"
    ) { context in
        context.measured { tensor in
            guard tensor.nans > 0, tensor.elementType.isFloating else { return nil }
            return notANumber.finding(
                "\(groupedText(tensor.nans)) of \(countText(tensor.elements, "element")) \(tensor.nans == 1 ? "is" : "are") NaN", at: Place(tensor: tensor.name))
        }
    }

    static let infiniteWeights: LintRule = LintRule(
        "infinite-weights", .error, "infinities among the weights",
        reason: "They make NaN of zeros. Often a weight left the range of float16, ±65504, when it was converted.",
        advice: "convert from the float32 weights, and keep what leaves the range in float32 or bfloat16",
        example: "tensor \"bn1.running_var\": 1 of 64 elements is infinite"
    ) { context in
        context.measured { tensor in
            let count = tensor.positiveInfinities + tensor.negativeInfinities
            guard count > 0, tensor.elementType.isFloating, [.kernel, .bias, .scale, .offset, .mean, .variance].contains(tensor.role)
            else { return nil }
            return infiniteWeights.finding(
                "\(groupedText(count)) of \(countText(tensor.elements, "element")) \(count == 1 ? "is" : "are") infinite",
                at: Place(tensor: tensor.name))
        }
    }

    static let zeroKernel: LintRule = LintRule(
        "zero-kernel", .warning, "a kernel of zeros",
        otherwise: [
            (.note, "where training starts so: the last layer of a residual block, and the head of a network whose normalizations "
                + "still have scales of 1 or 0 and offsets of 0"),
        ],
        reason: "The layer gives its bias whatever it is shown: weights were never loaded, or pruning took all of it.",
        advice: "check that the weights of this layer were found when the model was loaded",
        example: "tensor \"layer4.1.conv2.weight\": all 2,359,296 elements are zero"
    ) { context in
        // Blocks begin as identities where training starts with a zero in front of the addition.
        let gains = Set(
            BlockGain.all(of: context).filter { !$0.isOfNormalization && $0.rms == 0 }.compactMap { gain in
                let inputs = context.graph[gain.node].inputs
                return inputs.count > 1 ? inputs[1].flatMap { context.graph.storedWeight($0)?.id } : nil
            })
        let heads = context.looksUntrained ? context.headKernels : []
        return context.measured { tensor in
            guard tensor.role == .kernel, tensor.elements > 1, tensor.zeros == tensor.elements else { return nil }
            let isInitial = gains.contains(tensor.value) || heads.contains(tensor.value)
            return zeroKernel.finding(
                "all \(countText(tensor.elements, "element")) are zero\(isInitial ? ", as some start training" : "")",
                at: Place(tensor: tensor.name), severity: isInitial ? .note : .warning,
                hint: isInitial ? "nothing, where the network was not trained; else check that its weights were found" : nil)
        }
    }

    static let deadChannels: LintRule = LintRule(
        "dead-channels", .note, "output channels whose kernels are zero",
        otherwise: [(.warning, "where more than half of a kernel's channels are")],
        reason: "Each gives a constant. They are what pruning leaves, and take their part of memory and time until they are cut out; "
            + "in a network that was not pruned they point to dead ReLUs.",
        advice: "cut them out with the inputs that read them (torch-pruning), or retrain with a lower learning rate",
        example: "tensor \"conv1.weight\": 12 of 64 output channels are zero: 3, 7, 11, …"
    ) { context in
        context.measured { tensor in
            guard tensor.role == .kernel, let channels = tensor.channels, channels.count > 1 else { return nil }
            let dead = channels.allZero
            guard !dead.isEmpty, dead.count < channels.count else { return nil }
            return deadChannels.finding(
                "\(groupedText(dead.count)) of \(countText(channels.count, "output channel")) \(dead.count == 1 ? "is" : "are") zero: \(listText(dead))",
                at: Place(tensor: tensor.name), severity: dead.count * 2 > channels.count ? .warning : .note)
        }
    }

    static let scaledAway: LintRule = LintRule(
        "scaled-away-channels", .note, "channels that BatchNormalization scales to nothing",
        reason: "With a scale (gamma) of nearly zero a channel is the constant beta. Weight decay drives unneeded channels there; "
            + "they are the first that pruning can take. What is tested is |gamma| alone, against 1/10000 of the root mean square "
            + "of the layer's; channels whose input does not vary are told of by `tiny-variance`.",
        advice: "prune them: fold beta into the next layer and cut the channel out",
        example: "node \"bn2\" (BatchNormalization): 5 of 64 channels have a scale below 1/10000 of the usual: 1, 8, 9, …"
    ) { context in
        NormalizationHealth.all(of: context).compactMap { health in
            guard !health.scaledAway.isEmpty, health.scaledAway.count < health.channels else { return nil }
            return scaledAway.finding(
                shareText(health.scaledAway.count, of: health.channels, "channel")
                    + " \(health.scaledAway.count == 1 ? "has" : "have") a scale below 1/10000 of the usual: "
                    + listText(health.scaledAway), at: context.graph.place(of: health.node))
        }
    }

    static let initialMoments: LintRule = LintRule(
        "initial-moments", .warning, "a BatchNormalization that never saw data",
        otherwise: [(.note, "once for the network, where more than two have them and no other: it was never trained")],
        reason: "Its means are all 0 and its variances all 1, as they are before training: weights were not loaded, or the "
            + "layer was frozen before it learned anything.",
        advice: "check that running_mean and running_var (moving_mean, moving_variance) were found in the checkpoint",
        example: "node \"bn1\" (BatchNormalization): all 64 means are 0 and all variances 1, as before training"
    ) { context in
        var measured = 0
        let found = context.normalizations { step, numbers in
            measured += 1
            guard numbers.variance.count > 1, numbers.variance.allSatisfy({ $0 == 1 }), numbers.mean.allSatisfy({ $0 == 0 }) else {
                return nil
            }
            return initialMoments.finding(
                "all \(numbers.mean.count) means are 0 and all variances 1, as before training",
                at: context.graph.place(of: step.id))
        }
        guard found.count > 2, found.count == measured, let first = found.first else { return found }
        return [
            initialMoments.finding(
                "all means are 0 and all variances 1, here and at all \(measured - 1) others: the network was never trained",
                at: first.place, severity: .note)
        ]
    }

    static let nearIdentity: LintRule = LintRule(
        "near-identity-block", .note, "a residual block whose branch is scaled to nearly nothing",
        reason: "The scale (gamma) of its last BatchNormalization, or its last kernel, is nearly zero, so the block passes its shortcut "
            + "on. Networks start so (zero-init residual); after training it means that the block is hardly used.",
        advice: "skiff inspect --flow shows what leaving it out does; such blocks can be dropped first",
        example: "node \"layer4.2.bn3\" (BatchNormalization): block layer4.2 is nearly an identity: its last scale has an RMS of 1e-6"
    ) { context in
        BlockGain.all(of: context).compactMap { gain in
            guard gain.isNearlyIdentity else { return nil }
            return nearIdentity.finding(
                "block \(escaped(context.inspection.blocks[gain.block].name)) is nearly an identity: its last "
                    + "\(gain.isOfNormalization ? "scale" : "kernel") has an RMS of \(numberText(gain.rms))",
                at: context.graph.place(of: gain.node))
        }
    }

    static let storedTwice: LintRule = LintRule(
        "weights-stored-twice", .note, "two tensors with the same numbers",
        reason: "Layers that share a weight got a copy each, which makes the file larger, or one layer was loaded with another's "
            + "weights.",
        advice: "check that both layers are meant to be equal; skiff convert stores equal weights once",
        example: "tensor \"head2.weight\": has the numbers of \"head1.weight\", 2.05 MB"
    ) { context in
        guard let statistics = context.statistics else { return [] }
        return statistics.tensors.compactMap { tensor in
            guard let twin = tensor.duplicateOf, tensor.bytes >= 1024, tensor.elementType.isFloating || tensor.role == .kernel
            else { return nil }
            // Two names of the same bytes in the file are stored once.
            let other = statistics.tensors[twin]
            if let first = context.graph[tensor.value].tensor, let second = context.graph[other.value].tensor,
                first.storage === second.storage, first.byteRange == second.byteRange {
                return nil
            }
            let shape = other.shape == tensor.shape ? "" : " in the shape \(other.shape.shapeText)"
            return storedTwice.finding(
                "has the numbers of \"\(escaped(other.name))\"\(shape), \(bytesText(tensor.bytes))",
                at: Place(tensor: tensor.name))
        }
    }

    static let denormals: LintRule = LintRule(
        "denormal-weights", .note, "many weights too small to be normal numbers",
        reason: "Processors compute with denormal numbers a hundred times slower where they are not flushed to zero; in float16 they "
            + "have lost their precision.",
        advice: "set them to zero, or flush denormals (torch.set_flush_denormal(True))",
        example: "tensor \"conv5.weight\": 12,004 of 36,864 elements are denormal in float32"
    ) { context in
        context.measured { tensor in
            guard tensor.denormals * 20 > tensor.elements, tensor.denormals >= 8, tensor.role == .kernel,
                tensor.elementType == .float32 || tensor.elementType == .float16 || tensor.elementType == .float64
            else { return nil }
            return denormals.finding(
                "\(groupedText(tensor.denormals)) of \(countText(tensor.elements, "element")) are denormal in \(tensor.elementType.rawValue)",
                at: Place(tensor: tensor.name))
        }
    }
}

/// `1 of 8 channels`.
func shareText(_ part: Int, of whole: Int, _ noun: String) -> String { "\(groupedText(part)) of \(countText(whole, noun))" }

/// `3, 7, 11, …`
func listText(_ numbers: [Int]) -> String {
    numbers.prefix(6).map(String.init).joined(separator: ", ") + (numbers.count > 6 ? ", …" : "")
}

extension LintContext {
    /// What is found in the statistics of each tensor; nothing where weights were not read.
    func measured(_ find: (TensorStatistics) -> Finding?) -> [Finding] {
        statistics?.tensors.compactMap { $0.isMeasured ? find($0) : nil } ?? []
    }
}
