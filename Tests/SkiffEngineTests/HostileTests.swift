import SkiffCore
import SkiffEngine
import SkiffGraph
import Testing

/// Attributes and contents that a file may hold and that must give a result or an error, and never a trap.
@Suite struct HostileTests {
    func isAnswered(_ operator: Operator, _ inputs: [Tensor?]) -> Bool {
        for precision in Precision.allCases {
            do {
                _ = try Evaluator.apply(`operator`, to: inputs, precision: precision, memoryBudget: 1 << 20)
            } catch {
                if "\(error)".isEmpty { return false }
            }
        }
        return true
    }

    @Test(arguments: Pad.Mode.allCases)
    func `pads at the ends of their type are answered`(_ mode: Pad.Mode) throws {
        let x = try reals([1, 2, 3, 4, 5])
        for pads in [[Int.min, .max], [.max, .min], [-5, 6], [-9, 9], [Int.max, .max], [-3, -3], [4, 4]] {
            #expect(try isAnswered(.pad(Pad(mode: mode, pads: pads, value: 1)), [x]))
        }
    }

    @Test func `windows much larger than their map are answered`() throws {
        let x = try reals([1, 2, 3, 4], [1, 1, 4])
        for (kernel, stride, dilation) in [(1 << 20, 1, 1), (2, 1, 1 << 61), (3, Int.max, 1), (Int.max, 1, 1), (2, 1, Int.max)] {
            for padding in [Padding.valid, .sameUpper, .sameLower, .explicit(before: [1], after: [1])] {
                let window = Window(strides: [stride], dilations: [dilation], padding: padding)
                for kind in [Pooling.Kind.maximum, .average(countsPadding: true)] {
                    #expect(try isAnswered(
                        .pooling(Pooling(kind: kind, kernel: [kernel], window: window, ceilMode: true, layout: .channelsFirst)), [x]))
                }
                #expect(try isAnswered(
                    .convolution(Convolution(window: window, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial)),
                    [x, reals([1, 2], [1, 1, 2])]))
                #expect(try isAnswered(
                    .convolutionTranspose(ConvolutionTranspose(
                        window: window, outputPadding: [0], outputShape: nil, groups: 1, layout: .channelsFirst,
                        kernelOrder: .inputOutputSpatial)), [x, reals([1, 2], [1, 1, 2])]))
            }
        }
    }

    @Test func `scales and regions without sense are answered`() throws {
        let x = try reals([1, 2, 3, 4], [1, 1, 4])
        for mode in [Resize.Mode.nearest(.floor), .linear, .cubic(coefficient: -0.75)] {
            for scale in [1e-30, 0.3, 1e9, .infinity, .nan, -1, 0] {
                for coordinates in Resize.Coordinates.allCases {
                    for region in [[0.0, 0, 0.2, 1, 1, 0.8], [0, 0, .nan, 1, 1, .infinity], [0, 0, -1e30, 1, 1, 1e30]] {
                        let resize = Resize(mode: mode, coordinates: coordinates, extrapolationValue: 7, antialias: true, excludesOutside: true)
                        #expect(try isAnswered(.resize(resize), [x, try reals(region), try reals([1, 1, scale])]))
                    }
                }
            }
        }
    }

    @Test func `axes without elements beside long ones cost nothing`() throws {
        let empty = try Tensor(elementType: .float32, shape: [1 << 39, 0], bytes: [])
        #expect(try isAnswered(.transpose(Transpose(permutation: nil)), [empty]))
        #expect(try isAnswered(.gather(Gather(axis: 1)), [empty, try wholes([0])]))
        #expect(try isAnswered(.gather(Gather(axis: 0)), [empty, try wholes([0])]))
        #expect(try isAnswered(.reduction(Reduction(.sum, axes: [1], keepsDimensions: false)), [empty]))
        #expect(try isAnswered(.reduction(Reduction(.mean, axes: [0], keepsDimensions: false)), [empty]))
        #expect(try isAnswered(.concatenation(Concatenation(axis: 1)), [empty, empty]))
        #expect(try isAnswered(.topK(TopK(k: 1 << 39, axis: 0)), [empty]))
        #expect(try isAnswered(.softmax(Softmax(axis: 1)), [empty]))
        #expect(try isAnswered(.matrixMultiplication(MatrixMultiplication()), [empty, try Tensor(elementType: .float32, shape: [0, 1 << 39], bytes: [])]))
    }

    @Test func `whole numbers at the ends of their type are answered`() throws {
        let ends = try wholes([.min, .max, -1, 1])
        for kind in Binary.Kind.allCases {
            for other in [Int64.min, .max, -1, 1, 64] { #expect(try isAnswered(.binary(Binary(kind)), [ends, try wholes([other])])) }
        }
        #expect(try isAnswered(.topK(TopK(k: 4, axis: 0)), [ends]))
        for kind in [Unary.Kind.absolute, .negative, .sign, .bitwiseNot, .relu] { #expect(try isAnswered(.unary(Unary(kind)), [ends])) }
        for kind in Reduction.Kind.allCases {
            #expect(try isAnswered(.reduction(Reduction(kind, axes: nil, keepsDimensions: false)), [ends]))
        }
        #expect(try isAnswered(.range(RangeOfNumbers()), [try wholes([.min], []), try wholes([.max], []), try wholes([.max], [])]))
        #expect(try isAnswered(.slice(Slice()), [ends, try wholes([.min]), try wholes([.max]), try wholes([0]), try wholes([.max])]))
        #expect(try isAnswered(.cumulativeSum(CumulativeSum(isExclusive: true, isReversed: true)), [ends, try wholes([.min], [])]))
        for type in ElementType.allCases {
            #expect(try isAnswered(.cast(Cast(to: type)), [ends]))
            #expect(try isAnswered(.cast(Cast(to: type)), [try reals([.nan, .infinity, -1e30, 1e30])]))
        }
    }
}
