internal import SkiffCore
internal import SkiffGraph

/// A contraction's weight, with its axes told apart, so that two weights compare in whatever order they lie.
struct WeightView {
    private let tensor: Tensor?
    /// Extents of the value that enters, and for each axis the stride of the tensor's elements in it.
    private let strides: [Int]
    private let zeroPoint: Double
    private let axes: Axes
    let outputs: Int
    let inputs: Int
    /// Output channels of one input channel, in depthwise kernels.
    private let multiplier: Int
    let taps: Shape

    private struct Axes {
        var output: Int
        /// The axis whose index counts fastest among output channels, in depthwise kernels.
        var multiplier: Int?
        var input: Int?
        var spatial: [Int]
    }

    /// What contractions with such a weight are called alike: the numbers of channels and the taps without axes of one.
    var label: UInt64 {
        let extents = [outputs, inputs] + taps.filter { $0 != 1 }.sorted()
        return extents.reduce(17) { combine($0, UInt64($1.magnitude)) }
    }

    /// The label with the taps in their order.
    var exactLabel: UInt64 { taps.filter { $0 != 1 }.reduce(label) { combine($0, UInt64($1.magnitude)) } }

    /// The weight of a node whose other operand is `dataOperand`; `nil` where its shape is not known or not one of a weight.
    init?(of node: SkiffGraph.Node, dataOperand: Int, in graph: Graph) {
        let position = 1 - dataOperand
        guard node.inputs.indices.contains(position), let id = node.inputs[position],
            let shape = graph[id].fact?.shape?.fixedShape, let count = shape.checkedElementCount, count > 0,
            let axes = Self.axes(node.operator, rank: shape.count, weight: position)
        else { return nil }
        self.axes = axes
        multiplier = axes.multiplier.map { shape[$0] } ?? 1
        outputs = shape[axes.output] * multiplier
        inputs = axes.input.map { shape[$0] } ?? 1
        taps = axes.spatial.map { shape[$0] }
        let source = Self.source(of: id, shape: shape, in: graph)
        tensor = source?.tensor
        strides = source?.strides ?? []
        zeroPoint = source?.zeroPoint ?? 0
    }

    private static func axes(_ operation: Operator, rank: Int, weight: Int) -> Axes? {
        switch operation {
        case .convolution(let convolution):
            guard rank > 2 else { return nil }
            let leading = Array(0..<rank - 2)
            return switch convolution.kernelOrder {
            case .outputInputSpatial: Axes(output: 0, input: 1, spatial: Array(2..<rank))
            case .inputOutputSpatial: Axes(output: 1, input: 0, spatial: Array(2..<rank))
            case .spatialInputOutput: Axes(output: rank - 1, input: rank - 2, spatial: leading)
            case .spatialOutputInput: Axes(output: rank - 2, input: rank - 1, spatial: leading)
            case .spatialChannelMultiplier: Axes(output: rank - 2, multiplier: rank - 1, input: nil, spatial: leading)
            }
        case .convolutionTranspose(let convolution):
            guard rank > 2 else { return nil }
            let leading = Array(0..<rank - 2)
            return switch convolution.kernelOrder {
            case .outputInputSpatial: Axes(output: 0, input: 1, spatial: Array(2..<rank))
            case .inputOutputSpatial: Axes(output: 1, input: 0, spatial: Array(2..<rank))
            case .spatialInputOutput: Axes(output: rank - 1, input: rank - 2, spatial: leading)
            case .spatialOutputInput, .spatialChannelMultiplier:
                Axes(output: rank - 2, input: rank - 1, spatial: leading)
            }
        case .dense: return rank == 2 ? Axes(output: 1, input: 0, spatial: []) : nil
        case .gemm(let gemm):
            guard rank == 2 else { return nil }
            let isTransposed = weight == 1 ? gemm.transposesB : !gemm.transposesA
            return isTransposed ? Axes(output: 0, input: 1, spatial: []) : Axes(output: 1, input: 0, spatial: [])
        case .matrixMultiplication:
            guard rank >= 2 else { return nil }
            let spatial = Array(0..<rank - 2)
            return weight == 1
                ? Axes(output: rank - 1, input: rank - 2, spatial: spatial)
                : Axes(output: rank - 2, input: rank - 1, spatial: spatial)
        case .einsum: return rank > 0 ? Axes(output: 0, input: nil, spatial: Array(1..<rank)) : nil
        default: return nil
        }
    }

    private struct Source {
        var tensor: Tensor
        var strides: [Int]
        var zeroPoint: Double
    }

    /// The tensor behind a computed weight, through nodes that keep or scale its elements.
    private static func source(of id: ValueID, shape: Shape, in graph: Graph) -> Source? {
        var current = id
        // Axis i of the weight is axis order[i] of the value at hand.
        var order = Array(shape.indices)
        var zeroPoint = 0.0
        for _ in 0..<8 {
            if let tensor = graph[current].tensor {
                guard tensor.shape.count == order.count, order.map({ tensor.shape[$0] }) == shape else { return nil }
                let strides = tensor.shape.rowMajorStrides
                return Source(tensor: tensor, strides: order.map { strides[$0] }, zeroPoint: zeroPoint)
            }
            guard let producer = graph.producer(of: current), let input = graph[producer].inputs.first ?? nil else {
                return nil
            }
            let node = graph[producer]
            switch node.operator {
            case .identity, .cast: break
            case .transpose(let transpose):
                let permutation = transpose.permutation ?? Array(order.indices.reversed())
                guard permutation.count == order.count, permutation.sorted() == Array(order.indices) else { return nil }
                order = order.map { permutation[$0] }
            case .dequantize:
                guard node.inputs.count > 2, let point = node.inputs[2] else { break }
                guard let values = graph[point].tensor.flatMap({ try? $0.doubles() }), let first = values.first,
                    values.allSatisfy({ $0 == first })
                else { return nil }
                zeroPoint = first
            default: return nil
            }
            current = input
        }
        return nil
    }
}

extension WeightView {
    /// Some filters of a weight, those at the same places of every weight of these extents.
    struct Sample {
        /// For each output channel that was looked at, elements over inputs and taps.
        var filters: [[Double]]
    }

    private static let sampledOutputs = 8
    private static let sampledInputs = 8
    private static let sampledTaps = 27
    /// Most bytes of an encoded weight that are decoded for a sample.
    private static let decodedBytes = 16 << 20

    /// - Parameter decodes: whether weights that are not in memory are decoded for it.
    /// - Returns: `nil` where the weight is not stored as numbers, or cannot be read.
    func sample(decodes: Bool) -> Sample? {
        guard let tensor, let width = tensor.elementType.byteWidth, tensor.elementType.isFloatingPoint || width == 1 else {
            return nil
        }
        var (storage, base) = (tensor.storage, tensor.byteRange.lowerBound)
        if storage.isDeferred {
            guard decodes, tensor.byteRange.count <= Self.decodedBytes else { return nil }
            var bytes = [UInt8](repeating: 0, count: tensor.byteRange.count)
            let isRead = bytes.withUnsafeMutableBytes { buffer in
                (try? storage.read(tensor.byteRange, into: buffer)) != nil
            }
            guard isRead else { return nil }
            (storage, base) = (Storage(bytes), 0)
        }
        let offsets = offsets()
        let (type, isLittle, zero) = (tensor.elementType, tensor.byteOrder == .little, zeroPoint)
        let filters = storage.withUnsafeBytes { bytes in
            offsets.map { filter in
                filter.map { Self.element(bytes, base + $0 * width, type, isLittle) - zero }
            }
        }
        return filters.allSatisfy { $0.allSatisfy(\.isFinite) } ? Sample(filters: filters) : nil
    }

    /// The positions of the sample's elements.
    private func offsets() -> [[Int]] {
        let tapCount = taps.reduce(1, *)
        return Self.spread(outputs, Self.sampledOutputs).map { output in
            var start = output / multiplier * strides[axes.output]
            if let axis = axes.multiplier { start += output % multiplier * strides[axis] }
            return Self.spread(inputs, Self.sampledInputs).flatMap { input in
                Self.spread(tapCount, Self.sampledTaps).map { tap in
                    var (offset, rest) = (start + (axes.input.map { input * strides[$0] } ?? 0), tap)
                    for (position, axis) in axes.spatial.enumerated().reversed() {
                        offset += rest % taps[position] * strides[axis]
                        rest /= taps[position]
                    }
                    return offset
                }
            }
        }
    }

    /// Up to `count` indices below `extent`, evenly apart.
    private static func spread(_ extent: Int, _ count: Int) -> [Int] {
        extent <= count ? Array(0..<extent) : (0..<count).map { $0 * extent / count }
    }

    private static func element(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ type: ElementType, _ isLittle: Bool
    ) -> Double {
        func word<Word: FixedWidthInteger>(_: Word.Type) -> Word {
            let raw = bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
            return isLittle ? Word(littleEndian: raw) : Word(bigEndian: raw)
        }
        return switch type {
        case .float32: Double(Float(bitPattern: word(UInt32.self)))
        case .float64: Double(bitPattern: word(UInt64.self))
        case .float16: Double(floatFromHalf(word(UInt16.self)))
        case .bfloat16: Double(Float(bitPattern: UInt32(word(UInt16.self)) << 16))
        case .int8: Double(Int8(bitPattern: word(UInt8.self)))
        case .uint8: Double(word(UInt8.self))
        default: .nan
        }
    }
}

/// What samples of two weights say of each other.
enum WeightLikeness: Equatable {
    /// The filters have the same directions; `isUnscaled`: and the same lengths, so that nothing was folded in.
    case same(isUnscaled: Bool)
    /// Directions differ by what rounding to few bits does.
    case similar
    case different
    /// Filters too short to have a direction, or not read.
    case unknown

    init(_ one: WeightView.Sample?, _ other: WeightView.Sample?) {
        guard let one, let other, one.filters.count == other.filters.count else {
            self = .unknown
            return
        }
        var (equal, near, told, isUnscaled) = (0, 0, 0, true)
        for (a, b) in zip(one.filters, other.filters) {
            guard a.count == b.count, a.count > 2 else { continue }
            let products = zip(a, b).reduce(into: (ab: 0.0, aa: 0.0, bb: 0.0)) { sums, pair in
                sums.ab += pair.0 * pair.1
                sums.aa += pair.0 * pair.0
                sums.bb += pair.1 * pair.1
            }
            // Filters that training or pruning left empty tell nothing.
            guard products.aa > 1e-30, products.bb > 1e-30 else { continue }
            told += 1
            let cosine = abs(products.ab) / (products.aa * products.bb).squareRoot()
            if cosine > 1 - 1e-6 { equal += 1 }
            if cosine > 0.99 { near += 1 }
            if abs(products.aa / products.bb - 1) > 4e-6 || products.ab < 0 { isUnscaled = false }
        }
        guard told > 0 else {
            self = one.filters == other.filters && one.filters.contains { $0.contains { $0 != 0 } }
                ? .same(isUnscaled: true) : .unknown
            return
        }
        // One changed element touches one filter.
        if equal * 4 >= told * 3 {
            self = .same(isUnscaled: isUnscaled)
        } else if near * 4 >= told * 3 {
            self = .similar
        } else {
            self = .different
        }
    }
}
