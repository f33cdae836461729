public import SkiffCore
internal import SkiffGraph
internal import SkiffInspect

extension DifferenceReport {
    /// The object `skiff.diff/1`.
    public func json() -> JSONValue {
        [
            "schema": "skiff.diff/1",
            "left": side(files.left, difference.left),
            "right": side(files.right, difference.right),
            "verdict": .string(difference.verdict.rawValue),
            "sameFunction": .bool(difference.isSameFunction),
            "summary": .string(difference.summary),
            "remarks": strings(difference.remarks),
            "interface": strings(difference.interfaceChanges),
            "representation": strings(difference.representation),
            "blocks": .array(difference.blocks.map(json)),
            "layers": .array(difference.layers.map(json)),
        ]
    }

    private func side(_ file: String, _ inspection: Inspection) -> JSONValue {
        [
            "file": .string(file), "format": .string(inspection.format), "producer": .string(inspection.producer),
            "family": .string(inspection.family.text), "blocks": .integer(Int64(inspection.blocks.count)),
            "layers": .integer(Int64(inspection.layers.count)), "parameters": .integer(Int64(inspection.parameters.total)),
        ]
    }

    private func strings(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }
    private func integer(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
    private func number(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }
    private func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private func json(_ block: ModelDifference.Block) -> JSONValue {
        [
            "change": .string(block.change.rawValue),
            "left": string(block.left.map { difference.left.blocks[$0].name }),
            "right": string(block.right.map { difference.right.blocks[$0].name }),
            "leftIndex": integer(block.left), "rightIndex": integer(block.right),
            "texts": strings(block.texts), "notes": strings(block.notes),
        ]
    }

    private func json(_ layer: ModelDifference.Layer) -> JSONValue {
        [
            "change": .string(layer.change.rawValue), "operation": .string(layer.operation),
            "left": strings(layer.left.map { left.displayName(of: $0) }),
            "right": strings(layer.right.map { right.displayName(of: $0) }),
            "leftBlock": integer(layer.leftBlock), "rightBlock": integer(layer.rightBlock),
            "attributes": strings(layer.attributes), "valueTypes": string(layer.valueTypes), "notes": strings(layer.notes), "unknown": strings(layer.unknowns),
            "weights": .array(layer.weights.map(json)),
        ]
    }

    private func json(_ weight: ModelDifference.Weight) -> JSONValue {
        [
            "state": .string(weight.state.rawValue), "role": .string(weight.role), "name": .string(weight.name),
            "left": string(weight.left.map { left[$0].name }), "right": string(weight.right.map { right[$0].name }),
            "text": .string(weight.text), "relativeError": number(weight.relativeError),
            "largestError": number(weight.largestError),
            "largestAt": weight.largestAt.map { .array($0.map { .integer(Int64($0)) }) } ?? .null,
            "changedElements": integer(weight.changedElements), "elements": integer(weight.elements),
            "changedChannels": integer(weight.changedChannels), "channels": integer(weight.channels),
            "roundedTo": string(weight.roundedTo), "unread": .bool(weight.isUnread),
        ]
    }
}
