internal import SkiffGraph

extension DepthToSpace: StoredAttributes {
    static var blank: DepthToSpace { DepthToSpace(blockSize: 1, mode: .depthColumnRow) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("blockSize", &blockSize)
        try coder.choice("mode", &mode)
    }
}

extension SpaceToDepth: StoredAttributes {
    static var blank: SpaceToDepth { SpaceToDepth(blockSize: 1) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("blockSize", &blockSize)
    }
}
