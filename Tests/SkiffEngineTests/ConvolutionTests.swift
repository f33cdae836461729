import SkiffCore
import SkiffGraph
import Testing

import SkiffEngine

@Suite struct ConvolutionTests {
    /// A convolution as its definition says it, one output element at a time.
    struct Plain {
        var batch = 2
        var input: [Int]
        var kernel: [Int]
        var channels: Int
        var outputs: Int
        var groups = 1
        var window: Window

        var inputShape: Shape { [batch, channels] + input }
        var weightShape: Shape { [outputs, channels / groups] + kernel }

        func positions(_ extents: [Int]) -> [[Int]] {
            extents.reduce([[]]) { list, extent in list.flatMap { head in (0..<extent).map { head + [$0] } } }
        }

        func index(_ position: [Int], _ extents: [Int]) -> Int {
            zip(position, extents).reduce(0) { $0 * $1.1 + $1.0 }
        }

        func outputExtents() -> [Int] {
            input.indices.map { axis in
                let (before, after) = window.resolvedPadding(axis: axis, extent: input[axis], kernel: kernel[axis])
                let span = (kernel[axis] - 1) * window.dilations[axis] + 1
                return (input[axis] + before + after - span) / window.strides[axis] + 1
            }
        }

        func result(_ x: [Double], _ w: [Double], _ bias: [Double]) -> [Double] {
            var y: [Double] = []
            let perGroup = channels / groups
            for sample in 0..<batch {
                for output in 0..<outputs {
                    let group = output / (outputs / groups)
                    for position in positions(outputExtents()) {
                        var sum = bias[output]
                        for channel in 0..<perGroup {
                            for tap in positions(kernel) {
                                let at = input.indices.map { axis in
                                    position[axis] * window.strides[axis] + tap[axis] * window.dilations[axis]
                                        - window.resolvedPadding(axis: axis, extent: input[axis], kernel: kernel[axis]).before
                                }
                                guard zip(at, input).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                                let plane = sample * channels + group * perGroup + channel
                                sum += x[plane * input.reduce(1, *) + index(at, input)]
                                    * w[(output * perGroup + channel) * kernel.reduce(1, *) + index(tap, kernel)]
                            }
                        }
                        y.append(sum)
                    }
                }
            }
            return y
        }
    }

    static let cases: [Plain] = [
        Plain(input: [9], kernel: [3], channels: 3, outputs: 5,
            window: Window(strides: [2], dilations: [2], padding: .explicit(before: [1], after: [2]))),
        Plain(input: [7, 5], kernel: [3, 2], channels: 4, outputs: 9,
            window: Window(strides: [2, 1], dilations: [1, 2], padding: .explicit(before: [1, 0], after: [2, 3]))),
        Plain(input: [6, 7], kernel: [3, 3], channels: 6, outputs: 12, groups: 3,
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .sameUpper)),
        Plain(input: [6, 7], kernel: [4, 4], channels: 5, outputs: 5, groups: 5,
            window: Window(strides: [2, 3], dilations: [1, 1], padding: .sameLower)),
        Plain(input: [5, 4], kernel: [3, 3], channels: 3, outputs: 6, groups: 3,
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid)),
        Plain(input: [4, 5, 3], kernel: [2, 3, 1], channels: 2, outputs: 3,
            window: Window(strides: [1, 2, 1], dilations: [1, 1, 1], padding: .explicit(before: [0, 1, 0], after: [1, 1, 0]))),
        Plain(input: [3, 2, 4, 3], kernel: [2, 2, 2, 2], channels: 1, outputs: 2,
            window: Window(strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: .sameUpper)),
        Plain(input: [9, 9], kernel: [1, 1], channels: 17, outputs: 13,
            window: Window(strides: [2, 2], dilations: [1, 1], padding: .valid)),
    ]

    @Test(arguments: cases.indices)
    func `a convolution of any rank, group and padding is the sum its definition says`(_ index: Int) throws {
        let plain = Self.cases[index]
        var noise = Noise(UInt64(index))
        let (x, w) = (try noise.tensor(plain.inputShape), try noise.tensor(plain.weightShape))
        let bias = try noise.tensor([plain.outputs])
        let convolution = Convolution(
            window: plain.window, groups: plain.groups, layout: .channelsFirst, kernelOrder: .outputInputSpatial)
        let expected = plain.result(try x.doubles(), try w.doubles(), try bias.doubles())
        #expect(isClose(try Operator.convolution(convolution).doubles(x, w, bias), expected, 1e-12))
        #expect(isClose(try Operator.convolution(convolution).doubles(x, w, bias, precision: .reference), expected, 1e-6))
        #expect(isClose(try Operator.convolution(convolution).doubles(x, w, bias, precision: .float), expected, 1e-5))
    }

    @Test(arguments: [(1, 6), (3, 6), (6, 6)])
    func `layouts and kernel orders change where numbers lie and nothing else`(_ groups: Int, _ outputs: Int) throws {
        var noise = Noise(7)
        let window = Window(strides: [2, 1], dilations: [1, 1], padding: .sameUpper)
        let (x, w) = (try noise.tensor([2, 6, 5, 7]), try noise.tensor([outputs, 6 / groups, 3, 2]))
        let expected = try Operator.convolution(Convolution(
            window: window, groups: groups, layout: .channelsFirst, kernelOrder: .outputInputSpatial)).doubles(x, w)
        let last = Operator.convolution(Convolution(
            window: window, groups: groups, layout: .channelsLast, kernelOrder: .spatialInputOutput))
        let y = try Evaluator.apply(
            last, to: [transposed(x, [0, 2, 3, 1]), transposed(w, [2, 3, 1, 0])], precision: .double)[0]
        #expect(try transposed(y, [0, 3, 1, 2]).doubles() == expected)
    }

    @Test func `a depthwise convolution reads channel c for outputs c·M to c·M + M − 1`() throws {
        // Two channels, multiplier 2, one tap: (1, 1, C, M).
        let convolution = Operator.convolution(Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 2, layout: .channelsLast,
            kernelOrder: .spatialChannelMultiplier))
        let y = try convolution.doubles(reals([1, 10, 2, 20], [1, 1, 2, 2]), reals([1, 2, 3, 4], [1, 1, 2, 2]))
        #expect(y == [1, 2, 30, 40, 2, 4, 60, 80])
    }

    static let adjoint: [(Window, [Int])] = [
        (Window(strides: [2, 1], dilations: [1, 2], padding: .explicit(before: [1, 0], after: [0, 2])), [9, 8]),
        (Window(strides: [1, 2], dilations: [1, 1], padding: .explicit(before: [2, 1], after: [1, 1])), [6, 7]),
    ]

    @Test(arguments: adjoint)
    func `a transposed convolution is the adjoint of the convolution`(_ window: Window, _ extents: [Int]) throws {
        var noise = Noise(3)
        for groups in [1, 2, 4] {
            let (x, w) = (try noise.tensor([2, 4] + extents), try noise.tensor([8, 4 / groups, 3, 2]))
            let forward = Operator.convolution(Convolution(
                window: window, groups: groups, layout: .channelsFirst, kernelOrder: .outputInputSpatial))
            let z = try Evaluator.apply(forward, to: [x, w], precision: .double)[0]
            let y = try noise.tensor(z.shape)
            let backward = Operator.convolutionTranspose(ConvolutionTranspose(
                window: window, outputPadding: zip(0..., extents).map { axis, extent in
                    let span = ([3, 2][axis] - 1) * window.dilations[axis] + 1
                    guard case .explicit(let before, let after) = window.padding else { return 0 }
                    return (extent + before[axis] + after[axis] - span) % window.strides[axis]
                }, outputShape: nil, groups: groups, layout: .channelsFirst, kernelOrder: .inputOutputSpatial))
            let back = try Evaluator.apply(backward, to: [y, w], precision: .double)[0]
            #expect(back.shape == x.shape)
            let (left, right) = (try product(z, y), try product(x, back))
            #expect(abs(left - right) < 1e-9)
        }
    }

    private func product(_ a: Tensor, _ b: Tensor) throws -> Double {
        zip(try a.doubles(), try b.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func transposed(_ tensor: Tensor, _ axes: [Int]) throws -> Tensor {
        try Evaluator.apply(.transpose(Transpose(permutation: axes)), to: [tensor], precision: .double)[0]
    }

    @Test(arguments: Precision.allCases)
    func `results have the same bits for any number of threads`(_ precision: Precision) throws {
        var noise = Noise(5)
        let (x, w) = (try noise.tensor([1, 24, 30, 31]), try noise.tensor([40, 24, 3, 3]))
        let convolution = Operator.convolution(Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .sameUpper), groups: 1,
            layout: .channelsFirst, kernelOrder: .outputInputSpatial))
        let results = try [1, 2, 3, 8].map { threads in
            try Evaluator.apply(convolution, to: [x, w], precision: precision, threads: threads)[0]
                .withUnsafeBytes { Array($0) }
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test func `big-endian and half weights are decoded as what they are`() throws {
        let convolution = Operator.convolution(Convolution(
            window: Window(strides: [1], dilations: [1], padding: .valid), groups: 1, layout: .channelsFirst,
            kernelOrder: .outputInputSpatial))
        let bytes: [UInt8] = [0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0]
        let big = try Tensor(
            elementType: .float32, shape: [1, 1, 2], storage: Storage(bytes), byteRange: 0..<8, byteOrder: .big)
        #expect(try convolution.doubles(reals([1, 2, 4], [1, 1, 3]), big) == [1 - 5, 2 - 10])
        let half = try Tensor(elementType: .float16, shape: [1, 1, 2], bytes: [0, 0x3C, 0, 0x40])
        let x = try Tensor(elementType: .float16, shape: [1, 1, 2], bytes: [0, 0x3C, 0, 0x3E])
        let y = try Evaluator.apply(convolution, to: [x, half])[0]
        #expect(y.elementType == .float16)
        #expect(try y.doubles() == [4])
    }
}
