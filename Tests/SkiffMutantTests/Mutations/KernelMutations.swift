import Skiff

extension MutantMaker {
    private typealias Site = (id: NodeID, found: Convolution)

    func kernelMutants() throws -> [Mutant] {
        let sites: [Site] = nodes { node -> Convolution? in
            if case .convolution(let convolution) = node.operator { convolution } else { nil }
        }.filter { weight($0.id, 1) != nil }
        func axes(_ site: Site) -> (shape: Shape, output: Int, input: Int, spatial: [Int]) {
            let shape = weight(site.id, 1)?.shape ?? []
            let axes = site.found.kernelOrder.axes(rank: shape.count)
            return (shape, axes.output, axes.input, axes.spatial)
        }
        var mutants: [Mutant] = []
        let spatial = sites.filter { site in axes(site).spatial.contains { axes(site).shape[$0] > 1 } }
        let square = spatial.filter { site in
            let (shape, _, _, spatial) = axes(site)
            return spatial.count == 2 && shape[spatial[0]] == shape[spatial[1]]
        }
        mutants += try spread(square).map { try exchanged($0.id, axes($0).spatial, .kernelSpatialAxes, "H and W") }
        let balanced = sites.filter { site in
            let (shape, output, input, _) = axes(site)
            return site.found.groups == 1 && shape[input] == shape[output]
        }
        mutants += try spread(balanced).map {
            try exchanged($0.id, [axes($0).input, axes($0).output], .kernelChannelAxes, "I and O")
        }
        for site in spread(spatial) {
            let (shape, _, _, spatial) = axes(site)
            mutants.append(try mirrored(site.id, spatial, shape, "turned by 180°"))
            if spatial.count == 2 { mutants.append(try mirrored(site.id, [spatial[1]], shape, "mirrored")) }
        }
        for site in spread(sites.filter { $0.found.groups > 1 }) {
            if let mutant = try regrouped(site, axes(site)) { mutants.append(mutant) }
        }
        return mutants
    }

    private func exchanged(_ id: NodeID, _ pair: [Int], _ family: Mutant.Family, _ what: String) throws -> Mutant {
        let tensor = weight(id, 1)
        let changed = try tensor?.rearranged { index in
            var index = index
            index.swapAt(pair[0], pair[1])
            return index
        }
        return kernelMutant(id, family, "\(what) exchanged", changed, .kernelAxes)
    }

    private func mirrored(_ id: NodeID, _ axes: [Int], _ shape: Shape, _ what: String) throws -> Mutant {
        let changed = try weight(id, 1)?.rearranged { index in
            var index = index
            for axis in axes { index[axis] = shape[axis] - 1 - index[axis] }
            return index
        }
        return kernelMutant(id, .kernelFlip, what, changed, .kernelFlip)
    }

    /// Output channels counted through the groups instead of group by group.
    private func regrouped(
        _ site: Site, _ axes: (shape: Shape, output: Int, input: Int, spatial: [Int])
    ) throws -> Mutant? {
        let (groups, convolution) = (site.found.groups, site.found)
        if convolution.kernelOrder == .spatialChannelMultiplier {
            let (channels, multiplier) = (axes.shape[axes.input], axes.shape[axes.output])
            guard multiplier > 1 else { return nil }
            let changed = try weight(site.id, 1)?.rearranged { index in
                let flat = index[axes.output] * channels + index[axes.input]
                var index = index
                index[axes.input] = flat / multiplier
                index[axes.output] = flat % multiplier
                return index
            }
            return kernelMutant(site.id, .groupOrder, "multiplier before channel", changed, .groupOrder)
        }
        let each = axes.shape[axes.output] / groups
        guard each > 1 else { return nil }
        let changed = try weight(site.id, 1)?.rearranged { index in
            var index = index
            index[axes.output] = index[axes.output] % groups * each + index[axes.output] / groups
            return index
        }
        return kernelMutant(site.id, .groupOrder, "outputs counted through \(groups) groups", changed, .groupOrder)
    }

    private func kernelMutant(
        _ id: NodeID, _ family: Mutant.Family, _ detail: String, _ tensor: Tensor?, _ kind: Explanation.Kind
    ) -> Mutant {
        Mutant(
            family, detail, tensor.map { edit(id, 1, $0) } ?? GraphEdit(), [id], Expectation(kind),
            reverse: Expectation(kind))
    }
}
