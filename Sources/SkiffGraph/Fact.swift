public import SkiffCore

/// What is known of a value before, or while, the graph runs: element type, shape and, for the small tensors
/// that shapes are computed from, their elements.
///
/// Shape rules (``Operator/infer(_:)``) read facts and give facts. At import the facts come from the file's
/// declarations and may be open; when the graph runs they come from tensors and are complete. So there is one
/// rule for both.
public struct Fact: Hashable, Sendable {
    public var elementType: ElementType
    /// Extents in elements; `nil` where not even the rank is known.
    public var shape: SymbolicShape?
    /// Row-major elements where they are known and few (``Fact/contentsLimit``).
    public var contents: Contents?

    /// Elements of a small tensor. Whole numbers may be symbolic: the batch extent that `Shape` reads.
    public enum Contents: Hashable, Sendable {
        case integers([Dimension])
        case reals([Double])
    }

    /// Most elements that are carried as contents.
    public static let contentsLimit = 4096

    public init(_ elementType: ElementType, _ shape: SymbolicShape?, contents: Contents? = nil) {
        self.elementType = elementType
        self.shape = shape
        self.contents = contents
    }

    public init(_ elementType: ElementType, shape: Shape, contents: Contents? = nil) {
        self.init(elementType, SymbolicShape(shape), contents: contents)
    }

    /// The whole-number contents, all of them known.
    public var integers: [Int]? {
        guard case .integers(let dimensions) = contents else { return nil }
        return dimensions.fixedShape
    }

    /// The real contents; whole numbers are converted.
    public var reals: [Double]? {
        switch contents {
        case .reals(let values): values
        case .integers(let dimensions): dimensions.fixedShape?.map(Double.init)
        case nil: nil
        }
    }

    /// - Throws: ``GraphError`` for a rank or extent past ``Limits``, a size that leaves 64 bits, and contents
    ///   that do not fill the shape.
    func check() throws(GraphError) {
        guard let shape else { return }
        guard shape.count <= Limits.rank else {
            throw GraphError(.limit(name: "rank", declared: shape.count, allowed: Limits.rank))
        }
        var bytes = elementType.byteWidth ?? 1
        for (axis, extent) in shape.enumerated() {
            guard let extent = extent.fixedValue else { continue }
            if extent < 0 { throw GraphError(.emptyOutput(axis: axis, found: extent)) }
            guard extent <= Limits.extent else {
                throw GraphError(.limit(name: "extent", declared: extent, allowed: Limits.extent))
            }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflow else { throw GraphError(.overflow("size of \(shape.shapeText)")) }
            bytes = product
        }
        guard bytes <= Limits.tensorBytes else {
            throw GraphError(.limit(name: "tensor bytes", declared: bytes, allowed: Limits.tensorBytes))
        }
        guard let contents, let count = shape.fixedShape?.checkedElementCount, count != contents.count else { return }
        throw GraphError(
            .extent(input: "contents", expected: "\(count) elements for \(shape.shapeText)", found: "\(contents.count)")
        )
    }
}

extension Fact: CustomStringConvertible {
    /// `float32 [N, 3, 224, 224]`, with the elements behind it where they are known.
    public var description: String {
        let text = "\(elementType.rawValue) \(shape?.shapeText ?? "of unknown rank")"
        return switch contents {
        case .integers(let values): text + " = " + values.shapeText
        case .reals(let values): text + " = \(values)"
        case nil: text
        }
    }
}
