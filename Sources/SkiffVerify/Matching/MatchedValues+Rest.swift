internal import SkiffCore
internal import SkiffGraph

extension MatchedValues {
    /// Says of values that only one side has where the other computes them.
    mutating func explain(
        _ pairing: ChainPairing, _ chains: Sides<Chain>, _ source: SkeletonMatching.NodePair,
        _ sink: SkeletonMatching.NodePair
    ) {
        for state in pairing.hidden {
            let graph = state.isCandidate ? candidate : reference
            let other = state.isCandidate ? reference : candidate
            let chain = state.isCandidate ? chains.candidate : chains.reference
            func inside(_ pair: SkeletonMatching.NodePair) -> NodeID? {
                state.isCandidate
                    ? matching.reference.nodes[pair.reference].node : matching.candidate.nodes[pair.candidate].node
            }
            func name(_ node: NodeID?, _ graph: Graph) -> String { node.map { escaped(graph.displayName(of: $0)) } ?? "it" }
            func step(_ position: Int) -> String {
                let node = chain.steps[position...].lazy.compactMap(\.node).first
                return node.map { "\(graph[$0].sourceOperator) \(name($0, graph))" } ?? "a bias"
            }
            let node: NodeID?
            let text: String
            switch state.reason {
            case .folded(let position):
                node = inside(source)
                text = "\(step(position)) is folded into \(name(node, other))"
            case .foldedOnward(let position):
                node = inside(sink)
                text = "\(step(position)) is folded into \(name(node, other))"
            case .padded:
                node = inside(sink)
                text = "padding is inside \(name(node, other))"
            case .within(let end):
                let partner = (state.isCandidate ? chains.reference : chains.candidate).states[end].first
                node = partner.flatMap { other.producer(of: $0) }
                text = "\(name(node, other)) computes it on the way"
            case .missing: continue
            }
            for value in chain.states[state.state] { hide(value, isCandidate: state.isCandidate, node, text) }
        }
    }

    /// Contractions that are paired while nothing behind them is.
    mutating func pairContractionsWithoutReaders() {
        for index in matching.matches.indices {
            guard let match = matching.matches[index], matching.candidate.nodes[index].kind == .contraction,
                let one = matching.candidate.nodes[index].outputs.first ?? nil,
                let other = matching.reference.nodes[match.other].outputs.first ?? nil,
                position.candidate[one.index] == nil, position.reference[other.index] == nil,
                (matching.candidate.nodes[index].bias == nil) == (matching.reference.nodes[match.other].bias == nil),
                reasons.candidate[one] == nil, reasons.reference[other] == nil,
                matching.likeness(.init(candidate: index, reference: match.other)) == .same(isUnscaled: true)
            else { continue }
            join(one, other, match.confidence * 0.97, match.evidence)
        }
    }

    /// Steps on paired values that lead to nothing that is paired: side branches, and what a formula reads.
    mutating func pairSideBranches() {
        let (flow, otherFlow) = (matching.candidate.flow, matching.reference.flow)
        let (children, otherChildren) = (Self.children(flow), Self.children(otherFlow))
        func key(_ value: ValueID, _ flow: ValueFlow) -> StepKey? {
            guard let role = flow.steps[value.index], let node = flow.graph.producer(of: value) else { return nil }
            return StepKey(role: role, kind: flow.graph[node].operator.kind)
        }
        var next = 0
        while next < pairs.count {
            let pair = pairs[next]
            next += 1
            let ones = children[pair.candidate] ?? []
            let others = otherChildren[pair.reference] ?? []
            guard ones.contains(where: { position.candidate[$0.index] == nil }),
                others.contains(where: { position.reference[$0.index] == nil })
            else { continue }
            var byKey: [StepKey: Sides<[ValueID]>] = [:]
            for value in ones {
                guard let key = key(value, flow) else { continue }
                byKey[key, default: Sides(candidate: [], reference: [])].candidate.append(value)
            }
            for value in others { if let key = key(value, otherFlow) { byKey[key]?.reference.append(value) } }
            for value in ones where position.candidate[value.index] == nil {
                guard let key = key(value, flow), let found = byKey[key], found.candidate.count == 1,
                    found.reference.count == 1
                else { continue }
                join(value, found.reference[0], pair.confidence * 0.97, [.topology])
            }
        }
    }

    private struct StepKey: Hashable {
        var role: StepRole
        var kind: Operator.Kind
    }

    private static func children(_ flow: ValueFlow) -> [ValueID: [ValueID]] {
        var children: [ValueID: [ValueID]] = [:]
        for id in flow.graph.valueIDs {
            if let parent = flow.parent(of: id) { children[parent, default: []].append(id) }
        }
        return children
    }

    /// The computed values of one side that have no pair, with where the other side computes them.
    func unpaired(isCandidate: Bool) -> (hidden: [ValueMatching.Hidden], alone: [ValueID]) {
        let skeleton = isCandidate ? matching.candidate : matching.reference
        let graph = skeleton.graph
        let other = isCandidate ? reference : candidate
        let positions = isCandidate ? position.candidate : position.reference
        let reasons = isCandidate ? reasons.candidate : reasons.reference
        var below = [ValueID?](repeating: nil, count: graph.values.count)
        // The paired value that holds the same map further on.
        var further = [ValueID?](repeating: nil, count: graph.values.count)
        for node in graph.nodes.reversed() {
            for output in node.outputs where skeleton.flow.isComputed[output.index] {
                if let step = skeleton.flow.steps[output.index], step == .layout || step == .identity,
                    let parent = skeleton.flow.parent(of: output)
                {
                    further[parent.index] =
                        further[parent.index] ?? (positions[output.index] != nil ? output : further[output.index])
                }
                var found: ValueID? = positions[output.index] != nil ? output : nil
                if found == nil, skeleton.flow.steps[output.index] != nil { found = below[output.index] }
                guard let found else { continue }
                for case let input? in node.inputs where below[input.index] == nil { below[input.index] = found }
            }
        }
        var hidden: [ValueMatching.Hidden] = []
        var alone: [ValueID] = []
        for id in graph.valueIDs where skeleton.flow.isComputed[id.index] && positions[id.index] == nil {
            if graph[id].name.isEmpty, below[id.index] == nil { continue }
            let reason =
                reasons[id] ?? moved(id, skeleton, positions)
                ?? further[id.index].map { Reason(node: nil, text: "is paired as \(escaped(graph[$0].name))") }
                ?? inside(id, below, skeleton, positions, other, isCandidate)
            if let reason {
                hidden.append(.init(isCandidate: isCandidate, value: id, node: reason.node, reason: reason.text))
            } else {
                alone.append(id)
            }
        }
        return (hidden, alone)
    }

    /// A value that only holds a paired one in another type, shape or order.
    private func moved(_ id: ValueID, _ skeleton: Skeleton, _ positions: [Int?]) -> Reason? {
        guard let step = skeleton.flow.steps[id.index], step == .layout || step == .identity else { return nil }
        var current = id
        while let step = skeleton.flow.steps[current.index], step == .layout || step == .identity,
            let parent = skeleton.flow.parent(of: current)
        {
            current = parent
            if positions[current.index] != nil {
                let operation = skeleton.graph.producer(of: id).map { skeleton.graph[$0].sourceOperator } ?? "it"
                let name = escaped(skeleton.graph[current].name)
                return Reason(node: nil, text: "\(operation) only moves elements of \(name)")
            }
        }
        return nil
    }

    /// A value on the way to a paired one, behind a source that is paired, too.
    private func inside(
        _ id: ValueID, _ below: [ValueID?], _ skeleton: Skeleton, _ positions: [Int?], _ other: Graph,
        _ isCandidate: Bool
    ) -> Reason? {
        guard let target = below[id.index], let position = positions[target.index],
            skeleton.flow.steps[target.index] != nil, let parent = parentWithPair(of: target, skeleton, positions),
            parent != id
        else { return nil }
        let partner = isCandidate ? pairs[position].reference : pairs[position].candidate
        guard let node = other.producer(of: partner), let own = skeleton.graph.producer(of: id),
            other[node].operator.kind != skeleton.graph[own].operator.kind
        else { return nil }
        return Reason(node: node, text: "\(escaped(other.displayName(of: node))) computes it on the way")
    }

    private func parentWithPair(of id: ValueID, _ skeleton: Skeleton, _ positions: [Int?]) -> ValueID? {
        var current = id
        for _ in 0..<64 {
            guard let parent = skeleton.flow.parent(of: current) else { return nil }
            if positions[parent.index] != nil { return parent }
            current = parent
        }
        return nil
    }
}
