import SkiffCore
import SkiffGraph
import Testing

@Suite("Open extents and computed shapes")
struct ShapeArithmeticTests {
    private let weight = Fact.map(8, 3, 3, 3)

    @Test("A named batch survives convolutions, pools and elementwise operators")
    func batchSurvives() throws {
        let input = Fact.map("N", 3, 8, 8)
        #expect(try Operator.convolution(.explicit([2, 2], [1, 1])).shape(input, weight) == ["N", 8, 4, 4])
        let pool = Pooling(kind: .maximum, kernel: [2, 2], window: .explicit([2, 2], [0, 0]), layout: .channelsFirst)
        #expect(try Operator.pooling(pool).shape(input) == ["N", 3, 4, 4])
        #expect(try Operator.binary(Binary(.add)).shape(input, .map("N", 1, 1, 1)) == ["N", 3, 8, 8])
        #expect(try Operator.binary(Binary(.add)).shape(.map("N", 4), .map(1, 4)) == ["N", 4])
        #expect(try Operator.binary(Binary(.add)).shape(.map("N", 4), .map(5, 4)) == [5, 4])
        #expect(try Operator.binary(Binary(.add)).shape(.map("N", 4), .map("M", 4)) == [.unknown, 4])
    }

    @Test("A named extent survives a window that keeps it, and is unknown behind one that does not")
    func spatialSymbols() throws {
        let open = Fact.map(1, 3, "H", "W")
        let same = Window(strides: [1, 1], dilations: [1, 1], padding: .sameUpper)
        let halved = Window(strides: [2, 2], dilations: [1, 1], padding: .sameUpper)
        #expect(try Operator.convolution(same).shape(open, weight) == [1, 8, "H", "W"])
        #expect(try Operator.convolution(.explicit([1, 1], [1, 1])).shape(open, weight) == [1, 8, "H", "W"])
        #expect(
            try Operator.convolution(.explicit([1, 1], [2, 2], dilations: [2, 2])).shape(open, weight) == [
                1, 8, "H", "W",
            ])
        #expect(
            try Operator.convolution(.explicit([1, 1], [0, 0])).shape(open, weight) == [1, 8, .unknown, .unknown])
        #expect(try Operator.convolution(halved).shape(open, weight) == [1, 8, .unknown, .unknown])
        #expect(try Operator.convolution(same).shape(.unranked, weight) == nil)
        #expect(try Operator.convolution(same).shape(open, .unranked) == [1, .unknown, .unknown, .unknown])
    }

    @Test(
        "A reshape finds the named batch back",
        arguments: [
            (["N", 512, 1, 1], [-1, 512], ["N", 512]), (["N", 512, 1, 1], [0, -1], ["N", 512]),
            (["N", 8, 4], [-1, 4], [.unknown, 4]), (["N", 6, "W"], [0, 3, -1], ["N", 3, .unknown]),
            (["N", 6, "W"], [0, 6, -1], ["N", 6, "W"]), ([2, 6], [-1], [12]), (["N", 6], [1, 6], [1, 6]),
        ] as [(SymbolicShape, [Int], SymbolicShape)])
    func reshape(input: SymbolicShape, target: [Int], expected: SymbolicShape) throws {
        let reshape = Operator.reshape(Reshape(shape: nil, allowsZero: false))
        #expect(try reshape.shape(Fact(.float32, input), .list(target)) == expected)
    }

    @Test("A reshape to computed extents keeps their names and solves for the one it does not know")
    func reshapeToComputed() throws {
        let reshape = Operator.reshape(Reshape(shape: nil, allowsZero: false))
        #expect(try reshape.shape(.map("N", 512, 1, 1), .extents("N", -1)) == ["N", 512])
        #expect(try reshape.shape(.map("N", 4, 6), .extents("N", .unknown, 3)) == ["N", 8, 3])
        #expect(try reshape.shape(.map("N", 4, 6), .extents("N", .unknown, .unknown)) == ["N", .unknown, .unknown])
        #expect(try reshape.shape(.map("N", 4), Fact(.int64, shape: [3])) == [.unknown, .unknown, .unknown])
        #expect(try reshape.shape(.map("N", 4), Fact(.int64, [.unknown])) == nil)
        let keras = Operator.reshape(Reshape(shape: [-1, 2], allowsZero: false, keepsBatch: true))
        #expect(try keras.shape(.map("N", 3, 4)) == ["N", 6, 2])
        #expect(try keras.shape(.unranked) == [.unknown, .unknown, 2])
    }

    @Test(
        "The shape arithmetic of exporters resolves while the graph is built: Shape, Gather, Unsqueeze, Concat, Reshape"
    )
    func exportedFlatten() throws {
        var builder = GraphBuilder()
        let input = try builder.addInput("x", .map("N", 4, 2, 3))
        func node(_ name: String, _ operation: Operator, _ inputs: ValueID?...) throws -> ValueID {
            try builder.addNode(name, sourceOperator: name, operation, inputs: inputs, output: name)
        }
        let zero = try builder.addWeight("zero", Tensor(integers: [0], shape: []))
        let minusOne = try builder.addWeight("minus", Tensor(integers: [-1], shape: [1]))
        let axis = try builder.addWeight("axis", Tensor(integers: [0], shape: [1]))
        let shape = try node("shape", .shapeOf(ShapeOf()), input)
        let batch = try node("batch", .gather(Gather(axis: 0)), shape, zero)
        let listed = try node("listed", .unsqueeze(Unsqueeze(axes: nil)), batch, axis)
        let target = try node("target", .concatenation(Concatenation(axis: 0)), listed, minusOne)
        builder.addOutput("y", try node("y", .reshape(Reshape(shape: nil, allowsZero: false)), input, target))
        let graph = try builder.build()
        #expect(graph[graph.outputs[0].value].fact?.shape == ["N", 24])
    }

    @Test("The arithmetic of a resize to another map's size resolves: Slice, Concat, Cast, Div, Mul, Floor")
    func exportedResize() throws {
        let shape = try Operator.shapeOf(ShapeOf()).infer([.map("N", 8, 5, 6)], outputCount: 1)[0]
        let spatial = try Operator.slice(Slice()).infer([shape, .list(2), .list(4)], outputCount: 1)[0]
        let batch = try Operator.slice(Slice()).infer([shape, .list(0), .list(2)], outputCount: 1)[0]
        let doubled = try Operator.binary(Binary(.multiply)).infer([spatial, .list(2, 2)], outputCount: 1)[0]
        let sizes = try Operator.concatenation(Concatenation(axis: 0)).infer([batch, doubled], outputCount: 1)[0]
        let resize = Operator.resize(Resize(mode: .linear, coordinates: .halfPixel))
        #expect(try resize.shape(.map("N", 8, 5, 6), nil, nil, sizes) == ["N", 8, 10, 12])

        let real = try Operator.cast(Cast(to: .float32)).infer([doubled], outputCount: 1)[0]
        let old = try Operator.cast(Cast(to: .float32)).infer([spatial], outputCount: 1)[0]
        let factor = try Operator.binary(Binary(.divide)).infer([real, old], outputCount: 1)[0]
        let scales = try Operator.concatenation(Concatenation(axis: 0)).infer(
            [.reals([1, 1]), factor], outputCount: 1)[0]
        #expect(try resize.shape(.map("N", 8, 5, 6), nil, scales) == ["N", 8, 10, 12])
        let floored = try Operator.unary(Unary(.floor)).infer([.reals([2.7])], outputCount: 1)[0]
        #expect(try Operator.cast(Cast(to: .int64)).integers(floored) == [2])
    }

    @Test("A region of interest does not change a resize's extents")
    func croppedResize() throws {
        let resize = Operator.resize(Resize(mode: .linear, coordinates: .tfCropAndResize))
        let region = Fact.reals([0, 0, 0.25, 0.25, 1, 1, 0.75, 0.75])
        #expect(try resize.shape(.map(1, 1, 8, 8), region, .reals([1, 1, 2, 2])) == [1, 1, 16, 16])
    }

    @Test("PyTorch's expand resolves: Equal, Where, ConstantOfShape")
    func exportedExpand() throws {
        let target = Fact.extents("N", -1, 4)
        let ones = try Operator.constantOfShape(ConstantOfShape(elementType: .int64, value: 1)).infer(
            [.list(3)], outputCount: 1)[0]
        let minus = try Operator.binary(Binary(.multiply)).infer([ones, .scalar(-1)], outputCount: 1)[0]
        let isMinus = try Operator.binary(Binary(.equal)).infer([target, minus], outputCount: 1)[0]
        let chosen = try Operator.select(Select()).infer([isMinus, ones, target], outputCount: 1)[0]
        #expect(try Operator.expand(Expand()).shape(.map(3, 1), chosen) == ["N", 3, 4])
    }

    @Test("Whole numbers are folded through every operator that shapes are computed with")
    func folding() throws {
        let list = Fact.extents("N", 3, 8)
        #expect(try Operator.sizeOf(SizeOf()).integers(.map(2, 3, 4)) == [24])
        #expect(try Operator.sizeOf(SizeOf()).integers(.map("N", 1)) == ["N"])
        #expect(try Operator.shapeOf(ShapeOf(start: 1, end: -1)).integers(.map("N", 3, 8, 9)) == [3, 8])
        #expect(try Operator.gather(Gather(axis: 0)).integers(list, .list(-1, 0)) == [8, "N"])
        #expect(try Operator.slice(Slice()).integers(list, .list(-1), .list(Int.min), .list(0), .list(-2)) == [8, "N"])
        #expect(try Operator.squeeze(Squeeze(axes: [0])).integers(.list(5)) == [5])
        #expect(try Operator.unsqueeze(Unsqueeze(axes: [0])).integers(.scalar(5)) == [5])
        #expect(try Operator.identity(Identity()).integers(list) == ["N", 3, 8])
        #expect(try Operator.cast(Cast(to: .int32)).integers(list) == ["N", 3, 8])
        #expect(try Operator.cast(Cast(to: .int8)).integers(.list(300)) == [.unknown])
        #expect(try Operator.range(RangeOfNumbers()).integers(.scalar(5), .scalar(0), .scalar(-2)) == [5, 3, 1])
        #expect(
            try Operator.reduction(Reduction(.product, axes: nil, keepsDimensions: false)).integers(.list(2, 3, 4)) == [
                24
            ])
        #expect(try Operator.unary(Unary(.negative)).integers(.list(3)) == [-3])
        #expect(try Operator.binary(Binary(.subtract)).integers(list, .list(0, 1, 1)) == ["N", 2, 7])
        #expect(try Operator.binary(Binary(.divide)).integers(list, .list(1, 2, 2)) == ["N", 1, 4])
        #expect(try Operator.binary(Binary(.divide)).integers(.list(1), .list(0)) == [.unknown])
        #expect(try Operator.transpose(Transpose(permutation: nil)).integers(list) == ["N", 3, 8])
        #expect(try Operator.clip(Clip()).integers(.list(1, 5, 9), .scalar(2), .scalar(6)) == [2, 5, 6])
        #expect(try Operator.variadic(Variadic(.sum)).integers(.list(1, 2), .list(3, 4), .list(5, 6)) == [9, 12])
        let parts = try Operator.split(Split(axis: 0, sizes: [1, 2])).infer([list], outputCount: 2)
        #expect(parts[0].contents == .integers(["N"]))
        #expect(parts[1].contents == .integers([3, 8]))
        let known = try Operator.concatenation(Concatenation(axis: 0)).integers(Fact(.int64, shape: [1]), .list(4))
        #expect(known == [.unknown, 4])
    }

    @Test("A slice to an open end keeps a named extent; any other leaves it unknown")
    func symbolicSlice() throws {
        let slice = Operator.slice(Slice())
        #expect(try slice.shape(.map("N", 4), .list(0), .list(Int.max), .list(0)) == ["N", 4])
        #expect(try slice.shape(.map("N", 4), .list(-1), .list(Int.min), .list(0), .list(-1)) == ["N", 4])
        #expect(try slice.shape(.map("N", 4), .list(1), .list(Int.max), .list(0)) == [.unknown, 4])
        #expect(try slice.shape(.map("N", 4), Fact(.int64, shape: [1]), .list(3), .list(1)) == ["N", .unknown])
    }

    @Test("A range of reals has the numbers that ONNX Runtime gives it")
    func realRange() throws {
        let range = Operator.range(RangeOfNumbers())
        for (start, limit, step, count) in [(0.1, 0.7, 0.1, 6), (0, 1, 0.1, 10), (0.1, 0.4, 0.3, 1), (1, 0, -0.1, 10)] {
            let inputs = [start, limit, step].map { number in
                Fact(.float32, shape: [], contents: .reals([Double(Float(number))]))
            }
            #expect(try range.infer(inputs, outputCount: 1)[0].shape == [.fixed(count)])
        }
    }
}
