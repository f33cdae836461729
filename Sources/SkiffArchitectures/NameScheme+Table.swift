extension NameScheme {
    /// All schemes, those that people ask for by name first.
    public static let all: [NameScheme] = [
        torchvision, keras, kerasV2, kerasOld, huggingFace, timmDeep, classificationModels, positional,
    ]

    /// torchvision.models.resnet, timm's `resnet.py` and the many that follow them. Alternatives: `linear` and
    /// `shortcut` are what the common implementations for CIFAR say.
    static let torchvision = NameScheme(
        identifier: "torchvision", title: "torchvision and timm",
        entries: [
            Entry(.stemConvolution, "conv1", index: 0), Entry(.stemNormalization, "bn1", index: 0),
            Entry(.convolution, "layer{stage+1}.{block}.conv{index+1}"),
            Entry(.normalization, "layer{stage+1}.{block}.bn{index+1}"),
            Entry(.projection, "layer{stage+1}.{block}.downsample.0"),
            Entry(.projectionNormalization, "layer{stage+1}.{block}.downsample.1"),
            Entry(.projection, "layer{stage+1}.{block}.shortcut.0"),
            Entry(.projectionNormalization, "layer{stage+1}.{block}.shortcut.1"),
            Entry(.classifier, "fc"), Entry(.classifier, "linear"), Entry(.classifier, "last_linear"),
            Entry(.classifier, "classifier"), Entry(.classifier, "head"),
        ],
        block: NameTemplate("layer{stage+1}.{block}"), separator: ".", variables: .torch, outputFirst: true, biases: .none,
        epsilon: 1e-5, strideSite: 1)

    /// timm's variants with three convolutions in the stem and pooled projections (`resnet50d`).
    static let timmDeep = NameScheme(
        identifier: "timm-deep", title: "timm with a deep stem",
        entries: [
            Entry(.stemConvolution, "conv1.0", index: 0), Entry(.stemNormalization, "conv1.1", index: 0),
            Entry(.stemConvolution, "conv1.3", index: 1), Entry(.stemNormalization, "conv1.4", index: 1),
            Entry(.stemConvolution, "conv1.6", index: 2), Entry(.stemNormalization, "bn1", index: 2),
            Entry(.convolution, "layer{stage+1}.{block}.conv{index+1}"),
            Entry(.normalization, "layer{stage+1}.{block}.bn{index+1}"),
            Entry(.projection, "layer{stage+1}.{block}.downsample.1"),
            Entry(.projectionNormalization, "layer{stage+1}.{block}.downsample.2"),
            Entry(.classifier, "fc"), Entry(.classifier, "head.fc"),
        ],
        block: NameTemplate("layer{stage+1}.{block}"), separator: ".", variables: .torch, outputFirst: true, biases: .none,
        epsilon: 1e-5, strideSite: 1)

    /// `ResNetForImageClassification` of Hugging Face transformers.
    static let huggingFace = NameScheme(
        identifier: "huggingface", title: "Hugging Face transformers",
        entries: [
            Entry(.stemConvolution, "resnet.embedder.embedder.convolution", index: 0),
            Entry(.stemNormalization, "resnet.embedder.embedder.normalization", index: 0),
            Entry(.convolution, "resnet.encoder.stages.{stage}.layers.{block}.layer.{index}.convolution"),
            Entry(.normalization, "resnet.encoder.stages.{stage}.layers.{block}.layer.{index}.normalization"),
            Entry(.projection, "resnet.encoder.stages.{stage}.layers.{block}.shortcut.convolution"),
            Entry(.projectionNormalization, "resnet.encoder.stages.{stage}.layers.{block}.shortcut.normalization"),
            Entry(.stemConvolution, "embedder.embedder.convolution", index: 0),
            Entry(.stemNormalization, "embedder.embedder.normalization", index: 0),
            Entry(.convolution, "encoder.stages.{stage}.layers.{block}.layer.{index}.convolution"),
            Entry(.normalization, "encoder.stages.{stage}.layers.{block}.layer.{index}.normalization"),
            Entry(.projection, "encoder.stages.{stage}.layers.{block}.shortcut.convolution"),
            Entry(.projectionNormalization, "encoder.stages.{stage}.layers.{block}.shortcut.normalization"),
            Entry(.classifier, "classifier.1"),
        ],
        block: NameTemplate("resnet.encoder.stages.{stage}.layers.{block}"), separator: ".", variables: .torch,
        outputFirst: true, biases: .none,
        epsilon: 1e-5, strideSite: 1)

    /// keras.applications since keras-applications 1.0.7, ResNet50/101/152.
    static let keras = NameScheme(
        identifier: "keras", title: "keras.applications",
        entries: [
            Entry(.stemConvolution, "conv1_conv", index: 0), Entry(.stemNormalization, "conv1_bn", index: 0),
            Entry(.projection, "conv{stage+2}_block{block+1}_0_conv"),
            Entry(.projectionNormalization, "conv{stage+2}_block{block+1}_0_bn"),
            Entry(.convolution, "conv{stage+2}_block{block+1}_{index+1}_conv"),
            Entry(.normalization, "conv{stage+2}_block{block+1}_{index+1}_bn"),
            Entry(.classifier, "predictions"), Entry(.classifier, "probs"), Entry(.classifier, "fc1000"),
        ],
        block: NameTemplate("conv{stage+2}_block{block+1}"), separator: "_", variables: .keras, outputFirst: false, biases: .all,
        epsilon: 1.001e-5, strideSite: 0)

    /// keras.applications, ResNet50V2/101V2/152V2.
    static let kerasV2 = NameScheme(
        identifier: "keras-v2", title: "keras.applications, version 2",
        entries: [
            Entry(.stemConvolution, "conv1_conv", index: 0),
            Entry(.projection, "conv{stage+2}_block{block+1}_0_conv"),
            Entry(.convolution, "conv{stage+2}_block{block+1}_{index+1}_conv"),
            Entry(.normalization, "conv{stage+2}_block{block+1}_preact_bn", index: 0),
            Entry(.normalization, "conv{stage+2}_block{block+1}_{index}_bn"),
            Entry(.finalNormalization, "post_bn"),
            Entry(.classifier, "predictions"), Entry(.classifier, "probs"),
        ],
        block: NameTemplate("conv{stage+2}_block{block+1}"), separator: "_", variables: .keras, outputFirst: false, biases: .versionTwo,
        epsilon: 1.001e-5, strideSite: nil)

    /// keras.applications.resnet50 of Keras 1 to 2.2, in Caffe's names; deeper networks count blocks as Caffe does.
    static let kerasOld = NameScheme(
        identifier: "keras-old", title: "Keras 1 to 2.2 and Caffe",
        entries: [
            Entry(.stemConvolution, "conv1", index: 0), Entry(.stemNormalization, "bn_conv1", index: 0),
            Entry(.convolution, "res{stage+2}{block:a}_branch2{index:a}"),
            Entry(.normalization, "bn{stage+2}{block:a}_branch2{index:a}"),
            Entry(.convolution, "res{stage+2}b{block}_branch2{index:a}"),
            Entry(.normalization, "bn{stage+2}b{block}_branch2{index:a}"),
            Entry(.projection, "res{stage+2}{block:a}_branch1"),
            Entry(.projectionNormalization, "bn{stage+2}{block:a}_branch1"),
            Entry(.classifier, "fc1000"), Entry(.classifier, "fc{index}", index: 0), Entry(.classifier, "predictions"),
        ],
        block: NameTemplate("res{stage+2}{block:a}"), separator: "_", variables: .keras, outputFirst: false, biases: .all,
        epsilon: 1e-3, strideSite: 0)

    /// The package classification_models, whose networks are MXNet's.
    static let classificationModels = NameScheme(
        identifier: "classification-models", title: "classification_models",
        entries: [
            Entry(.inputNormalization, "bn_data"), Entry(.stemConvolution, "conv0", index: 0),
            Entry(.stemNormalization, "bn0", index: 0),
            Entry(.convolution, "stage{stage+1}_unit{block+1}_conv{index+1}"),
            Entry(.normalization, "stage{stage+1}_unit{block+1}_bn{index+1}"),
            Entry(.projection, "stage{stage+1}_unit{block+1}_sc"),
            Entry(.finalNormalization, "bn1"), Entry(.classifier, "fc1"),
        ],
        block: NameTemplate("stage{stage+1}_unit{block+1}"), separator: "_", variables: .keras, outputFirst: false, biases: .none,
        epsilon: 2e-5, strideSite: 1)

    /// For files whose names say nothing: the names that nodes get.
    static let positional = NameScheme(
        identifier: "positional", title: "no names",
        entries: [
            Entry(.stemConvolution, "stem_conv{index+1}"), Entry(.stemNormalization, "stem_bn{index+1}"),
            Entry(.convolution, "stage{stage+1}_block{block+1}_conv{index+1}"),
            Entry(.normalization, "stage{stage+1}_block{block+1}_bn{index+1}"),
            Entry(.projection, "stage{stage+1}_block{block+1}_projection"),
            Entry(.projectionNormalization, "stage{stage+1}_block{block+1}_projection_bn"),
            Entry(.inputNormalization, "input_bn"), Entry(.finalNormalization, "final_bn"),
            Entry(.classifier, "classifier"),
        ],
        block: NameTemplate("stage{stage+1}_block{block+1}"), separator: "_", variables: .keras, outputFirst: false, biases: .none,
        epsilon: 1e-5, strideSite: nil)
}
