internal import SkiffCore
internal import SkiffGraph

/// Writes reductions over all spatial axes, and poolings with one window as large as the map, as global pooling.
func recognizeGlobalPooling(_ draft: inout Draft) -> Int {
    var changes = 0
    for index in draft.nodes.indices {
        guard let operation = draft.operation(index), let input = draft.input(index, 0),
            draft.nodes[index].outputs.count == 1, draft.isFloatMap(input),
            let global = draft.globalPooling(index, operation, of: draft.values[input].shape)
        else { continue }
        draft.nodes[index].work = .operation(.globalPooling(global))
        draft.nodes[index].inputs = [input]
        changes += 1
    }
    return changes
}

extension Draft {
    fileprivate func globalPooling(_ index: Int, _ operation: Operator, of shape: Shape) -> GlobalPooling? {
        guard shape.count >= 3 else { return nil }
        switch operation {
        case .reduction(let reduction):
            let kinds: [Reduction.Kind: GlobalPooling.Kind] = [.mean: .average, .maximum: .maximum]
            guard let kind = kinds[reduction.kind], let axes = input(index, 1).map({ integers($0) }) ?? reduction.axes
            else { return nil }
            let reduced = Set(axes.map { $0 < 0 ? $0 + shape.count : $0 })
            for layout in Layout.allCases {
                let spatial = layout.firstSpatialAxis..<layout.firstSpatialAxis + shape.count - 2
                guard reduced == Set(spatial) else { continue }
                return GlobalPooling(kind: kind, layout: layout, keepsDimensions: reduction.keepsDimensions)
            }
            return nil
        case .pooling(let pooling):
            let kind: GlobalPooling.Kind
            switch pooling.kind {
            case .maximum: kind = .maximum
            case .average: kind = .average
            case .norm: return nil
            }
            let isWhole = pooling.kernel.indices.allSatisfy { axis in
                let position = pooling.layout.firstSpatialAxis + axis
                let pads = pooling.window.resolvedPadding(
                    axis: axis, extent: shape[position], kernel: pooling.kernel[axis])
                return pooling.kernel[axis] == shape[position] && pads == (0, 0)
                    && pooling.window.dilations[axis] == 1 && values[nodes[index].outputs[0]].shape[position] == 1
            }
            return isWhole ? GlobalPooling(kind: kind, layout: pooling.layout, keepsDimensions: true) : nil
        default: return nil
        }
    }
}
