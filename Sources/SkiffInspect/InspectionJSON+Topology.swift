internal import SkiffCore

extension Family {
    var json: JSONValue {
        [
            "name": .string(name), "variant": variant.map { .string($0) } ?? .null, "text": .string(text),
            "evidence": .array(evidence.map { .string($0) }),
            "distance": distance.map { .number($0) } ?? .null,
            "stem": stem.map { .string($0) } ?? .null, "head": head.map { .string($0) } ?? .null,
            "deviations": .array(
                deviations.map {
                    ["block": .optional($0.block), "stage": .optional($0.stage), "text": .string($0.text)]
                }),
            "neighbours": .array(
                neighbours.map {
                    ["name": .string($0.name), "distance": .number($0.distance), "reason": .string($0.reason)]
                }),
        ]
    }
}

extension Inspection.Concatenation {
    var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "name": .string(name),
            "operandChannels": .array(operandChannels.map { .optional($0) }),
            "outputChannels": .optional(outputChannels),
        ]
    }
}

extension DenseStage {
    var json: JSONValue {
        [
            "concatenations": .extents(concatenations), "growthRate": .optional(growthRate),
            "inputChannels": .optional(inputChannels), "outputChannels": .optional(outputChannels),
            "bottleneckChannels": .optional(bottleneckChannels),
        ]
    }
}

extension PathLengths {
    var json: JSONValue {
        [
            "blocks": .count(blocks), "log2Paths": .number(log2Paths), "minimum": .count(minimum),
            "maximum": .count(maximum), "mean": .number(mean), "deviation": .number(deviation),
            "first": .count(first), "shares": .array(shares.map { .number($0) }),
        ]
    }
}

extension JSONValue {
    static func count(_ count: Int) -> JSONValue { .integer(Int64(count)) }

    static func optional(_ count: Int?) -> JSONValue { count.map { .integer(Int64($0)) } ?? .null }

    static func extents(_ extents: [Int]) -> JSONValue { .array(extents.map { .count($0) }) }

    /// Open extents by name, extents that nothing is known of as null.
    static func shape(_ shape: SymbolicShape?) -> JSONValue {
        guard let shape else { return .null }
        return .array(
            shape.map { dimension in
                switch dimension {
                case .fixed(let extent): .count(extent)
                case .symbolic(let name): .string(name)
                case .unknown: .null
                }
            })
    }
}
