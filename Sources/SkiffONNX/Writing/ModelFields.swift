internal import SkiffCore
internal import SkiffGraph

/// What a `ModelProto` says besides its graph, of the metadata that ``GraphMetadata/init(model:operatorSets:)`` made of
/// one, or another reader of another format.
struct ModelFields {
    var irVersion: Int64
    var producerName: String
    var producerVersion = ""
    var domain = ""
    var modelVersion: Int64?
    var documentation = ""
    /// The default domain first.
    var operatorSets: [(domain: String, version: Int64)]
    var properties: [GraphMetadata.Entry] = []

    init(_ metadata: GraphMetadata, opset: Int, weights: [WrittenModel.Weight]) {
        irVersion = Self.irVersion(opset: opset, weights)
        operatorSets = [("", Int64(opset))]
        producerName = metadata.producer
        // `pytorch 2.9.0` is a name and a version; a last word that begins with no digit belongs to the name.
        if let space = metadata.producer.lastIndex(of: " ") {
            let last = metadata.producer[metadata.producer.index(after: space)...]
            if last.first?.isNumber == true, space != metadata.producer.startIndex {
                (producerName, producerVersion) = (String(metadata.producer[..<space]), String(last))
            }
        }
        let isONNX = metadata.sourceFormat == "ONNX"
        if !isONNX, !metadata.sourceFormat.isEmpty {
            properties.append(GraphMetadata.Entry("source_format", metadata.sourceFormat))
        }
        for entry in metadata.entries { take(entry, isONNX: isONNX) }
        if !isONNX { numberRepeatedKeys() }
    }

    /// A model may have each key once: `assumption`, `assumption_2`, …
    private mutating func numberRepeatedKeys() {
        var taken: Set<String> = []
        for index in properties.indices {
            let key = properties[index].key
            var count = 1
            while !taken.insert(properties[index].key).inserted {
                count += 1
                properties[index].key = "\(key)_\(count)"
            }
        }
    }

    private mutating func take(_ entry: GraphMetadata.Entry, isONNX: Bool) {
        guard isONNX else { return properties.append(entry) }
        switch entry.key {
        case "ir_version", "opset": break
        case "model_version": modelVersion = Int64(entry.value)
        case "domain": domain = entry.value
        case "doc_string": documentation = entry.value
        case let key where key.hasPrefix("opset."):
            if let version = Int64(entry.value) { operatorSets.append((String(key.dropFirst(6)), version)) }
        case let key where key.hasPrefix("metadata_props."):
            properties.append(GraphMetadata.Entry(String(key.dropFirst(15)), entry.value))
        default: properties.append(entry)
        }
    }

    /// The first version of the file format that has the operator set and the element types, so that runtimes of that
    /// time load the file. Source: `VERSION_TABLE` of onnx.helper; IR 4 is the first in which weights need not be inputs.
    private static func irVersion(opset: Int, _ weights: [WrittenModel.Weight]) -> Int64 {
        let versions: [(opset: Int, ir: Int64)] = [
            (9, 4), (10, 5), (11, 6), (12, 7), (15, 8), (19, 9), (21, 10), (23, 11), (24, 12), (25, 13), (28, 14),
        ]
        let least = versions.last { $0.opset <= opset }?.ir ?? 4
        let types: Int64 = weights.reduce(4) { version, weight in
            let needed: Int64 =
                switch weight.view.tensor.elementType {
                case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 9
                case .int4, .uint4: 10
                case .float4e2m1: 11
                case .float8e8m0: 12
                case .int2, .uint2: 13
                case .float6e2m3, .float6e3m2: 14
                default: 4
                }
            return max(version, needed)
        }
        return max(least, types)
    }
}
