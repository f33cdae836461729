public import SkiffCore
import SkiffGraph

/// Facts and graphs that several tests use.
extension Fact {
    /// float32 of a shape such as `["N", 3, 8, 8]`.
    static func map(_ shape: Dimension...) -> Fact { Fact(.float32, shape) }
    /// A list of int64, all known.
    static func list(_ values: Int...) -> Fact { list(values) }
    static func list(_ values: [Int]) -> Fact {
        Fact(.int64, shape: [values.count], contents: .integers(values.map { .fixed($0) }))
    }
    /// A list of int64, some of it open.
    static func extents(_ values: Dimension...) -> Fact {
        Fact(.int64, shape: [values.count], contents: .integers(values))
    }
    static func scalar(_ value: Int) -> Fact { Fact(.int64, shape: [], contents: .integers([.fixed(value)])) }
    static func reals(_ values: [Double]) -> Fact { Fact(.float32, shape: [values.count], contents: .reals(values)) }
    static let unranked = Fact(.float32, nil)
}

extension Dimension: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self = .symbolic(name) }
}

extension Window {
    static func explicit(_ strides: [Int], _ pads: [Int], dilations: [Int]? = nil) -> Window {
        Window(
            strides: strides, dilations: dilations ?? strides.map { _ in 1 },
            padding: .explicit(before: pads, after: pads))
    }
}

extension Operator {
    static func convolution(_ window: Window, groups: Int = 1) -> Operator {
        .convolution(
            Convolution(
                window: window, groups: groups, layout: .channelsFirst, kernelOrder: .outputInputSpatial))
    }

    /// The shape of output 0.
    func shape(_ inputs: Fact?...) throws -> SymbolicShape? { try infer(inputs, outputCount: 1)[0].shape }

    /// The whole-number contents of output 0.
    func integers(_ inputs: Fact?...) throws -> [Dimension]? {
        guard case .integers(let values) = try infer(inputs, outputCount: 1)[0].contents else { return nil }
        return values
    }
}

/// The reason of the error that `body` throws.
func refusal(_ body: () throws -> Void) -> GraphError.Reason? {
    do {
        try body()
        return nil
    } catch let error as GraphError {
        return error.reason
    } catch {
        return nil
    }
}
