import Skiff

/// A network that mutants are made of: what it computes, and how far rounding alone moves that.
struct Specimen: Sendable {
    let name: String
    let graph: Graph
    /// Real values by the framework, where there are any.
    let recording: Recording?
    let inputs: [String: Tensor]
    let readers: [[NodeID]]
    /// Of every value that a node gives, by identifier.
    let shapes: [ValueID: Shape]
    /// Of every real value with a name.
    let values: [String: Measured]
    let outputs: Set<String>

    /// A value in Double, and how far Float lies from it.
    struct Measured: Sendable {
        var double: [Double]
        /// Where the whole network is computed in Float.
        var noise: Noise
        /// Where the node alone is, on inputs that both share.
        var ownNoise: Noise
    }

    /// RMS and largest distance.
    struct Noise: Sendable {
        var rms: Double
        var largest: Double
    }

    init(_ name: String, _ graph: Graph, inputs: [String: Tensor], recording: Recording?) throws {
        self.name = name
        self.graph = graph
        self.inputs = inputs
        self.recording = recording
        readers = graph.consumers()
        let evaluator = try Evaluator(graph)
        let double = try evaluator.run(inputs, precision: .double, observing: .all)
        let float = try evaluator.run(inputs, precision: .float, observing: .all)
        var shapes: [ValueID: Shape] = [:]
        for (id, tensor) in double { shapes[id] = tensor.shape }
        for id in graph.inputs { shapes[id] = inputs[graph[id].name]?.shape }
        for id in graph.weights { shapes[id] = graph[id].tensor?.shape }
        self.shapes = shapes
        var values: [String: Measured] = [:]
        for (id, tensor) in double where !graph[id].name.isEmpty && tensor.elementType.isFloatingPoint {
            guard let other = float[id] else { continue }
            let elements = try tensor.doubles()
            let noise = Noise(elements, try other.doubles())
            let own = try Self.ownNoise(of: id, graph, double, inputs)
            values[graph[id].name] = Measured(double: elements, noise: noise, ownNoise: own ?? noise)
        }
        self.values = values
        outputs = Set(graph.outputs.map { graph[$0.value].name })
    }

    /// The noise of one node whose inputs are the network's, rounded to Float.
    private static func ownNoise(
        of id: ValueID, _ graph: Graph, _ values: [ValueID: Tensor], _ inputs: [String: Tensor]
    ) throws -> Noise? {
        guard let producer = graph.producer(of: id), graph[producer].outputs.first == id else { return nil }
        var operands: [Tensor?] = []
        for input in graph[producer].inputs {
            guard let input else {
                operands.append(nil)
                continue
            }
            guard let tensor = graph[input].tensor ?? values[input] ?? inputs[graph[input].name] else { return nil }
            let isReal = tensor.elementType.isFloatingPoint && tensor.elementType != .float32
            operands.append(isReal ? try Tensor(floats: tensor.floats(), shape: tensor.shape) : tensor)
        }
        let count = graph[producer].outputs.count
        guard let double = try? Evaluator.apply(
                graph[producer].operator, to: operands, outputCount: count, precision: .double).first,
            let float = try? Evaluator.apply(
                graph[producer].operator, to: operands, outputCount: count, precision: .float).first
        else { return nil }
        return Noise(try double.doubles(), try float.doubles())
    }

    /// A recording with the outputs alone.
    var outputRecording: Recording? {
        recording.map { Recording(name: $0.name, inputs: $0.inputs, outputs: $0.outputs) }
    }

    /// Names of the values that a kind of reference has; `nil` for all that both networks name.
    func compared(with reference: Trial.Reference) -> Set<String>? {
        switch reference {
        case .model, .reversed: nil
        case .outputs: outputs
        case .recorded: outputs.union(recording?.values.map(\.name) ?? [])
        }
    }

    /// The largest change of a value, in units of its own rounding noise, when the network is computed in Double with
    /// an edit; infinite where an output's shape differs, or a value is not finite on one side.
    ///
    /// It owes nothing to the verifier: it compares two runs of two networks on the same inputs. A change of at most
    /// one is less than rounding does to the unchanged network, so nobody could tell both apart by their values.
    /// - Parameters:
    ///   - nodes: those that compute something else. Where the reference has values in between, the noise of their
    ///     outputs is what they make themselves; everywhere else it is that of all the network before.
    ///   - reference: says which values are looked at.
    ///   - precision: Double, but where the mistake is a rounding, which Double leaves out.
    func change(
        of mutant: Graph, at nodes: [NodeID], with reference: Trial.Reference, precision: Precision
    ) throws -> Double {
        let names = compared(with: reference)
        let changed = Set(nodes.flatMap { graph[$0].outputs.map { graph[$0].name } })
        let results: [ValueID: Tensor]
        do {
            results = try Evaluator(mutant, threads: 1).run(
                inputs, precision: precision, observing: names == outputs ? .outputs : .all)
        } catch {
            return .infinity
        }
        var largest = 0.0
        for (id, tensor) in results where tensor.elementType.isFloatingPoint {
            let name = mutant[id].name
            guard names?.contains(name) ?? true, let own = values[name] else { continue }
            let found = try tensor.doubles()
            guard found.count == own.double.count else {
                // Another shape on the way, as where the stride is taken a layer later, may be the same function.
                if outputs.contains(name) { return .infinity }
                continue
            }
            let isAlone = reference != .outputs && changed.contains(name)
            largest = max(largest, own.change(to: found, in: isAlone ? own.ownNoise : own.noise))
        }
        return largest
    }
}

extension Specimen.Noise {
    init(_ double: [Double], _ float: [Double]) {
        var squares = 0.0
        var values = 0.0
        var largest = 0.0
        for (d, f) in zip(double, float) where d.isFinite && f.isFinite {
            squares += (f - d) * (f - d)
            values += d * d
            largest = max(largest, abs(f - d))
        }
        let count = Double(max(double.count, 1))
        // A single rounding of each element is the least that storing in Float leaves.
        rms = max((squares / count).squareRoot(), 0x1p-25 * (values / count).squareRoot())
        self.largest = max(largest, rms)
    }
}

extension Specimen.Measured {
    /// RMS change over RMS noise, or largest change over largest noise, whichever is more.
    func change(to found: [Double], in noise: Specimen.Noise) -> Double {
        var squares = 0.0
        var largest = 0.0
        for (d, f) in zip(double, found) where d != f && !(d.isNaN && f.isNaN) {
            guard d.isFinite, f.isFinite else { return .infinity }
            squares += (f - d) * (f - d)
            largest = max(largest, abs(f - d))
        }
        guard squares > 0 else { return 0 }
        guard noise.rms > 0 else { return .infinity }
        return max((squares / Double(double.count)).squareRoot() / noise.rms, largest / noise.largest)
    }
}
