/// How a convolution is computed, and what that is expected to cost.
struct AlgorithmChoice {
    /// Pixels of a Winograd tile's edge: 2 or 4; 0 for direct.
    let tile: Int
    let microseconds: Double
    /// Multiply-adds without the transforms.
    let multiplyAdds: Int
    /// Relative RMS error over that of a direct kernel.
    let errorRatio: Double
}

/// What algorithms cost on one thread, in microseconds, and what they round.
///
/// Constants are of an AVX-512 processor of 2024; only ratios matter to the choice. They do not hang on the machine
/// or the threads at hand, so a plan is the same everywhere and results have the same bits for any number of threads.
struct CostModel {
    /// Multiply-adds a microsecond and thread.
    static let multiplyAdds = 115_000.0
    /// Bytes a microsecond from memory, and from the caches a core shares.
    static let memoryBytes = 30_000.0
    static let cacheBytes = 90_000.0
    /// Elements a microsecond that a transform reads or writes.
    static let transformElements = 24_000.0
    /// Most times the direct kernel's error that an algorithm may have.
    static let errorLimit = 6.0

    static func direct(_ shape: ConvolutionShape) -> AlgorithmChoice {
        let multiplyAdds = shape.multiplyAdds
        let bytes = Double(shape.taps * shape.channelsPerGroup * shape.outputChannels * 4)
        let padding = shape.isPadded ? Double(shape.batch * shape.inputPixels * shape.inputChannels) / transformElements : 0
        let compute = Double(multiplyAdds) / Self.multiplyAdds
        return AlgorithmChoice(
            tile: 0, microseconds: max(compute, weightTime(bytes)) + padding, multiplyAdds: multiplyAdds, errorRatio: 1)
    }

    /// Winograd F(tile × tile, 3 × 3).
    static func winograd(_ shape: ConvolutionShape, tile: Int) -> AlgorithmChoice {
        let tiles = shape.batch * shape.outputExtents.reduce(1) { $0 * (($1 + tile - 1) / tile) }
        let components = (tile + 2) * (tile + 2)
        let multiplyAdds = tiles * components * shape.inputChannels * shape.outputChannels
        let bytes = Double(components * shape.inputChannels * shape.outputChannels * 4)
        let transformed = Double(tiles * components) * Double(shape.inputChannels + shape.outputChannels)
        let compute = Double(multiplyAdds) / Self.multiplyAdds
        return AlgorithmChoice(
            tile: tile, microseconds: max(compute, weightTime(bytes)) + transformed / transformElements,
            multiplyAdds: multiplyAdds, errorRatio: errorRatio(tile: tile, channels: shape.inputChannels))
    }

    private static func weightTime(_ bytes: Double) -> Double {
        bytes / (bytes > 4e6 ? memoryBytes : cacheBytes)
    }

    /// Calibrated against Double on maps behind a ReLU with 3 to 1024 channels (Docs/Benchmarks.md): an upper line
    /// through what was measured. A direct sum of few products rounds little, a transform rounds all the same.
    static func errorRatio(tile: Int, channels: Int) -> Double {
        tile == 4 ? 4.4 + 20 / Double(max(channels, 1)) : 0.75 + 2 / Double(max(channels, 1))
    }
}

extension Lowering {
    /// The cheapest algorithm among those that round little enough.
    func chooseAlgorithm(_ shape: ConvolutionShape) -> AlgorithmChoice {
        let direct = CostModel.direct(shape)
        guard !isExact, shape.isWinogradShape else { return direct }
        return [2, 4].map { CostModel.winograd(shape, tile: $0) }
            .filter { $0.errorRatio <= CostModel.errorLimit }
            .reduce(direct) { $1.microseconds < $0.microseconds ? $1 : $0 }
    }
}
