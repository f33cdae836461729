import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

/// Products, and what is folded and fused into them: each case is run before and after.
@Suite struct ProductPassTests {
    @Test func `convolutions of every kind become products`() throws {
        let uneven = Padding.explicit(before: [1, 0], after: [2, 1])
        for (stride, padding) in [(1, Padding.sameUpper), (2, .sameLower), (2, .valid), (3, uneven)] {
            var sketch = NetworkSketch()
            let x = try sketch.input([2, 4, 9, 7])
            let plain = try sketch.convolution(x, [6, 4, 3, 3], bias: true, stride: stride, padding: padding)
            let grouped = try sketch.convolution(x, [6, 2, 3, 2], stride: stride, padding: padding, groups: 2)
            let draft = try passed(sketch.graph(plain, grouped), "make products")
            #expect(draft.products.count == 2)
            for product in draft.products {
                guard case .convolution(let convolution) = product.kind else { continue }
                guard case .explicit = convolution.window.padding else {
                    Issue.record("\(convolution.window.padding) is not resolved")
                    continue
                }
            }
        }
    }

    @Test func `channels-last convolutions in one, two and three dimensions become products`() throws {
        for rank in 1...3 {
            var sketch = NetworkSketch()
            let spatial = [8, 5, 6].prefix(rank), kernel = [3, 2, 1].prefix(rank)
            let x = try sketch.input([2] + spatial + [4])
            let ones = Array(repeating: 1, count: rank)
            let window = Window(strides: ones, dilations: ones.map { $0 * 2 }, padding: .sameUpper)
            let weight = try sketch.weight(kernel + [4, 6])
            let bias = try sketch.weight([6])
            let y = try sketch.apply(
                .convolution(
                    Convolution(window: window, groups: 1, layout: .channelsLast, kernelOrder: .spatialInputOutput)),
                x, weight, bias)
            let z = try sketch.normalization(y, 6, axis: -1)
            let deep = try sketch.apply(
                .convolution(
                    Convolution(
                        window: window, groups: 6, layout: .channelsLast, kernelOrder: .spatialChannelMultiplier)),
                z, sketch.weight(kernel + [6, 2]))
            let draft = try passed(
                sketch.graph(sketch.normalization(deep, 12, axis: rank + 1)), "make products",
                "fold normalization and bias")
            #expect(draft.nodes.count == 2)
            #expect(draft.products.count == 2)
        }
    }

    @Test func `matrix products of every kind become products`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([3, 5])
        let many = try sketch.input([2, 3, 5])
        var results: [ValueID] = []
        for transposes in [false, true] {
            let weight = try sketch.weight(transposes ? [4, 5] : [5, 4])
            let gemm = Gemm(alpha: 0.5, beta: -2, transposesA: false, transposesB: transposes)
            results.append(try sketch.apply(.gemm(gemm), x, weight, sketch.weight([1, 4])))
            results.append(try sketch.apply(.gemm(gemm), x, weight, sketch.weight([])))
            results.append(try sketch.apply(.gemm(gemm), x, weight))
        }
        results.append(try sketch.apply(.dense(Dense()), many, sketch.weight([5, 4]), sketch.weight([4])))
        let product = try sketch.apply(.matrixMultiplication(MatrixMultiplication()), many, sketch.weight([5, 4]))
        results.append(try sketch.add(sketch.weight([4]), product))
        for result in results { sketch.output(result) }
        let draft = try passed(sketch.builder.build(), "make products", "fold normalization and bias")
        #expect(draft.products.count == draft.nodes.count)
        #expect(draft.products.count == 8)
    }

    @Test func `matrix products that are none of a map and a weight stay`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([3, 5])
        let y = try sketch.input([5, 4])
        let vector = try sketch.input([5])
        let results = [
            try sketch.apply(.matrixMultiplication(MatrixMultiplication()), x, y),
            try sketch.apply(.matrixMultiplication(MatrixMultiplication()), sketch.weight([2, 3]), x),
            try sketch.apply(.matrixMultiplication(MatrixMultiplication()), vector, sketch.weight([5, 4])),
            try sketch.apply(.matrixMultiplication(MatrixMultiplication()), x, sketch.weight([2, 5, 4])),
            try sketch.apply(
                .gemm(Gemm(alpha: 1, beta: 1, transposesA: true, transposesB: false)), x, sketch.weight([3, 4])),
            // One summand for every row, or for every element.
            try sketch.apply(
                .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: false)), x, sketch.weight([5, 4]),
                sketch.weight([3, 1])),
            try sketch.apply(
                .gemm(Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: false)), x, sketch.weight([5, 4]),
                sketch.input([4])),
        ]
        for result in results { sketch.output(result) }
        #expect(try passed(sketch.builder.build(), "make products").products.isEmpty)
    }

    @Test func `weights are taken as they lie behind casts and transposes`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 80])
        let map = try sketch.input([1, 40, 5, 5])
        let half = try Tensor(
            elementType: .float16, shape: [40, 40, 3, 3],
            bytes: sketch.noise.floats(14400).littleEndianBytes { halfFromFloat($0 / 20).littleEndian })
        let weight = try sketch.constant(half)
        let matrix = try sketch.weight([60, 80])
        let turned = try sketch.apply(.transpose(Transpose(permutation: nil)), matrix)
        let y = try sketch.apply(.matrixMultiplication(MatrixMultiplication()), x, turned)
        let convolution = Convolution(
            window: Window(strides: [1, 1], dilations: [1, 1], padding: .valid), groups: 1, layout: .channelsFirst,
            kernelOrder: .outputInputSpatial)
        let z = try sketch.apply(.convolution(convolution), map, sketch.apply(.cast(Cast(to: .float32)), weight))
        let draft = try passed(
            sketch.graph(y, z), "fold constants", "make products", "fold weights left over", "drop dead nodes")
        #expect(draft.nodes.count == 2)
        #expect(draft.nodes.map { $0.inputs[1] } == [matrix.index, weight.index])
    }

    @Test func `normalization, bias and factors are folded in any order`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 6, 6])
        var y = try sketch.convolution(x, [8, 3, 3, 3], bias: true)
        y = try sketch.add(y, sketch.weight([8, 1, 1]))
        y = try sketch.apply(.binary(Binary(.multiply)), sketch.positive([1, 8, 1, 1]), y)
        y = try sketch.normalization(y, 8)
        y = try sketch.apply(.binary(Binary(.subtract)), sketch.weight([8, 1, 1]), y)
        y = try sketch.apply(.binary(Binary(.divide)), y, sketch.positive([]))
        y = try sketch.apply(.unary(Unary(.negative)), y)
        y = try sketch.apply(.variadic(Variadic(.product)), y, sketch.positive([1]))
        y = try sketch.apply(.variadic(Variadic(.sum)), sketch.weight([8, 1, 1]), y)
        y = try sketch.normalization(y, 8)
        y = try sketch.apply(.binary(Binary(.subtract)), y, sketch.weight([1, 8, 1, 1]))
        let graph = try sketch.graph(y)
        let draft = try passed(graph, "make products", "fold normalization and bias")
        #expect(draft.nodes.count == 1)
        #expect(draft.nodes[0].origins.map(\.index) == Array(0..<11))
    }

    @Test func `what is not the same for a channel is not folded`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        let factor = try sketch.input([4, 1, 1])
        func branch(_ body: (inout NetworkSketch, ValueID) throws -> ValueID) throws {
            let y = try sketch.convolution(x, [4, 4, 3, 3])
            sketch.output(try body(&sketch, y))
        }
        // Along the last axis, along all, and of a shape that grows the result.
        try branch { try $0.add($1, $0.weight([4])) }
        try branch { try $0.add($1, $0.weight([4, 4, 4])) }
        try branch { try $0.add($1, $0.weight([2, 1, 1, 1])) }
        try branch { try $0.add($1, $0.weight([1, 1, 4, 1, 1])) }
        try branch { try $0.apply(.binary(Binary(.multiply)), $1, factor) }
        try branch { try $0.apply(.binary(Binary(.divide)), $0.positive([4, 1, 1]), $1) }
        try branch { try $0.apply(.binary(Binary(.multiply)), $1, $1) }
        try branch { try $0.apply(.variadic(Variadic(.sum)), all: [$1, $0.weight([4, 1, 1]), $0.weight([4, 1, 1])]) }
        try branch { try $0.normalization($1, 4, axis: 2) }
        try branch { try $0.apply(.binary(Binary(.divide)), $1, $0.constant(reals([0], []))) }
        let draft = try passed(sketch.builder.build(), "make products", "fold normalization and bias")
        #expect(draft.products.count == 10)
        #expect(draft.nodes.count == 20)
        #expect(draft.products.allSatisfy { $0.scale == nil && $0.shift == nil })
    }

    @Test func `a result that is seen is not folded into`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 4, 4])
        let observed = try sketch.convolution(x, [4, 4, 3, 3])
        let shared = try sketch.convolution(x, [4, 4, 1, 1])
        let one = try sketch.normalization(observed, 4)
        let two = try sketch.normalization(shared, 4)
        let three = try sketch.relu(shared)
        let draft = try simplified(sketch.graph(observed, one, two, three))
        #expect(draft.nodes.count == 5)
        #expect(draft.products.allSatisfy { $0.scale == nil && !$0.isClamped })
    }

    @Test func `the moments of a batch are no constants`() throws {
        var sketch = NetworkSketch()
        let y = try sketch.convolution(sketch.input([2, 4, 4, 4]), [4, 4, 3, 3])
        let z = try sketch.apply(
            .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: 1, isTraining: true)), y, sketch.positive([4]),
            sketch.weight([4]), sketch.weight([4]), sketch.positive([4]))
        #expect(try simplified(sketch.graph(z)).nodes.count == 2)
    }
}
