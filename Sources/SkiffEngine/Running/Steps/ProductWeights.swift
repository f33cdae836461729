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

    /// Whether the elements lie as the kernels read them, so that a slice can be packed without decoding all.
    var isPlain: Bool { tensor.elementType == .float32 && tensor.byteOrder == .little }

    /// The elements as Float, at any address: where they lie if they lie as such, else decoded into an array.
    func withElements(_ body: (UnsafeRawPointer) -> Void) throws(EngineError) {
        if isPlain {
            tensor.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { body(base) }
            }
            return
        }
        let elements: [Float]
        do throws(CoreError) { elements = try tensor.floats() } catch { throw EngineError(error) }
        elements.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { body(base) }
        }
    }

    /// Packs one slice of a group as [tap][channel][width].
    func pack(
        _ slice: KernelSet.Slice, group: Int, from source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
    ) {
        if slice.count < slice.width { target.update(repeating: 0, count: taps * channels * slice.width) }
        if steps.output == 1 {
            packRows(slice, group: group, from: source, into: target)
            return
        }
        // Blocks keep the lines that are written in the first-level cache.
        let block = 64
        for tap in 0..<taps {
            for first in stride(from: 0, to: channels, by: block) {
                let range = first..<min(channels, first + block)
                for lane in 0..<slice.count {
                    let output = slice.first + lane
                    let start = group * steps.group + output * steps.output + tap * steps.tap
                    let to = target + (tap * channels * slice.width + lane)
                    let scale = scale?[group * outputsPerGroup + output]
                    copy(range, from: source, at: start + steps.first, to: to, width: slice.width, scale: scale)
                }
            }
        }
    }

    @inline(__always)
    private func copy(
        _ range: Range<Int>, from source: UnsafeRawPointer, at start: Int, to: UnsafeMutablePointer<Float>,
        width: Int, scale: Double?
    ) {
        for channel in range {
            let offset = (start &+ channel &* steps.channel) &* MemoryLayout<Float>.stride
            let element = source.loadUnaligned(fromByteOffset: offset, as: Float.self)
            to[channel &* width] = scale.map { Float(Double(element) * $0) } ?? element
        }
    }

    /// Outputs that stand side by side in the tensor too.
    private func packRows(
        _ slice: KernelSet.Slice, group: Int, from source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
    ) {
        let scales = (0..<slice.count).map { scale?[group * outputsPerGroup + slice.first + $0] ?? 1 }
        let start = group * steps.group + slice.first + steps.first
        for tap in 0..<taps {
            for channel in 0..<channels {
                let from = source + (start + tap * steps.tap + channel * steps.channel) * MemoryLayout<Float>.stride
                let to = target + (tap * channels + channel) * slice.width
                for lane in 0..<slice.count {
                    let element = from.loadUnaligned(fromByteOffset: lane &* 4, as: Float.self)
                    to[lane] = scale == nil ? element : Float(Double(element) * scales[lane])
                }
            }
        }
    }
}
