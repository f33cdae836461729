internal import SkiffGraph

extension ConvolutionTranspose: StoredAttributes {
    static var blank: ConvolutionTranspose { 
        ConvolutionTranspose(
            window: .blank, outputPadding: [], outputShape: nil, groups: 1, layout: .channelsFirst,
            kernelOrder: .inputOutputSpatial)
    }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try window.code(&coder)
        try coder.integers("outputPadding", &outputPadding)
        try coder.optionalIntegers("outputShape", &outputShape)
        try coder.integer("groups", &groups)
        try coder.choice("layout", &layout)
        try coder.choice("kernelOrder", &kernelOrder)
    }
}
