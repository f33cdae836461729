public import SkiffCore
internal import SkiffGraph

extension Inspection {
    /// The inspection as `skiff inspect --json` prints it; Docs/JSON.md has the schema `skiff.inspect/1`.
    public func json() -> JSONValue {
        [
            "schema": "skiff.inspect/1",
            "name": .string(name),
            "format": .string(format),
            "fileBytes": .optional(fileBytes),
            "source": .string(metadata.sourceFormat),
            "producer": .string(producer),
            "assumptions": .array(assumptions.map { .string($0) }),
            "metadata": .object(metadata.entries.filter { $0.key != "assumption" }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }),
            "inputs": .array(inputs.map(\.json)),
            "outputs": .array(outputs.map(\.json)),
            "parameters": [
                "total": .count(parameters.total), "trainable": .count(parameters.trainable),
                "movingStatistics": .count(parameters.movingStatistics),
            ],
            "weightBytes": .count(weightBytes),
            "multiplyAdds": .optional(multiplyAdds),
            "activationMemory": [
                "batch": .count(activationMemory.batch), "peakBytes": .optional(activationMemory.peak),
                "peakLayer": activationMemory.peakLayer.map { .string(layers[$0].name) } ?? .null,
                "totalBytes": .optional(activationMemory.total),
            ],
            "operators": .object(operators.reduce(into: JSONObject()) { $0[$1.name] = .count($1.count) }),
            "blocks": .array(blocks.map { json(of: $0) }),
            "stages": .array(stages.map { json(of: $0) }),
            "family": family.json,
            "concatenations": .array(concatenations.map(\.json)),
            "denseStages": .array(denseStages.map(\.json)),
            "paths": paths?.json ?? .null,
            "warnings": .array(warnings.map { .string($0.text) }),
        ]
    }

    /// The layers as `skiff inspect --layers --json` adds them under `layers`: those that the filters let through, in order.
    public func layersJSON(_ selection: LayerSelection = LayerSelection()) -> JSONValue {
        let outline = outline
        var stageOfSegment = [Int?](repeating: nil, count: outline.segments.count)
        for group in outline.groups {
            for segment in group.segments { stageOfSegment[segment] = group.stage }
        }
        return .array(
            selectedLayers(selection).map { index in
                let layer = layers[index]
                return [
                    "name": .string(layer.name), "operator": .string(layer.operator),
                    "outputShape": .shape(layer.outputShape), "parameters": .count(layer.parameters),
                    "multiplyAdds": .optional(layer.multiplyAdds),
                    "activationBytes": .optional(layer.activationBytes),
                    "block": layer.block.map { .string(blocks[$0].name) } ?? .null,
                    "window": layer.window.map(\.json) ?? .null,
                    "inputs": .array(layer.inputs.map { .string(layers[$0].name) }),
                    "stage": .optional(stageOfSegment[outline.segmentOfLayer[index]].map { $0 + 1 }),
                ]
            })
    }

    private func json(of block: ResidualBlock) -> JSONValue {
        [
            "name": .string(block.name),
            "kind": .string(block.kind.rawValue),
            "shortcut": .string(block.shortcut.rawValue),
            "poolsShortcut": .bool(block.poolsShortcut),
            "activation": .string(block.activation.rawValue),
            "squeezeExcitation": .bool(block.hasSqueezeExcitation),
            "inputChannels": .optional(block.inputChannels),
            "outputChannels": .optional(block.outputChannels),
            "stride": .extents(block.stride),
            "strideSite": block.strideSite.map { .string($0) } ?? .null,
            "dilation": .count(block.dilation),
            "groups": .count(block.groups),
            "convolutions": .array(block.convolutions.map(\.json)),
            "parameters": .count(block.parameters),
            "multiplyAdds": .optional(block.multiplyAdds),
            "spatialExtents": block.spatialExtents.map { .extents($0) } ?? .null,
            "expansion": block.expansion.map { .number($0) } ?? .null,
            "receptiveField": block.receptiveField.map { .extents($0) } ?? .null,
            "networkReceptiveField": block.networkReceptiveField.map { .extents($0) } ?? .null,
            "jump": block.jump.map { .array($0.map { .number($0) }) } ?? .null,
            "branchLayers": .count(block.branchLayers),
            "shortcutLayers": .count(block.shortcutLayers),
            "normalization": block.normalization.map { .string($0.rawValue) } ?? .null,
            "normalizations": .count(block.normalizations),
            "shortcutNormalizations": .count(block.shortcutNormalizations),
            "activationFunctions": .array(block.activationFunctions.map { .string($0) }),
            "joinActivation": block.joinActivation.map { .string($0) } ?? .null,
            "traits": .array(block.traits.map { .string($0.rawValue) }),
            "depth": .count(block.depth),
            "parent": .optional(block.parent),
            "join": .string(nodeName(block.join)),
            "nodes": .array(block.branch.map { .string(nodeName($0)) }),
            "shortcutNodes": .array(block.shortcutNodes.map { .string(nodeName($0)) }),
        ]
    }

    private func json(of stage: Stage) -> JSONValue {
        [
            "blocks": .array(stage.blocks.map { .count($0) }),
            "outputChannels": .optional(stage.outputChannels),
            "spatialExtents": stage.spatialExtents.map { .extents($0) } ?? .null,
            "stride": .extents(stage.stride),
            "parameters": .count(stage.parameters),
            "multiplyAdds": .optional(stage.multiplyAdds),
        ]
    }

    private func nodeName(_ node: NodeID) -> String {
        layers.indices.contains(node.index) ? layers[node.index].name : "#\(node.index)"
    }
}

extension Inspection.Port {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "elementType": elementType.map { .string($0.rawValue) } ?? .null,
            "shape": .shape(shape),
        ]
    }
}

extension ResidualBlock.Layer {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "kernel": .extents(kernel), "stride": .extents(strides),
            "dilation": .extents(dilations), "groups": .count(groups), "inputChannels": .optional(inputChannels),
            "outputChannels": .optional(outputChannels),
        ]
    }
}
