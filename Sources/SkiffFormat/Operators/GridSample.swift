internal import SkiffGraph

extension GridSample: StoredAttributes {
    static var blank: GridSample { GridSample(mode: .linear, outside: .zeros, alignsCorners: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.choice("mode", &mode)
        try coder.choice("outside", &outside)
        try coder.flag("alignsCorners", &alignsCorners)
    }
}
