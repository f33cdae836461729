internal import SkiffCore
internal import SkiffGraph

/// What lies before the first block of a network and behind its last: stem and head.
struct Surroundings {
    /// A layer or pooling outside of blocks.
    struct Step {
        var node: NodeID
        var layer: ResidualBlock.Layer?
        var isMaximum = false
        var isGlobal = false
        var kernel: [Int] = []
        var strides: [Int] = []

        /// `7×7 convolution of stride 2 to 64`.
        var text: String {
            let stride = strides.contains { $0 > 1 } ? " of stride \(extentsText(strides))" : ""
            if isGlobal { return "global \(isMaximum ? "max" : "average") pool" }
            guard let layer else { return "\(isMaximum ? "max" : "average") pool \(kernelText(kernel))\(stride)" }
            let channels = layer.outputChannels.map { " to \($0)" } ?? ""
            return layer.kernel.isEmpty ? "dense\(channels)" : "\(kernelText(kernel)) convolution\(stride)\(channels)"
        }

        private func kernelText(_ kernel: [Int]) -> String { kernel.map(String.init).joined(separator: "×") }
    }

    private(set) var stem: [Step] = []
    private(set) var head: [Step] = []
    /// Layers between two blocks that follow each other, by the position of the second; for blocks in no other.
    private(set) var between: [Int: [ResidualBlock.Layer]] = [:]

    init(of blocks: [ResidualBlock], in finder: BlockFinder, blockOfNode: [Int?]) {
        let flow = finder.flow
        let outer = blocks.indices.filter { blocks[$0].parent == nil }
        guard let first = outer.first, let last = outer.last else { return }
        let (fork, join) = (flow.vertex(giving: blocks[first].fork), flow.vertex(of: blocks[last].join))
        var next = 0
        for id in flow.graph.nodeIDs {
            let vertex = flow.vertex(of: id)
            while next < outer.count, flow.vertex(of: blocks[outer[next]].join) < vertex { next += 1 }
            guard blockOfNode[id.index] == nil, let step = Self.step(id, in: finder) else { continue }
            if vertex <= fork {
                stem.append(step)
            } else if vertex > join {
                head.append(step)
            } else if next < outer.count, let layer = step.layer {
                between[outer[next], default: []].append(layer)
            }
        }
    }

    private static func step(_ id: NodeID, in finder: BlockFinder) -> Step? {
        switch finder.flow.graph[id].operator {
        case .pooling(let pooling):
            var step = Step(node: id, kernel: pooling.kernel, strides: pooling.window.strides)
            step.isMaximum = pooling.kind == .maximum
            return step
        case .globalPooling(let pooling):
            return Step(node: id, isMaximum: pooling.kind == .maximum, isGlobal: true)
        case .reduction(let reduction) where reduction.kind == .mean && finder.measures.isGlobal[finder.flow.vertex(of: id)]:
            return Step(node: id, isGlobal: true)
        default:
            guard let layer = finder.measures.layerOfNode[id.index] else { return nil }
            return Step(node: id, layer: layer, kernel: layer.kernel, strides: layer.strides)
        }
    }

    /// At most so many steps in words; `nil` where there are none, or more.
    static func text(_ steps: [Step], most: Int = 6) -> String? {
        steps.isEmpty || steps.count > most ? nil : steps.map(\.text).joined(separator: ", ")
    }

    /// Whether a maximum is pooled before the first block.
    var poolsInStem: Bool { stem.contains { $0.layer == nil && $0.isMaximum } }
    /// Layers of the stem.
    var stemLayers: [ResidualBlock.Layer] { stem.compactMap(\.layer) }
}
