internal import SkiffGraph

extension BatchNormalization: StoredAttributes {
    static var blank: BatchNormalization { BatchNormalization(epsilon: 0, axis: 1) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.real("epsilon", &epsilon)
        try coder.integer("axis", &axis)
        try coder.flag("isTraining", &isTraining)
        try coder.optionalReal("momentum", &momentum)
    }
}

extension InstanceNormalization: StoredAttributes {
    static var blank: InstanceNormalization { InstanceNormalization(epsilon: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.real("epsilon", &epsilon)
    }
}

extension LayerNormalization: StoredAttributes {
    static var blank: LayerNormalization { LayerNormalization(epsilon: 0, firstAxis: -1) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.real("epsilon", &epsilon)
        try coder.integer("firstAxis", &firstAxis)
    }
}

extension GroupNormalization: StoredAttributes {
    static var blank: GroupNormalization { GroupNormalization(groups: 1, epsilon: 0, axis: 1, affinePerGroup: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("groups", &groups)
        try coder.real("epsilon", &epsilon)
        try coder.integer("axis", &axis)
        try coder.flag("affinePerGroup", &affinePerGroup)
    }
}

extension LocalResponseNormalization: StoredAttributes {
    static var blank: LocalResponseNormalization { LocalResponseNormalization(size: 1, alpha: 0, beta: 0, bias: 0) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.integer("size", &size)
        try coder.real("alpha", &alpha)
        try coder.real("beta", &beta)
        try coder.real("bias", &bias)
    }
}
