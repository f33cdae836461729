internal import SkiffCore
internal import SkiffGraph

/// Measures what one convolution step rounds: some of its outputs beside the same sums in Double, and beside the
/// sums that a direct kernel adds in Float.
struct ErrorProbe {
    let job: ConvolutionJob
    /// The step that reads the input first, and the one that gives the output.
    let inputStep: Int
    let outputStep: Int
    let input: View
    /// The map that is read has the convolution's padding around it.
    let isPadded: Bool
    let addend: View?
    let output: View

    /// Most outputs that are computed again.
    private static var samples: Int { 1024 }

    private var mapExtents: [Int] { isPadded ? job.shape.paddedExtents : job.shape.inputExtents }

    /// What the step reads, copied before it runs.
    struct Inputs {
        let map: [Float]
        let addend: [Float]?
    }

    func inputs(_ state: RunState) -> Inputs {
        let shape = job.shape
        let count = shape.batch * mapExtents.reduce(1, *) * shape.inputChannels
        let outputs = shape.batch * shape.outputPixels * shape.outputChannels
        return Inputs(
            map: Array(UnsafeBufferPointer(start: input.pointer(state), count: count)),
            addend: addend.map { Array(UnsafeBufferPointer(start: $0.pointer(state), count: outputs)) })
    }

    /// Relative RMS of the step's outputs and of direct Float sums.
    /// - Throws: ``EngineError`` for weights that cannot be decoded.
    func errors(_ inputs: Inputs, _ state: RunState) throws(EngineError) -> (measured: Double, direct: Double) {
        let weights: [Float]
        do throws(CoreError) { weights = try job.weights.tensor.floats() } catch { throw EngineError(error) }
        let shape = job.shape
        let total = shape.batch * shape.outputPixels * shape.outputChannels
        let found = output.pointer(state)
        // An odd step visits all pixels and channels alike.
        let step = max(1, total / Self.samples) | 1
        var (measured, direct, size) = (0.0, 0.0, 0.0)
        for index in stride(from: 0, to: total, by: step) {
            let sums = sums(index, inputs, weights)
            measured += (Double(found[index]) - sums.exact) * (Double(found[index]) - sums.exact)
            direct += (Double(sums.direct) - sums.exact) * (Double(sums.direct) - sums.exact)
            size += sums.exact * sums.exact
        }
        guard size > 0 else { return (0, 0) }
        return ((measured / size).squareRoot(), (direct / size).squareRoot())
    }

    private func sums(_ index: Int, _ inputs: Inputs, _ weights: [Float]) -> (exact: Double, direct: Float) {
        let (shape, steps) = (job.shape, job.weights.steps)
        let channel = index % shape.outputChannels
        let pixel = index / shape.outputChannels
        let (group, output) = (channel / shape.outputsPerGroup, channel % shape.outputsPerGroup)
        let scale = job.weights.scale?[channel] ?? 1
        let shift = job.weights.shift?[channel] ?? 0
        var (exact, direct) = (shift, Float(shift))
        let first = steps.first + group * steps.group + output * steps.output
        for tap in 0..<shape.taps {
            guard let from = inputPixel(pixel, tap: tap) else { continue }
            let map = from * shape.inputChannels + group * shape.channelsPerGroup
            for input in 0..<shape.channelsPerGroup {
                let weight = Double(weights[first + tap * steps.tap + input * steps.channel]) * scale
                exact += Double(inputs.map[map + input]) * weight
                direct.addProduct(inputs.map[map + input], Float(weight))
            }
        }
        if let addend = inputs.addend {
            exact += Double(addend[index])
            direct += addend[index]
        }
        let (lower, upper) = (job.product.lower, job.product.upper)
        return (min(upper, max(lower, exact)), min(Float(upper), max(Float(lower), direct)))
    }

    /// The map's pixel under a tap, counted over the batch; `nil` in padding that the map does not have.
    private func inputPixel(_ pixel: Int, tap: Int) -> Int? {
        let (shape, extents) = (job.shape, mapExtents)
        var (place, taps, result, scale) = (pixel, tap, 0, 1)
        for axis in shape.inputExtents.indices.reversed() {
            let position = place % shape.outputExtents[axis] * shape.strides[axis]
                + taps % shape.kernelExtents[axis] * shape.dilations[axis] - (isPadded ? 0 : shape.before[axis])
            guard position >= 0, position < extents[axis] else { return nil }
            result += position * scale
            scale *= extents[axis]
            place /= shape.outputExtents[axis]
            taps /= shape.kernelExtents[axis]
        }
        return place * scale + result
    }
}

extension Program {
    /// The errors of all convolution steps, each fed the inputs it has in this run.
    func errors(_ given: [Int: Tensor], on workers: Workers) throws(EngineError) -> [PlanReport.StepError] {
        var held: [Int: ErrorProbe.Inputs] = [:]
        var errors: [PlanReport.StepError] = []
        let starting = Dictionary(grouping: probes.indices) { probes[$0].inputStep }
        let ending = Dictionary(grouping: probes.indices) { probes[$0].outputStep }
        try run(given, on: workers) { step, state throws(EngineError) in
            for index in ending[step - 1] ?? [] {
                guard let inputs = held.removeValue(forKey: index) else { continue }
                let found = try probes[index].errors(inputs, state)
                errors.append(
                    PlanReport.StepError(step: step - 1, measured: found.measured, direct: found.direct))
            }
            for index in starting[step] ?? [] { held[index] = probes[index].inputs(state) }
        }
        return errors
    }
}
