public import SkiffCore
public import SkiffGraph

/// What the weights of a network are like, in the order in which its layers read them.
public struct WeightStatistics: Sendable {
    public var tensors: [TensorStatistics]

    public init(tensors: [TensorStatistics]) { self.tensors = tensors }
}
