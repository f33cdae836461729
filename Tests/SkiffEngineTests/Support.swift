import SkiffCore
import SkiffGraph
import Testing

import SkiffEngine

/// Numbers without a pattern, the same in every run.
struct Noise {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 23) - 1
        }
    }

    mutating func tensor(_ shape: Shape) throws -> Tensor {
        try Tensor(floats: floats(shape.reduce(1, *)), shape: shape)
    }
}

extension Operator {
    /// The doubles of the first output.
    func doubles(_ inputs: Tensor?..., precision: Precision = .double) throws -> [Double] {
        try Evaluator.apply(self, to: inputs, precision: precision)[0].doubles()
    }
}

func reals(_ values: [Double], _ shape: Shape? = nil) throws -> Tensor {
    try Tensor(floats: values.map { Float($0) }, shape: shape ?? [values.count])
}

func wholes(_ values: [Int64], _ shape: Shape? = nil) throws -> Tensor {
    try Tensor(integers: values, shape: shape ?? [values.count])
}

func flags(_ values: [Bool], _ shape: Shape? = nil) throws -> Tensor {
    try Tensor(elementType: .bool, shape: shape ?? [values.count], bytes: values.map { $0 ? 1 : 0 })
}

/// Whether two lists agree to `tolerance`, NaN with NaN.
func isClose(_ found: [Double], _ expected: [Double], _ tolerance: Double = 1e-9) -> Bool {
    found.count == expected.count
        && zip(found, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance }
}
