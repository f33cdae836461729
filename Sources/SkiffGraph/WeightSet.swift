public import SkiffCore

/// The weights of a network without its architecture: the layers that a file lists, each with its variables.
///
/// Readers of files that hold no architecture (`.safetensors`, `.npz`, Keras' weight files) give one; architectures
/// are recognised from it.
public struct WeightSet: Sendable {
    /// One layer's variables, as the file groups them.
    public struct Layer: Sendable {
        /// A Keras layer's name (`conv1_conv`), its place where the file holds no layer names (`layers/conv2d_1`), or
        /// a PyTorch module's path (`layer1.0.conv1`). Layers of nested models stand by themselves.
        public var name: String
        /// In the file's order.
        public var variables: [Variable]

        public init(name: String, variables: [Variable]) {
            self.name = name
            self.variables = variables
        }
    }

    /// One stored tensor.
    public struct Variable: Sendable {
        /// The file's whole name of it: `conv1/conv1_W:0`, `layers/conv2d/vars/0`, `layer1.0.conv1.weight`.
        public var name: String
        /// What the variable is to its layer, without the layer: `kernel`, `W`, `weight`, `running_mean`, or its
        /// position (`0`) where the file says no more.
        public var role: String
        public var tensor: Tensor

        public init(name: String, role: String, tensor: Tensor) {
            self.name = name
            self.role = role
            self.tensor = tensor
        }
    }

    /// The network's weights; an optimizer's state is left out.
    public var layers: [Layer]
    /// Whether ``layers`` stand in the order of the model's layers; else their order says nothing.
    public var isInModelOrder: Bool
    /// The file's format, producer and further facts.
    public var metadata: GraphMetadata

    public init(layers: [Layer], isInModelOrder: Bool, metadata: GraphMetadata) {
        self.layers = layers
        self.isInModelOrder = isInModelOrder
        self.metadata = metadata
    }
}
