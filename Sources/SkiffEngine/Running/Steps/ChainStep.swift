internal import CSkiffKernels
internal import SkiffCore

/// How chains see a map: images of pixels of channels, each of them neighbouring axes in memory. Every operand has
/// all axes of a group or none.
struct ChainShape {
    let images: Int
    let pixels: Int
    let channels: Int
    /// Steps of each operand by image, pixel and channel; zero along what it lacks.
    let strides: [(image: Int, pixel: Int, channel: Int)]

    /// Every operand has all elements or one: the map is one run of them.
    var isFlat: Bool { images == 1 && pixels == 1 }

    /// - Parameters:
    ///   - extents: The map's extents in the order of memory.
    ///   - operands: For each operand whether it has each axis, in the order of memory.
    /// - Returns: `nil` where more than three groups would be needed.
    init?(extents: [Int], operands: [[Bool]]) {
        let axes = extents.indices.filter { extents[$0] != 1 }
        var groups: [(extent: Int, has: [Bool])] = []
        for axis in axes {
            let has = operands.map { $0[axis] }
            if let last = groups.last, last.has == has {
                groups[groups.count - 1].extent *= extents[axis]
            } else {
                groups.append((extents[axis], has))
            }
        }
        guard groups.count <= 3 else { return nil }
        while groups.count < 3 {
            groups.insert((1, groups.first?.has ?? operands.map { _ in true }), at: 0)
        }
        (images, pixels, channels) = (groups[0].extent, groups[1].extent, groups[2].extent)
        strides = operands.indices.map { operand in
            var (running, strides) = (1, [0, 0, 0])
            for group in (0..<3).reversed() where groups[group].has[operand] {
                strides[group] = running
                running *= groups[group].extent
            }
            return (strides[0], strides[1], strides[2])
        }
    }
}

/// Operations on each element of a map, in one pass.
struct ChainStep: @unchecked Sendable {
    let kernels: KernelSet
    let operations: [skiff_operation]
    /// The operand of each operation.
    let operands: [View?]
    let shape: ChainShape
    let tasks: Int

    /// Most operations of one chain.
    static var limit: Int { 12 }

    init(kernels: KernelSet, operations: [skiff_operation], operands: [View?], shape: ChainShape, threads: Int) {
        self.kernels = kernels
        self.operations = operations
        self.operands = operands
        self.shape = shape
        let elements = shape.images * shape.pixels * shape.channels
        let units = shape.isFlat ? (elements + 511) / 512 : shape.images * shape.pixels
        tasks = threads == 1 ? 1 : max(1, min(units, threads * 4, elements * operations.count / 10_000))
    }

    func run(
        _ task: Int, _ state: RunState, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: skiff_operation.self, capacity: operations.count) { list in
            guard let base = list.baseAddress else { return }
            for (index, operation) in operations.enumerated() {
                (base + index).initialize(to: operation)
                if let operand = operands[index] { base[index].operand = UnsafeRawPointer(operand.pointer(state)) }
            }
            var chain = skiff_chain()
            chain.operations = UnsafePointer(base)
            chain.operation_count = Int64(operations.count)
            chain.input = UnsafeRawPointer(input)
            chain.output = UnsafeMutableRawPointer(output)
            if shape.isFlat {
                runFlat(task, &chain, base, input, output)
                return
            }
            chain.channels = Int64(shape.channels)
            chain.input_stride = chain.channels
            chain.output_stride = chain.channels
            chain.image_pixels = Int64(shape.pixels)
            let range = ProductStep.range(task, of: tasks, count: shape.images * shape.pixels)
            kernels.table.pointee.chain(&chain, Int64(range.lowerBound), Int64(range.count))
        }
    }

    /// A run of elements as one pixel of so many channels.
    private func runFlat(
        _ task: Int, _ chain: inout skiff_chain, _ list: UnsafeMutablePointer<skiff_operation>,
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
    ) {
        let range = ProductStep.range(task, of: tasks, count: shape.channels)
        for index in operations.indices where operations[index].channel_stride == 1 {
            list[index].operand = list[index].operand.map { $0 + range.lowerBound * MemoryLayout<Float>.stride }
        }
        chain.input = UnsafeRawPointer(input + range.lowerBound)
        chain.output = UnsafeMutableRawPointer(output + range.lowerBound)
        chain.channels = Int64(range.count)
        chain.input_stride = chain.channels
        chain.output_stride = chain.channels
        chain.image_pixels = 1
        kernels.table.pointee.chain(&chain, 0, 1)
    }
}
