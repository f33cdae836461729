import Skiff

extension MutantMaker {
    /// Maps flattened in another order of axes, and the matrix behind them read so.
    func arrangementMutants() throws -> [Mutant] {
        let flattens = Array(graph.nodeIDs).filter { id in
            switch graph[id].operator {
            case .flatten, .reshape: break
            default: return false
            }
            guard let input = shape(id), input.count >= 3, let output = outputShape(id), output.count == 2
            else { return false }
            return input[0] == output[0] && input.dropFirst().filter { $0 > 1 }.count > 1
        }
        var mutants: [Mutant] = []
        for id in spread(flattens) {
            guard let input = shape(id) else { continue }
            for (name, axes) in orders(rank: input.count) {
                var edit = GraphEdit()
                edit.before[id] = [
                    .init(
                        name: "\(graph.displayName(of: id))/order",
                        operator: .transpose(Transpose(permutation: axes)))
                ]
                mutants.append(
                    Mutant(
                        .flattenOrder, "\(name) in front", edit, [id], Expectation(.flattenOrder),
                        reverse: Expectation(.flattenOrder)))
                if let mutant = try reordered(behind: id, input, axes) { mutants.append(mutant) }
            }
        }
        return mutants
    }

    private func orders(rank: Int) -> [(String, [Int])] {
        let inner = Array(2..<rank)
        return [("channels last", [0] + inner + [1]), ("channels first", [0, rank - 1] + Array(1..<rank - 1))]
            .prefix(rank == 3 ? 1 : 2).map { $0 }
    }

    /// The matrix that reads a flattened map of a shape, with its rows in the order of permuted axes.
    private func reordered(behind id: NodeID, _ shape: Shape, _ axes: [Int]) throws -> Mutant? {
        guard case let output? = graph[id].outputs.first, let reader = specimen.readers[output.index].first,
            let matrix = weight(reader, 1), matrix.shape.count == 2
        else { return nil }
        let isTransposed: Bool
        switch graph[reader].operator {
        case .dense, .matrixMultiplication: isTransposed = false
        case .gemm(let gemm): isTransposed = gemm.transposesB
        default: return nil
        }
        let extents = axes.dropFirst().map { shape[$0] }
        let features = extents.reduce(1, *)
        let axis = isTransposed ? 1 : 0
        guard matrix.shape[axis] == features else { return nil }
        let own = Array(shape.dropFirst())
        let strides = own.rowMajorStrides
        let permutedStrides = axes.dropFirst().map { strides[$0 - 1] }
        let changed = try matrix.rearranged { index in
            var index = index
            var rest = index[axis]
            var source = 0
            for (position, stride) in extents.rowMajorStrides.enumerated() {
                source += rest / stride * permutedStrides[position]
                rest %= stride
            }
            index[axis] = source
            return index
        }
        return Mutant(
            .flattenOrder, "rows in the order \(axes)", edit(reader, 1, changed), [reader], Expectation(.flattenOrder),
            reverse: Expectation(.flattenOrder))
    }

    /// The image's channels reversed, and its preprocessing, as the first layer sees them; and values that go through a
    /// smaller type.
    func inputMutants() throws -> [Mutant] {
        var mutants: [Mutant] = []
        for input in graph.inputs.prefix(1) {
            guard let shape = specimen.shapes[input], shape.count >= 3,
                let reader = specimen.readers[input.index].first, specimen.readers[input.index].count == 1,
                graph[input].fact?.elementType == .float32
            else { continue }
            mutants += try preprocessings(reader, shape)
            mutants += try channelOrders(reader)
        }
        let convolutions = Array(graph.nodeIDs).filter { id in
            if case .convolution = graph[id].operator { specimen.shapes[graph[id].outputs[0]] != nil } else { false }
        }
        for (number, id) in spread(convolutions).enumerated() {
            let type: ElementType = number % 2 == 0 ? .bfloat16 : .float16
            var edit = GraphEdit()
            let name = graph.displayName(of: id)
            edit.after[id] = [
                .init(name: "\(name)/narrow", operator: .cast(Cast(to: type))),
                .init(name: "\(name)/wide", operator: .cast(Cast(to: .float32))),
            ]
            mutants.append(
                Mutant(
                    .computePrecision, "output through \(type.rawValue)", edit, [id], nil,
                    reverse: Expectation(
                        .computePrecision, .words(type == .float16 ? ["float16", "f16"] : ["bfloat16", "bf16"])),
                    truthful: [.computePrecision]))
        }
        return mutants
    }

    private func preprocessings(_ reader: NodeID, _ shape: Shape) throws -> [Mutant] {
        func mutant(_ name: String, scale: [Float], offset: [Float], extents: Shape) throws -> Mutant {
            var edit = GraphEdit()
            edit.before[reader] = [
                .init(
                    name: "preprocessing/scale", operator: .binary(Binary(.multiply)),
                    weights: [try Tensor(floats: scale, shape: extents)]),
                .init(
                    name: "preprocessing/offset", operator: .binary(Binary(.add)),
                    weights: [try Tensor(floats: offset, shape: extents)]),
            ]
            return Mutant(
                .preprocessing, name, edit, [reader], Expectation([.preprocessing]),
                reverse: Expectation([.preprocessing]))
        }
        var mutants = [
            try mutant("x / 127.5 − 1", scale: [1 / 127.5], offset: [-1], extents: []),
            try mutant("x / 255", scale: [1 / 255], offset: [0], extents: []),
        ]
        guard case .convolution(let convolution) = graph[reader].operator else { return mutants }
        let axis = convolution.layout.channelAxis(rank: shape.count)
        guard shape[axis] == 3 else { return mutants }
        var extents = Shape(repeating: 1, count: shape.count)
        extents[axis] = 3
        let mean: [Float] = [0.485, 0.456, 0.406]
        let deviation: [Float] = [0.229, 0.224, 0.225]
        mutants.append(
            try mutant(
                "(x / 255 − mean) / deviation", scale: deviation.map { 1 / (255 * $0) },
                offset: zip(mean, deviation).map { -$0 / $1 }, extents: extents))
        mutants.append(
            try mutant("x − mean", scale: [1, 1, 1], offset: [-123.68, -116.779, -103.939], extents: extents))
        return mutants
    }

    private func channelOrders(_ reader: NodeID) throws -> [Mutant] {
        guard case .convolution(let convolution) = graph[reader].operator, convolution.groups == 1,
            let kernel = weight(reader, 1)
        else { return [] }
        let axis = convolution.kernelOrder.axes(rank: kernel.shape.count).input
        guard kernel.shape[axis] == 3 else { return [] }
        let reversed = try kernel.rearranged { index in
            var index = index
            index[axis] = 2 - index[axis]
            return index
        }
        return [
            Mutant(
                .channelOrder, "first kernel reads BGR", edit(reader, 1, reversed), [reader],
                Expectation(.channelOrder), reverse: Expectation(.channelOrder))
        ]
    }
}
