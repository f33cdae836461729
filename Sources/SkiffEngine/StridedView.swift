internal import SkiffCore

/// A tensor whose elements are another's at equal steps along each axis: what transposes, slices, expansions
/// and repetitions are.
struct StridedView {
    var extents: [Int]
    /// Elements of the source between neighbours along each axis; zero repeats, negative runs backwards.
    var strides: [Int]
    /// The source element that the first one is.
    var offset = 0

    /// - Throws: ``EngineError`` `operand` where an element would lie outside the `count` of the source.
    func gathered<Element: BitwiseCopyable>(_ source: [Element], threads: Int) throws(EngineError) -> [Element] {
        let count = try checkedProduct(extents)
        if count == 0 { return [] }
        var (least, most) = (offset, offset)
        for axis in extents.indices {
            let reach = try checkedMultiplyAdd(extents[axis] - 1, strides[axis], 0)
            if reach < 0 { least += reach } else { most += reach }
        }
        guard least >= 0, most < source.count else {
            throw EngineError(.operand("elements \(least) to \(most) are read of \(source.count)"))
        }
        let view = Broadcast(extents: extents, strides: [strides], count: count)
        let step = view.steps[0]
        return source.withUnsafeBufferPointer { source in
            filled(count, threads: threads) { target, range in
                guard let source = source.baseAddress else { return }
                view.runs(in: range) { first, count, from in
                    let (source, target) = (source + offset + from[0], target + first)
                    if step == 1 {
                        target.update(from: source, count: count)
                    } else {
                        for index in 0..<count { target[index] = source[index &* step] }
                    }
                }
            }
        }
    }
}

/// A tensor whose elements are another's at positions listed for each axis, or a constant where none is listed.
struct IndexedView {
    /// For each axis and position the source's element offset along that axis; negative for the constant.
    var offsets: [[Int]]

    func gathered<Element>(_ source: [Element], fill: Element) throws(EngineError) -> [Element] {
        let count = try checkedProduct(offsets.map(\.count))
        var result = [Element](repeating: fill, count: count)
        guard count > 0, let along = offsets.last else { return result }
        let outer = offsets.dropLast()
        for line in 0..<count / along.count {
            var (rest, start, isInside) = (line, 0, true)
            for list in outer.reversed() {
                let offset = list[rest % list.count]
                rest /= list.count
                if offset < 0 { isInside = false; break }
                start += offset
            }
            guard isInside else { continue }
            for (index, offset) in along.enumerated() where offset >= 0 {
                result[line * along.count + index] = source[start + offset]
            }
        }
        return result
    }
}

extension Step {
    /// Elements of input `position`, whatever their kind, as `view` picks them.
    func gathered(_ view: StridedView, _ position: Int = 0) throws(EngineError) -> Buffer<Stored> {
        switch try buffer(position) {
        case .real(let elements): .real(try view.gathered(elements, threads: threads))
        case .integer(let elements): .integer(try view.gathered(elements, threads: threads))
        case .boolean(let elements): .boolean(try view.gathered(elements, threads: threads))
        }
    }

    /// As ``gathered(_:_:)``; `fill` is the constant, as a real or a whole number.
    func gathered(_ view: IndexedView, fill: Double = 0, _ position: Int = 0) throws(EngineError) -> Buffer<Stored> {
        switch try operand(position).buffer {
        case .real(let elements): .real(try view.gathered(elements, fill: Stored(rounding: fill)))
        case .integer(let elements):
            .integer(try view.gathered(elements, fill: realToInteger(fill, try elementType(position))))
        case .boolean(let elements): .boolean(try view.gathered(elements, fill: fill != 0))
        }
    }
}
