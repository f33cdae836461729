extension Convention {
    /// All conventions. Among those that fit one file the first is the likeliest.
    public static let all: [Convention] = [
        torchvision, torchvisionFirst, torchCIFARPadded, torchCIFAR, torchPreActivation, timmDeep, huggingFace, keras,
        kerasV2, kerasOld, kerasOldPadded, classificationModels, kerasCIFAR, kerasCIFARV2,
    ]

    static let torchvision = Convention(
        identifier: "torchvision", title: "torchvision (version 1.5)", schemes: ["torchvision"], isChannelsLast: false,
        activation: .after, stem: .pooled(padding: 1), stride: .spatial, shortcut: .projection,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch,
        depths: [2, 3], normalizes: .all, source: "torchvision's and timm's ResNet")

    static let torchvisionFirst = Convention(
        identifier: "torch-v1", title: "PyTorch, version 1 as in the paper", schemes: ["torchvision"],
        isChannelsLast: false, activation: .after, stem: .pooled(padding: 1), stride: .first, shortcut: .projection,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch, depths: [3],
        normalizes: .all, source: "He et al. 2015, and conversions from Caffe")

    static let torchCIFARPadded = Convention(
        identifier: "torch-cifar-a", title: "PyTorch for CIFAR, shortcuts of option A", schemes: ["torchvision"],
        isChannelsLast: false, activation: .after, stem: .plain, stride: .first, shortcut: .padded,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch, depths: [2],
        normalizes: .all, source: "He et al. 2015, section 4.2")

    static let torchCIFAR = Convention(
        identifier: "torch-cifar", title: "PyTorch for CIFAR, projections", schemes: ["torchvision"],
        isChannelsLast: false, activation: .after, stem: .plain, stride: .spatial, shortcut: .projection,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch,
        depths: [2, 3], normalizes: .all, source: "the common implementations of ResNet for 32×32 images")

    static let torchPreActivation = Convention(
        identifier: "torch-cifar-v2", title: "PyTorch for CIFAR, pre-activation", schemes: ["torchvision"],
        isChannelsLast: false, activation: .before, stem: .plain, stride: .spatial, shortcut: .activatedProjection,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch,
        depths: [2, 3], normalizes: .before(stem: false, final: false, input: false),
        source: "the common implementations of pre-activation ResNet for 32×32 images")

    static let timmDeep = Convention(
        identifier: "timm-deep", title: "timm, deep stem and pooled projections", schemes: ["timm-deep"],
        isChannelsLast: false, activation: .after, stem: .pooled(padding: 1), stride: .spatial,
        shortcut: .pooledProjection, head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric,
        preprocessing: .torch, depths: [2, 3], normalizes: .all, source: "He et al. 2018, ResNet-D, as timm builds it")

    static let huggingFace = Convention(
        identifier: "huggingface", title: "Hugging Face transformers (version 1.5)", schemes: ["huggingface"],
        isChannelsLast: false, activation: .after, stem: .pooled(padding: 1), stride: .spatial, shortcut: .projection,
        head: .globalPooling(softmax: false), epsilon: 1e-5, padding: .symmetric, preprocessing: .torch,
        depths: [2, 3], normalizes: .all, source: "transformers' ResNetForImageClassification")

    static let keras = Convention(
        identifier: "keras", title: "keras.applications", schemes: ["keras", "positional"], isChannelsLast: true,
        activation: .after, stem: .pooled(padding: 1), stride: .first, shortcut: .projection,
        head: .globalPooling(softmax: true), epsilon: 1.001e-5, padding: .layers, preprocessing: .caffe, depths: [3],
        normalizes: .all, source: "keras.applications' ResNet50, 101 and 152")

    static let kerasV2 = Convention(
        identifier: "keras-v2", title: "keras.applications, version 2", schemes: ["keras-v2", "positional"],
        isChannelsLast: true, activation: .before, stem: .pooled(padding: 1), stride: .spatialOfLastBlock,
        shortcut: .activatedProjection, head: .globalPooling(softmax: true), epsilon: 1.001e-5, padding: .layers,
        preprocessing: .tensorFlow, depths: [3], normalizes: .before(stem: false, final: true, input: false),
        source: "keras.applications' ResNet50V2, 101V2 and 152V2")

    static let kerasOld = Convention(
        identifier: "keras-old", title: "keras.applications of Keras 1 to 2.1", schemes: ["keras-old"],
        isChannelsLast: true, activation: .after, stem: .pooled(padding: 0), stride: .first, shortcut: .projection,
        head: .pooling(7, softmax: true), epsilon: 1e-3, padding: .layers, preprocessing: .caffe, depths: [3],
        normalizes: .all, source: "keras.applications.resnet50 of Keras 1 to 2.1")

    /// What keras.applications changed while the names stayed.
    static let kerasOldPadded = kerasOld.changed(
        identifier: "keras-old-padded", title: "keras.applications of Keras 2.2", stem: .pooled(padding: 1),
        head: .globalPooling(softmax: true),
        source: "keras.applications.resnet50 of Keras 2.2, which pads in front of the pooling")

    static let classificationModels = Convention(
        identifier: "classification-models", title: "classification_models", schemes: ["classification-models"],
        isChannelsLast: true, activation: .before, stem: .pooled(padding: 1), stride: .spatial,
        shortcut: .activatedProjection, head: .globalPooling(softmax: true), epsilon: 2e-5, padding: .layers,
        preprocessing: .raw, depths: [2, 3], normalizes: .before(stem: true, final: true, input: true),
        source: "classification_models, after MXNet's ResNet")

    static let kerasCIFAR = Convention(
        identifier: "keras-cifar", title: "Keras' CIFAR-10 example, version 1", schemes: ["positional"],
        isChannelsLast: true, activation: .after, stem: .plain, stride: .first, shortcut: .projection,
        head: .pooling(8, softmax: true), epsilon: 1e-3, padding: .same, preprocessing: .unit, depths: [2],
        normalizes: .allButProjections, source: "Keras' example cifar10_resnet.py")

    static let kerasCIFARV2 = Convention(
        identifier: "keras-cifar-v2", title: "Keras' CIFAR-10 example, version 2", schemes: ["positional"],
        isChannelsLast: true, activation: .beforeButFirst, stem: .plain, stride: .first, shortcut: .projection,
        head: .pooling(8, softmax: true), epsilon: 1e-3, padding: .same, preprocessing: .unit, depths: [3],
        normalizes: .before(stem: true, final: true, input: false), source: "Keras' example cifar10_resnet.py")

    /// The same on Theano, whose convolutions walk the kernel backwards.
    var onTheano: Convention {
        changed(
            identifier: identifier + "-theano", title: title + ", on Theano", stem: stem,
            source: source + " on Theano, whose convolutions walk the kernel backwards", flipsKernels: true)
    }

    private func changed(
        identifier: String, title: String, stem: Stem, head: Head? = nil, source: String, flipsKernels: Bool = false
    ) -> Convention {
        Convention(
            identifier: identifier, title: title, schemes: schemes, isChannelsLast: isChannelsLast,
            activation: activation, stem: stem, stride: stride, shortcut: shortcut, head: head ?? self.head,
            epsilon: epsilon,
            // Theano pads both sides alike.
            padding: flipsKernels && padding == .same ? .symmetric : padding, preprocessing: preprocessing,
            depths: depths, normalizes: normalizes, source: source, flipsKernels: flipsKernels)
    }
}
