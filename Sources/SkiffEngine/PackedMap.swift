internal import SkiffCore
internal import SkiffGraph

/// A convolution's input in the order its kernel reads: [sample][group][padded position][channel], zeros where
/// padding is. Depthwise: [sample][padded position][output], every channel as often as outputs read it.
struct PackedMap<A: Arithmetic> {
    let isDepthwise: Bool
    let images: Int
    /// Elements of one image.
    let imageStride: Int
    let elements: [A.Sum.Lanes]
    private let extents: [Int]
    /// What offsets count: elements, or blocks of `Lanes` where depthwise.
    private let unit: Int

    /// - Throws: ``EngineError`` `limit` where the copy would not fit the memory budget.
    init(_ geometry: ConvolutionGeometry, _ step: Step<A>) throws(EngineError) {
        let lanes = A.Sum.Lanes.scalarCount
        isDepthwise = geometry.isDepthwise
        let blocks = BlockProduct<A.Sum>.blocks(geometry.groups * geometry.outputs)
        let width = isDepthwise ? blocks * lanes : geometry.channels
        unit = isDepthwise ? blocks : width
        var extents: [Int] = []
        for axis in geometry.outputExtents.indices {
            let reach = try checkedMultiplyAdd(geometry.kernelExtents[axis] - 1, geometry.dilations[axis], 1)
            extents.append(try checkedMultiplyAdd(geometry.outputExtents[axis] - 1, geometry.strides[axis], reach))
        }
        self.extents = extents
        images = isDepthwise ? geometry.batch : geometry.batch * geometry.groups
        imageStride = try checkedProduct(extents + [width])
        let count = try checkedProduct([imageStride, images])
        try step.reserve(count, MemoryLayout<A.Sum>.stride)
        let source = try step.reals(0)
        var packed = [A.Sum.Lanes](repeating: .zero, count: (count + lanes - 1) / lanes)
        let filling = Filling(
            geometry: geometry, extents: extents, width: width, imageStride: imageStride, isDepthwise: isDepthwise)
        packed.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            nonisolated(unsafe) let target = base.assumingMemoryBound(to: A.Sum.self)
            source.withUnsafeBufferPointer { source in
                nonisolated(unsafe) let source = source
                inParallel(geometry.batch * filling.lines, threads: count < 1 << 15 ? 1 : step.threads) { line in
                    filling.fill(line, from: source, to: target)
                }
            }
        }
        elements = packed
    }

    /// Offsets of the positions of a grid that `steps` spread over the padded map.
    func offsets(_ grid: [Int], steps: [Int]) -> [Int] {
        var offsets = [0]
        var stride = unit
        var strides = extents
        for axis in extents.indices.reversed() {
            strides[axis] = stride
            stride *= extents[axis]
        }
        for axis in grid.indices {
            let along = steps[axis] * strides[axis]
            offsets = offsets.flatMap { offset in (0..<grid[axis]).map { offset + $0 * along } }
        }
        return offsets
    }

    /// The copy, line by line: a line is one sample's positions that differ in the last spatial axis only.
    private struct Filling {
        let geometry: ConvolutionGeometry
        let extents: [Int]
        let width: Int
        let imageStride: Int
        let isDepthwise: Bool
        let lines: Int

        init(
            geometry: ConvolutionGeometry, extents: [Int], width: Int, imageStride: Int, isDepthwise: Bool
        ) {
            self.isDepthwise = isDepthwise
            self.geometry = geometry
            self.extents = extents
            self.width = width
            self.imageStride = imageStride
            lines = geometry.inputExtents.dropLast().reduce(1, *)
        }

        /// Where input element `index` of an axis stands in the padded map, if it does.
        private func position(_ index: Int, axis: Int) -> Int? {
            let position = index &* geometry.spread[axis] &+ geometry.before[axis]
            return position >= 0 && position < extents[axis] ? position : nil
        }

        func fill(_ line: Int, from source: UnsafeBufferPointer<A.Stored>, to target: UnsafeMutablePointer<A.Sum>) {
            let last = extents.count - 1
            let (sample, line) = (line / lines, line % lines)
            var rest = line
            var start = 0
            var stride = extents[last]
            for axis in (0..<last).reversed() {
                guard let position = position(rest % geometry.inputExtents[axis], axis: axis) else { return }
                start += position * stride
                stride *= extents[axis]
                rest /= geometry.inputExtents[axis]
            }
            let extent = geometry.inputExtents[last]
            let total = geometry.channels * geometry.groups
            let isFirst = geometry.layout == .channelsFirst
            let read = isFirst ? (sample * total * lines + line) * extent : (sample * lines + line) * extent * total
            let channelStride = isFirst ? lines * extent : 1
            let elementStride = isFirst ? 1 : total
            for index in 0..<extent {
                guard let position = position(index, axis: last) else { continue }
                let from = read + index * elementStride
                let to = (start + position) * width
                if isDepthwise {
                    let row = target + sample * imageStride + to
                    for output in 0..<geometry.groups * geometry.outputs {
                        row[output] = A.widened(source[from + output / geometry.outputs * channelStride])
                    }
                    continue
                }
                for group in 0..<geometry.groups {
                    let row = target + (sample * geometry.groups + group) * imageStride + to
                    let first = from + group * geometry.channels * channelStride
                    for channel in 0..<geometry.channels {
                        row[channel] = A.widened(source[first + channel * channelStride])
                    }
                }
            }
        }
    }
}
