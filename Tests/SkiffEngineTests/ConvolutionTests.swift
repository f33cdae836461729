import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

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
}
