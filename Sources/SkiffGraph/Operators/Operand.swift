internal import SkiffCore

/// One input of an operator under the name its definition gives it.
struct Operand {
    let name: String
    let fact: Fact

    var elementType: ElementType { fact.elementType }
    var shape: SymbolicShape? { fact.shape }

    /// The extents, where the rank is known.
    /// - Throws: ``GraphError`` `rank` where it is not one of `allowed`.
    func shape(rank allowed: ClosedRange<Int>) throws(GraphError) -> SymbolicShape? {
        guard let shape else { return nil }
        guard allowed.contains(shape.count) else {
            throw GraphError(.rank(input: name, expected: rangeText(allowed), found: shape.count))
        }
        return shape
    }

    func shape(rank: Int) throws(GraphError) -> SymbolicShape? { try shape(rank: rank...rank) }

    func shape(atLeast rank: Int) throws(GraphError) -> SymbolicShape? {
        guard let shape, shape.count < rank else { return shape }
        throw GraphError(.rank(input: name, expected: "at least \(rank)", found: shape.count))
    }

    /// - Throws: ``GraphError`` `elementType` naming both inputs.
    func require(sameTypeAs other: Operand) throws(GraphError) {
        guard elementType == other.elementType else {
            throw GraphError(
                .elementType(
                    input: name, expected: "\(other.elementType.rawValue) as \(other.name)", found: elementType))
        }
    }

    /// - Throws: ``GraphError`` `elementType`.
    func require(_ types: TypeClass) throws(GraphError) {
        guard types.contains(elementType) else {
            throw GraphError(.elementType(input: name, expected: types.text, found: elementType))
        }
    }

    /// - Throws: ``GraphError`` `extent` where the operand has more than one element, or none.
    func requireOneElement() throws(GraphError) {
        guard let shape, let found = shape.first(where: { ($0.fixedValue ?? 1) != 1 }) else { return }
        throw GraphError(.extent(input: name, expected: "one element", found: "an axis of \(found)"))
    }

    /// The whole numbers of a list input (rank 1); each unknown one `unknown`. `nil` where not even their number
    /// is known.
    /// - Throws: ``GraphError`` `elementType`, `rank`.
    func integerList() throws(GraphError) -> [Dimension]? {
        try require(.integer)
        let shape = try shape(rank: 1)
        if case .integers(let values) = fact.contents { return values }
        guard let count = shape?.first?.fixedValue, count <= Limits.rank else { return nil }
        return Array(repeating: .unknown, count: count)
    }

    /// The whole numbers of a list input as extents.
    /// - Throws: ``GraphError`` `elementType`, `rank`, `attribute` for a negative one, `limit` past ``Limits/rank``.
    func extents() throws(GraphError) -> SymbolicShape? {
        guard let list = try integerList() else { return nil }
        guard list.count <= Limits.rank else {
            throw GraphError(.limit(name: "rank", declared: list.count, allowed: Limits.rank))
        }
        for case .fixed(let extent) in list where extent < 0 {
            throw GraphError(.attribute(name: name, expected: "extents of at least 0", found: "\(extent)"))
        }
        return list
    }
}

/// The element types that an operator takes.
enum TypeClass {
    case floatingPoint, integer, number, bool, numberOrBool

    func contains(_ type: ElementType) -> Bool {
        switch self {
        case .floatingPoint: type.isFloatingPoint
        case .integer: type.isInteger
        case .number: type.isFloatingPoint || type.isInteger
        case .bool: type == .bool
        case .numberOrBool: type.isFloatingPoint || type.isInteger || type == .bool
        }
    }

    var text: String {
        switch self {
        case .floatingPoint: "a floating-point type"
        case .integer: "a whole-number type"
        case .number: "a number type"
        case .bool: "bool"
        case .numberOrBool: "a number type or bool"
        }
    }
}

/// The inputs of an operator, named; their number and that of the outputs checked.
struct Operands {
    private let facts: [Fact?]
    private let names: [String]

    /// - Throws: ``GraphError`` `arity` for too many inputs, too few of the first `required`, or a number of
    ///   outputs outside `outputs`; `missingInput` where one of the first `required` is left out; what
    ///   ``Fact/check()`` throws.
    init(
        _ facts: [Fact?], _ names: [String], required: Int, outputCount: Int, outputs: ClosedRange<Int> = 1...1
    ) throws(GraphError) {
        let given = (facts.lastIndex { $0 != nil } ?? -1) + 1
        guard given <= names.count, facts.count >= required else {
            let most = max(names.count, required)
            throw GraphError(.arity(what: "inputs", expected: required...most, found: max(given, facts.count)))
        }
        guard outputs.contains(outputCount) else {
            throw GraphError(.arity(what: "outputs", expected: outputs, found: outputCount))
        }
        for position in 0..<required where facts[position] == nil {
            throw GraphError(.missingInput(names[position]))
        }
        for case let fact? in facts { try fact.check() }
        self.facts = facts
        self.names = names
    }

    /// The operand at `position`, `nil` where it is left out.
    subscript(position: Int) -> Operand? {
        guard position < facts.count, let fact = facts[position] else { return nil }
        return Operand(name: names[position], fact: fact)
    }

    /// - Throws: ``GraphError`` `missingInput` where it is left out.
    func required(_ position: Int) throws(GraphError) -> Operand {
        guard let operand = self[position] else { throw GraphError(.missingInput(names[position])) }
        return operand
    }

    /// The whole numbers of the list input at `position`, or where it is left out those of an attribute; `nil` where
    /// neither is known.
    /// - Throws: ``GraphError`` `elementType`, `rank`.
    func integerList(_ position: Int, orAttribute list: [Int]?) throws(GraphError) -> SymbolicShape? {
        guard let operand = self[position] else { return list.map { SymbolicShape($0) } }
        return try operand.integerList()
    }

    /// The operands there are.
    var all: [Operand] { facts.indices.compactMap { $0 < names.count ? self[$0] : nil } }

    /// - Throws: ``GraphError`` `elementType` where one differs from operand 0's.
    func requireSameTypes() throws(GraphError) {
        let all = all
        guard let first = all.first else { return }
        for operand in all.dropFirst() { try operand.require(sameTypeAs: first) }
    }
}
