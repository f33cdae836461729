internal import SkiffCore
internal import SkiffGraph

extension Upsampling: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let shape = try step.shape(0)
        let first = layout.firstSpatialAxis
        switch interpolation {
        case .nearest:
            let own = shape.rowMajorStrides
            // Every enlarged axis is one that walks around one that repeats.
            let factors = shape.indices.map { $0 >= first && $0 - first < self.factors.count ? self.factors[$0 - first] : 1 }
            return [try step.gathered(StridedView(
                extents: shape.indices.flatMap { [shape[$0], factors[$0]] }, strides: own.flatMap { [$0, 0] }))]
        case .bilinear:
            var samplings: [AxisSampling] = []
            for (axis, factor) in factors.enumerated() where factor != 1 {
                let position = first + axis
                samplings.append(AxisSampling(
                    axis: position, input: shape[position], output: try step.output.shape[position],
                    scale: Double(factor), mode: .linear, coordinates: .halfPixel))
            }
            return [.real(try interpolated(step, step.sums(0), shape, samplings).map { A.rounded($0) })]
        }
    }
}
