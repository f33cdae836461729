internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// What takes all pixels of a map, or all channels of a pixel, together.
extension Lowering {
    mutating func lowerGlobalPooling(_ node: Draft.Node, _ pooling: GlobalPooling) throws(EngineError) -> Bool {
        switch pooling.kind {
        case .maximum: return try lowerOverPixels(node, pooling.layout, isAverage: false)
        case .average: return try lowerOverPixels(node, pooling.layout, isAverage: true)
        case .norm: return false
        }
    }

    /// The mean or maximum over exactly the spatial axes is global pooling.
    mutating func lowerReduction(_ node: Draft.Node, _ reduction: Reduction) throws(EngineError) -> Bool {
        guard reduction.kind == .mean || reduction.kind == .maximum, let (input, _) = isPlainMap(node) else {
            return false
        }
        let rank = draft.values[input].shape.count
        var axes = reduction.axes ?? []
        if node.inputs.count > 1, let given = node.inputs[1] {
            guard let tensor = draft.values[given].constant, let numbers = try? tensor.integers() else { return false }
            axes = numbers.map { Int($0) }
        }
        let reduced = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
        guard rank >= 3, !axes.isEmpty else { return false }
        if reduced == Set(2..<rank) {
            return try lowerOverPixels(node, .channelsFirst, isAverage: reduction.kind == .mean)
        }
        if reduced == Set(1..<rank - 1) {
            return try lowerOverPixels(node, .channelsLast, isAverage: reduction.kind == .mean)
        }
        return false
    }

    private mutating func lowerOverPixels(
        _ node: Draft.Node, _ layout: Layout, isAverage: Bool
    ) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let shape = draft.values[input].shape
        let (images, channels) = (shape[0], shape[layout.channelAxis(rank: shape.count)])
        let pixels = (shape.checkedElementCount ?? 0) / (images * channels)
        let source = try self.input(input, order: mapOrder(layout, rank: shape.count))
        // One element per image and channel: every order of the axes between them is the same.
        let target = result(output, order: Array(draft.values[output].shape.indices))
        // Parts of whole vectors.
        let wide = kernels.lanes * 4
        let blocks = (channels + wide - 1) / wide
        let parts = threads == 1 || pixels * channels < 20_000 ? 1 : min(blocks, threads * 2)
        let table = kernels.table
        let report = report(
            node, operation: isAverage ? "average of all pixels" : "maximum of all pixels", algorithm: "blocked sums")
        emit(report, tasks: images * parts, reads: [source], writes: [target]) { state, task, _ in
            let range = ProductStep.range(task % parts, of: parts, count: blocks)
            var pooling = skiff_global_pooling()
            pooling.input = UnsafeRawPointer(source.pointer(state) + task / parts * pixels * channels)
            pooling.pixels = Int64(pixels)
            pooling.pixel_stride = Int64(channels)
            pooling.channels = Int64(channels)
            pooling.output = UnsafeMutableRawPointer(target.pointer(state) + task / parts * channels)
            pooling.is_average = isAverage ? 1 : 0
            let first = range.lowerBound * wide
            table.pointee.global_pooling(&pooling, Int64(first), Int64(min(channels, range.upperBound * wide) - first))
        }
        return true
    }

    mutating func lowerSoftmax(_ node: Draft.Node, _ softmax: Softmax) throws(EngineError) -> Bool {
        guard softmax.kind != .hardmax, let (input, output) = isPlainMap(node) else { return false }
        let shape = draft.values[input].shape
        let axis = softmax.axis < 0 ? softmax.axis + shape.count : softmax.axis
        let natural = Array(shape.indices)
        guard shape.indices.contains(axis) else { return false }
        // The axis must be the innermost one in memory; axes of one element do not count.
        let lying = self.order(of: input) ?? natural
        let length: Int
        let order: [Int]
        if softmax.flattensFromAxis {
            (length, order) = (shape[axis...].reduce(1, *), natural)
        } else if let last = lying.last(where: { shape[$0] != 1 }), last == axis {
            (length, order) = (shape[axis], lying)
        } else {
            (length, order) = (shape[axis], natural.filter { $0 != axis } + [axis])
        }
        let rows = (shape.checkedElementCount ?? 0) / length
        let source = try self.input(input, order: order)
        let target = result(output, order: order)
        let tasks = threads == 1 || rows * length < 4_000 ? 1 : min(rows, threads * 4)
        let table = kernels.table
        let isLogarithm = softmax.kind == .logSoftmax
        let report = report(node, operation: softmax.kind.rawValue, algorithm: "rows")
        emit(report, tasks: tasks, reads: [source], writes: [target]) { state, task, _ in
            let range = ProductStep.range(task, of: tasks, count: rows)
            var softmax = skiff_softmax()
            softmax.input = UnsafeRawPointer(source.pointer(state))
            softmax.input_stride = Int64(length)
            softmax.output = UnsafeMutableRawPointer(target.pointer(state))
            softmax.output_stride = Int64(length)
            softmax.length = Int64(length)
            softmax.is_logarithm = isLogarithm ? 1 : 0
            table.pointee.softmax(&softmax, Int64(range.lowerBound), Int64(range.count))
        }
        return true
    }

    mutating func lowerResponse(
        _ node: Draft.Node, _ normalization: LocalResponseNormalization
    ) throws(EngineError) -> Bool {
        guard let (input, output) = isPlainMap(node) else { return false }
        let shape = draft.values[input].shape
        guard shape.count >= 3, normalization.size >= 1, normalization.size < 1 << 20 else { return false }
        let (size, channels) = (normalization.size, shape[1])
        let pixels = (shape.checkedElementCount ?? 0) / channels
        let order = mapOrder(.channelsFirst, rank: shape.count)
        let source = try self.input(input, order: order)
        let target = result(output, order: order)
        let tasks = threads == 1 ? 1 : max(1, min(pixels, threads * 4, pixels * channels / 2_000))
        let table = kernels.table
        let report = report(node, operation: "local response normalization", algorithm: "pixels")
        emit(report, tasks: tasks, reads: [source], writes: [target]) { state, task, _ in
            let range = ProductStep.range(task, of: tasks, count: pixels)
            var response = skiff_response()
            response.input = UnsafeRawPointer(source.pointer(state))
            response.input_stride = Int64(channels)
            response.output = UnsafeMutableRawPointer(target.pointer(state))
            response.output_stride = Int64(channels)
            response.channels = Int64(channels)
            // More neighbours than there are channels are all of them.
            response.before = Int64(min(channels, (size - 1) / 2))
            response.after = Int64(min(channels, size / 2))
            response.bias = Double(normalization.bias)
            response.factor = Double(normalization.alpha) / Double(size)
            response.beta = Double(normalization.beta)
            table.pointee.response(&response, Int64(range.lowerBound), Int64(range.count))
        }
        return true
    }

    /// Parts side by side along an axis: rows of each copied to their place in the result's.
    mutating func lowerConcatenation(
        _ node: Draft.Node, _ concatenation: Concatenation
    ) throws(EngineError) -> Bool {
        guard let output = node.outputs.first, node.outputs.count == 1, isFastValue(output) else { return false }
        let shape = draft.values[output].shape
        let axis = concatenation.axis < 0 ? concatenation.axis + shape.count : concatenation.axis
        // Parts without elements take no place.
        let parts = node.inputs.compactMap { $0 }.filter { draft.values[$0].shape.checkedElementCount != 0 }
        guard shape.indices.contains(axis), !parts.isEmpty,
            parts.allSatisfy({ isFastValue($0) && draft.values[$0].shape.count == shape.count })
        else { return false }
        let natural = Array(shape.indices)
        let lying = parts.compactMap { self.order(of: $0) }
        let order = lying.first { $0 != natural } ?? natural
        let inner = order.drop { $0 != axis }
        let lengths = parts.map { part in inner.reduce(1) { $0 * draft.values[part].shape[$1] } }
        let whole = lengths.reduce(0, +)
        let rows = (shape.checkedElementCount ?? 0) / max(1, whole)
        var sources: [View] = []
        for part in parts { sources.append(try input(part, order: order)) }
        let target = result(output, order: order)
        let tasks = threads == 1 || rows * whole < 20_000 ? 1 : min(rows, threads * 4)
        let copies = zip(sources, lengths).map { (source: $0, length: $1) }
        let table = kernels.table
        let report = report(node, operation: "concatenation", algorithm: "copy")
        emit(report, tasks: tasks, reads: sources, writes: [target]) { state, task, _ in
            let range = ProductStep.range(task, of: tasks, count: rows)
            var place = target.pointer(state) + range.lowerBound * whole
            for (source, length) in copies {
                table.pointee.copy(
                    source.pointer(state) + range.lowerBound * length, Int64(length), place, Int64(whole),
                    Int64(range.count), Int64(length))
                place += length
            }
        }
        return true
    }
}
