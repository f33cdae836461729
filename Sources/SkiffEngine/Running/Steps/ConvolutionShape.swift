internal import SkiffCore
internal import SkiffGraph

/// A convolution over channels-last maps in numbers, over any number of spatial axes.
struct ConvolutionShape {
    let batch: Int
    let inputExtents: [Int]
    let outputExtents: [Int]
    let kernelExtents: [Int]
    let strides: [Int]
    let dilations: [Int]
    let before: [Int]
    let after: [Int]
    let groups: Int
    /// Of all groups.
    let inputChannels: Int
    let outputChannels: Int

    var channelsPerGroup: Int { inputChannels / groups }
    var outputsPerGroup: Int { outputChannels / groups }
    var taps: Int { kernelExtents.reduce(1, *) }
    var isPadded: Bool { zip(before, after).contains { $0 != 0 || $1 != 0 } }
    var outputPixels: Int { outputExtents.reduce(1, *) }
    var inputPixels: Int { inputExtents.reduce(1, *) }
    var paddedExtents: [Int] { inputExtents.indices.map { inputExtents[$0] + before[$0] + after[$0] } }
    var multiplyAdds: Int { batch * outputPixels * outputChannels * taps * channelsPerGroup }

    /// Every output pixel reads the one input pixel at its own place.
    var isPointwise: Bool { taps == 1 && !isPadded && strides.allSatisfy { $0 == 1 } }

    /// What Winograd's filters take.
    var isWinogradShape: Bool {
        kernelExtents == [3, 3] && strides == [1, 1] && dilations == [1, 1] && groups == 1
            && before.allSatisfy { 0...2 ~= $0 } && after.allSatisfy { 0...2 ~= $0 }
    }

    /// `nil` where the shapes make no convolution that a kernel takes.
    init?(_ convolution: Convolution, input: Shape, output: Shape, kernel: Shape) {
        let spatial = input.count - 2
        guard spatial >= 1, kernel.count == input.count, output.count == input.count, convolution.groups > 0,
            convolution.window.strides.count == spatial, convolution.window.dilations.count == spatial
        else { return nil }
        let layout = convolution.layout
        let axes = layout.firstSpatialAxis..<layout.firstSpatialAxis + spatial
        batch = input[0]
        inputExtents = Array(input[axes])
        outputExtents = Array(output[axes])
        inputChannels = input[layout.channelAxis(rank: input.count)]
        outputChannels = output[layout.channelAxis(rank: input.count)]
        groups = convolution.groups
        strides = convolution.window.strides
        dilations = convolution.window.dilations
        switch convolution.kernelOrder {
        case .outputInputSpatial: kernelExtents = Array(kernel[2...])
        case .spatialInputOutput, .spatialChannelMultiplier: kernelExtents = Array(kernel[..<spatial])
        default: return nil
        }
        var (before, after): ([Int], [Int]) = ([], [])
        for axis in 0..<spatial {
            let padding = convolution.window.resolvedPadding(
                axis: axis, extent: inputExtents[axis], kernel: kernelExtents[axis])
            guard padding.before >= 0, padding.after >= 0 else { return nil }
            // Windows that ceil mode or a stride leave unread need no zeros; what is read may pass the padding.
            let reach = (outputExtents[axis] - 1) * strides[axis] + (kernelExtents[axis] - 1) * dilations[axis] + 1
            before.append(padding.before)
            after.append(max(0, reach - inputExtents[axis] - padding.before))
        }
        self.before = before
        self.after = after
        guard inputChannels > 0, outputChannels > 0, inputChannels % groups == 0, outputChannels % groups == 0,
            Self.product(kernelExtents + [inputChannels / groups, outputChannels]) == kernel.checkedElementCount,
            hasBoundedProducts
        else { return nil }
    }

    /// Whether every product of extents can be taken: an image, padded or not, has elements that 32 bits count, and
    /// there are no more multiply-adds than doubling leaves room for. Declared padding may be anything.
    private var hasBoundedProducts: Bool {
        let images = [inputExtents + [inputChannels], paddedExtents + [inputChannels], outputExtents + [outputChannels]]
        guard images.allSatisfy({ (Self.product([batch] + $0) ?? .max) < 1 << 40 }),
            images.allSatisfy({ 1..<Int(Int32.max) ~= Self.product($0) ?? 0 }),
            let work = Self.product([batch] + outputExtents + [outputChannels] + kernelExtents + [channelsPerGroup])
        else { return false }
        return 1..<(1 << 56) ~= work
    }

    /// `nil` past 64 bits.
    private static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// Where the weight's elements stand.
    func weightSteps(_ order: KernelOrder) -> WeightSteps {
        switch order {
        case .spatialInputOutput, .spatialChannelMultiplier:
            WeightSteps(
                group: outputsPerGroup, output: 1, tap: channelsPerGroup * outputChannels, channel: outputChannels)
        default:
            WeightSteps(
                group: outputsPerGroup * channelsPerGroup * taps, output: channelsPerGroup * taps, tap: 1,
                channel: taps)
        }
    }

    /// Pixel offsets, in pixels of a map of `extents`, of positions spaced by `steps` over `counts`, row-major.
    static func offsets(_ counts: [Int], steps: [Int], in extents: [Int]) -> [Int] {
        var offsets = [0]
        for axis in counts.indices {
            let stride = extents[(axis + 1)...].reduce(1, *) * steps[axis]
            offsets = offsets.flatMap { base in (0..<counts[axis]).map { base + $0 * stride } }
        }
        return offsets
    }
}
