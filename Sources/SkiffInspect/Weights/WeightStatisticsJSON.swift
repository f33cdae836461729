public import SkiffCore
public import SkiffGraph

extension WeightStatistics {
    /// The statistics as `skiff inspect --weights --json` adds them under `weights`; Docs/JSON.md has the members.
    ///
    /// - Parameters:
    ///   - inspection: of the same model, for the names of layers.
    ///   - graph: of the same model, for normalizations and blocks; `nil` for weights that no network reads.
    ///   - chosen: the tensors to list, indices into ``tensors``; all where `nil`.
    ///   - listsChannels: whether every channel's figures are added.
    public func json(
        _ inspection: Inspection?, graph: Graph? = nil, only chosen: Set<Int>? = nil, listsChannels: Bool = false
    ) -> JSONValue {
        let entries = tensors.indices.filter { chosen?.contains($0) ?? true }.map { index -> JSONValue in
            let tensor = tensors[index]
            return .object(
                tensor.json(
                    layer: tensor.layer.flatMap { inspection?.layers[$0].name },
                    duplicateOf: tensor.duplicateOf.map { tensors[$0].name }, listsChannels: listsChannels))
        }
        guard let graph, let inspection, chosen == nil else { return ["tensors": .array(entries)] }
        return [
            "summary": .array(summary(of: graph, inspection).map { .string($0) }), "tensors": .array(entries),
            "normalizations": .array(normalizations(of: graph, inspection).map(\.json)),
            "blocks": .array(blockGains(of: graph, inspection).map { gain in
                [
                    "block": .string(inspection.blocks[gain.block].name), "layer": .string(inspection.layers[gain.node.index].name),
                    "kind": .string(gain.isOfNormalization ? "scale" : "kernel"), "rms": .number(gain.rms),
                    "isNearlyIdentity": .bool(gain.isNearlyIdentity),
                ]
            }),
        ]
    }
}

extension NormalizationHealth {
    fileprivate var json: JSONValue {
        [
            "layer": .string(name), "channels": .integer(Int64(channels)), "epsilon": .number(epsilon),
            "scaleRMS": .number(scaleRMS), "leastScale": .number(leastScale), "greatestScale": .number(greatestScale),
            "leastVariance": .number(leastVariance), "greatestVariance": .number(greatestVariance),
            "belowEpsilon": .integer(Int64(belowEpsilon)),
            "scaledAway": .array(scaledAway.map { .integer(Int64($0)) }),
        ]
    }
}

extension TensorStatistics {
    fileprivate func json(layer: String?, duplicateOf: String?, listsChannels: Bool) -> JSONObject {
        var object = JSONObject()
        object["name"] = .string(name)
        object["type"] = .string(elementType.rawValue)
        object["shape"] = .array(shape.map { .integer(Int64($0)) })
        object["role"] = .string(role.rawValue)
        object["layer"] = layer.map { .string($0) } ?? .null
        object["elements"] = .integer(Int64(elements))
        object["bytes"] = .integer(Int64(bytes))
        guard isMeasured else { return object }
        let hasFinite = minimum <= maximum
        object["mean"] = hasFinite ? .number(mean) : .null
        object["standardDeviation"] = hasFinite ? .number(standardDeviation) : .null
        object["minimum"] = hasFinite ? .number(minimum) : .null
        object["maximum"] = hasFinite ? .number(maximum) : .null
        object["zeros"] = .integer(Int64(zeros))
        object["nan"] = .integer(Int64(nans))
        object["infinite"] = .integer(Int64(positiveInfinities + negativeInfinities))
        object["denormal"] = .integer(Int64(denormals))
        object["fractionBits"] = .integer(Int64(fractionBits))
        object["distinct"] = distinct.map { .integer(Int64($0)) } ?? .null
        object["form"] = form.map { .string($0.text) } ?? .null
        object["duplicateOf"] = duplicateOf.map { .string($0) } ?? .null
        object["exponents"] = [
            "lowest": .integer(Int64(exponents.lowest)),
            "counts": .array(exponents.counts.map { .integer(Int64($0)) }),
        ]
        object["histogram"] = [
            "lower": hasFinite ? .number(histogram.lower) : .null,
            "upper": hasFinite ? .number(histogram.upper) : .null,
            "counts": .array(histogram.counts.map { .integer(Int64($0)) }),
        ]
        guard let channels else { return object }
        object["channels"] = .integer(Int64(channels.count))
        object["zeroChannels"] = .array(channels.allZero.map { .integer(Int64($0)) })
        guard listsChannels else { return object }
        object["perChannel"] = .object(channels.json)
        return object
    }
}

extension TensorStatistics.Channels {
    fileprivate var json: JSONObject {
        var object = JSONObject()
        object["mean"] = .array(mean.map { .number($0) })
        object["standardDeviation"] = .array(standardDeviation.map { .number($0) })
        object["minimum"] = .array(minimum.map { $0.isFinite ? .number($0) : .null })
        object["maximum"] = .array(maximum.map { $0.isFinite ? .number($0) : .null })
        object["zeros"] = .array(zeros.map { .integer(Int64($0)) })
        object["nonFinite"] = .array(nonFinite.map { .integer(Int64($0)) })
        return object
    }
}
