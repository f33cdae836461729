internal import SkiffCore
internal import SkiffGraph

extension ConvolutionTranspose: EvaluableOperator {
    /// A convolution with stride one over the input spread out by the stride, the kernel turned around.
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        var geometry = try ConvolutionGeometry(
            input: step.shape(0), output: step.output.shape, kernel: step.shape(1), kernelOrder: kernelOrder,
            layout: layout, groups: groups)
        geometry.strides = window.strides.map { _ in 1 }
        geometry.dilations = window.dilations
        geometry.spread = window.strides
        geometry.turnsKernel = true
        for (axis, kernel) in geometry.kernelExtents.enumerated() {
            let extent = geometry.inputExtents[axis]
            let reach = try checkedMultiplyAdd(kernel - 1, window.dilations[axis], 0)
            geometry.before.append(reach - resolvedPadding(axis: axis, extent: extent, kernel: kernel).before)
        }
        return [.real(try geometry.evaluate(step))]
    }
}
