internal import SkiffCore
internal import SkiffGraph

extension GridSample: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let (shape, output) = (try step.shape(0), try step.output)
        let spatial = Array(shape[2...])
        guard spatial.allSatisfy({ $0 > 0 }) else { throw EngineError(.operand("the map has no elements to sample")) }
        let positions = output.shape[2...].reduce(1, *)
        let (channels, plane) = (shape[1], spatial.reduce(1, *))
        let elements = try step.reals(0)
        let grid = try step.reals(1)
        let strides = spatial.rowMajorStrides
        var result = [A.Stored](repeating: 0, count: output.count)
        for sample in 0..<output.shape[0] {
            for position in 0..<positions {
                let first = (sample * positions + position) * spatial.count
                // The grid names the last spatial axis first.
                let taps = spatial.indices.map { axis in
                    neighbours(of: grid[first + spatial.count - 1 - axis].double, extent: spatial[axis])
                }
                let mixed = product(taps, strides)
                for channel in 0..<channels {
                    let base = (sample * channels + channel) * plane
                    var sum = A.Sum.zero
                    for (offset, share) in mixed { sum += A.Sum(rounding: share) * A.widened(elements[base + offset]) }
                    result[(sample * channels + channel) * positions + position] = A.rounded(sum)
                }
            }
        }
        return [.real(result)]
    }

    /// Elements of the map and their shares, those of all axes multiplied. What lies outside and is zero has none.
    private func product(_ taps: [[(index: Int, share: Double)]], _ strides: [Int]) -> [(offset: Int, share: Double)] {
        var mixed: [(offset: Int, share: Double)] = [(0, 1)]
        for (axis, list) in taps.enumerated() {
            mixed = mixed.flatMap { place in
                list.map { (place.offset + $0.index * strides[axis], place.share * $0.share) }
            }
        }
        return mixed
    }

    /// The elements of an axis that a coordinate of the grid is made of.
    private func neighbours(of coordinate: Double, extent: Int) -> [(index: Int, share: Double)] {
        let last = Double(extent - 1)
        let edges = alignsCorners ? (0, last) : (-0.5, last + 0.5)
        var x = alignsCorners ? (coordinate + 1) / 2 * last : ((coordinate + 1) * Double(extent) - 1) / 2
        x = x.isNaN ? -1 : min(max(x, -0x1p50), 0x1p50)
        if mode == .nearest { x = x.rounded(.toNearestOrEven) }
        if mode != .cubic, x < edges.0 || x > edges.1 {
            if outside == .border { x = min(max(x, 0), last) }
            if outside == .reflection { x = Self.reflected(x, edges) }
        }
        let shares: [Double]
        let base = mode == .nearest ? x.rounded(.towardZero) : x.rounded(.down)
        switch mode {
        case .nearest: shares = [1]
        case .linear: shares = [1 - (x - base), x - base]
        case .cubic: shares = Self.cubicShares(x - base)
        }
        let first = Int(base) - (mode == .cubic ? 1 : 0)
        return shares.enumerated().compactMap { position, share in
            index(first + position, extent: extent, edges).map { ($0, share) }
        }
    }

    /// The element that stands at a whole position; `nil` where zero does.
    private func index(_ position: Int, extent: Int, _ edges: (Double, Double)) -> Int? {
        if position >= 0, position < extent { return position }
        switch outside {
        case .zeros: return nil
        case .border: return min(max(position, 0), extent - 1)
        case .reflection: return min(max(Int(Self.reflected(Double(position), edges)), 0), extent - 1)
        }
    }

    /// A coordinate folded at the edges until it lies between them.
    private static func reflected(_ x: Double, _ edges: (Double, Double)) -> Double {
        let range = edges.1 - edges.0
        guard range > 0, x < edges.0 || x > edges.1 else { return min(max(x, edges.0), edges.1) }
        let distance = x < edges.0 ? edges.0 - x : x - edges.1
        let folds = (distance / range).rounded(.towardZero)
        let rest = distance - folds * range
        let isEven = folds.truncatingRemainder(dividingBy: 2) == 0
        return (x < edges.0) == isEven ? edges.0 + rest : edges.1 - rest
    }

    /// Keys' cubic with −0.75 at a fraction between the middle two of four elements.
    private static func cubicShares(_ fraction: Double) -> [Double] {
        let a = -0.75
        return (-1...2).map { neighbour in
            let x = abs(Double(neighbour) - fraction)
            if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        }
    }
}
