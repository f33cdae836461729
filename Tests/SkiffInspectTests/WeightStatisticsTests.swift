import CSkiffStatistics
import SkiffCore
import SkiffGraph
@testable import SkiffInspect
import SkiffONNX
import SkiffTestSupport
import Testing

/// Figures of weights against plain loops over Doubles, and kernels against each other.
@Suite struct WeightStatisticsTests {
    /// Numbers drawn from a seed: PCG's output function over a plain counter.
    struct Draw {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        /// Roughly normal, with a few that are special where asked.
        mutating func real(_ hasSpecial: Bool) -> Double {
            if hasSpecial, next() % 61 == 0 {
                return [.nan, .infinity, -.infinity, 0, -0.0, 1e-40, -3e-45, 3e38][Int(next() % 8)]
            }
            return (0..<4).reduce(0.0) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 - 0.5 } * 0.3 + 0.01
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var axis: (outer: Int, channels: Int, inner: Int)
        var isDouble: Bool
        var hasSpecial: Bool
        var testDescription: String { "\(axis) double \(isDouble) special \(hasSpecial)" }
    }

    static let cases: [Case] = [(1, 1, 1), (1, 7, 1), (3, 5, 9), (1, 64, 147), (900, 33, 1), (2, 3, 70_001), (1, 300_001, 1), (5, 1, 65_537)]
        .flatMap { axis in
            [false, true].flatMap { isDouble in
                [false, true].map { Case(axis: axis, isDouble: isDouble, hasSpecial: $0) }
            }
        }

    static func tensor(_ sample: Case, shape: Shape) throws -> (Tensor, [Double]) {
        var draw = Draw(state: UInt64(sample.axis.channels))
        let numbers = (0..<shape.reduce(1, *)).map { _ in draw.real(sample.hasSpecial) }
        if sample.isDouble { return (try Tensor(doubles: numbers, shape: shape), numbers) }
        let floats = numbers.map { Float($0) }
        return (try Tensor(floats: floats, shape: shape), floats.map { Double($0) })
    }

    static func measured(
        _ tensor: Tensor, axis: ChannelAxis?, kernels: StatisticsKernels = .best, workers: Int? = nil
    ) throws -> TensorStatistics {
        let use = WeightUse(role: .kernel, reader: nil, user: nil, readers: 1, axis: axis)
        let weight = MeasuredWeight(value: ValueID(0), name: "w", tensor: tensor, use: use)
        return try #require(
            try WeightStatistics.measure([weight], workers: workers, kernels: kernels, progress: nil).first)
    }

    @Test(arguments: cases)
    func figuresAreThoseOfPlainLoops(_ sample: Case) throws {
        let (outer, channels, inner) = sample.axis
        let (tensor, numbers) = try Self.tensor(sample, shape: [outer, channels, inner])
        let found = try Self.measured(tensor, axis: ChannelAxis(channels: channels, inner: inner))
        let finite = numbers.filter(\.isFinite)
        #expect(found.nans == numbers.count { $0.isNaN })
        #expect(found.positiveInfinities == numbers.count { $0 == .infinity })
        #expect(found.negativeInfinities == numbers.count { $0 == -.infinity })
        #expect(found.zeros == numbers.count { $0 == 0 })
        let smallest = sample.isDouble ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude)
        #expect(found.denormals == numbers.count { $0 != 0 && abs($0) < smallest })
        guard let least = finite.min(), let greatest = finite.max() else { return }
        #expect(found.minimum == least && found.maximum == greatest)
        let scale = max(abs(least), abs(greatest))
        let mean = finite.reduce(0, +) / Double(finite.count)
        #expect(abs(found.mean - mean) <= 1e-11 * scale)
        let spread = (finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)).squareRoot()
        #expect(abs(found.standardDeviation - spread) <= 1e-9 * scale)
        #expect(found.histogram.counts.reduce(0, +) == finite.count)
        #expect(found.exponents.counts.reduce(0, +) == finite.count { $0 != 0 })
        let distinct = Set(numbers.map { $0 == 0 ? 0 : $0.bitPattern }).count
        #expect(found.distinct == (distinct > 256 ? nil : distinct) || sample.hasSpecial)
        let each = try #require(found.channels)
        for channel in stride(from: 0, to: channels, by: max(1, channels / 50)) {
            let own = numbers.indices.filter { $0 / inner % channels == channel }.map { numbers[$0] }.filter(\.isFinite)
            guard let least = own.min(), let greatest = own.max() else { continue }
            #expect(each.minimum[channel] == least && each.maximum[channel] == greatest)
            #expect(each.zeros[channel] == own.count { $0 == 0 })
            #expect(abs(each.mean[channel] - own.reduce(0, +) / Double(own.count)) <= 1e-11 * scale)
        }
    }

    @Test(arguments: cases)
    func everyInstructionSetGivesTheSameBits(_ sample: Case) throws {
        let (outer, channels, inner) = sample.axis
        let (tensor, _) = try Self.tensor(sample, shape: [outer, channels, inner])
        let axis = ChannelAxis(channels: channels, inner: inner)
        let truth = try Self.measured(tensor, axis: axis, kernels: #require(StatisticsKernels(named: "portable")), workers: 1)
        for name in ["avx2", "avx512"] {
            guard let kernels = StatisticsKernels(named: name) else { continue }
            let found = try Self.measured(tensor, axis: axis, kernels: kernels, workers: 3)
            #expect(Self.bits(found) == Self.bits(truth), "\(name)")
        }
    }

    /// All figures, so that equal ones are equal to the last bit.
    static func bits(_ statistics: TensorStatistics) -> [UInt64] {
        var bits = [statistics.mean, statistics.standardDeviation, statistics.minimum, statistics.maximum].map(\.bitPattern)
        bits += [statistics.zeros, statistics.nans, statistics.denormals, statistics.fractionBits, statistics.distinct ?? -1]
            .map { UInt64(bitPattern: Int64($0)) }
        bits += (statistics.histogram.counts + statistics.exponents.counts).map { UInt64($0) }
        if let channels = statistics.channels {
            bits += (channels.mean + channels.standardDeviation + channels.minimum + channels.maximum).map(\.bitPattern)
            bits += (channels.zeros + channels.nonFinite).map { UInt64($0) }
        }
        return bits
    }

    @Test func smallTypesAreTheirNumbers() throws {
        // Each byte once: what the types' specifications say of least, greatest and specials.
        let bytes = (0..<256).map { UInt8($0) }
        func of(_ type: ElementType, _ count: Int, _ bytes: [UInt8]) throws -> TensorStatistics {
            try Self.measured(Tensor(elementType: type, shape: [count], bytes: bytes), axis: nil)
        }
        let e4m3 = try of(.float8e4m3fn, 256, bytes)
        #expect(e4m3.maximum == 448 && e4m3.minimum == -448 && e4m3.nans == 2 && e4m3.zeros == 2 && e4m3.denormals == 14)
        let e5m2 = try of(.float8e5m2, 256, bytes)
        #expect(e5m2.maximum == 57344 && e5m2.positiveInfinities == 1 && e5m2.nans == 6 && e5m2.denormals == 6)
        let e4m3uz = try of(.float8e4m3fnuz, 256, bytes)
        #expect(e4m3uz.maximum == 240 && e4m3uz.nans == 1 && e4m3uz.zeros == 1)
        let e5m2uz = try of(.float8e5m2fnuz, 256, bytes)
        #expect(e5m2uz.maximum == 57344 && e5m2uz.nans == 1 && e5m2uz.positiveInfinities == 0)
        let int8 = try of(.int8, 256, bytes)
        #expect(int8.minimum == -128 && int8.maximum == 127 && int8.distinct == 256)
        let int4 = try of(.int4, 512, bytes)
        #expect(int4.minimum == -8 && int4.maximum == 7 && int4.zeros == 32 && int4.distinct == 16)
        let uint2 = try of(.uint2, 1024, bytes)
        #expect(uint2.maximum == 3 && uint2.zeros == 256)
        let e2m1 = try of(.float4e2m1, 512, bytes)
        #expect(e2m1.maximum == 6 && e2m1.minimum == -6 && e2m1.zeros == 64)
        // Four elements of six bits in three bytes: 1, -7.5 (the ends of e2m3), 0, 0.125.
        let packed = 8 | 63 << 6 | 0 << 12 | 1 << 18
        let e2m3 = try of(.float6e2m3, 4, [UInt8(packed & 255), UInt8(packed >> 8 & 255), UInt8(packed >> 16)])
        #expect(e2m3.maximum == 1 && e2m3.minimum == -7.5 && e2m3.zeros == 1 && e2m3.denormals == 1)
        #expect(e2m3.mean == (1 - 7.5 + 0.125) / 4)
    }

    @Test func everyHalfIsItsNumber() throws {
        let bytes = (0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let half = try Self.measured(Tensor(elementType: .float16, shape: [65536], bytes: bytes), axis: nil)
        #expect(half.maximum == 65504 && half.minimum == -65504 && half.zeros == 2 && half.denormals == 2046)
        #expect(half.nans == 2046 && half.positiveInfinities == 1 && half.negativeInfinities == 1)
        for name in ["portable", "avx2", "avx512"] {
            guard let kernels = StatisticsKernels(named: name) else { continue }
            var floats = [Float](repeating: 0, count: 65536)
            kernels.table.pointee.convert(bytes, Int32(SKIFF_HALF.rawValue), 65536, &floats)
            for bits in 0..<65536 {
                let expected = floatFromHalf(UInt16(bits))
                #expect(floats[bits].bitPattern == expected.bitPattern || expected.isNaN && floats[bits].isNaN)
            }
        }
        let brain = try Self.measured(Tensor(elementType: .bfloat16, shape: [65536], bytes: bytes), axis: nil)
        #expect(brain.positiveInfinities == 1 && brain.nans == 254 && brain.denormals == 254)
    }

    @Test func formerPrecisionShows() throws {
        var draw = Draw(state: 7)
        let numbers = (0..<2000).map { _ in Float(draw.real(false)) }
        func form(_ change: (Float) -> Float) throws -> NumberForm? {
            try Self.measured(Tensor(floats: numbers.map(change), shape: [2000]), axis: nil).form
        }
        #expect(try form { $0 } == nil)
        #expect(try form { floatFromHalf(halfFromFloat($0)) } == .narrower(.float16))
        #expect(try form { Float(bitPattern: UInt32(bfloatFromFloat($0)) << 16) } == .narrower(.bfloat16))
        // Ten fraction bits, at sizes that float16 does not have.
        #expect(try form { Float(bitPattern: ($0 * 1e9).bitPattern & ~0x1FFF) } == .tensorFloat32)
        #expect(try form { ($0 * 100).rounded() } == .wholeNumbers(bits: 8, isSigned: true))
        let grid = try form { (($0 * 60).rounded() + 1) * 0.0137 }
        if case .palette = grid {} else { Issue.record("\(String(describing: grid)), expected a palette") }
        let doubles = try Tensor(doubles: numbers.map { Double($0) }, shape: [2000])
        #expect(try Self.measured(doubles, axis: nil).form == .narrower(.float32))
        // Ones and powers of two fit every type, and say nothing.
        #expect(try form { _ in 1 } == nil)
        #expect(try form { $0 > 0 ? 0.5 : 2 } != .narrower(.float16))
    }

    @Test(arguments: [7, 8, 15, 127, 128, 255])
    func quantizationByChannelShows(_ steps: Int) throws {
        var draw = Draw(state: UInt64(steps))
        let axis = ChannelAxis(channels: 24, inner: 90)
        for isQuantized in [true, false] {
            var numbers: [Float] = []
            for _ in 0..<axis.channels {
                let channel = (0..<axis.inner).map { _ in Float(draw.real(false)) }
                let least = channel.min() ?? 0, greatest = channel.max() ?? 0
                let hasZeroPoint = steps == 15 || steps == 255
                let step = (hasZeroPoint ? greatest - least : max(-least, greatest)) / Float(steps)
                // As quantizers do: the zero point is whole, and numbers are cut off at the ends of the type.
                let zero = hasZeroPoint ? (-least / step).rounded() : 0
                let ends: ClosedRange<Float> = hasZeroPoint ? 0...Float(steps) : -Float(steps)...Float(steps)
                numbers += channel.map { number in
                    guard isQuantized else { return number }
                    return (min(max((number / step).rounded() + zero, ends.lowerBound), ends.upperBound) - zero) * step
                }
            }
            let tensor = try Tensor(floats: numbers, shape: [24, 90])
            let form = try Self.measured(tensor, axis: axis).form
            #expect(form == (isQuantized ? .channelGrid(levels: steps < 16 ? 16 : 256) : nil))
        }
    }

    @Test func figuresDoNotHangOnThreads() throws {
        let graph = try ONNXReader.read(storage: Fixtures.storage("torch-basic/model.onnx"), folder: nil)
        let inspection = Inspection(of: graph, format: "ONNX")
        let one = try WeightStatistics(of: graph, inspection, workers: 1)
        let four = try WeightStatistics(of: graph, inspection, workers: 4)
        #expect(one.tensors.map(Self.bits) == four.tensors.map(Self.bits))
        #expect(one.tensors.first?.name == "conv1.weight" && one.tensors.first?.role == .kernel)
        #expect(one.tensors.first?.channels?.count == one.tensors.first?.shape.first)
    }

    @Test func equalTensorsAreFoundInOtherShapes() throws {
        let numbers = (0..<600).map { Float($0) * 0.1 }
        let first = try Tensor(floats: numbers, shape: [600])
        let second = try Tensor(floats: numbers, shape: [20, 30])
        var other = numbers
        other[599] += 1
        let statistics = try WeightStatistics(of: [
            ("a", first), ("b", Tensor(floats: other, shape: [600])), ("c", second),
            ("zeros", Tensor(floats: [Float](repeating: 0, count: 600), shape: [600])),
            ("more zeros", Tensor(floats: [Float](repeating: 0, count: 600), shape: [600])),
        ])
        #expect(statistics.tensors.map(\.duplicateOf) == [nil, nil, 0, nil, nil])
    }

    @Test func squaresOfLargeAndSmallNumbersStayInRange() throws {
        for factor in [1e300, 1e-300] {
            let numbers = (0..<600).map { Double($0 % 5 - 2) * factor }
            let tensor = try Self.measured(Tensor(doubles: numbers, shape: [600]), axis: nil)
            #expect(abs(tensor.standardDeviation / factor - 2.0.squareRoot()) < 1e-12)
        }
    }

    @Test func tensorQuantizedAsAWholeIsTold() throws {
        // 203 of the 255 levels occur.
        let levels = (0..<2304).map { Float(($0 * 89) % 203 - 127) }
        for step: Float in [0.0317, 1.7e-5] {
            let tensor = try Tensor(floats: levels.map { $0 * step }, shape: [16, 16, 3, 3])
            #expect(try Self.measured(tensor, axis: ChannelAxis(channels: 16, inner: 144)).form == .grid(levels: 256))
        }
        // Of float16's denormal numbers, all of which are multiples of 2^-24, nothing is told but that.
        let denormal = try Tensor(floats: levels.map { $0 * 0x1p-24 }, shape: [16, 16, 3, 3])
        #expect(try Self.measured(denormal, axis: nil).form != .grid(levels: 256))
        let squares = levels.map { $0.magnitude.squareRoot() * 0.01 }
        #expect(try Self.measured(Tensor(floats: squares, shape: [2304]), axis: nil).form != .grid(levels: 256))
    }

    @Test func fewValuesAreListed() throws {
        let identity = (0..<256).map { Float($0 % 17 == 0 ? 1 : 0) }
        let tensor = try Self.measured(Tensor(floats: identity, shape: [16, 16, 1, 1]), axis: ChannelAxis(channels: 16, inner: 16))
        #expect(tensor.form?.text == "two values: 0 and 1")
    }

    @Test func emptyMagnitudesAreOneRow() throws {
        let numbers = (0..<600).map { $0 == 7 ? Float(1e-41) : Float($0 % 89) * 0.013 - 0.5 }
        let statistics = WeightStatistics(tensors: [try Self.measured(Tensor(floats: numbers, shape: [600]), axis: nil)])
        let text = statistics.detail(of: 0, nil)
        #expect(text.contains("…") && text.split(separator: "\n").count < 50, "\(text)")
    }

    @Test func textFitsTheTerminal() throws {
        let graph = try ONNXReader.read(storage: Fixtures.storage("torch-basic/model.onnx"), folder: nil)
        let inspection = Inspection(of: graph, format: "ONNX")
        let statistics = try WeightStatistics(of: graph, inspection)
        for width in [40, 50, 60, 72, 80, 90, 100, 160] {
            for order in WeightStatistics.Order.allCases {
                let text = statistics.text(of: graph, inspection, width: width, order: order, all: true)
                for line in text.split(separator: "\n") { #expect(line.count <= width, "\(width): \(line)") }
            }
            let detail = statistics.detail(of: 0, inspection, width: width)
            for line in detail.split(separator: "\n") { #expect(line.count <= width, "\(width): \(line)") }
        }
    }

    @Test func patternsMatchWholeNames() {
        #expect(NamePattern("layer*.weight").matches("layer1.0.conv1.weight"))
        #expect(!NamePattern("layer*.weight").matches("layer1.0.conv1.weights"))
        #expect(NamePattern("*").matches("") && NamePattern("a?c").matches("abc") && !NamePattern("a?c").matches("ac"))
        #expect(NamePattern("w[0]*").matches("w[0]*") && NamePattern("**b*").matches("aabbcc"))
        #expect(NamePattern("conv1.weigth").suggestions(among: ["fc.bias", "conv1.weight"]) == ["conv1.weight"])
        let long = String(repeating: "a", count: 3000)
        #expect(!NamePattern(String(repeating: "a*", count: 200) + "b").matches(long))
    }
}
