/// How many layers data passes on its ways through a network: at every block it takes the branch or the shortcut.
///
/// Layers are convolutions and matrix products by weights; those behind a global pooling (gates, classifiers) do not
/// count. A network of n blocks in a row has 2ⁿ ways, their lengths nearly a binomial distribution; the shortcut of a
/// block around others is one way more beside all of theirs.
/// Source: Veit, Wilber, Belongie, Residual Networks Behave Like Ensembles of Relatively Shallow Networks (2016).
public struct PathLengths: Hashable, Sendable {
    /// Blocks, those inside others too.
    public var blocks: Int
    /// Logarithm to base two of the number of ways.
    public var log2Paths: Double
    /// Layers on the shortest way.
    public var minimum: Int
    /// Layers on the longest way.
    public var maximum: Int
    /// Mean number of layers, each way counted once.
    public var mean: Double
    /// Standard deviation of the number of layers.
    public var deviation: Double
    /// Number of layers that the first of ``shares`` belongs to.
    public var first: Int
    /// Share of all ways by number of layers, from ``first`` on; shares below 10⁻¹² at both ends are left out.
    public var shares: [Double]
}
