internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

extension ExplanationSearch {
    /// Channels that are fitted at most, and numbers that tap columns may take.
    private static let mostChannels = 512
    private static let columnElements = 1 << 24
    /// Output channels up to which an exchange is looked for.
    private static let mostExchanged = 128

    /// Solves for the weights that the reference must have at each node, the fewest changes first.
    mutating func fitWeights(_ own: (rms: Double, largest: Double)) throws {
        guard original != nil else { return }
        let error = own
        for own in list.sites where hasRoom() {
            let cleaning = Self.cleaning(own)
            let (site, runner) = cleaning.flatMap { cleaned(own, $0) } ?? (own, full)
            guard let float = try? runner.region.output(.float).doubles(), let view = LinearView(site, runner),
                let invert = Inversion(runner, from: site.id),
                var experiment = fitted(site, view, invert, float, runner)
            else { continue }
            if let cleaning { experiment.edit = cleaning.merged(experiment.edit) }
            try attempt(experiment, error)
        }
    }

    /// Zeros for the elements of a node's weights that are not finite; `nil` where all are.
    private static func cleaning(_ site: Site) -> Edit? {
        var tensors: [Int: Tensor] = [:]
        for position in site.node.inputs.indices {
            guard let tensor = site.weight(position), tensor.elementType == .float32, let elements = try? tensor.floats(),
                elements.contains(where: { !$0.isFinite })
            else { continue }
            tensors[position] = try? Tensor(floats: elements.map { $0.isFinite ? $0 : 0 }, shape: tensor.shape)
        }
        return tensors.isEmpty ? nil : Edit(tensors: [site.id: tensors])
    }

    /// The piece without numbers that are not finite, which nothing can be solved from.
    private func cleaned(_ site: Site, _ cleaning: Edit) -> (Site, PieceRunner)? {
        guard let piece = try? cleaning.applied(to: region.graph), let output = piece.outputs.first?.value else { return nil }
        var given: [ValueID: Tensor] = [:]
        for id in piece.inputs { given[id] = region.given[piece[id].name] }
        guard let clean = try? Region(
            of: piece, output: output, given: given, reference: region.reference, policy: region.policy,
            threads: region.threads), let runner = try? PieceRunner(clean)
        else { return nil }
        let other = Site(
            piece: clean.graph, id: site.id, candidate: site.candidate, origins: site.origins,
            referenceShape: site.referenceShape, reachesOutput: site.reachesOutput)
        return (other, runner)
    }

    private mutating func fitted(
        _ site: Site, _ view: LinearView, _ invert: Inversion, _ float: [Double], _ runner: PieceRunner
    ) -> Experiment? {
        guard let output = site.node.outputs.first, let mine = runner.value(output), let wanted = invert(full.reference),
            let rounded = invert(float), mine.count == wanted.elements.count
        else { return nil }
        var fits: [(channel: Int, fit: ChannelFit)] = []
        var columns: (group: Int, elements: [Double])?
        let guilty = guiltyChannels(view, mine, wanted, rounded)
        guard !guilty.isEmpty, guilty.count <= Self.mostChannels, view.taps <= Self.columnElements / max(view.positions, 1)
        else { return nil }
        counted()
        if let experiment = exchanged(site, view, mine, wanted, guilty) { return experiment }
        for (channel, noise) in guilty {
            guard hasRoom() else { return nil }
            let group = view.group(channel)
            if columns?.group != group { columns = (group, Self.columns(view, group)) }
            let places = (0..<view.positions).map { view.element(channel, $0) }
            let missing = places.map { wanted.isKnown[$0] ? wanted.elements[$0] - mine[$0] : 0 }
            guard let elements = columns?.elements,
                let fit = [3, 8].lazy.compactMap({ multiple in
                    ChannelFit(
                        columns: elements, count: view.taps, wanted: missing, isKnown: places.map { wanted.isKnown[$0] },
                        own: places.map { mine[$0] - view.bias[channel] }, enough: multiple * noise)
                }).first
            else { return nil }
            fits.append((channel, fit))
        }
        return experiment(site, view, fits)
    }

    /// The channels whose error is more than rounding, each with its noise.
    private func guiltyChannels(
        _ view: LinearView, _ mine: [Double], _ wanted: (elements: [Double], isKnown: [Bool]),
        _ rounded: (elements: [Double], isKnown: [Bool])
    ) -> [(channel: Int, noise: Double)] {
        var measured: [(channel: Int, error: Double, noise: Double)] = []
        for channel in 0..<view.channels {
            var (error, noise, size, count) = (0.0, 0.0, 0.0, 0.0)
            for position in 0..<view.positions {
                let element = view.element(channel, position)
                guard wanted.isKnown[element], rounded.isKnown[element] else { continue }
                let difference = wanted.elements[element] - mine[element]
                let rounding = rounded.elements[element] - mine[element]
                error += difference * difference
                noise += rounding * rounding
                size += mine[element] * mine[element]
                count += 1
            }
            guard count > 0 else { continue }
            let least = ParityPolicy.singleRounding(of: .float32) * (size / count).squareRoot()
            measured.append((channel, (error / count).squareRoot(), max((noise / count).squareRoot(), least)))
        }
        // Channels are alike: one where nothing was rounded by chance is no quieter than the others.
        let noises = measured.map(\.noise).sorted()
        let usual = noises.isEmpty ? 0 : noises[noises.count / 2]
        let guilty = measured.filter { $0.error > 4 * max($0.noise, usual) }
        let chosen = guilty.isEmpty ? Array(measured.sorted { $0.error > $1.error }.prefix(1)) : guilty
        return chosen.map { (channel: $0.channel, noise: max($0.noise, usual)) }
    }

    /// Output channels that have each other's weights in the reference.
    private func exchanged(
        _ site: Site, _ view: LinearView, _ mine: [Double], _ wanted: (elements: [Double], isKnown: [Bool]),
        _ guilty: [(channel: Int, noise: Double)]
    ) -> Experiment? {
        guard view.taps > 1, (2...Self.mostExchanged).contains(guilty.count) else { return nil }
        var sources: [(to: Int, from: Int)] = []
        for (channel, noise) in guilty {
            var best: (channel: Int, error: Double)?
            for (other, _) in guilty where view.group(other) == view.group(channel) {
                var (sum, count) = (0.0, 0.0)
                for position in 0..<view.positions {
                    let here = view.element(channel, position)
                    guard wanted.isKnown[here] else { continue }
                    let theirs = mine[view.element(other, position)] - view.bias[other]
                    let apart = wanted.elements[here] - view.bias[channel] - theirs
                    sum += apart * apart
                    count += 1
                }
                let error = count > 0 ? (sum / count).squareRoot() : .infinity
                if error < best?.error ?? .infinity { best = (other, error) }
            }
            guard let best, best.channel != channel, best.error <= 8 * noise else { return nil }
            sources.append((channel, best.channel))
        }
        guard Set(sources.map(\.from)).count == sources.count else { return nil }
        var weight = view.weight
        for (to, from) in sources {
            for tap in 0..<view.taps { weight[view.position(to, tap)] = view.weight[view.position(from, tap)] }
        }
        guard let tensor = try? Tensor(floats: weight.map { Float($0) }, shape: view.weightShape) else { return nil }
        return site.replacing(
            .swappedWeights, rank: 3.5, "weights of output channels in order", found: listText(sources.map(\.to)),
            expected: listText(sources.map(\.from)), operand: view.operand, tensor)
    }

    private static func columns(_ view: LinearView, _ group: Int) -> [Double] {
        let positions = view.positions
        return [Double](unsafeUninitializedCapacity: view.taps * positions) { buffer, initialized in
            for tap in 0..<view.taps {
                for position in 0..<positions {
                    buffer.initializeElement(at: tap * positions + position, to: view.input(group, tap, position))
                }
            }
            initialized = view.taps * positions
        }
    }

    private func experiment(_ site: Site, _ view: LinearView, _ fits: [(channel: Int, fit: ChannelFit)]) -> Experiment? {
        var weight = view.weight
        var bias = view.bias
        var changed: [Int] = []
        var biases: [Int] = []
        for (channel, fit) in fits {
            if let factor = fit.factor {
                for tap in 0..<view.taps { weight[view.position(channel, tap)] *= factor }
            }
            for (tap, change) in fit.taps {
                let position = view.position(channel, tap)
                weight[position] += change
                changed.append(position)
            }
            if fit.bias != 0 {
                bias[channel] += fit.bias
                biases.append(channel)
            }
        }
        if !biases.isEmpty, view.biasOperand == nil { return nil }
        var tensors: [Int: Tensor] = [:]
        let isWeightChanged = !changed.isEmpty || fits.contains { $0.fit.factor != nil }
        if isWeightChanged { tensors[view.operand] = try? Tensor(floats: weight.map { Float($0) }, shape: view.weightShape) }
        if !biases.isEmpty, let operand = view.biasOperand {
            tensors[operand] = try? Tensor(floats: bias.map { Float($0) }, shape: [view.channels])
        }
        let told = FitText(site, view, fits, weight: weight, bias: bias, changed: changed, biases: biases)
        return Experiment(
            kind: .changedWeight, node: site.name, parameter: told.parameter, found: told.found, expected: told.expected,
            sentence: told.sentence, edit: Edit(tensors: [site.id: tensors]), rank: told.rank)
    }
}
