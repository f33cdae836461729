internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// A reference's value in the candidate's order of axes.
struct ReferenceValue {
    var value: EvaluatorRun.ObservedValue
    var assumption: String?

    var doubles: [Double] { value.doubles }

    /// - Throws: ``CoreError`` for element types that are no numbers.
    init(_ tensor: Tensor) throws(CoreError) {
        let elements: EvaluatorRun.Elements =
            if tensor.elementType == .float64 {
                .double(try tensor.doubles())
            } else if tensor.elementType == .bool {
                .boolean(try tensor.integers().map { $0 != 0 })
            } else if tensor.elementType.isInteger {
                .integer(try tensor.integers())
            } else {
                .float(try tensor.floats())
            }
        value = .init(elementType: tensor.elementType, shape: tensor.shape, elements: elements)
    }

    init(_ value: EvaluatorRun.ObservedValue) { self.value = value }

    func tensor() throws(CoreError) -> Tensor { try value.tensor() }
}

extension EvaluatorRun.ObservedValue {
    var doubles: [Double] {
        switch elements {
        case .float(let floats): floats.map { Double($0) }
        case .double(let doubles): doubles
        case .integer(let integers): integers.map { Double($0) }
        case .boolean(let flags): flags.map { $0 ? 1 : 0 }
        }
    }

    /// As a tensor: reals as float32 or float64.
    func tensor() throws(CoreError) -> Tensor {
        switch elements {
        case .float(let floats): return try Tensor(floats: floats, shape: shape)
        case .double(let doubles): return try Tensor(doubles: doubles, shape: shape)
        case .integer(let integers):
            let bytes = integers.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
            return try Tensor(elementType: .int64, shape: shape, bytes: bytes)
        case .boolean(let flags): return try Tensor(elementType: .bool, shape: shape, bytes: flags.map { $0 ? 1 : 0 })
        }
    }

    /// The same elements with axis `i` of the result axis `axes[i]` of this value.
    func permuted(_ axes: [Int]) -> Self {
        guard axes.count == shape.count, axes.sorted() == Array(shape.indices) else { return self }
        let target = axes.map { shape[$0] }
        let strides = shape.rowMajorStrides
        let order = axes.map { strides[$0] }
        let elements: EvaluatorRun.Elements =
            switch elements {
            case .float(let list): .float(gathered(list, target, order))
            case .double(let list): .double(gathered(list, target, order))
            case .integer(let list): .integer(gathered(list, target, order))
            case .boolean(let list): .boolean(gathered(list, target, order))
            }
        return Self(elementType: elementType, shape: target, elements: elements)
    }
}

/// The elements of `list` in the row-major order of `shape`, whose axes are `strides` apart in it.
private func gathered<Element>(_ list: [Element], _ shape: Shape, _ strides: [Int]) -> [Element] {
    guard let inner = shape.last, let step = strides.last, !list.isEmpty else { return list }
    return [Element](unsafeUninitializedCapacity: list.count) { buffer, initialized in
        var index = Shape(repeating: 0, count: shape.count - 1)
        var (start, filled) = (0, 0)
        list.withUnsafeBufferPointer { list in
            while filled < list.count {
                for position in 0..<inner {
                    buffer.initializeElement(at: filled &+ position, to: list[start &+ position &* step])
                }
                filled += inner
                for axis in index.indices.reversed() {
                    index[axis] += 1
                    start += strides[axis]
                    if index[axis] < shape[axis] { break }
                    start -= strides[axis] * shape[axis]
                    index[axis] = 0
                }
            }
        }
        initialized = filled
    }
}

/// Where the reference's values come from: each is asked for once, in the order in which the candidate computes them.
protocol ReferenceSource {
    /// The value beside a target, in the reference's order of axes; `nil` where there is none.
    mutating func value(of target: Target) throws(VerifyError) -> ReferenceValue?
}

/// The arrays of a recording.
struct RecordedSource: ReferenceSource {
    let tensors: [Tensor]

    init(_ recording: Recording) { tensors = (recording.outputs + recording.values).map(\.tensor) }

    func value(of target: Target) throws(VerifyError) -> ReferenceValue? {
        guard tensors.indices.contains(target.reference) else { return nil }
        do throws(CoreError) { return try ReferenceValue(tensors[target.reference]) } catch {
            throw VerifyError(error).at(Place(tensor: target.referenceName))
        }
    }
}

/// The values of a model, computed in Float as far as they are asked for.
struct ModelSource: ReferenceSource {
    private let run: EvaluatorRun
    private var waiting: [ValueID: EvaluatorRun.ObservedValue] = [:]
    /// How many targets still ask for a value.
    private var readers: [ValueID: Int] = [:]
    private let file: String?

    init(_ graph: Graph, _ given: [String: Tensor], _ targets: [Target], _ verifier: Verifier) throws(VerifyError) {
        file = verifier.referenceFile
        do throws(EngineError) {
            let evaluator = try Evaluator(graph, threads: verifier.threads, memoryBudget: verifier.memoryBudget)
            run = try EvaluatorRun(
                evaluator, given, precision: .float, observing: Set(targets.map { ValueID($0.reference) }))
        } catch { throw VerifyError(error).at(Place(file: verifier.referenceFile)) }
        for target in targets { readers[ValueID(target.reference), default: 0] += 1 }
        for (id, value) in run.observed { waiting[id] = value }
    }

    mutating func value(of target: Target) throws(VerifyError) -> ReferenceValue? {
        let id = ValueID(target.reference)
        do throws(EngineError) {
            while waiting[id] == nil, try run.step() {
                for (id, value) in run.observed { waiting[id] = value }
            }
        } catch { throw VerifyError(error).at(Place(file: file)) }
        let value = waiting[id].map { ReferenceValue($0) }
        readers[id, default: 0] -= 1
        if readers[id] == 0 { waiting[id] = nil }
        return value
    }
}
