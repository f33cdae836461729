internal import SkiffCore
internal import SkiffGraph

/// One change of convention to try.
struct Experiment: Sendable {
    var kind: Explanation.Kind
    /// The node as sentences name it.
    var node: String
    var parameter: String
    var found: String
    var expected: String
    var sentence: String?
    var edit: Edit
    /// How far the change is from what converters get wrong every day: 0 for those, 1 and 2 for rarer ones, 3 and more
    /// for changes that would fit many things.
    var rank: Double
    /// What the change would be called at any node, where ``expected`` says it for this one alone.
    var convention: String?
    /// Whether the change ties samples of a batch together.
    var needsBatch = false
    /// The type that values are rounded to, for experiments with the precision of arithmetic.
    var computeType: ElementType?
    /// What kind of node it is at, where equal changes at others are not the same convention.
    var form = ""
    /// How many single changes this is.
    var changes = 1

    /// The key under which equal changes at several nodes are one convention.
    var key: String {
        "\(kind.rawValue)|\(parameter)|\(convention ?? expected)|\(kind == .padding ? "" : found)|\(form)"
    }
}

/// A node of a piece, and what experiments want to know of it.
struct Site {
    let piece: Graph
    let id: NodeID
    /// The network that the piece is of.
    let candidate: Graph
    /// The candidate's value behind each value of the piece.
    let origins: [ValueID?]
    /// The shape that the reference's output has.
    let referenceShape: Shape
    /// Whether the node's output is the piece's, but for elementwise operators behind it.
    let reachesOutput: Bool

    var node: Node { piece[id] }
    var name: String { piece.displayName(of: id) }
    var isLast: Bool { node.outputs.first == piece.outputs.first?.value }

    func shape(ofInput position: Int) -> Shape? {
        guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
        return piece[id].fact?.shape?.fixedShape
    }

    var outputShape: Shape? { node.outputs.first.flatMap { piece[$0].fact?.shape?.fixedShape } }

    /// The shape that the node's output must have: the reference's, where nothing but elementwise work follows.
    var wantedShape: Shape? {
        guard reachesOutput, let own = outputShape, own.count == referenceShape.count else { return outputShape }
        return referenceShape
    }

    /// The weight at an operand, through casts.
    func weight(_ position: Int) -> Tensor? {
        guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
        return piece.storedWeight(id)?.tensor
    }

    /// The candidate's name for a weight operand.
    func weightName(_ position: Int) -> String? {
        guard node.inputs.indices.contains(position), let id = node.inputs[position],
            let stored = piece.storedWeight(id)?.id, let origin = origins[stored.index]
        else { return nil }
        return candidate[origin].name
    }

    /// The nodes of the piece that read the node's first output.
    var readers: [Node] {
        guard let output = node.outputs.first else { return [] }
        return piece.nodes.filter { $0.inputs.contains(output) }
    }

    func experiment(
        _ kind: Explanation.Kind, rank: Double, _ parameter: String, found: String, expected: String,
        convention: String? = nil, edit: Edit
    ) -> Experiment {
        Experiment(
            kind: kind, node: name, parameter: parameter, found: found, expected: expected, edit: edit, rank: rank,
            convention: convention)
    }

    /// The experiment that puts another operator in the node's place.
    func replacing(
        _ kind: Explanation.Kind, rank: Double, _ parameter: String, found: String, expected: String,
        convention: String? = nil, _ other: Operator
    ) -> Experiment {
        experiment(
            kind, rank: rank, parameter, found: found, expected: expected, convention: convention,
            edit: Edit(operators: [id: other]))
    }

    /// The experiment that puts another tensor in an operand's place.
    func replacing(
        _ kind: Explanation.Kind, rank: Double, _ parameter: String, found: String, expected: String,
        convention: String? = nil, operand: Int, _ tensor: @autoclosure @escaping @Sendable () -> Tensor?
    ) -> Experiment {
        experiment(
            kind, rank: rank, parameter, found: found, expected: expected, convention: convention,
            edit: Edit(made: [id: [operand: tensor]]))
    }
}

/// `0.001`, `1e-05` in the shortest form: `1e-5`.
func shortText(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    let text = "\(number)"
    guard let place = text.firstIndex(of: "e") else {
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    var mantissa = String(text[..<place])
    var exponent = String(text[text.index(after: place)...])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    let sign = exponent.hasPrefix("-") ? "-" : ""
    exponent = String(exponent.drop { $0 == "-" || $0 == "+" || $0 == "0" })
    return mantissa + "e" + sign + exponent
}

func shortText(_ number: Float) -> String { shortText(Double("\(number)") ?? Double(number)) }

func listText(_ numbers: [Int]) -> String { "(" + numbers.map(String.init).joined(separator: ",") + ")" }
