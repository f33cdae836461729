/// What is done to the pixels of an image before a network sees them.
public enum ImagePreprocessing: String, Hashable, Sendable, CaseIterable {
    /// RGB in 0…1, less the mean of ImageNet, over its spread: torchvision, timm.
    case torch
    /// BGR in 0…255, less the mean of ImageNet: Caffe, and keras.applications' ResNet.
    case caffe
    /// RGB in −1…1: keras.applications' ResNet V2, MobileNet and Inception.
    case tf
    /// RGB in 0…1.
    case unit
    /// RGB in 0…255.
    case raw
    /// As `raw`.
    case none

    /// The convention of the same name, with its numbers.
    public var convention: Convention.Preprocessing {
        switch self {
        case .torch: .torch
        case .caffe: .caffe
        case .tf: .tensorFlow
        case .unit: .unit
        case .raw, .none: .raw
        }
    }

    init(_ convention: Convention.Preprocessing) {
        self =
            switch convention {
            case .torch: .torch
            case .caffe: .caffe
            case .tensorFlow: .tf
            case .unit: .unit
            case .raw: .raw
            }
    }

    /// For each channel of a network's input the channel of an RGB pixel that it is made of, and its value for each
    /// of the 256 samples.
    func tables(channels: Int) -> [(source: Int, values: [Float])] {
        (0..<channels).map { channel in
            let values = (0..<256).map { sample in
                convention.value(
                    [Float](repeating: Float(sample), count: channels == 1 ? 1 : 3), channel: channel, of: channels)
            }
            return (channels == 1 ? 0 : self == .caffe ? 2 - channel : channel, values)
        }
    }
}

extension Model {
    /// What its images are put through where nobody says, and why it is that.
    func usualPreprocessing(of input: ValueID, channels: Int) -> (ImagePreprocessing, reason: String) {
        if let name = graph.metadata[ArchitectureCandidate.architectureKey],
            let convention = Convention.all.first(where: { name.hasPrefix($0.identifier + "/") })
        {
            return (ImagePreprocessing(convention.preprocessing), "as \(convention.title) has it")
        }
        let range = ProbeRange(of: graph, input: input)
        if range == .bytes { return (.raw, "the model scales pixels itself") }
        let source = graph.metadata.sourceFormat + " " + graph.metadata.producer
        let isKeras = ["keras", "tensorflow", "tf2onnx"].contains { source.lowercased().contains($0) }
        if channels == 3, isKeras, let usual = kerasPreprocessing(range) { return usual }
        if range == .centred {
            return (.caffe, "the first layers expect numbers of 0…255 less their mean")
        }
        if channels == 3, source.lowercased().contains("torch") { return (.torch, "as torchvision has it") }
        return (.unit, "the model does not tell")
    }

    /// As keras.applications preprocesses for a network of that family.
    private func kerasPreprocessing(_ range: ProbeRange?) -> (ImagePreprocessing, reason: String)? {
        let family = inspection().family
        if family.name.hasPrefix("ResNet"), family.variant == "v2" {
            return (.tf, "as keras.applications has it for \(family.name) v2")
        }
        if family.name.hasPrefix("ResNet"), range != .normalised {
            return (.caffe, "as keras.applications has it for \(family.name)")
        }
        return family.name.hasPrefix("MobileNet") ? (.tf, "as keras.applications has it for MobileNet") : nil
    }
}
