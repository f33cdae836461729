internal import SkiffCore

/// Which element of each operand an element of the result reads, shapes broadcast as NumPy does.
struct Broadcast {
    /// Extents of the result, axes that every operand steps through alike taken as one.
    private var extents: [Int]
    /// Steps of each operand along those axes, in elements.
    private var strides: [[Int]]
    let count: Int

    /// - Throws: ``EngineError`` `operand` where an operand's shape does not broadcast to `output`.
    init(_ operands: [Shape], to output: Shape) throws(EngineError) {
        var steps: [[Int]] = []
        for shape in operands {
            guard shape.count <= output.count else { throw Self.refusal(shape, output) }
            let own = shape.rowMajorStrides
            var step = [Int](repeating: 0, count: output.count)
            for (axis, extent) in shape.enumerated() {
                let target = output.count - shape.count + axis
                guard extent == 1 || extent == output[target] else { throw Self.refusal(shape, output) }
                step[target] = extent == 1 ? 0 : own[axis]
            }
            steps.append(step)
        }
        self.init(extents: output, strides: steps, count: try checkedProduct(output))
    }

    /// Steps as given: what transposes, slices and expansions are.
    init(extents given: [Int], strides steps: [[Int]], count: Int) {
        self.count = count
        strides = steps.map { _ in [] }
        extents = []
        for axis in given.indices where given[axis] != 1 {
            let last = extents.count - 1
            let merges = last >= 0 && steps.indices.allSatisfy { strides[$0][last] == steps[$0][axis] &* given[axis] }
            if merges {
                extents[last] *= given[axis]
                for operand in steps.indices { strides[operand][last] = steps[operand][axis] }
            } else {
                extents.append(given[axis])
                for operand in steps.indices { strides[operand].append(steps[operand][axis]) }
            }
        }
        guard extents.isEmpty else { return }
        extents = [1]
        for operand in steps.indices { strides[operand] = [0] }
    }

    private static func refusal(_ shape: Shape, _ output: Shape) -> EngineError {
        EngineError(.operand("shape \(shape.shapeText) does not broadcast to \(output.shapeText)"))
    }

    /// Steps of each operand from one element of a run to the next.
    var steps: [Int] { strides.map { $0[$0.count - 1] } }

    /// Calls `body` for stretches of the result's elements that lie in `range`, each along the last axis: the
    /// first element, their number, and the element of each operand that the first one reads.
    @inline(__always)
    func runs(in range: Range<Int>, _ body: (_ first: Int, _ count: Int, _ from: [Int]) -> Void) {
        guard !range.isEmpty else { return }
        let last = extents.count - 1
        let length = extents[last]
        var position = [Int](repeating: 0, count: extents.count)
        var from = [Int](repeating: 0, count: strides.count)
        var rest = range.lowerBound
        for axis in extents.indices.reversed() {
            position[axis] = rest % extents[axis]
            rest /= extents[axis]
            for operand in strides.indices { from[operand] += position[axis] * strides[operand][axis] }
        }
        var first = range.lowerBound
        while first < range.upperBound {
            let count = min(length - position[last], range.upperBound - first)
            body(first, count, from)
            first += count
            var axis = last
            for operand in strides.indices { from[operand] -= position[last] * strides[operand][last] }
            position[last] = 0
            while axis > 0 {
                axis -= 1
                position[axis] += 1
                for operand in strides.indices { from[operand] += strides[operand][axis] }
                if position[axis] < extents[axis] { break }
                for operand in strides.indices { from[operand] -= extents[axis] * strides[operand][axis] }
                position[axis] = 0
            }
        }
    }

    /// Calls `body` for every element with the elements of the operands that it reads.
    func forEach(_ body: (_ element: Int, _ from: [Int]) -> Void) {
        let steps = steps
        runs(in: 0..<count) { first, count, start in
            var from = start
            for offset in 0..<count {
                body(first + offset, from)
                for operand in steps.indices { from[operand] += steps[operand] }
            }
        }
    }
}
