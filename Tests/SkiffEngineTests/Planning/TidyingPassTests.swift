import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

/// Constants, identities, reshapes, transposes and dead nodes.
@Suite struct TidyingPassTests {
    @Test func `constants are folded, and weights reinterpreted where they lie`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 4])
        let weight = try sketch.weight([12, 8])
        let shaped = try sketch.apply(.reshape(Reshape(shape: [4, -1], allowsZero: false)), weight)
        let half = try sketch.apply(.cast(Cast(to: .float16)), shaped)
        let single = try sketch.apply(.cast(Cast(to: .float32)), half)
        let y = try sketch.apply(.matrixMultiplication(MatrixMultiplication()), x, single)
        let draft = try passed(sketch.graph(y), "fold constants")
        #expect(draft.nodes.count == 1)
        let reshaped = try #require(draft.values[shaped.index].constant)
        #expect(reshaped.storage === draft.values[weight.index].constant?.storage)
    }

    @Test func `a constant that would grow large is not kept`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 1, 1])
        let large = try sketch.apply(
            .expand(Expand()), sketch.weight([1, 64, 1]), sketch.constant(wholes([512, 64, 64])))
        let small = try sketch.apply(.expand(Expand()), sketch.weight([1, 64, 1]), sketch.constant(wholes([2, 64, 64])))
        var draft = try sketch.graph(sketch.add(x, large), sketch.add(x, small)).draft()
        #expect(try draft.run("fold constants") == 1)
        #expect(draft.values[large.index].constant == nil)
        #expect(draft.values[small.index].constant != nil)
    }

    @Test func `shape arithmetic is followed and folded`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.builder.addInput("x", Fact(.float32, [.symbolic("batch"), 3, .symbolic("width")]))
        let shape = try sketch.apply(.shapeOf(ShapeOf(start: 0, end: nil)), x)
        let batch = try sketch.apply(.gather(Gather(axis: 0)), shape, sketch.constant(wholes([0])))
        // The sine of a list is not followed by inference, but computed while the draft is made; none is above nine.
        let extents = try sketch.apply(.cast(Cast(to: .float32)), shape)
        let sine = try sketch.apply(.unary(Unary(.sine)), extents)
        let flags = try sketch.apply(.binary(Binary(.greater)), sine, sketch.constant(reals([9])))
        let count = try sketch.apply(.cast(Cast(to: .int64)), flags)
        let total = try sketch.apply(.reduction(Reduction(.sum, axes: nil, keepsDimensions: false)), count)
        let width = try sketch.apply(.unsqueeze(Unsqueeze(axes: [0])), total)
        let target = try sketch.apply(
            .concatenation(Concatenation(axis: 0)), batch, sketch.constant(wholes([-1])), width)
        let last = try sketch.apply(.binary(Binary(.add)), target, sketch.constant(wholes([0, 0, 3])))
        let y = try sketch.apply(.reshape(Reshape(shape: nil, allowsZero: false)), x, last)
        let graph = try sketch.graph(y)
        let input = Fact(.float32, shape: [2, 3, 5])
        var draft = try Draft(graph, inputs: [x: input])
        #expect(draft.values[y.index].shape == [2, 5, 3])
        _ = try draft.simplify()
        #expect(draft.nodes.count == 1)
        #expect(draft.operation(0) == .reshape(Reshape(shape: [2, 5, 3], allowsZero: true)))
    }

    @Test func `what gives its input is dropped`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 4, 6, 6])
        let none = Window(strides: [1, 1], dilations: [1, 1], padding: .valid)
        let (sizes, scales) = (try sketch.constant(wholes([1, 4, 6, 6])), try sketch.constant(reals([1, 1, 1, 1])))
        let operations: [(Operator, [ValueID?])] = [
            (.identity(Identity()), [x]), (.cast(Cast(to: .float32)), [x]),
            (.reshape(Reshape(shape: [0, 0, 6, -1], allowsZero: false)), [x]),
            (.transpose(Transpose(permutation: [0, 1, 2, 3])), [x]),
            (.pad(Pad(mode: .reflect, pads: Array(repeating: 0, count: 8))), [x]),
            (.slice(Slice()), [x, try sketch.constant(wholes([0])), try sketch.constant(wholes([99]))]),
            (.expand(Expand()), [x, try sketch.constant(wholes([6, 6]))]),
            (.concatenation(Concatenation(axis: 1)), [x]),
            (.concatenation(Concatenation(axis: 1)), [try sketch.weight([1, 0, 6, 6]), x]),
            (.resize(Resize(mode: .linear, coordinates: .halfPixel)), [x, nil, nil, sizes]),
            (.resize(Resize(mode: .nearest(.floor), coordinates: .asymmetric)), [x, nil, scales]),
            (.pooling(Pooling(kind: .maximum, kernel: [1, 1], window: none, layout: .channelsFirst)), [x]),
            (.binary(Binary(.add)), [try sketch.constant(reals([0, 0, 0, 0], [4, 1, 1])), x]),
            (.binary(Binary(.divide)), [x, try sketch.constant(reals([1]))]), (.clip(Clip()), [x]),
            (.variadic(Variadic(.mean)), [x]),
        ]
        for (operation, inputs) in operations { sketch.output(try sketch.apply(operation, all: inputs)) }
        sketch.output(try sketch.apply(.binary(Binary(.multiply)), sketch.constant(reals([1, 1, 1, 1], [4, 1, 1])), x))
        let draft = try passed(sketch.builder.build(), "drop identities")
        #expect(draft.nodes.isEmpty)
        #expect(draft.outputs.count == operations.count + 1)
        #expect(draft.outputs.allSatisfy { $0.value == x.index })
    }

    @Test func `what changes its input stays`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([1, 6, 6])
        let scales = try sketch.constant(reals([1, 1.1, 1]))
        let ends = try [-1, -99, 1, -1].map { try sketch.constant(wholes([Int64($0)])) }
        let operations: [(Operator, [ValueID?])] = [
            (.slice(Slice()), [x, ends[0], ends[1], ends[2], ends[3]]),
            (.transpose(Transpose(permutation: [0, 2, 1])), [x]), (.cast(Cast(to: .float16)), [x]),
            (.resize(Resize(mode: .linear, coordinates: .asymmetric)), [x, nil, scales]),
            (.pad(Pad(mode: .constant, pads: [0, 1, 0, 0, -1, 0])), [x]), (.binary(Binary(.add)), [x, x]),
            (.binary(Binary(.subtract)), [try sketch.constant(reals([0])), x]),
            (.binary(Binary(.multiply)), [x, try sketch.positive([6, 1])]),
        ]
        for (operation, inputs) in operations { sketch.output(try sketch.apply(operation, all: inputs)) }
        #expect(try passed(sketch.builder.build(), "drop identities").nodes.count == operations.count)
    }

    @Test func `dropout goes, unless somebody reads its mask`() throws {
        for isRead in [false, true] {
            var sketch = NetworkSketch()
            let x = try sketch.input([3, 4])
            let (y, mask) = (sketch.builder.value(named: "y"), sketch.builder.value(named: "mask"))
            try sketch.builder.addNode(
                "drop", sourceOperator: "", .identity(Identity()), inputs: [x], outputs: [y, mask])
            sketch.output(try sketch.relu(y))
            if isRead { sketch.output(mask) }
            #expect(try passed(sketch.builder.build(), "drop identities").nodes.count == (isRead ? 2 : 1))
        }
    }

    @Test func `reshapes merge`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 4, 1])
        let flat = try sketch.apply(.flatten(Flatten(axis: 1)), x)
        let squeezed = try sketch.apply(.squeeze(Squeeze(axes: [-1])), x)
        let back = try sketch.apply(.unsqueeze(Unsqueeze(axes: [3])), squeezed)
        let other = try sketch.apply(
            .reshape(Reshape(shape: nil, allowsZero: false)), flat, sketch.constant(wholes([4, -1])))
        let draft = try passed(
            sketch.graph(sketch.relu(back), sketch.relu(other)), "merge reshapes", "drop dead nodes")
        #expect(draft.count(.reshape) == 1)
        #expect(draft.nodes.count == 3)
    }

    @Test func `transposes merge and cancel`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 4, 5])
        func transpose(_ value: ValueID, _ permutation: [Int]?) throws -> ValueID {
            try sketch.apply(.transpose(Transpose(permutation: permutation)), value)
        }
        let last = try transpose(x, [0, 2, 3, 1])
        let first = try transpose(last, [0, 3, 1, 2])
        let turned = try transpose(transpose(transpose(x, nil), [1, 0, 3, 2]), [0, 2, 1, 3])
        let draft = try passed(
            sketch.graph(sketch.relu(first), turned, sketch.relu(last)), "merge transposes", "drop dead nodes")
        #expect(draft.count(.transpose) == 2)
        #expect(draft.nodes.count == 4)
    }

    @Test func `transposes move behind what works element by element`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 6, 5])
        func turned(_ value: ValueID, _ permutation: [Int]) throws -> ValueID {
            try sketch.apply(.transpose(Transpose(permutation: permutation)), value)
        }
        let (last, first) = ([0, 2, 3, 1], [0, 3, 1, 2])
        // A block as Keras writes it for channels-last maps on PyTorch.
        func block(_ map: ValueID, _ weight: Shape) throws -> ValueID {
            var y = try turned(sketch.convolution(turned(map, first), weight, padding: .valid), last)
            y = try sketch.apply(.binary(Binary(.subtract)), y, sketch.weight([1, 1, 1, weight[0]]))
            y = try sketch.apply(.binary(Binary(.multiply)), y, sketch.positive([weight[0]]))
            return try sketch.add(y, sketch.weight([weight[0]]))
        }
        let start = try sketch.relu(block(turned(x, last), [4, 3, 1, 1]))
        var y = try block(sketch.pad(start, [0, 1, 1, 0, 0, 1, 1, 0]), [4, 4, 3, 3])
        y = try sketch.relu(sketch.add(y, start))
        let joined = try sketch.apply(.concatenation(Concatenation(axis: -1)), y, start)
        let pooled = try sketch.apply(.reduction(Reduction(.mean, axes: [1, 2], keepsDimensions: false)), joined)
        let draft = try simplified(sketch.graph(pooled))
        #expect(draft.count(.transpose) == 0)
        #expect(draft.nodes.count == 4)
        #expect(draft.products.count == 2)
        #expect(draft.products.allSatisfy { $0.isClamped })
    }

    @Test func `every operator keeps its meaning when a transpose moves behind it`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 4, 5])
        let permutation = [3, 0, 2, 1]
        let y = try sketch.apply(.transpose(Transpose(permutation: permutation)), x)
        let gate = try sketch.apply(.transpose(Transpose(permutation: permutation)), sketch.input([1, 3, 1, 5]))
        let results = [
            try sketch.apply(.unary(Unary(.tanh)), y),
            try sketch.apply(.binary(Binary(.greater)), y, sketch.weight([3])),
            try sketch.add(sketch.weight([5, 1, 4, 3]), y), try sketch.add(y, sketch.weight([])),
            try sketch.apply(.binary(Binary(.multiply)), y, gate), try sketch.normalization(y, 3, axis: -1),
            try sketch.normalization(y, 2, axis: 1),
            try sketch.pad(y, [1, 0, 2, 0, 0, 3, 0, -1], mode: .constant, value: 2),
            try sketch.pad(y, [0, 0, 2, 0, 0, 0, 1, 0], mode: .reflect),
            try sketch.apply(.clip(Clip()), y, sketch.constant(reals([-0.5], []))),
            try sketch.apply(.parametricReLU(ParametricReLU()), y, sketch.weight([4, 1])),
            try sketch.apply(.concatenation(Concatenation(axis: 1)), y, sketch.weight([5, 1, 4, 3]), y),
            try sketch.apply(
                .select(Select()), sketch.constant(flags([true, false, true, false], [4, 1])), y, sketch.weight([1])),
        ]
        for result in results { sketch.output(result) }
        var draft = try sketch.builder.build().draft()
        #expect(try draft.run("move transposes") == results.count)
        _ = try passed(sketch.builder.build(), "move transposes", "merge transposes", "drop dead nodes")
    }

    @Test func `a transpose stays before what it cannot pass`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 3, 3])
        let y = try sketch.apply(.transpose(Transpose(permutation: [0, 2, 3, 1])), x)
        let z = try sketch.apply(.transpose(Transpose(permutation: [0, 3, 2, 1])), x)
        for result in [
            try sketch.add(y, x), try sketch.add(y, z), try sketch.add(y, sketch.weight([1, 1, 1, 1, 3])),
            try sketch.apply(.softmax(Softmax(axis: 1)), y), try sketch.add(sketch.input([3]), y),
        ] { sketch.output(result) }
        var draft = try sketch.builder.build().draft()
        #expect(try draft.run("move transposes") == 0)
    }

    @Test func `a transpose that moves nothing is a reshape`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 1, 1, 5])
        let y = try sketch.apply(.transpose(Transpose(permutation: [0, 3, 1, 2])), x)
        #expect(try passed(sketch.graph(y), "merge transposes").count(.reshape) == 1)
    }

    @Test func `a chain across identities and unit axes ends as one reshape`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.pool(.average(countsPadding: false), sketch.input([2, 5, 4, 4]), kernel: 4)
        let last = try sketch.apply(.transpose(Transpose(permutation: [0, 2, 3, 1])), x)
        let dropped = try sketch.apply(.identity(Identity()), last)
        let back = try sketch.apply(.transpose(Transpose(permutation: [0, 3, 1, 2])), dropped)
        let y = try sketch.apply(.flatten(Flatten(axis: 1)), sketch.apply(.squeeze(Squeeze(axes: [2])), back))
        let draft = try simplified(sketch.graph(y, sketch.relu(dropped)))
        #expect(draft.count(.globalPooling) == 1)
        #expect(draft.count(.reshape) == 2)
        #expect(draft.nodes.count == 4)
    }

    @Test func `reductions of whole maps are global pooling`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3, 4, 5])
        func reduce(_ kind: Reduction.Kind, _ axes: [Int]?, keeps: Bool) throws -> ValueID {
            try sketch.apply(.reduction(Reduction(kind, axes: axes, keepsDimensions: keeps)), x)
        }
        let whole = Pooling(
            kind: .average(countsPadding: true), kernel: [3, 4],
            window: Window(strides: [2, 2], dilations: [1, 1], padding: .valid), layout: .channelsLast)
        var results = [
            try reduce(.mean, [2, 3], keeps: true), try reduce(.mean, [-1, -2], keeps: false),
            try reduce(.maximum, [1, 2], keeps: false), try sketch.apply(.pooling(whole), x),
            try sketch.apply(
                .reduction(Reduction(.mean, axes: nil, keepsDimensions: true)), x, sketch.constant(wholes([1, 2]))),
        ]
        let count = results.count
        results += [
            try reduce(.mean, [1, 3], keeps: true), try reduce(.mean, nil, keeps: true),
            try reduce(.sum, [2, 3], keeps: true),
            try sketch.pool(.average(countsPadding: true), x, kernel: 4),
            try sketch.pool(.average(countsPadding: true), x, kernel: 5, padding: .sameUpper),
        ]
        for result in results { sketch.output(result) }
        let draft = try passed(sketch.builder.build(), "recognize global pooling")
        #expect(draft.count(.globalPooling) == count)
    }

    @Test func `nodes that no output needs are dropped`() throws {
        var sketch = NetworkSketch()
        let x = try sketch.input([2, 3])
        let y = try sketch.relu(x)
        _ = try sketch.relu(y)
        var draft = try sketch.graph(y).draft()
        #expect(draft.nodes.count == 1)
        draft.nodes.append(Draft.Node(origins: [], work: draft.nodes[0].work, inputs: [y.index], outputs: [x.index]))
        #expect(try draft.run("drop dead nodes") == 1)
    }
}
