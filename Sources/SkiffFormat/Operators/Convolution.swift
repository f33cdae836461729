internal import SkiffGraph

extension Convolution: StoredAttributes {
    static var blank: Convolution { Convolution(window: .blank, groups: 1, layout: .channelsFirst, kernelOrder: .outputInputSpatial) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try window.code(&coder)
        try coder.integer("groups", &groups)
        try coder.choice("layout", &layout)
        try coder.choice("kernelOrder", &kernelOrder)
    }
}
