internal import SkiffGraph

/// The evaluator's half of an operator's stripe.
protocol EvaluableOperator: OperatorAttributes {
    /// The elements of every output, in the shapes that the operator's own rule gave.
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>]
}

/// Runs whatever operator this is. A `switch` and no table: each call is specialised for its arithmetic.
func evaluate<A: Arithmetic>(_ operator: Operator, _ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
    throw EngineError(.notRunnable("not written yet"))
}
