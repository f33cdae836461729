internal import SkiffCore
internal import SkiffGraph

/// What two models, or one, are run with: a shape for every input, and how the reference's input lies.
struct InputPlan {
    struct Input {
        var candidate: ValueID
        var reference: ValueID
        var elementType: ElementType
        /// Shape of the candidate's tensor.
        var shape: Shape
        /// Turns the candidate's tensor into the reference's; `nil` where both are the same.
        var permutation: Permutation?
    }

    var inputs: [Input] = []
    /// What was taken for granted, in words.
    var assumptions: [String] = []

    /// Extents tried for open axes behind the batch: small, past five halvings, and what classifiers expect.
    private static let openExtents = [64, 224, 32, 128, 299]

    /// - Parameters:
    ///   - shapes: Shapes for inputs of the candidate, by name.
    ///   - batch: The extent of open batch axes.
    /// - Throws: ``VerifyError`` where the inputs do not fit together, or an extent stays open.
    init(
        _ candidate: Graph, _ reference: Graph, shapes: [String: Shape], batch: Int
    ) throws(VerifyError) {
        let names = candidate.inputs.map { candidate[$0].name }
        for name in shapes.keys.sorted() where !names.contains(name) {
            throw VerifyError(.unknownInput(expected: names), at: Place(tensor: name))
        }
        let referenceNames = reference.inputs.map { reference[$0].name }
        guard let pairing = Pairing(names, referenceNames) else {
            throw VerifyError(.inputCount(candidate: names.count, reference: referenceNames.count))
        }
        if !pairing.isByName, names.count > 1 {
            let list = pairing.pairs.map { "\(escaped(names[$0.left])) = \(escaped(referenceNames[$0.right]))" }
            assumptions.append("inputs are paired in their order: \(list.joined(separator: ", "))")
        }
        let traces = (candidate: LayoutTrace(candidate), reference: LayoutTrace(reference))
        var open: [OpenInput] = []
        for pair in pairing.pairs {
            let input = OpenInput(
                candidate: candidate.inputs[pair.left], reference: reference.inputs[pair.right],
                fact: candidate[candidate.inputs[pair.left]].fact,
                referenceFact: reference[reference.inputs[pair.right]].fact,
                given: shapes[names[pair.left]])
            do throws(VerifyError) {
                open.append(try input.resolved(
                    layout: traces.candidate.layout(ofInput: input.candidate),
                    referenceLayout: traces.reference.layout(ofInput: input.reference),
                    name: names[pair.left], assumptions: &assumptions))
            } catch {
                throw error.at(Place(tensor: names[pair.left]))
            }
        }
        try close(open, candidate, reference, batch: batch)
    }

    /// Gives every open extent a number: the batch first, then one that both models' shape rules accept.
    private mutating func close(
        _ open: [OpenInput], _ candidate: Graph, _ reference: Graph, batch: Int
    ) throws(VerifyError) {
        let needsExtent = open.contains { $0.shape.dropFirst().contains { $0.fixedValue == nil } }
        var refusal: GraphError?
        for extent in needsExtent ? Self.openExtents : [1] {
            let trial = open.map { $0.closed(batch: batch, extent: extent) }
            do throws(GraphError) {
                _ = try candidate.inferFacts(binding: Self.binding(trial, \.candidate, permuted: false))
                _ = try reference.inferFacts(binding: Self.binding(trial, \.reference, permuted: true))
                inputs = trial
            } catch {
                refusal = refusal ?? error
                continue
            }
            if needsExtent { assumptions.append("open extents of inputs are taken as \(extent)") }
            return
        }
        if let refusal { throw VerifyError(refusal) }
    }

    private static func binding(
        _ inputs: [Input], _ id: KeyPath<Input, ValueID>, permuted: Bool
    ) -> [ValueID: Fact] {
        var binding: [ValueID: Fact] = [:]
        for input in inputs {
            let shape = permuted ? input.permutation?(input.shape) ?? input.shape : input.shape
            binding[input[keyPath: id]] = Fact(input.elementType, shape: shape)
        }
        return binding
    }
}

/// One pair of inputs before its extents are known.
private struct OpenInput {
    var candidate: ValueID
    var reference: ValueID
    var elementType = ElementType.float32
    /// In the candidate's order of axes.
    var shape: SymbolicShape = []
    var permutation: Permutation?
    private var referenceShape: SymbolicShape?
    private var isShapeKnown: Bool

    init(candidate: ValueID, reference: ValueID, fact: Fact?, referenceFact: Fact?, given: Shape?) {
        self.candidate = candidate
        self.reference = reference
        elementType = fact?.elementType ?? referenceFact?.elementType ?? .float32
        let known = given.map { SymbolicShape($0) } ?? fact?.shape
        shape = known ?? referenceFact?.shape ?? []
        isShapeKnown = known != nil || referenceFact?.shape != nil
        referenceShape = referenceFact?.shape
    }

    /// Decides how the axes correspond, and takes from the reference what the candidate leaves open.
    func resolved(
        layout: Layout?, referenceLayout: Layout?, name: String, assumptions: inout [String]
    ) throws(VerifyError) -> OpenInput {
        var input = self
        guard isShapeKnown else { throw VerifyError(.openInput(shape: "?")) }
        guard let other = referenceShape else { return input }
        guard shape.count == other.count else {
            throw VerifyError(.inputShapes(candidate: shape.shapeText, reference: other.shapeText))
        }
        let straight = Self.merged(shape, other)
        func turned(_ permutation: Permutation?) -> SymbolicShape? {
            permutation.flatMap { permutation in
                Self.merged(shape, Self.inverse(permutation, other))
            }
        }
        if let layout, let referenceLayout {
            input.permutation = Permutation(from: layout, to: referenceLayout, rank: shape.count)
            guard let merged = input.permutation == nil ? straight : turned(input.permutation) else {
                throw VerifyError(.inputShapes(candidate: shape.shapeText, reference: other.shapeText))
            }
            input.shape = merged
            return input
        }
        if let straight {
            input.shape = straight
            return input
        }
        for (from, to) in [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)] {
            guard let permutation = Permutation(from: from, to: to, rank: shape.count),
                let merged = turned(permutation)
            else { continue }
            assumptions.append(
                "input \(escaped(name)) lies \(from.text) here and \(to.text) in the reference, by its shapes alone")
            input.permutation = permutation
            input.shape = merged
            return input
        }
        throw VerifyError(.inputShapes(candidate: shape.shapeText, reference: other.shapeText))
    }

    func closed(batch: Int, extent: Int) -> InputPlan.Input {
        let closed = shape.enumerated().map { axis, dimension in
            dimension.fixedValue ?? (axis == 0 && shape.count > 1 ? batch : extent)
        }
        return InputPlan.Input(
            candidate: candidate, reference: reference, elementType: elementType, shape: closed,
            permutation: permutation)
    }

    /// The reference's extents in the candidate's order.
    private static func inverse(_ permutation: Permutation, _ shape: SymbolicShape) -> SymbolicShape {
        var result = shape
        for (position, axis) in permutation.axes.enumerated() where position < shape.count {
            result[axis] = shape[position]
        }
        return result
    }

    /// Both shapes in one; `nil` where two known extents differ.
    private static func merged(_ left: SymbolicShape, _ right: SymbolicShape) -> SymbolicShape? {
        var merged: SymbolicShape = []
        for (a, b) in zip(left, right) {
            switch (a.fixedValue, b.fixedValue) {
            case (let x?, let y?) where x != y: return nil
            case (_?, _): merged.append(a)
            case (nil, _): merged.append(b.fixedValue == nil ? a : b)
            }
        }
        return merged
    }
}

extension Layout {
    var text: String { self == .channelsFirst ? "channels first" : "channels last" }
}
