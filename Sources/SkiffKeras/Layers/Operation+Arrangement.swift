internal import SkiffCore
internal import SkiffGraph

extension OperationLayer {
    /// Functions that cut, pad, resize, stack and multiply tensors; `nil` for others.
    func arrangement(
        _ operands: Operands, _ site: CallSite, _ importer: inout ModelImporter
    ) throws(KerasError) -> ValueID? {
        switch function {
        case "get_item", "__getitem__", "getitem":
            let index = constant("slice_spec", operands) ?? constant("key", operands) ?? operands.constant(at: 1)
            return try importer.slicing(site, SlicingIndex(index ?? .null), of: operands.first())
        case "pad": return try importer.node(site, .pad(pad(operands)), [operands.first()])
        case "resize":
            guard let size = try integers("size", operands: operands), size.count == 2 else {
                throw KerasError(.unsupported("resizing to a size that is not constant"))
            }
            var options = options
            for name in ["method", "interpolation", "antialias", "preserve_aspect_ratio"] {
                if let value = constant(name, operands) { options.object[name] = value }
            }
            return try ResizingLayer(size: size, options).emit(site, of: operands.first(), into: &importer)
        case "matmul": return try matrixMultiplication(operands, site, &importer)
        case "stack": return try stack(operands, site, &importer)
        case "depth_to_space", "space_to_depth": return try blocks(operands, site, &importer)
        default: return nil
        }
    }

    private func pad(_ operands: Operands) throws(KerasError) -> Pad {
        let value = constant("paddings", operands) ?? constant("pad_width", operands)
        var before: [Int] = []
        var after: [Int] = []
        for pair in value?.arrayValue ?? [] {
            guard let numbers = pair.arrayValue?.compactMap(\.intValue), numbers.count == 2,
                numbers.allSatisfy({ $0 >= 0 && $0 <= Limits.extent })
            else { throw KerasError(.unsupported("padding that is not a pair of numbers for each axis")) }
            before.append(numbers[0])
            after.append(numbers[1])
        }
        guard !before.isEmpty, before.count <= Limits.rank else {
            throw KerasError(.unsupported("padding that is not a pair of numbers for each axis"))
        }
        let name = (constant("mode", operands)?.stringValue ?? "constant").lowercased()
        guard let mode = Pad.Mode(rawValue: name), mode == .constant || mode == .reflect else {
            throw KerasError(.unsupported("padding mode \(name)"))
        }
        let fill = constant("constant_values", operands)?.doubleValue ?? 0
        return Pad(mode: mode, pads: before + after, value: Float(fill))
    }

    private func matrixMultiplication(
        _ operands: Operands, _ site: CallSite, _ importer: inout ModelImporter
    ) throws(KerasError) -> ValueID {
        for name in ["adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse"] {
            guard constant(name, operands)?.boolValue != true else {
                throw KerasError(.unsupported("matrix product with \(name)"))
            }
        }
        var factors = try operands.pair(site, &importer)
        for (position, name) in ["transpose_a", "transpose_b"].enumerated()
        where constant(name, operands)?.boolValue == true {
            guard let factor = factors[position], let rank = importer.rank(of: factor), rank >= 2 else {
                throw KerasError(.unsupported("transposed factor of unknown rank"))
            }
            let permutation = Array(0..<(rank - 2)) + [rank - 1, rank - 2]
            factors[position] = try importer.node(
                site, .transpose(Transpose(permutation: permutation)), [factor], suffix: name)
        }
        return try importer.node(site, .matrixMultiplication(MatrixMultiplication()), factors)
    }

    private func stack(
        _ operands: Operands, _ site: CallSite, _ importer: inout ModelImporter
    ) throws(KerasError) -> ValueID {
        let axis = try integers("axis", operands: operands)?.first ?? 0
        var rows: [ValueID?] = []
        for (index, input) in site.inputs.enumerated() {
            rows.append(try importer.node(
                site, .unsqueeze(Unsqueeze(axes: [axis])), [input], suffix: "row_\(index)"))
        }
        return try importer.node(site, .concatenation(Concatenation(axis: axis)), rows)
    }

    /// The operators behind know channels-first data.
    private func blocks(
        _ operands: Operands, _ site: CallSite, _ importer: inout ModelImporter
    ) throws(KerasError) -> ValueID {
        guard let size = try integers("block_size", operands: operands)?.first, size > 1, size <= Limits.extent else {
            throw KerasError(.unsupported("block size that is not constant"))
        }
        guard constant("data_format", operands)?.stringValue ?? "NHWC" == "NHWC" else {
            throw KerasError(.unsupported("blocks of channels-first data"))
        }
        let operation: Operator = function == "depth_to_space"
            ? .depthToSpace(DepthToSpace(blockSize: size, mode: .depthColumnRow))
            : .spaceToDepth(SpaceToDepth(blockSize: size))
        let turned = try importer.node(
            site, .transpose(Transpose(permutation: [0, 3, 1, 2])), [operands.first()], suffix: "channels_first")
        let moved = try importer.node(site, operation, [turned], suffix: "blocks")
        return try importer.node(site, .transpose(Transpose(permutation: [0, 2, 3, 1])), [moved])
    }
}

extension Operands {
    /// The constant at that position, if one stands there.
    func constant(at position: Int) -> JSONValue? {
        guard positional.indices.contains(position), case .constant(let value) = positional[position] else {
            return nil
        }
        return value
    }
}

extension ModelImporter {
    /// A number, or numbers nested by axes, that a function is called with, as a weight.
    mutating func numbers(_ site: CallSite, _ name: String, _ value: JSONValue) throws(KerasError) -> ValueID {
        var object = JSONObject()
        object["value"] = value
        guard let numbers = try LayerOptions(object: object, major: 3).reals("value") else {
            throw KerasError(.unsupported("function of a constant that is no number"))
        }
        var shape: Shape = []
        var row = value["config"]?["value"] ?? value["value"] ?? value
        while let elements = row.arrayValue, let first = elements.first, shape.count < Limits.rank {
            shape.append(elements.count)
            row = first
        }
        return try constant(site, name, numbers, shape: shape)
    }
}
