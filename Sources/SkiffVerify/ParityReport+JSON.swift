public import SkiffCore

extension ParityReport {
    /// The report as `skiff verify --json` prints it; Docs/JSON.md has the schema `skiff.verify/1`.
    public func json() -> JSONValue {
        var object = JSONObject()
        object["schema"] = "skiff.verify/1"
        object["verdict"] = .string(verdict.rawValue)
        object["passed"] = .bool(passed)
        object["policy"] = policy.json
        object["seed"] = seed.map { .string(String($0)) } ?? .null
        object["inputs"] = .array(inputs.map(\.json))
        object["compared"] = .integer(Int64(values.count))
        object["agreeing"] = .integer(Int64(values.filter(\.verdict.isAgreement).count))
        object["decidedBy"] = .string(decidesByOutputs ? "outputs" : "values")
        object["firstDivergence"] = firstDivergence?.json ?? .null
        object["assumptions"] = .array(assumptions.map { .string($0) })
        object["unmatched"] = .array(unmatched.map { .string($0) })
        object["values"] = .array(values.map(\.json))
        return .object(object)
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
        object["node"] = node.map { .string($0) } ?? .null
        object["operator"] = operatorName.map { .string($0) } ?? .null
        object["recording"] = recording.map { .string($0) } ?? .null
        object["shape"] = shape.json
        object["verdict"] = .string(verdict.rawValue)
        object["reason"] = reason.map { .string($0) } ?? .null
        object["noise"] = noise.map { .number($0) } ?? .null
        object["ratio"] = ratio.map { .number($0) } ?? .null
        object["metrics"] = comparison?.json ?? .null
        return .object(object)
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

extension Array where Element == Int {
    fileprivate var json: JSONValue { .array(map { .integer(Int64($0)) }) }
}
