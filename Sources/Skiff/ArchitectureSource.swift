/// Where the architecture of a model comes from.
public enum ArchitectureSource: Hashable, Sendable {
    /// The file itself; for a file of weights alone the architecture that fits them.
    case automatic
    /// Of the architectures that fit a file of weights the one of this name: `torchvision`, `resnet50`,
    /// `torchvision/resnet50`.
    case named(String)
    /// A Keras configuration: `model.to_json()`, or the `config.json` of a `.keras` archive, at this path.
    case configuration(String)
    /// The model at this path, whose weights are replaced.
    case model(String)
}
