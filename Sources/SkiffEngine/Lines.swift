internal import SkiffCore

/// A value as lines along one axis: element `position` of a line stands at start + position · stride.
struct Lines {
    let count: Int
    let length: Int
    let stride: Int

    init(_ shape: Shape, axis: Int, flattensFromAxis: Bool = false) throws(EngineError) {
        let axis = flattensFromAxis && axis == shape.count ? axis : try checkedAxis(axis, rank: max(1, shape.count))
        let behind = shape.dropFirst(axis + 1).reduce(1, *)
        let extent = axis < shape.count ? shape[axis] : 1
        length = flattensFromAxis ? extent * behind : extent
        stride = flattensFromAxis ? 1 : behind
        count = shape.prefix(axis).reduce(1, *) * stride
    }

    func start(_ line: Int) -> Int { line / stride * stride * length + line % stride }
}
