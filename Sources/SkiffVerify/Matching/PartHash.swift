internal import SkiffCore
internal import SkiffGraph

/// Which part of a map a Slice, Split, Gather or Cropping takes, said alike for all of them.
struct PartHash {
    private(set) var hash: UInt64

    init(_ node: Node, output: Int, in graph: Graph) {
        func integers(_ position: Int) -> [Int]? {
            guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
            return graph[id].fact?.integers
        }
        let shape = node.inputs.first.flatMap { $0 }.flatMap { graph[$0].fact?.shape }
        hash = 0
        switch node.operator {
        case .split(let split):
            // Where sizes are equal and not said, the number of outputs says them.
            let axis = shape.map { split.axis < 0 ? split.axis + $0.count : split.axis }
            let extent = axis.flatMap { axis in shape.flatMap { $0.indices.contains(axis) ? $0[axis].fixedValue : nil } }
            let sizes = split.sizes ?? integers(1) ?? extent.map { extent in
                let part = (extent + node.outputs.count - 1) / max(node.outputs.count, 1)
                return node.outputs.indices.map { min(part, max(0, extent - $0 * part)) }
            }
            guard let sizes, sizes.indices.contains(output), sizes.allSatisfy({ (0...Limits.extent).contains($0) }) else {
                hash = combine(1, UInt64(output))
                return
            }
            add(start: sizes[..<output].reduce(0, &+), count: sizes[output], step: 1)
        case .slice:
            guard let starts = integers(1), let ends = integers(2), starts.count == ends.count else { break }
            let axes = integers(3) ?? Array(starts.indices)
            let steps = integers(4) ?? [Int](repeating: 1, count: starts.count)
            guard axes.count == starts.count, steps.count == starts.count, let shape else { break }
            for (position, axis) in axes.enumerated() {
                let axis = axis < 0 ? axis + shape.count : axis
                guard shape.indices.contains(axis), let extent = shape[axis].fixedValue, steps[position] > 0 else {
                    let start = combine(7, UInt64(bitPattern: Int64(starts[position])))
                    hash &+= combine(start, UInt64(steps[position].magnitude))
                    continue
                }
                func bounded(_ bound: Int) -> Int { max(0, min(extent, bound < 0 ? bound &+ extent : bound)) }
                let (start, end) = (bounded(starts[position]), bounded(ends[position]))
                if start == 0, end == extent, steps[position] == 1 { continue }
                add(start: start, count: max(0, end - start), step: steps[position])
            }
        case .cropping(let cropping):
            for (before, after) in zip(cropping.before, cropping.after) where before != 0 || after != 0 {
                hash &+= combine(11, combine(UInt64(bitPattern: Int64(before)), UInt64(bitPattern: Int64(after))))
            }
        case .gather: hash = integers(1).map { $0.reduce(13) { combine($0, UInt64(bitPattern: Int64($1))) } } ?? 13
        default: break
        }
    }

    private mutating func add(start: Int, count: Int, step: Int) {
        hash &+= combine(3, combine(UInt64(start), combine(UInt64(count), UInt64(step.magnitude))))
    }
}

/// One word of two, so that chains of it make hashes of sequences; the same in every process.
func combine(_ left: UInt64, _ right: UInt64) -> UInt64 {
    SeededInput.mix((left ^ SeededInput.mix(right &+ SeededInput.increment)) &+ SeededInput.increment)
}
