internal import SkiffCore
internal import SkiffGraph

extension OneHot: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let axis = try checkedAxis(axis, rank: output.shape.count)
        let (depth, inner) = (output.shape[axis], output.shape[(axis + 1)...].reduce(1, *))
        let indices: [Int64] = switch try step.buffer(0) {
        case .integer(let elements): elements
        case .real(let elements): elements.map { realToInteger($0.double, .int64) }
        case .boolean: throw EngineError(.operand("does not take bool"))
        }
        // For every index the element that is on; -1 where it lies outside the line.
        let places = indices.enumerated().map { position, index in
            guard index >= -Int64(depth), index < Int64(depth) else { return -1 }
            let along = Int(index < 0 ? index + Int64(depth) : index)
            return (position / inner * depth + along) * inner + position % inner
        }
        func lines<Element>(_ values: [Element]) throws(EngineError) -> [Element] {
            guard values.count == 2 else {
                throw EngineError(.operand("values are \(values.count) numbers, expected 2"))
            }
            var result = [Element](repeating: values[0], count: output.count)
            for place in places where place >= 0 { result[place] = values[1] }
            return result
        }
        switch try step.buffer(2) {
        case .real(let values): return [.real(try lines(values))]
        case .integer(let values): return [.integer(try lines(values))]
        case .boolean(let values): return [.boolean(try lines(values))]
        }
    }
}

extension IdentityMatrix: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let output = try step.output
        let (rows, columns) = (output.shape[0], output.shape[1])
        func isOn(_ index: Int) -> Bool {
            let (place, overflow) = (index / columns).addingReportingOverflow(diagonal)
            return !overflow && place == index % columns
        }
        let count = rows * columns
        if output.elementType == .bool { return [.boolean((0..<count).map(isOn))] }
        if output.elementType.isInteger { return [.integer((0..<count).map { isOn($0) ? 1 : 0 })] }
        return [.real((0..<count).map { isOn($0) ? 1 : 0 })]
    }
}
