extension Model {
    /// Runs the model and measures what its residual blocks do to the signal, and what becomes of the outputs without
    /// each of them.
    ///
    ///     let inspection = model.inspection()
    ///     let flow = try model.signalFlow(inspection, inputs: model.flowInputs(samples: 8))
    ///     flow.blocks[0].ratio
    ///
    /// - Parameters:
    ///   - inspection: of this model.
    ///   - inputs: what to run it with; made up where `nil`.
    /// - Throws: ``SkiffError`` for inputs that do not fit and operators that cannot be run.
    public func signalFlow(
        _ inspection: Inspection, inputs: SignalFlow.Inputs? = nil, options: SignalFlow.Options = .init(),
        progress: SignalFlow.Progress? = nil
    ) throws(SkiffError) -> SignalFlow {
        let inputs = if let inputs { inputs } else { try flowInputs() }
        return try located(Place(file: path)) {
            try SignalFlow(of: graph, inspection, inputs: inputs, options: options, progress: progress)
        }
    }

    /// Makes up inputs: images with the statistics of photographs (the natural ones of ``ProbeInput``), in the range
    /// that the network expects; noise for inputs that take no images.
    ///
    /// - Parameter samples: how many; where it is `nil` 16, or as many fewer as keep a run below some seconds. Models
    ///   that fix how many samples they take are run several times.
    /// - Throws: ``SkiffError`` for inputs that cannot be made up.
    public func flowInputs(samples: Int? = nil, seed: UInt64 = 0) throws(SkiffError) -> SignalFlow.Inputs {
        let madeUp = try madeUpInputs(batch: nil)
        let step = max(1, madeUp.batch)
        let wanted = samples ?? usualSamples(shapes: madeUp.shapes, batch: step)
        let runs = isBatchOpen ? 1 : (wanted + step - 1) / step
        let count = isBatchOpen ? wanted : runs * step
        var tensors: [String: Tensor] = [:]
        var notes = madeUp.assumptions
        var hasImages = false
        for (position, id) in graph.inputs.enumerated() {
            let name = graph[id].name
            guard let example = madeUp.tensors[name]?.tensorFact else { continue }
            hasImages = hasImages || (example.shape.count == 4 && example.elementType.isFloatingPoint)
            let range = ProbeRange(of: graph, input: id) ?? .normalised
            if range != .normalised, (3...5).contains(example.shape.count), example.elementType.isFloatingPoint {
                notes.append("input \(escaped(name)) takes numbers of \(range.text), as its first layers say")
            }
            tensors[name] = try located(Place(file: path, tensor: name)) {
                try natural(id, position, example, count: count, ProbeInput(seed: seed, range: range))
            }
        }
        let perRun = isBatchOpen ? usualSamples(shapes: madeUp.shapes, batch: step) : step
        return SignalFlow.Inputs(
            runs: try split(tensors, perRun: perRun, atMost: nil).runs,
            text: "\(count) made-up \(hasImages ? "image" : "sample")\(count == 1 ? "" : "s")", isMadeUp: true,
            notes: notes)
    }

    /// The user's own inputs, cut into runs of a few samples each.
    ///
    /// - Parameters:
    ///   - tensors: by input name, samples along the first axis.
    ///   - text: what they are, in words.
    ///   - samples: how many of them are taken; all where it is `nil`.
    /// - Throws: ``SkiffError`` where they do not fit the model.
    public func flowInputs(
        _ tensors: [String: Tensor], text: String, samples: Int? = nil
    ) throws(SkiffError) -> SignalFlow.Inputs {
        let one = try located(Place(file: path)) { try firstRows(tensors, 1).mapValues(\.shape) }
        let declared = graph.inputs.lazy.compactMap { graph[$0].fact?.shape?.first?.fixedValue }.first
        let perRun = isBatchOpen ? usualSamples(shapes: one, batch: 1) : declared ?? 1
        let pieces = try split(tensors, perRun: perRun, atMost: try wholeRuns(of: tensors, perRun, samples))
        var runs: [[String: Tensor]] = []
        var notes: [String] = []
        for piece in pieces.runs {
            let prepared = try located(Place(file: path)) {
                try InputSet(given: piece).prepared(for: graph, against: graph, seed: 0, batch: 1)
            }
            runs.append(prepared.candidate)
            if runs.count == 1 { notes = prepared.assumptions }
        }
        let isPart = pieces.taken < pieces.all
        return SignalFlow.Inputs(
            runs: runs, text: isPart ? "\(text), \(pieces.taken) of \(pieces.all) samples" : text, notes: notes)
    }

    /// Of samples for a model that takes a fixed number at a time, as many as fill runs.
    private func wholeRuns(
        of tensors: [String: Tensor], _ perRun: Int, _ samples: Int?
    ) throws(SkiffError) -> Int? {
        guard !isBatchOpen, perRun > 1, let all = tensors.values.compactMap(\.shape.first).max() else { return samples }
        let wanted = min(samples ?? all, all)
        guard wanted >= perRun else {
            throw SkiffError(
                .arrays(
                    "\(wanted) sample\(wanted == 1 ? "" : "s") given, expected \(perRun) or more: the model takes "
                        + "\(perRun) at a time", hint: "give more images, or export the model with an open batch"),
                at: Place(file: path))
        }
        return wanted / perRun * perRun
    }

    /// Whether the model takes any number of samples.
    private var isBatchOpen: Bool {
        graph.inputs.allSatisfy { graph[$0].fact?.shape.map { $0.first.map { $0.fixedValue == nil } ?? true } ?? true }
    }

    /// A power of two up to 16, so that a run has some ten thousand million multiply-adds at most.
    private func usualSamples(shapes: [String: Shape], batch: Int) -> Int {
        guard let all = Inspection.multiplyAdds(of: graph, shapes: shapes) else { return 4 }
        let each = max(1, all / max(1, batch))
        var samples = 16
        while samples > 2, each > 40_000_000_000 / samples { samples /= 2 }
        return samples
    }

    /// Of every two made-up images the first is a natural one. Each is made by itself, under a seed of its own: inputs can
    /// be large.
    private func natural(
        _ id: ValueID, _ position: Int, _ example: (elementType: ElementType, shape: Shape), count: Int,
        _ probe: ProbeInput
    ) throws -> Tensor {
        var shape = example.shape
        guard shape.count > 1 else {
            return try probe.tensor(forInput: position, elementType: example.elementType, shape: shape)
        }
        let layout = graph.layout(ofInput: id)
        var bytes: [UInt8] = []
        shape[0] = count
        bytes.reserveCapacity(try checkedTensorBytes(shape: shape, elementType: example.elementType))
        shape[0] = 2
        for sample in 0..<count {
            let own = ProbeInput(seed: (probe.seed << 20) &+ UInt64(sample), range: probe.range)
            let pair = try own.tensor(
                forInput: position, elementType: example.elementType, shape: shape, layout: layout)
            try pair.rows(0..<1).withUnsafeBytes { bytes += $0 }
        }
        shape[0] = count
        return try Tensor(elementType: example.elementType, shape: shape, bytes: bytes)
    }

    private func firstRows(_ tensors: [String: Tensor], _ count: Int) throws -> [String: Tensor] {
        try tensors.mapValues { $0.shape.count > 1 ? try $0.rows(0..<min(count, $0.shape[0])) : $0 }
    }

    /// Pieces along the first axis, of inputs that have more than one; others are given to every run.
    private func split(
        _ tensors: [String: Tensor], perRun: Int, atMost: Int?
    ) throws(SkiffError) -> (runs: [[String: Tensor]], taken: Int, all: Int) {
        let counts = Set(tensors.values.filter { $0.shape.count > 1 }.map { $0.shape[0] })
        guard counts.count == 1, let all = counts.first, all > 0 else { return ([tensors], 1, 1) }
        let taken = min(all, atMost ?? all)
        return try located(Place(file: path)) {
            var runs: [[String: Tensor]] = []
            for start in stride(from: 0, to: taken, by: perRun) {
                let rows = start..<min(taken, start + perRun)
                runs.append(try tensors.mapValues { $0.shape.count > 1 ? try $0.rows(rows) : $0 })
            }
            return (runs, taken, all)
        }
    }
}

extension Tensor {
    fileprivate var tensorFact: (elementType: ElementType, shape: Shape) { (elementType, shape) }

    /// Some rows along the first axis, where they lie.
    /// - Throws: ``CoreError`` for packed elements, and for rows that the tensor does not have.
    fileprivate func rows(_ range: Range<Int>) throws -> Tensor {
        guard let extent = shape.first, range != 0..<extent else { return self }
        guard let width = elementType.byteWidth, range.upperBound <= extent else {
            throw CoreError(.malformed("elements of type \(elementType.rawValue) cannot be cut into samples"))
        }
        let row = shape.dropFirst().reduce(width, *)
        var cut = shape
        cut[0] = range.count
        let start = byteRange.lowerBound + range.lowerBound * row
        return try Tensor(
            elementType: elementType, shape: cut, storage: storage, byteRange: start..<(start + range.count * row),
            byteOrder: byteOrder)
    }
}
