import CSkiffKernels
import Foundation
import Testing

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

/// Chains of elementwise operations against the reference evaluator's formulas in Double.
@Suite struct ChainKernelTests {
    typealias Opcode = skiff_opcode

    /// What an operation gives, computed in Double by libm.
    private static func applied(_ op: skiff_operation, _ x: Double, _ y: Double) -> Double {
        let (a, b) = (op.a, op.b)
        let softplus = (x > 0 || x.isNaN ? x : 0) + log1p(exp(-abs(x)))
        switch Opcode(rawValue: Opcode.RawValue(op.opcode)) {
        case SKIFF_CLAMP: return clamped(x, a, b)
        case SKIFF_GENERAL_RELU: return x < b ? a * (x - b) : x > op.c ? op.c : x
        case SKIFF_LEAKY_RELU: return x < 0 ? a * x : x
        case SKIFF_THRESHOLDED_RELU: return x <= a ? 0 : x
        case SKIFF_ELU: return x > 0 ? x : a * expm1(x)
        case SKIFF_SELU: return b * (x > 0 ? x : a * expm1(x))
        case SKIFF_CELU: return x > 0 || x.isNaN ? x : a * expm1(x / a)
        case SKIFF_SIGMOID: return 1 / (1 + exp(-x))
        case SKIFF_TANH: return tanh(x)
        case SKIFF_SOFTPLUS: return softplus
        case SKIFF_SOFTSIGN: return x / (1 + abs(x))
        case SKIFF_HARD_SIGMOID: return clamped(a * x + b, 0, 1)
        case SKIFF_HARD_SWISH: return x * clamped(x / 6 + 0.5, 0, 1)
        case SKIFF_SWISH: return x * (1 / (1 + exp(-a * x)))
        case SKIFF_MISH: return x * tanh(softplus)
        case SKIFF_GELU: return 0.5 * x * erfc(-x * 0.5.squareRoot())
        case SKIFF_GELU_TANH: return x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case SKIFF_SHRINK: return x < -b ? x + a : x > b ? x - a : 0
        case SKIFF_ABSOLUTE: return abs(x)
        case SKIFF_NEGATE: return -x
        case SKIFF_RECIPROCAL: return 1 / x
        case SKIFF_SQUARE_ROOT: return x.squareRoot()
        case SKIFF_EXPONENTIAL: return exp(x)
        case SKIFF_LOGARITHM: return log(x)
        case SKIFF_ERROR: return erf(x)
        case SKIFF_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x
        case SKIFF_FLOOR: return x.rounded(.down)
        case SKIFF_CEILING: return x.rounded(.up)
        case SKIFF_ROUND: return x.rounded(.toNearestOrEven)
        case SKIFF_ADD: return x + y
        case SKIFF_SUBTRACT: return x - y
        case SKIFF_SUBTRACT_FROM: return y - x
        case SKIFF_MULTIPLY: return x * y
        case SKIFF_DIVIDE: return x / y
        case SKIFF_DIVIDE_INTO: return y / x
        case SKIFF_MAXIMUM: return x > y || x.isNaN ? x : y
        case SKIFF_MINIMUM: return x < y || x.isNaN ? x : y
        case SKIFF_POWER: return pow(x, y)
        case SKIFF_POWER_OF: return pow(y, x)
        case SKIFF_PRELU: return x < 0 ? x * y : x
        default: return .nan
        }
    }

    /// What an operation may be off: a unit in the last place, more where it is several operations of the element's own
    /// precision.
    private static func tolerance(_ op: skiff_operation, _ x: Double, _ expected: Double, _ set: KernelSet) -> Double {
        let unit = set.unit(expected)
        switch Opcode(rawValue: Opcode.RawValue(op.opcode)) {
        case SKIFF_HARD_SIGMOID: return set.epsilon * (1 + abs(op.a * x))
        case SKIFF_HARD_SWISH: return 2 * set.epsilon * abs(x)
        case SKIFF_GENERAL_RELU, SKIFF_SELU, SKIFF_SOFTSIGN, SKIFF_GELU: return 4 * unit
        // An exponential multiplies the error of its argument, where that is of the element's own precision.
        case SKIFF_GELU_TANH: return set.elementBytes == 8 ? (8 + 8 * abs(x * x * x)) * unit : unit
        case SKIFF_MISH: return set.elementBytes == 8 ? 4 * unit : unit
        default: return unit
        }
    }

    /// How an operand stands to the map.
    private enum Broadcast: CaseIterable { case same, perChannel, perImageAndChannel, perPixel, scalar }

    private func operation(
        _ opcode: Int, _ broadcast: Broadcast, channels: Int, image: Int
    ) -> skiff_operation {
        var op = skiff_operation(
            opcode: Int32(opcode), a: 0.25, b: 0.75, c: 4, operand: nil, image_stride: 0, pixel_stride: 0,
            channel_stride: 1)
        switch broadcast {
        case .same: (op.image_stride, op.pixel_stride) = (Int64(image * channels), Int64(channels))
        case .perChannel: break
        case .perImageAndChannel: op.image_stride = Int64(channels)
        case .perPixel: (op.image_stride, op.pixel_stride, op.channel_stride) = (Int64(image), 1, 0)
        case .scalar: op.channel_stride = 0
        }
        return op
    }

    @Test(arguments: KernelSet.all)
    func everyOperation(_ set: KernelSet) {
        forSeeds(set, 600) { draw in
            let opcode = draw.int(0...Int(SKIFF_OPCODES.rawValue) - 1)
            let (channels, pixels, image) = (draw.extent(), draw.int(0...40), draw.int(1...20))
            let (isDense, gaps) = (draw.flag(), (draw.int(0...2), draw.int(0...2)))
            let (from, to) = isDense ? (channels, channels) : (channels + gaps.0, channels + gaps.1)
            let broadcast = Broadcast.allCases[draw.int(0...4)]
            var op = operation(opcode, broadcast, channels: channels, image: image)
            let input = draw.elements(pixels * from, isOdd: draw.flag(), extreme: 3e38, scale: draw.flag() ? 1 : 30)
            let operandCount = (pixels / image + 1) * max(channels, Int(op.image_stride))
            let operand = draw.elements(operandCount, isOdd: draw.flag(), extreme: 3e38)
            op.operand = UnsafeRawPointer(operand.pointer)
            let output = draw.output(pixels * to)
            withUnsafePointer(to: op) { op in
                var chain = skiff_chain(
                    operations: op, operation_count: 1, input: input.pointer, input_stride: Int64(from),
                    output: output.pointer, output_stride: Int64(to), channels: Int64(channels),
                    image_pixels: Int64(image))
                let part = draw.int(0...pixels)
                set.kernels.chain(&chain, 0, Int64(part))
                set.kernels.chain(&chain, Int64(part), Int64(pixels - part))
            }
            for pixel in 0..<pixels {
                for channel in 0..<channels {
                    let x = input[pixel * from + channel]
                    let place = pixel / image * Int(op.image_stride) + pixel % image * Int(op.pixel_stride)
                    let expected = set.rounded(Self.applied(op, x, operand[place + channel * Int(op.channel_stride)]))
                    let tolerance = Self.tolerance(op, x, expected, set)
                    draw.expect(
                        output[pixel * to + channel], expected, within: tolerance,
                        "opcode \(opcode), \(broadcast), of \(x)")
                }
            }
            draw.expectUntouched(output, width: channels, every: to)
        }
    }

    /// A chain gives the bits that its operations give one after the other, also in place.
    @Test(arguments: KernelSet.all)
    func operationsFollowEachOther(_ set: KernelSet) {
        forSeeds(set, 60) { draw in
            let (channels, pixels, image) = (draw.extent(), draw.int(1...60), draw.int(1...20))
            let operand = draw.elements((pixels / image + 1) * image * channels)
            let opcodes = (0..<draw.int(2...6)).map { _ in draw.int(0...Int(SKIFF_OPCODES.rawValue) - 1) }
            let operations = opcodes.map { opcode in
                var op = operation(opcode, Broadcast.allCases[draw.int(0...4)], channels: channels, image: image)
                op.operand = UnsafeRawPointer(operand.pointer)
                return op
            }
            let input = draw.elements(pixels * channels)
            let (whole, stepped) = (draw.output(pixels * channels), draw.output(pixels * channels))
            func run(_ operations: ArraySlice<skiff_operation>, _ from: Elements, _ to: Elements) {
                operations.withUnsafeBufferPointer { operations in
                    var chain = skiff_chain(
                        operations: operations.baseAddress, operation_count: Int64(operations.count),
                        input: from.pointer,
                        input_stride: Int64(channels), output: to.pointer, output_stride: Int64(channels),
                        channels: Int64(channels), image_pixels: Int64(image))
                    set.kernels.chain(&chain, 0, Int64(pixels))
                }
            }
            run(operations[...], input, whole)
            run(operations[..<1], input, stepped)
            for index in 1..<operations.count { run(operations[index...index], stepped, stepped) }
            for index in 0..<pixels * channels {
                draw.expect(whole[index], stepped[index], "element \(index) of \(opcodes)")
            }
        }
    }

    /// The functions of Float over all magnitudes: within one unit in the last place of libm's in Double.
    @Test(arguments: KernelSet.all.filter { $0.elementBytes == 4 })
    func functionsOverAllMagnitudes(_ set: KernelSet) {
        let opcodes = [
            SKIFF_SIGMOID, SKIFF_TANH, SKIFF_SOFTPLUS, SKIFF_EXPONENTIAL, SKIFF_LOGARITHM, SKIFF_ERROR, SKIFF_GELU,
            SKIFF_MISH, SKIFF_SWISH, SKIFF_ELU,
        ]
        // Every 40,009th float, of both signs.
        let bits = stride(from: UInt32(0), through: Float.infinity.bitPattern, by: 40_009)
        let values = bits.flatMap { [Float(bitPattern: $0), -Float(bitPattern: $0)] }
        for opcode in opcodes {
            let op = operation(Int(opcode.rawValue), .scalar, channels: 1, image: 1)
            var output = [Float](repeating: 0, count: values.count)
            withUnsafePointer(to: op) { op in
                values.withUnsafeBufferPointer { input in
                    output.withUnsafeMutableBufferPointer { output in
                        var chain = skiff_chain(
                            operations: op, operation_count: 1, input: input.baseAddress, input_stride: 1,
                            output: output.baseAddress, output_stride: 1, channels: 1, image_pixels: 1)
                        set.kernels.chain(&chain, 0, Int64(values.count))
                    }
                }
            }
            for (x, found) in zip(values, output) {
                let expected = Self.applied(op, Double(x), 0)
                let isClose = Double(found) == Double(Float(expected)) || found.isNaN && expected.isNaN
                    || abs(Double(found) - expected) <= set.unit(expected) / 1.5
                #expect(isClose, "opcode \(opcode.rawValue) of \(x): found \(found), expected \(expected)")
                if !isClose { break }
            }
        }
    }
}
