internal import SkiffGraph

extension Pad: StoredAttributes {
    static var blank: Pad { Pad(mode: .constant, pads: nil) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("mode", &mode)
        try coder.optionalIntegers("pads", &pads)
        try coder.real("value", &value)
    }
}

extension Cropping: StoredAttributes {
    static var blank: Cropping { Cropping(before: [], after: [], layout: .channelsFirst) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integers("before", &before)
        try coder.integers("after", &after)
        try coder.choice("layout", &layout)
    }
}
