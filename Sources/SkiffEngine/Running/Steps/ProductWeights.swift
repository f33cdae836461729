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
        _ slice: KernelSet.Slice, group: Int, from source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>,
        kernels: KernelSet
    ) {
        let start = steps.first + group * steps.group + slice.first * steps.output
        var packing = skiff_packing()
        packing.input = source + start * MemoryLayout<Float>.stride
        packing.taps = Int64(taps)
        packing.channels = Int64(channels)
        packing.outputs = Int64(slice.count)
        packing.tap_step = Int64(steps.tap)
        packing.channel_step = Int64(steps.channel)
        packing.output_step = Int64(steps.output)
        packing.output = UnsafeMutableRawPointer(target)
        packing.width = Int64(slice.width)
        withBase(scale) { scale in
            packing.scale = scale.map { $0 + (group * outputsPerGroup + slice.first) }
            kernels.table.pointee.pack(&packing)
        }
    }
}
