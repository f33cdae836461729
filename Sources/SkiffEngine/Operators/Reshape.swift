internal import SkiffCore
internal import SkiffGraph

// The operators below change a shape and no element.

extension Reshape: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] { [try step.buffer(0)] }
}

extension Flatten: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] { [try step.buffer(0)] }
}

extension Squeeze: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] { [try step.buffer(0)] }
}

extension Unsqueeze: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] { [try step.buffer(0)] }
}
