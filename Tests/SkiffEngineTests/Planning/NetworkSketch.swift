import SkiffCore
import SkiffGraph
import Testing

@testable import SkiffEngine

/// A small network, written down value by value.
struct NetworkSketch {
    var builder = GraphBuilder()
    var noise: Noise
    private var made = 0

    init(seed: UInt64 = 1) { noise = Noise(seed) }

    mutating func input(_ shape: Shape, _ elementType: ElementType = .float32) throws -> ValueID {
        made += 1
        return try builder.addInput("input \(made)", Fact(elementType, shape: shape))
    }

    /// A weight of noise, small enough that sums stay near one.
    mutating func weight(_ shape: Shape) throws -> ValueID {
        let fanIn = max(1, shape.reduce(1, *) / max(1, shape.max() ?? 1))
        let scale = 1 / Float(fanIn).squareRoot()
        return try constant(Tensor(floats: noise.floats(shape.reduce(1, *)).map { $0 * scale }, shape: shape))
    }

    /// A weight of numbers between a half and one and a half.
    mutating func positive(_ shape: Shape) throws -> ValueID {
        try constant(Tensor(floats: noise.floats(shape.reduce(1, *)).map { 1 + $0 / 2 }, shape: shape))
    }

    mutating func constant(_ tensor: Tensor) throws -> ValueID {
        made += 1
        return try builder.addWeight("weight \(made)", tensor)
    }

    mutating func apply(_ operator: Operator, _ inputs: ValueID?...) throws -> ValueID {
        try apply(`operator`, all: inputs)
    }

    mutating func apply(_ operator: Operator, all inputs: [ValueID?]) throws -> ValueID {
        made += 1
        return try builder.addNode(
            "node \(made)", sourceOperator: "", `operator`, inputs: inputs, output: "value \(made)")
    }

    /// A 2-D convolution of channels-first maps.
    mutating func convolution(
        _ map: ValueID, _ weight: Shape, bias: Bool = false, stride: Int = 1, padding: Padding = .sameUpper,
        groups: Int = 1
    ) throws -> ValueID {
        let operation = Convolution(
            window: Window(strides: [stride, stride], dilations: [1, 1], padding: padding), groups: groups,
            layout: .channelsFirst, kernelOrder: .outputInputSpatial)
        return try apply(.convolution(operation), map, self.weight(weight), bias ? self.weight([weight[0]]) : nil)
    }

    mutating func normalization(_ map: ValueID, _ channels: Int, axis: Int = 1) throws -> ValueID {
        try apply(
            .batchNormalization(BatchNormalization(epsilon: 1e-3, axis: axis)), map, positive([channels]),
            weight([channels]), weight([channels]), positive([channels]))
    }

    mutating func add(_ left: ValueID, _ right: ValueID) throws -> ValueID {
        try apply(.binary(Binary(.add)), left, right)
    }

    mutating func relu(_ map: ValueID) throws -> ValueID { try apply(.unary(Unary(.relu)), map) }

    mutating func pad(_ map: ValueID, _ pads: [Int], mode: Pad.Mode = .constant, value: Float = 0) throws -> ValueID {
        try apply(.pad(Pad(mode: mode, pads: pads, value: value)), map)
    }

    mutating func pool(
        _ kind: Pooling.Kind, _ map: ValueID, kernel: Int, stride: Int = 1, padding: Padding = .valid,
        ceilMode: Bool = false
    ) throws -> ValueID {
        let window = Window(strides: [stride, stride], dilations: [1, 1], padding: padding)
        return try apply(
            .pooling(
                Pooling(
                    kind: kind, kernel: [kernel, kernel], window: window, ceilMode: ceilMode, layout: .channelsFirst)),
            map)
    }

    mutating func output(_ value: ValueID) {
        made += 1
        builder.addOutput("output \(made)", value)
    }

    /// The graph with `values` as its outputs. Mutating, so that arguments may add to the sketch.
    mutating func graph(_ values: ValueID...) throws -> Graph {
        let kept = self
        defer { self = kept }
        for value in values { output(value) }
        return try builder.build()
    }
}

extension Graph {
    /// Facts of all inputs, open extents bound to `extent`.
    func boundInputs(_ extent: Int = 2) -> [ValueID: Fact] {
        var bound: [ValueID: Fact] = [:]
        for id in inputs {
            guard let fact = self[id].fact, let shape = fact.shape else { continue }
            bound[id] = Fact(fact.elementType, shape: shape.map { $0.fixedValue ?? extent })
        }
        return bound
    }

    /// A draft that folds as the runs it is compared with compute.
    func draft(_ inputs: [ValueID: Fact]? = nil) throws -> Draft {
        try Draft(self, inputs: inputs ?? boundInputs(), folding: Folding(precision: .double))
    }
}

extension Draft {
    /// Runs the pass of that name.
    mutating func run(_ name: String) throws -> Int {
        let pass = try #require(Pass.all.first { $0.name == name }, "there is no pass \(name)")
        return try pass.run(&self)
    }

    func count(_ kind: Operator.Kind) -> Int {
        nodes.indices.count { operation($0)?.kind == kind }
    }

    var products: [FusedProduct] { nodes.indices.compactMap { product($0) } }
}

/// The draft of a graph after the passes named, in that order. Each is held against the evaluator, which must find
/// what it found before.
func passed(_ graph: Graph, _ names: String..., tolerance: Double = 1e-5) throws -> Draft {
    var draft = try graph.draft()
    let inputs = try noisyInputs(of: graph)
    let expected = try outputs(of: graph, inputs)
    for name in names {
        _ = try draft.run(name)
        let found = try outputs(of: draft.graph(), inputs)
        expectSame(found, expected, tolerance, "after \(name)")
    }
    return draft
}

/// The same after all passes.
func simplified(_ graph: Graph) throws -> Draft {
    var draft = try graph.draft()
    let inputs = try noisyInputs(of: graph)
    let expected = try outputs(of: graph, inputs)
    for pass in Pass.all {
        _ = try pass.run(&draft)
        let found = try outputs(of: draft.graph(), inputs)
        expectSame(found, expected, 1e-5, "after \(pass.name)")
    }
    return draft
}

func noisyInputs(of graph: Graph, seed: UInt64 = 7) throws -> [String: Tensor] {
    var noise = Noise(seed)
    var inputs: [String: Tensor] = [:]
    for (id, fact) in graph.boundInputs().sorted(by: { $0.key < $1.key }) {
        let shape = fact.shape?.fixedShape ?? []
        let floats = noise.floats(shape.reduce(1, *))
        if fact.elementType == .bool {
            inputs[graph[id].name] = try flags(floats.map { $0 > 0 }, shape)
        } else if fact.elementType.isInteger {
            let whole = Operand<Float>(
                elementType: fact.elementType, shape: shape, buffer: .integer(floats.map { $0 > 0 ? 1 : 0 }))
            inputs[graph[id].name] = try whole.tensor()
        } else {
            inputs[graph[id].name] = try Tensor(floats: floats, shape: shape)
        }
    }
    return inputs
}

func outputs(of graph: Graph, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
    let values = try Evaluator(graph, threads: 1).run(inputs, precision: .double)
    return Dictionary(
        graph.outputs.compactMap { output in values[output.value].map { (output.name, $0) } },
        uniquingKeysWith: { first, _ in first })
}

func expectSame(
    _ found: [String: Tensor], _ expected: [String: Tensor], _ tolerance: Double, _ label: String,
    at location: SourceLocation = #_sourceLocation
) {
    for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
        guard let other = found[name], let mine = try? other.doubles(), let theirs = try? tensor.doubles() else {
            Issue.record("\(name) is missing \(label)", sourceLocation: location)
            continue
        }
        #expect(other.shape == tensor.shape, "\(name) \(label)", sourceLocation: location)
        let size = theirs.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        #expect(isClose(mine, theirs, tolerance * max(size, 1e-30)), "\(name) \(label)", sourceLocation: location)
    }
}
