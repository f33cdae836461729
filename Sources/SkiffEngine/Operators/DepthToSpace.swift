internal import SkiffCore
internal import SkiffGraph

extension DepthToSpace: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let (rows, columns, block) = (shape[2], shape[3], blockSize)
        let plane = rows * columns
        // Steps of (block row, block column, channel) in the input's channels.
        let (down, right, channel) =
            mode == .depthColumnRow ? (block * output[1], output[1], 1) : (block, 1, block * block)
        return [try step.gathered(StridedView(
            extents: [shape[0], output[1], rows, block, columns, block],
            strides: [shape[1] * plane, channel * plane, columns, down * plane, 1, right * plane]))]
    }
}

extension SpaceToDepth: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output.shape)
        let (rows, columns, block) = (output[2], output[3], blockSize)
        let plane = shape[2] * shape[3]
        return [try step.gathered(StridedView(
            extents: [shape[0], block, block, shape[1], rows, columns],
            strides: [shape[1] * plane, shape[3], 1, plane, block * shape[3], block]))]
    }
}
