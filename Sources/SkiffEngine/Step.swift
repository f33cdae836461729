internal import SkiffCore
internal import SkiffGraph

/// One node of a run, as its operator sees it.
struct Step<A: Arithmetic> {
    typealias Stored = A.Stored

    enum Input {
        case operand(Operand<Stored>)
        /// A weight where it lies; decoded when it is read.
        case weight(Tensor)
    }

    /// An output's complete fact.
    struct Output {
        var elementType: ElementType
        var shape: Shape
        var count: Int
    }

    let node: Int
    let inputs: [Input?]
    let outputs: [Output]
    let threads: Int
    /// Bytes that working copies may take.
    let freeBytes: Int
    let cache: PackedWeights

    /// Whether input `position` is there.
    func has(_ position: Int) -> Bool { position < inputs.count && inputs[position] != nil }

    private func input(_ position: Int) throws(EngineError) -> Input {
        guard position < inputs.count, let input = inputs[position] else {
            throw EngineError(.operand("input \(position) is left out"))
        }
        return input
    }

    func shape(_ position: Int) throws(EngineError) -> Shape {
        switch try input(position) {
        case .operand(let operand): operand.shape
        case .weight(let tensor): tensor.shape
        }
    }

    func elementType(_ position: Int) throws(EngineError) -> ElementType {
        switch try input(position) {
        case .operand(let operand): operand.elementType
        case .weight(let tensor): tensor.elementType
        }
    }

    func isWeight(_ position: Int) -> Bool {
        if position < inputs.count, case .weight = inputs[position] { true } else { false }
    }

    func operand(_ position: Int) throws(EngineError) -> Operand<Stored> {
        switch try input(position) {
        case .operand(let operand): return operand
        case .weight(let tensor):
            try reserve(tensor.elementCount, Buffer<Stored>.width(tensor.elementType))
            do throws(CoreError) { return try Operand(tensor, as: tensor.elementType) } catch { throw EngineError(error) }
        }
    }

    func buffer(_ position: Int) throws(EngineError) -> Buffer<Stored> { try operand(position).buffer }

    /// The elements of a real input.
    func reals(_ position: Int) throws(EngineError) -> [Stored] {
        let operand = try operand(position)
        guard case .real(let elements) = operand.buffer else {
            throw EngineError(.operand("input \(position) is \(operand.elementType.rawValue), expected reals"))
        }
        return elements
    }

    /// The elements of a whole-number input.
    func integers(_ position: Int) throws(EngineError) -> [Int64] {
        let operand = try operand(position)
        guard case .integer(let elements) = operand.buffer else {
            throw EngineError(.operand("input \(position) is \(operand.elementType.rawValue), expected whole numbers"))
        }
        return elements
    }

    /// The elements of a bool input.
    func booleans(_ position: Int) throws(EngineError) -> [Bool] {
        let operand = try operand(position)
        guard case .boolean(let elements) = operand.buffer else {
            throw EngineError(.operand("input \(position) is \(operand.elementType.rawValue), expected bool"))
        }
        return elements
    }

    /// A real input's elements in the type that sums have.
    func sums(_ position: Int) throws(EngineError) -> [A.Sum] {
        let elements = try reals(position)
        try reserve(elements.count, MemoryLayout<A.Sum>.stride)
        return elements.map { A.widened($0) }
    }

    /// The only output.
    var output: Output {
        get throws(EngineError) { try output(0) }
    }

    func output(_ position: Int) throws(EngineError) -> Output {
        guard position < outputs.count else { throw EngineError(.operand("output \(position) is left out")) }
        return outputs[position]
    }

    /// Checks that a working copy fits the memory budget.
    /// - Throws: ``EngineError`` `limit`.
    func reserve(_ count: Int, _ width: Int) throws(EngineError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, bytes <= freeBytes else {
            throw EngineError(.limit(name: "bytes of values", declared: overflow ? Int.max : bytes, allowed: freeBytes))
        }
        do throws(CoreError) { try Limits.checkMemory(bytes) } catch { throw EngineError(error) }
    }

    /// Packed weights of input `position`: kept between runs where the input is a weight of the graph.
    func packedWeights<Element: BitwiseCopyable & Sendable>(
        input position: Int, _ pack: () throws(EngineError) -> [Element]
    ) throws(EngineError) -> [Element] {
        guard isWeight(position) else { return try pack() }
        return try cache.packed(PackedWeights.Key(node: node, precision: A.precision), pack: pack)
    }
}
