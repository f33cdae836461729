public import SkiffCore

extension ParityReport {
    /// The report as `skiff verify --json` prints it; Docs/JSON.md has the schema `skiff.verify/1`.
    public func json() -> JSONValue {
        var object = JSONObject()
        object["schema"] = "skiff.verify/1"
        object["verdict"] = .string(verdict.rawValue)
        object["passed"] = .bool(passed)
        object["policy"] = policy.json
        object["seed"] = .optional(seed.map { String($0) })
        object["inputs"] = .array(inputs.map(\.json))
        object["compared"] = .integer(Int64(values.count))
        object["agreeing"] = .integer(Int64(values.filter(\.verdict.isAgreement).count))
        object["decidedBy"] = .string(decidesByOutputs ? "outputs" : "values")
        object["smallestTolerance"] = smallestTolerance?.json ?? .null
        object["firstDivergence"] = firstDivergence?.json ?? .null
        object["guilty"] = .array(guilty.map(\.json))
        object["explanations"] = .array(allExplanations.map { $0.explanation.json(layer: $0.layer) })
        object["hidden"] = .strings(hidden)
        object["assumptions"] = .strings(assumptions)
        object["unmatched"] = .strings(unmatched)
        object["values"] = .array(values.map(\.json))
        return .object(object)
    }

    /// Every explanation: of the whole network, then of each guilty layer, with the value it is about.
    package var allExplanations: [(layer: String?, explanation: Explanation)] {
        explanations.map { (nil, $0) } + guilty.flatMap { layer in layer.explanations.map { (layer.name, $0) } }
    }
}

extension ParityPolicy {
    fileprivate var json: JSONValue {
        switch criterion {
        case .roundingNoise(let multiple): ["criterion": "roundingNoise", "multiple": .number(multiple)]
        case .tolerance(let absolute, let relative):
            ["criterion": "tolerance", "absolute": .number(absolute), "relative": .number(relative)]
        }
    }
}

extension ParityReport.Input {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "elementType": .string(elementType.rawValue), "shape": shape.json,
            "referenceShape": referenceShape?.json ?? .null,
        ]
    }
}

extension ValueParity {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["role"] = .string(role.rawValue)
        object["name"] = .string(name)
        object["referenceName"] = .string(referenceName)
        object["node"] = .optional(node)
        object["referenceNode"] = .optional(referenceNode)
        object["operator"] = .optional(operatorName)
        object["recording"] = .optional(recording)
        object["order"] = order < 0 ? .null : .integer(Int64(order))
        object["confidence"] = .number(confidence)
        object["evidence"] = .strings(evidence.map(\.rawValue))
        object["shape"] = isMissing ? .null : shape.json
        object["verdict"] = .string(verdict.rawValue)
        object["reason"] = .optional(reason)
        object["noise"] = .optional(noise)
        object["ratio"] = .optional(ratio)
        object["worstRatio"] = .optional(worstRatio)
        object["localRatio"] = .optional(localRatio)
        object["smallestTolerance"] = comparison?.smallestTolerance?.json ?? .null
        object["metrics"] = comparison?.json ?? .null
        return .object(object)
    }
}

extension GuiltyLayer {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["name"] = .string(name)
        object["referenceName"] = .string(referenceName)
        object["node"] = .optional(nodes.last)
        object["nodes"] = .strings(nodes)
        object["operators"] = .strings(operatorNames)
        object["referenceNode"] = .optional(referenceNode)
        object["recording"] = .optional(recording)
        object["shape"] = shape.json
        object["judgement"] = judgement.json
        object["firstElement"] = firstElement?.json ?? .null
        object["wrongElements"] = .integer(Int64(wrongElements))
        object["explanations"] = .array(explanations.map { $0.json(layer: name) })
        object["experiments"] = .integer(Int64(experiments))
        object["histograms"] = [
            "value": valueHistogram?.json ?? .null, "reference": referenceHistogram?.json ?? .null,
            "error": errorHistogram?.json ?? .null,
        ]
        return .object(object)
    }
}

extension GuiltyLayer.Histogram {
    fileprivate var json: JSONValue { ["bounds": .array(bounds.map { .number($0) }), "counts": counts.json] }
}

extension Judgement {
    fileprivate var json: JSONValue {
        [
            "verdict": .string(verdict.rawValue), "reason": .optional(reason), "noise": .number(noise),
            "largestNoise": .number(largestNoise), "unit": .number(unit), "ratio": .number(ratio),
            "worstRatio": .number(worstRatio), "metrics": comparison.json,
        ]
    }
}

extension Explanation {
    fileprivate func json(layer: String?) -> JSONValue {
        [
            "kind": .string(kind.rawValue), "layer": .optional(layer), "node": .string(node),
            "parameter": .string(parameter), "found": .string(found), "expected": .string(expected),
            "ratio": .number(ratio), "sentence": .string(sentence),
        ]
    }
}

extension Comparison {
    fileprivate var json: JSONValue {
        [
            "elements": .integer(Int64(elementCount)), "maximumError": .number(maximumError),
            "meanError": .number(meanError), "rmsError": .number(rmsError), "relativeRMS": .number(relativeRMS),
            "cosine": .number(cosine), "worst": worst?.json ?? .null,
            "nonFiniteMismatches": .integer(Int64(nonFiniteMismatchCount)),
        ]
    }
}

extension Comparison.Pair {
    fileprivate var json: JSONValue {
        ["index": index.json, "candidate": .number(candidate), "reference": .number(reference)]
    }
}

extension SmallestTolerance {
    fileprivate var json: JSONValue { ["absolute": .number(absolute), "relative": .number(relative)] }
}

extension Array where Element == Int {
    fileprivate var json: JSONValue { .array(map { .integer(Int64($0)) }) }
}

extension JSONValue {
    fileprivate static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    fileprivate static func optional(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }

    fileprivate static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
}
