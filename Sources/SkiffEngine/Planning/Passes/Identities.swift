internal import SkiffCore
internal import SkiffGraph

/// Drops nodes that give their first input as it is; their readers read that.
func dropIdentities(_ draft: inout Draft) -> Int {
    let reads = Wiring(draft).reads
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    var replacements = Array(draft.values.indices)
    for index in draft.nodes.indices {
        guard let operation = draft.operation(index), let output = draft.nodes[index].outputs.first,
            draft.nodes[index].outputs.dropFirst().allSatisfy({ reads[$0] == 0 }),
            let position = draft.passedInput(index, operation), let input = draft.input(index, position),
            draft.values[input].shape == draft.values[output].shape,
            draft.values[input].elementType == draft.values[output].elementType
        else { continue }
        isDropped[index] = true
        replacements[output] = replacements[input]
    }
    draft.drop(isDropped, reading: replacements)
    return isDropped.count { $0 }
}

extension Draft {
    /// Which input a node gives as it is, if that has the output's shape and type; `nil` where it computes something.
    fileprivate func passedInput(_ index: Int, _ operation: Operator) -> Int? {
        let output = values[nodes[index].outputs[0]].shape
        let isPassed =
            switch operation {
            // Equal shapes leave these nothing to do.
            case .identity, .cast, .reshape, .flatten, .squeeze, .unsqueeze, .expand, .tile, .cropping: true
            case .concatenation: nodes[index].inputs.count == 1
            case .split: nodes[index].outputs.count == 1
            case .slice: input(index, 4).map { integers($0)?.allSatisfy { $0 == 1 } ?? false } ?? true
            case .transpose(let transpose): transpose.permutation == Array(output.indices)
            case .pad: resolvedPads(index)?.allSatisfy { $0.before == 0 && $0.after == 0 } ?? false
            case .upsampling(let upsampling): upsampling.factors.allSatisfy { $0 == 1 }
            case .resize(let resize): isUnscaled(index, resize)
            case .pooling(let pooling): isSingleTap(pooling)
            case .clip: input(index, 1) == nil && input(index, 2) == nil
            case .variadic: nodes[index].inputs.count == 1
            default: false
            }
        if case .binary(let binary) = operation { return neutralInput(index, binary.kind) }
        // Parts without elements add nothing to the one that has the output's shape.
        if case .concatenation = operation, !output.contains(0) {
            return nodes[index].inputs.firstIndex { $0.map { values[$0].shape == output } ?? false }
        }
        return isPassed ? 0 : nil
    }

    /// The input that is left where the other one is a constant that changes nothing.
    private func neutralInput(_ index: Int, _ kind: Binary.Kind) -> Int? {
        guard let left = input(index, 0), let right = input(index, 1), values[left].elementType.isFloatingPoint else {
            return nil
        }
        let (neutral, isSymmetric): (Double, Bool)
        switch kind {
        case .add: (neutral, isSymmetric) = (0, true)
        case .subtract: (neutral, isSymmetric) = (0, false)
        case .multiply: (neutral, isSymmetric) = (1, true)
        case .divide, .power: (neutral, isSymmetric) = (1, false)
        default: return nil
        }
        if uniformNumber(right) == neutral { return 0 }
        return isSymmetric && uniformNumber(left) == neutral ? 1 : nil
    }

    private func isSingleTap(_ pooling: Pooling) -> Bool {
        if case .norm = pooling.kind { return false }
        return pooling.kernel.allSatisfy { $0 == 1 } && pooling.window.strides.allSatisfy { $0 == 1 }
    }

    /// Whether every element is sampled at its own position; that the shape stays does not say so alone.
    private func isUnscaled(_ index: Int, _ resize: Resize) -> Bool {
        guard resize.coordinates != .tfCropAndResize, resize.aspectRatio == .stretch, !resize.antialias else {
            return false
        }
        if let sizes = input(index, 3), values[sizes].shape != [0] { return true }
        return input(index, 2).map { uniformNumber($0) == 1 } ?? false
    }
}
