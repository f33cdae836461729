internal import SkiffGraph

extension Resize: StoredAttributes {
    static var blank: Resize { Resize(mode: .linear, coordinates: .halfPixel) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try mode.code(&coder)
        if case .nearest = mode {} else { try coder.flag("excludesOutside", &excludesOutside) }
        try coder.choice("coordinates", &coordinates)
        try coder.real("extrapolationValue", &extrapolationValue)
        try coder.flag("antialias", &antialias)
        try coder.optionalIntegers("axes", &axes)
        try coder.choice("aspectRatio", &aspectRatio)
    }
}

extension Resize.Mode {
    private enum Name: String { case nearest, linear, cubic }

    fileprivate mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        var name: Name = switch self {
        case .nearest: .nearest
        case .linear: .linear
        case .cubic: .cubic
        }
        try coder.choice("mode", &name)
        switch name {
        case .nearest:
            var rounding = if case .nearest(let rounding) = self { rounding } else { Resize.Rounding.floor }
            try coder.choice("rounding", &rounding)
            self = .nearest(rounding)
        case .linear: self = .linear
        case .cubic:
            var coefficient: Float = if case .cubic(let coefficient) = self { coefficient } else { 0 }
            try coder.real("coefficient", &coefficient)
            self = .cubic(coefficient: coefficient)
        }
    }
}

extension Upsampling: StoredAttributes {
    static var blank: Upsampling { Upsampling(factors: [], interpolation: .nearest, layout: .channelsFirst) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integers("factors", &factors)
        try coder.choice("interpolation", &interpolation)
        try coder.choice("layout", &layout)
    }
}
