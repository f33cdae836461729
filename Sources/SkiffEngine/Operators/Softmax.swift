internal import SkiffCore
internal import SkiffGraph

extension Softmax: EvaluableOperator {
    func evaluate<A: Arithmetic>(_ step: Step<A>) throws(EngineError) -> [Buffer<A.Stored>] {
        let lines = try Lines(step.shape(0), axis: axis, flattensFromAxis: flattensFromAxis)
        let elements = try step.reals(0)
        let (length, stride, kind) = (lines.length, lines.stride, kind)
        return [.real(elements.withUnsafeBufferPointer { source in
            written(source.count) { target in
                inRanges(source.isEmpty ? 0 : lines.count, cost: length * 16, threads: step.threads) { range in
                    for line in range {
                        let start = lines.start(line)
                        Self.normalize(A.self, source, target, kind, start: start, length: length, stride: stride)
                    }
                }
            }
        })]
    }

    private static func normalize<A: Arithmetic>(
        _ arithmetic: A.Type, _ source: UnsafeBufferPointer<A.Stored>, _ target: UnsafeMutablePointer<A.Stored>,
        _ kind: Kind, start: Int, length: Int, stride: Int
    ) {
        var (largest, winner) = (-A.Stored.infinity, start)
        for index in 0..<length {
            let element = source[start + index * stride]
            if element > largest || element.isNaN { (largest, winner) = (element, start + index * stride) }
        }
        if kind == .hardmax {
            target[winner] = 1
            return
        }
        let shift = A.widened(largest)
        var sum = A.Sum.zero
        for index in 0..<length { sum += A.Sum.exponential(A.widened(source[start + index * stride]) - shift) }
        let logarithm = kind == .logSoftmax ? A.Sum.logarithm(sum) : 0
        for index in 0..<length {
            let distance = A.widened(source[start + index * stride]) - shift
            target[start + index * stride] =
                A.rounded(kind == .logSoftmax ? distance - logarithm : A.Sum.exponential(distance) / sum)
        }
    }
}
