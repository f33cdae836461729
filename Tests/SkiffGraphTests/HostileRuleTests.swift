import SkiffCore
import SkiffGraph
import Testing

/// Random numbers that repeat (SplitMix64).
struct Repeatable: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Makes operators and facts that no honest file holds.
struct Hostility {
    var random = Repeatable(state: 11)
    /// Numbers and facts that fit more often than not, so that rules are searched behind their first check too.
    var isMild = false
    static let numbers = [
        0, 1, 2, 3, -1, -2, 4, 7, 16, 1 << 20, 1 << 31, 1 << 40, 1 << 62, Int.max, Int.min, Int.min + 1,
    ]

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }
    mutating func number() -> Int {
        isMild ? pick([1, 1, 1, 2]) : Bool.random(using: &random) ? pick([1, 2, 3]) : pick(Self.numbers)
    }
    mutating func list(_ most: Int = 4) -> [Int] {
        isMild ? [number()] : (0..<Int.random(in: 0...most, using: &random)).map { _ in number() }
    }
    mutating func flag() -> Bool { Bool.random(using: &random) }
    mutating func optional<Wrapped>(_ value: Wrapped) -> Wrapped? { flag() ? value : nil }

    mutating func dimension() -> Dimension {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .symbolic(pick(["N", "M"]))
        case 1: .unknown
        default: .fixed(number())
        }
    }

    mutating func fact() -> Fact? {
        if isMild {
            return Fact(
                .float32,
                pick(
                    [[1, 2, 3], [1, 2, 1], ["N", 2, "M"], [2, 2, 1], [2], [2], [2], [1], ["N"]] as [SymbolicShape]))
        }
        if Int.random(in: 0..<8, using: &random) == 0 { return nil }
        let type = pick([ElementType.float32, .float32, .int64, .int64, .int32, .bool, .string, .float16, .uint4])
        var shape = optional((0..<Int.random(in: 0...5, using: &random)).map { _ in dimension() })
        if flag() { shape = pick([[1], [2], [4], [], [.unknown]]) }
        var contents: Fact.Contents?
        if flag() {
            let count =
                shape?.fixedShape?.checkedElementCount.map { min($0, 8) } ?? Int.random(in: 0...4, using: &random)
            contents =
                type.isFloatingPoint
                ? .reals((0..<count).map { _ in pick([0, 1, 2.5, -1, .nan, .infinity, -.infinity, 1e300, 0.5]) })
                : .integers((0..<count).map { _ in flag() ? .fixed(number()) : dimension() })
        }
        return Fact(type, shape, contents: contents)
    }

    mutating func window() -> Window {
        let count = isMild ? 1 : Int.random(in: 0...3, using: &random)
        let padding = pick([Padding.valid, .sameUpper, .sameLower, .explicit(before: list(), after: list())])
        let ones = Array(repeating: 1, count: count)
        return Window(
            strides: flag() ? ones : list(), dilations: flag() ? ones : list(),
            padding: flag() ? padding : .explicit(before: ones, after: (0..<count).map { _ in number() }))
    }

    mutating func operation(_ kind: Operator.Kind) -> Operator {
        let layout = pick(Layout.allCases)
        switch kind {
        case .convolution:
            return .convolution(
                Convolution(
                    window: window(), groups: number(), layout: layout, kernelOrder: pick(KernelOrder.allCases)))
        case .convolutionTranspose:
            return .convolutionTranspose(
                ConvolutionTranspose(
                    window: window(), outputPadding: flag() ? [0, 0] : list(), outputShape: optional(list()),
                    groups: number(),
                    layout: layout, kernelOrder: pick(KernelOrder.allCases)))
        case .dense: return .dense(Dense())
        case .gemm: return .gemm(Gemm(alpha: 1, beta: 1, transposesA: flag(), transposesB: flag()))
        case .matrixMultiplication: return .matrixMultiplication(MatrixMultiplication())
        case .batchNormalization: return .batchNormalization(BatchNormalization(epsilon: 0, axis: number()))
        case .instanceNormalization: return .instanceNormalization(InstanceNormalization(epsilon: 0))
        case .layerNormalization: return .layerNormalization(LayerNormalization(epsilon: 0, firstAxis: number()))
        case .groupNormalization:
            return .groupNormalization(
                GroupNormalization(
                    groups: number(), epsilon: 0, axis: number(), affinePerGroup: flag()))
        case .localResponseNormalization:
            return .localResponseNormalization(LocalResponseNormalization(size: number(), alpha: 0, beta: 0, bias: 0))
        case .pooling:
            let kind = pick([Pooling.Kind.maximum, .average(countsPadding: true), .norm(p: number())])
            return .pooling(Pooling(kind: kind, kernel: list(3), window: window(), ceilMode: flag(), layout: layout))
        case .globalPooling:
            return .globalPooling(
                GlobalPooling(
                    kind: pick([.maximum, .average, .norm(p: number())]), layout: layout, keepsDimensions: flag()))
        case .unary:
            return .unary(Unary(pick([.relu, .not, .negative, .floor, .absolute, .reciprocal, .bitwiseNot, .isNaN])))
        case .parametricReLU: return .parametricReLU(ParametricReLU())
        case .clip: return .clip(Clip())
        case .binary: return .binary(Binary(pick(Binary.Kind.allCases)))
        case .variadic: return .variadic(Variadic(pick(Variadic.Kind.allCases)))
        case .select: return .select(Select())
        case .reduction:
            return .reduction(
                Reduction(
                    pick(Reduction.Kind.allCases), axes: optional(list()), keepsDimensions: flag(),
                    emptyAxesMeanNone: flag()))
        case .argumentReduction:
            return .argumentReduction(
                ArgumentReduction(.maximum, axis: number(), keepsDimensions: flag(), selectsLast: flag()))
        case .topK: return .topK(TopK(k: optional(number()), axis: number(), takesSmallest: flag()))
        case .softmax: return .softmax(Softmax(axis: number(), flattensFromAxis: flag()))
        case .cumulativeSum: return .cumulativeSum(CumulativeSum(isExclusive: flag(), isReversed: flag()))
        case .identity: return .identity(Identity())
        case .cast: return .cast(Cast(to: pick(ElementType.allCases)))
        case .concatenation: return .concatenation(Concatenation(axis: number()))
        case .split: return .split(Split(axis: number(), sizes: optional(list())))
        case .slice: return .slice(Slice())
        case .gather: return .gather(Gather(axis: number()))
        case .gatherElements: return .gatherElements(GatherElements(axis: number()))
        case .pad: return .pad(Pad(mode: pick(Pad.Mode.allCases), pads: optional(list(8))))
        case .cropping: return .cropping(Cropping(before: list(), after: list(), layout: layout))
        case .resize:
            return .resize(
                Resize(
                    mode: .linear, coordinates: pick(Resize.Coordinates.allCases), axes: optional(list()),
                    aspectRatio: pick(Resize.AspectRatio.allCases)))
        case .upsampling: return .upsampling(Upsampling(factors: list(), interpolation: .nearest, layout: layout))
        case .reshape: return .reshape(Reshape(shape: optional(list()), allowsZero: flag(), keepsBatch: flag()))
        case .flatten: return .flatten(Flatten(axis: number()))
        case .squeeze: return .squeeze(Squeeze(axes: optional(list())))
        case .unsqueeze: return .unsqueeze(Unsqueeze(axes: optional(list())))
        case .transpose: return .transpose(Transpose(permutation: optional(list())))
        case .expand: return .expand(Expand())
        case .tile: return .tile(Tile(repeats: optional(list())))
        case .depthToSpace: return .depthToSpace(DepthToSpace(blockSize: number(), mode: .columnRowDepth))
        case .spaceToDepth: return .spaceToDepth(SpaceToDepth(blockSize: number()))
        case .shapeOf: return .shapeOf(ShapeOf(start: number(), end: optional(number())))
        case .sizeOf: return .sizeOf(SizeOf())
        case .constantOfShape:
            return .constantOfShape(
                ConstantOfShape(elementType: pick(ElementType.allCases), value: pick([0, .nan, 1e300])))
        case .range: return .range(RangeOfNumbers())
        case .gatherND: return .gatherND(GatherND(batchDimensions: number()))
        case .scatterND: return .scatterND(ScatterND(reduction: pick(ScatterReduction.allCases)))
        case .scatterElements:
            return .scatterElements(ScatterElements(axis: number(), reduction: pick(ScatterReduction.allCases)))
        case .oneHot: return .oneHot(OneHot(axis: number()))
        case .identityMatrix:
            return .identityMatrix(
                IdentityMatrix(elementType: optional(pick(ElementType.allCases)), diagonal: number()))
        case .einsum: return .einsum(Einsum(equation: pick(["...", "a", "...a,...", "->", "ab,bc", "a-b", "aa->a", ","])))
        case .gridSample:
            return .gridSample(
                GridSample(
                    mode: pick(GridSample.Mode.allCases), outside: pick(GridSample.Outside.allCases),
                    alignsCorners: flag()))
        case .quantize:
            return .quantize(Quantize(elementType: pick(ElementType.allCases), axis: number(), blockSize: number()))
        case .dequantize: return .dequantize(Dequantize(axis: number(), blockSize: number()))
        case .unknown: return .unknown(UnknownOperator(name: "Custom", domain: "x"))
        }
    }
}

@Suite("Hostile operators")
struct HostileRuleTests {
    @Test("No attribute and no fact traps a rule, and what a rule gives is a shape", arguments: Operator.Kind.allCases)
    func neverTraps(kind: Operator.Kind) {
        var hostility = Hostility()
        var accepted = 0
        for _ in 0..<4000 {
            hostility.isMild = Int.random(in: 0..<4, using: &hostility.random) == 0
            let operation = hostility.operation(kind)
            hostility.isMild = hostility.isMild && hostility.random.next() % 8 != 0
            var inputs = (0..<Int.random(in: 0...5, using: &hostility.random)).map { _ in hostility.fact() }
            // Mild facts are reals, and indices whole numbers.
            if hostility.isMild, [.gatherND, .scatterND, .scatterElements].contains(kind), inputs.count > 1 {
                inputs[1]?.elementType = .int64
            }
            let outputCount = Int.random(in: 0...3, using: &hostility.random)
            guard let outputs = try? operation.infer(inputs, outputCount: outputCount) else { continue }
            accepted += 1
            #expect(outputs.count <= outputCount)
            for case .fixed(let extent)? in outputs.flatMap({ $0.shape ?? [] }) as [Dimension?] {
                #expect(extent >= 0 && extent <= Limits.extent)
            }
            if let cost = operation.multiplyAdds(inputs: inputs, outputs: outputs) { #expect(cost >= 0) }
        }
        #expect(accepted > 0, "\(kind) refuses everything")
    }

    @Test("Every kind of operator says which it is", arguments: Operator.Kind.allCases)
    func kindOfOperator(kind: Operator.Kind) {
        var hostility = Hostility()
        #expect(hostility.operation(kind).kind == kind)
    }
}
