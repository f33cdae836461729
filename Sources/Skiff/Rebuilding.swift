internal import SkiffArchitectures

/// Makes a network of weights that come without one.
enum Rebuilding {
    /// - Throws: ``ArchitectureError`` where no architecture fits, or several do and nothing tells them apart.
    static func graph(of weights: WeightSet, named name: String? = nil) throws -> Graph {
        let candidates = try Architectures.candidates(for: weights)
        if let name {
            let chosen = try Architectures.choose(name, among: candidates)
            return try chosen.graph()
        }
        guard let likeliest = candidates.first, candidates.count > 1 else {
            guard let only = candidates.first else { throw ArchitectureError(.unrecognized("no layers")) }
            return try only.graph()
        }
        let distances = statisticalDistances(candidates)
        var best = likeliest
        var isProven = false
        if let distances, let least = distances.indices.min(by: { distances[$0] < distances[$1] }) {
            isProven = distances.indices.allSatisfy {
                $0 == least || StatisticsCheck.isClearlySmaller(distances[least], than: distances[$0])
            }
            // Of several that are near, those that are clearly further than the nearest are out.
            best = zip(candidates, distances).first { _, distance in
                !StatisticsCheck.isClearlySmaller(distances[least], than: distance)
            }?.0 ?? likeliest
        }
        // Names speak for the likeliest; where the file has none, only the check can. The direction of kernels is told by
        // what the file says of its backend, so one direction is always the likelier.
        let conventions = Set(candidates.map { candidate in
            candidate.convention.flipsKernels
                ? String(candidate.convention.identifier.dropLast("-theano".count)) : candidate.convention.identifier
        })
        guard isProven || !best.isPositional || conventions.count == 1 else {
            throw ArchitectureError(.ambiguous(candidates.map(\.identifier)))
        }
        return try best.graph(
            rivals: candidates.filter { $0.identifier != best.identifier },
            evidence: evidence(candidates, distances, isProven: isProven))
    }

    private static func evidence(
        _ candidates: [ArchitectureCandidate], _ distances: [Double]?, isProven: Bool
    ) -> String {
        guard let distances else { return "the stored statistics tell nothing of which it is" }
        let list = zip(candidates, distances).map { "\($0.identifier) \(hundredths($1))" }
        return (isProven ? "the stored statistics decide: " : "the stored statistics do not decide: ")
            + "distance on natural images " + list.joined(separator: ", ")
    }

    /// How far each candidate is from the statistics it stores; `nil` where that cannot be told.
    private static func statisticalDistances(_ candidates: [ArchitectureCandidate]) -> [Double]? {
        // All candidates have to see the same pictures, so the extent is that which the largest needs.
        let extent = candidates.contains(where: \.poolsWindows) ? nil : 128
        let checks = candidates.compactMap { candidate -> StatisticsCheck? in
            guard let graph = try? candidate.graph(),
                let input = naturalInput(graph, candidate.convention.preprocessing, extent: extent)
            else { return nil }
            return try? StatisticsCheck(of: graph, on: input)
        }
        return checks.count == candidates.count ? StatisticsCheck.distances(checks) : nil
    }

    /// The network of `model` with these weights.
    static func graph(of weights: WeightSet, like model: Model) throws -> Graph {
        var weights = weights
        let name = model.path.split(separator: "/").last.map(String.init) ?? model.path
        weights.metadata.entries.append(.init(ArchitectureCandidate.architectureKey, "that of \(name)"))
        let (graph, matching, leftOver) = try Transplant.graph(model.graph, model.inspection(), with: weights)
        guard matching != .names || !leftOver.isEmpty else { return graph }
        if matching != .names {
            let how = matching == .roles ? "each layer's place among the blocks" : "kind, order and shape"
            weights.metadata.entries.append(
                .init(ArchitectureCandidate.assumptionKey, "weights: given to layers by \(how) (names differ)"))
        }
        if !leftOver.isEmpty {
            let names = leftOver.prefix(4).map { "\"\(escaped($0))\"" }.joined(separator: ", ")
            weights.metadata.entries.append(
                .init(ArchitectureCandidate.assumptionKey,
                    "left over: \(leftOver.count) layers, such as \(names) (the architecture has no place for them)"))
        }
        return try Transplant.graph(model.graph, model.inspection(), with: weights).graph
    }

    private static func hundredths(_ value: Double) -> String {
        let count = Int((value * 100).rounded())
        return "\(count / 100)." + (count % 100 < 10 ? "0" : "") + "\(count % 100)"
    }

    /// Natural images as the network takes them; `nil` where it takes no images.
    private static func naturalInput(
        _ graph: Graph, _ preprocessing: Convention.Preprocessing, extent: Int?
    ) -> [String: Tensor]? {
        guard graph.inputs.count == 1, let input = graph.inputs.first, let shape = graph[input].fact?.shape,
            shape.count == 4
        else { return nil }
        let isChannelsLast = shape[3].fixedValue != nil && shape[1].fixedValue != shape[3].fixedValue
        let channels = (isChannelsLast ? shape[3] : shape[1]).fixedValue ?? 3
        // Images have few channels; more make a tensor that nobody has memory for.
        guard channels <= 64 else { return nil }
        let usual = graph.metadata[ArchitectureCandidate.extentKey].flatMap { Int($0) } ?? 224
        let extent = min(usual, extent ?? usual)
        let count = extent <= 64 ? 16 : extent <= 128 ? 4 : 2
        let pixels = NaturalImages.make(count: count, height: extent, width: extent)
        var values = [Float](repeating: 0, count: count * extent * extent * channels)
        let plane = extent * extent
        for position in 0..<(count * plane) {
            for channel in 0..<channels {
                let rgb = (0..<3).map { pixels[position * 3 + $0] }
                let value = preprocessing.value(rgb, channel: channel, of: channels)
                let target = isChannelsLast
                    ? position * channels + channel
                    : (position / plane * channels + channel) * plane + position % plane
                values[target] = value
            }
        }
        let tensorShape = isChannelsLast ? [count, extent, extent, channels] : [count, channels, extent, extent]
        return (try? Tensor(floats: values, shape: tensorShape)).map { [graph[input].name: $0] }
    }
}
