internal import SkiffCore

/// The input sampled at positions that a grid lists.
///
/// Inputs: 0 the map (N, C, D₁ … Dᵣ); 1 the grid (N, d₁ … dᵣ, r), whose last axis holds a position, last spatial axis
/// first, −1 to 1 across the map. Output (N, C, d₁ … dᵣ). Source: ONNX GridSample 16, 20, 22.
public struct GridSample: OperatorAttributes {
    public enum Mode: String, Hashable, Sendable, CaseIterable { case linear, nearest, cubic }
    /// What stands outside the map.
    public enum Outside: String, Hashable, Sendable, CaseIterable { case zeros, border, reflection }

    public var mode: Mode
    public var outside: Outside
    /// Whether −1 and 1 are the centres of the elements at the ends, and not their outer edges.
    public var alignsCorners: Bool

    public init(mode: Mode, outside: Outside, alignsCorners: Bool) {
        self.mode = mode
        self.outside = outside
        self.alignsCorners = alignsCorners
    }
}

extension GridSample {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "grid"], required: 2, outputCount: outputCount)
        let (input, grid) = (try inputs.required(0), try inputs.required(1))
        try input.require(.floatingPoint)
        try grid.require(.floatingPoint)
        let map = try input.shape(rank: 3...Limits.rank)
        guard let rank = map?.count ?? grid.shape?.count else { return [Fact(input.elementType, nil)] }
        guard mode != .cubic || rank == 4 else {
            throw GraphError(.rank(input: "input", expected: "4, as cubic sampling needs", found: rank))
        }
        let positions = try grid.shape(rank: rank)
        var result = SymbolicShape(repeating: .unknown, count: rank)
        if let map { result[0...1] = map[0...1] }
        if let positions {
            result[0] = try unifyExtent(result[0], positions[0], input: "grid", axis: "samples")
            result[2...] = positions[1..<(rank - 1)]
            _ = try unifyExtent(.fixed(rank - 2), positions[rank - 1], input: "grid", axis: "along the last axis")
        }
        return [Fact(input.elementType, result)]
    }
}
