internal import SkiffCore
internal import SkiffGraph

/// What a Keras layer class means: the weights it has, and the nodes that one call of it makes.
///
/// A definition reads its configuration once; `init` throws `unsupported` for what Skiff carries but cannot run.
protocol LayerDefinition: Sendable {
    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError)

    /// The weights in the order in which Keras saves them.
    var weights: [WeightRequirement] { get }

    /// Adds the nodes of one call.
    /// - Returns: the layer's output.
    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID
}

extension LayerDefinition {
    var weights: [WeightRequirement] { [] }
}

/// One weight that a layer must have.
struct WeightRequirement: Hashable, Sendable {
    /// Keras' name of it inside the layer: `kernel`, `gamma`, `moving_mean`.
    var role: String
    /// Extents as the configuration fixes them; `nil` for open ones. `nil` altogether for any shape.
    var shape: [Int?]?
    var isTrainable: Bool

    init(_ role: String, _ shape: [Int?]?, isTrainable: Bool = true) {
        self.role = role
        self.shape = shape
        self.isTrainable = isTrainable
    }
}

/// One call of a layer while it is imported.
struct CallSite {
    let layer: LayerConfiguration
    let call: LayerCall
    /// Name of the call's output and of its last node: `layer`, `layer:1`, `nested/layer`.
    let name: String
    /// Where the layer's weights are: its name behind those of the models it is nested in.
    let weightPath: String
    /// The tensors of the call, in order.
    let inputs: [ValueID]

    /// The only input.
    func input() throws(KerasError) -> ValueID {
        guard let first = inputs.first, inputs.count == 1 else {
            throw KerasError(.configuration(
                key: "inbound_nodes", expected: "one input", found: "\(inputs.count) inputs"))
        }
        return first
    }
}

/// Keras' layer classes by name, with the names of Keras 1.
let layerDefinitions: [String: any LayerDefinition.Type] = [
    "Conv1D": ConvolutionLayer.self, "Conv2D": ConvolutionLayer.self, "Conv3D": ConvolutionLayer.self,
    "Convolution1D": ConvolutionLayer.self, "Convolution2D": ConvolutionLayer.self,
    "Convolution3D": ConvolutionLayer.self, "AtrousConvolution1D": ConvolutionLayer.self,
    "AtrousConvolution2D": ConvolutionLayer.self,
    "DepthwiseConv1D": DepthwiseConvolutionLayer.self, "DepthwiseConv2D": DepthwiseConvolutionLayer.self,
    "SeparableConv1D": SeparableConvolutionLayer.self, "SeparableConv2D": SeparableConvolutionLayer.self,
    "SeparableConvolution1D": SeparableConvolutionLayer.self,
    "SeparableConvolution2D": SeparableConvolutionLayer.self,
    "Conv1DTranspose": TransposedConvolutionLayer.self, "Conv2DTranspose": TransposedConvolutionLayer.self,
    "Conv3DTranspose": TransposedConvolutionLayer.self, "Deconvolution2D": TransposedConvolutionLayer.self,
    "Dense": DenseLayer.self,
    "BatchNormalization": BatchNormalizationLayer.self, "SyncBatchNormalization": BatchNormalizationLayer.self,
    "LayerNormalization": LayerNormalizationLayer.self, "GroupNormalization": GroupNormalizationLayer.self,
    "Normalization": NormalizationLayer.self, "Rescaling": RescalingLayer.self,
    "LayerScale": LayerScaleLayer.self,
    "Activation": ActivationLayer.self, "ReLU": ReLULayer.self, "LeakyReLU": LeakyReLULayer.self,
    "PReLU": PReLULayer.self, "ELU": ELULayer.self, "ThresholdedReLU": ThresholdedReLULayer.self,
    "Softmax": SoftmaxLayer.self,
    "MaxPooling1D": PoolingLayer.self, "MaxPooling2D": PoolingLayer.self, "MaxPooling3D": PoolingLayer.self,
    "AveragePooling1D": PoolingLayer.self, "AveragePooling2D": PoolingLayer.self,
    "AveragePooling3D": PoolingLayer.self,
    "GlobalMaxPooling1D": GlobalPoolingLayer.self, "GlobalMaxPooling2D": GlobalPoolingLayer.self,
    "GlobalMaxPooling3D": GlobalPoolingLayer.self, "GlobalAveragePooling1D": GlobalPoolingLayer.self,
    "GlobalAveragePooling2D": GlobalPoolingLayer.self, "GlobalAveragePooling3D": GlobalPoolingLayer.self,
    "ZeroPadding1D": PaddingLayer.self, "ZeroPadding2D": PaddingLayer.self, "ZeroPadding3D": PaddingLayer.self,
    "Cropping1D": CroppingLayer.self, "Cropping2D": CroppingLayer.self, "Cropping3D": CroppingLayer.self,
    "UpSampling1D": UpsamplingLayer.self, "UpSampling2D": UpsamplingLayer.self,
    "UpSampling3D": UpsamplingLayer.self, "Resizing": ResizingLayer.self, "CenterCrop": CenterCropLayer.self,
    "RandomCrop": CenterCropLayer.self,
    "Add": MergingLayer.self, "Subtract": MergingLayer.self, "Multiply": MergingLayer.self,
    "Average": MergingLayer.self, "Maximum": MergingLayer.self, "Minimum": MergingLayer.self,
    "Concatenate": ConcatenationLayer.self, "Merge": LegacyMergingLayer.self,
    "Flatten": FlattenLayer.self, "Reshape": ReshapeLayer.self, "Permute": PermuteLayer.self,
    "RepeatVector": RepeatVectorLayer.self,
    "TFOpLambda": OperationLayer.self, "SlicingOpLambda": OperationLayer.self,
    "CustomScaleLayer": ScaledAdditionLayer.self, "Custom>CustomScaleLayer": ScaledAdditionLayer.self,
    "Dropout": IdentityLayer.self, "SpatialDropout1D": IdentityLayer.self, "SpatialDropout2D": IdentityLayer.self,
    "SpatialDropout3D": IdentityLayer.self, "GaussianNoise": IdentityLayer.self,
    "GaussianDropout": IdentityLayer.self, "AlphaDropout": IdentityLayer.self,
    "ActivityRegularization": IdentityLayer.self, "Identity": IdentityLayer.self,
    "RandomBrightness": IdentityLayer.self, "RandomContrast": IdentityLayer.self, "RandomFlip": IdentityLayer.self,
    "RandomRotation": IdentityLayer.self, "RandomTranslation": IdentityLayer.self,
    "RandomHeight": IdentityLayer.self,
    "RandomWidth": IdentityLayer.self, "RandomZoom": IdentityLayer.self, "RandomColorJitter": IdentityLayer.self,
    "RandomSaturation": IdentityLayer.self, "RandomHue": IdentityLayer.self,
    "RandomGrayscale": IdentityLayer.self, "RandomErasing": IdentityLayer.self,
    "RandomGaussianBlur": IdentityLayer.self, "RandomInvert": IdentityLayer.self,
    "RandomPosterization": IdentityLayer.self, "RandomSharpness": IdentityLayer.self,
    "RandomShear": IdentityLayer.self, "StochasticDepth": IdentityLayer.self,
]
