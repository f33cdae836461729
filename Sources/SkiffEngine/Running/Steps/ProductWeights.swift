internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// Where the weights of a product stand in their tensor, and how many there are.
struct ProductWeights {
    let tensor: Tensor
    /// Outputs of all groups.
    let outputs: Int
    let groups: Int
    /// Taps, in the order of the kernel's elements.
    let taps: Int
    /// Input channels of one group.
    let channels: Int
    /// Element steps from output to output within a group, from group to group, tap to tap, channel to channel.
    let steps: WeightSteps
    let scale: [Double]?
    let shift: [Double]?

    var outputsPerGroup: Int { outputs / groups }

    /// The bias of each output, in `width` floats per slice.
    func bias(_ slices: [KernelSet.Slice], into target: UnsafeMutablePointer<Float>) {
        var to = target
        for slice in slices {
            for lane in 0..<slice.width {
                to[lane] = lane < slice.count ? Float(shift?[slice.first + lane] ?? 0) : 0
            }
            to += slice.width
        }
    }

    /// The elements as Float: where they lie if they lie as such, else decoded into an array.
    func withElements(_ body: (UnsafePointer<Float>) throws(EngineError) -> Void) throws(EngineError) {
        var failure: EngineError?
        let isPlain = tensor.elementType == .float32 && tensor.byteOrder == .little
        let done: Bool = isPlain && tensor.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0 else {
                return false
            }
            do throws(EngineError) { try body(base.assumingMemoryBound(to: Float.self)) } catch { failure = error }
            return true
        }
        if !done {
            let elements: [Float]
            do throws(CoreError) { elements = try tensor.floats() } catch { throw EngineError(error) }
            elements.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                do throws(EngineError) { try body(base) } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }

    /// Packs one slice as [tap][channel of `groupsTogether` groups][width]. Where several groups stand in one slice,
    /// every output has zeros for the channels of the other groups.
    func pack(
        _ slice: KernelSet.Slice, firstGroup: Int, groupsTogether: Int, from source: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>
    ) {
        let depth = groupsTogether * channels
        if slice.count < slice.width || groupsTogether > 1 {
            target.update(repeating: 0, count: taps * depth * slice.width)
        }
        for lane in 0..<slice.count {
            let local = slice.first + lane
            let group = firstGroup + local / outputsPerGroup
            let output = local % outputsPerGroup
            let scale = scale?[firstGroup * outputsPerGroup + local] ?? 1
            let from = source + (group * steps.group + output * steps.output + steps.first)
            let to = target + (local / outputsPerGroup * channels * slice.width + lane)
            for tap in 0..<taps {
                let tapFrom = from + tap &* steps.tap
                let tapTo = to + tap &* depth &* slice.width
                if self.scale == nil {
                    for channel in 0..<channels { tapTo[channel &* slice.width] = tapFrom[channel &* steps.channel] }
                } else {
                    for channel in 0..<channels {
                        tapTo[channel &* slice.width] = Float(Double(tapFrom[channel &* steps.channel]) * scale)
                    }
                }
            }
        }
    }
}

/// The slices of one group, or of several that are packed together.
struct ProductBundle {
    let firstGroup: Int
    let groupsTogether: Int
    /// Offset of the first input channel and of the first output.
    let inputChannel: Int
    let output: Int
    let slices: [KernelSet.Slice]
    /// Element offset of each slice's weights and bias among the packed ones.
    var weightOffsets: [Int] = []
    var biasOffsets: [Int] = []
}
