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
        /// The candidate's layout, where its operators tell.
        var layout: Layout?
    }

    var inputs: [Input] = []
    /// What was taken for granted, in words.
    var assumptions: [String] = []

    /// Extents tried for open axes behind the batch: small, past five halvings, and what classifiers expect.
    static let squareExtents = [[64], [224], [32], [128], [299]]

    /// Extents tried where mistakes are looked for, for the first open axis behind the batch, the second and so on.
    ///
    /// Two that differ show exchanged axes, and odd ones show on which side a strided layer pads: an even extent and a
    /// kernel of three leave `(0, 1)` and `(1, 0)` apart, an odd one `(1, 1)` and `(0, 0)`, and halving 65 × 47 five
    /// times meets both. Networks that join maps of several halvings take multiples of 32 only, hence the second pair.
    static let oddExtents = [[65, 47, 33], [96, 64, 32], [129, 95, 63]] + squareExtents

    /// - Parameters:
    ///   - shapes: Shapes for inputs of the candidate, by name.
    ///   - batch: The extent of open batch axes.
    ///   - extents: What is tried for other open axes, in this order.
    /// - Throws: ``VerifyError`` where the inputs do not fit together, or an extent stays open.
    init(
        _ candidate: Graph, _ reference: Graph, shapes: [String: Shape], batch: Int,
        extents: [[Int]] = InputPlan.squareExtents
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
        try close(open, candidate, reference, batch: batch, extents: extents)
    }

    /// Gives every open extent a number: the batch first, then those that both models' shape rules accept.
    private mutating func close(
        _ open: [OpenInput], _ candidate: Graph, _ reference: Graph, batch: Int, extents: [[Int]]
    ) throws(VerifyError) {
        let needsExtent = open.contains { $0.shape.dropFirst().contains { $0.fixedValue == nil } }
        var refusal: GraphError?
        for extents in needsExtent ? extents : [[1]] {
            var named: [String: Int] = [:]
            let trial = open.map { $0.closed(batch: batch, extents: extents, named: &named) }
            do throws(GraphError) {
                _ = try candidate.inferFacts(binding: Self.binding(trial, \.candidate, permuted: false))
                _ = try reference.inferFacts(binding: Self.binding(trial, \.reference, permuted: true))
                inputs = trial
            } catch {
                refusal = refusal ?? error
                continue
            }
            if needsExtent {
                let taken = zip(open, trial).flatMap { pair in
                    zip(pair.0.shape, pair.1.shape).dropFirst().filter { $0.0.fixedValue == nil }.map { String($0.1) }
                }
                let extents = Self.unique(taken).joined(separator: " and ")
                assumptions.append("open extents of inputs are taken as \(extents)")
            }
            return
        }
        if let refusal { throw VerifyError(refusal) }
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
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
    private var layout: Layout?
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
        input.layout = layout
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

    /// - Parameter named: the extents that names stand for already: two open extents of one name are equal.
    func closed(batch: Int, extents: [Int], named: inout [String: Int]) -> InputPlan.Input {
        var position = 0
        var closed: Shape = []
        for (axis, dimension) in shape.enumerated() {
            if let extent = dimension.fixedValue {
                closed.append(extent)
            } else if axis == 0, shape.count > 1 {
                closed.append(batch)
            } else if case .symbolic(let name) = dimension, let extent = named[name] {
                closed.append(extent)
            } else {
                let extent = extents[min(position, extents.count - 1)]
                position += 1
                if case .symbolic(let name) = dimension { named[name] = extent }
                closed.append(extent)
            }
        }
        return InputPlan.Input(
            candidate: candidate, reference: reference, elementType: elementType, shape: closed,
            permutation: permutation, layout: layout)
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
