internal import CSkiffStatistics
internal import SkiffCore
internal import Synchronization

/// What one chunk of a tensor is like.
struct ChunkFindings: Sendable {
    var exponents: [Int64] = []
    var fraction: UInt64 = 0
    var nans = 0
    var positiveInfinities = 0
    var negativeInfinities = 0
    var leavesHalfGrid = false
    var isFractional = false
    /// Bits of the distinct numbers, at most one more than are counted; `nil` where nobody asked.
    var distinct: [UInt64]?
    var digest: [UInt64] = []
    /// `nil` for the second look at a chunk.
    var sums: ChannelSums?

    var isFinite: Bool { nans == 0 && positiveInfinities == 0 && negativeInfinities == 0 }
}

/// One tensor while it is read, chunk by chunk, on several threads.
///
/// Chunks are added up in their order, whoever reads them, so that the sums hang on nothing but the tensor.
final class TensorReading: Sendable {
    /// Distinct numbers that are counted; more are many.
    static let distinctLimit = Int(SKIFF_STATISTICS_DISTINCT)
    static let bins = Int(SKIFF_STATISTICS_BINS)

    struct Totals: Sendable {
        var findings = ChunkFindings()
        /// All distinct numbers; more than are counted where there are many.
        var distinct: Set<UInt64> = []
        var sums: ChannelSums
        var histogram = [Int64](repeating: 0, count: bins)
        /// Steps that all numbers looked at so far are multiples of.
        var grid = ChannelGrid.none
        var lower = 0.0
        var upper = 0.0
        /// What numbers are multiplied by before their distances are squared; 1 where squares stay in Double's range.
        var scale = 1.0
        fileprivate var pending: [Int: ChunkFindings] = [:]
        fileprivate var next = 0
    }

    let tensor: Tensor
    let name: String
    let decoding: NumberDecoding
    let axis: ChannelAxis
    /// Whether its bytes are digested.
    let isDigested: Bool
    private let state: Mutex<Totals>

    init(_ tensor: Tensor, name: String, decoding: NumberDecoding, axis: ChannelAxis, isDigested: Bool) {
        self.tensor = tensor
        self.name = name
        self.decoding = decoding
        self.axis = axis
        self.isDigested = isDigested
        state = Mutex(Totals(sums: ChannelSums(0..<axis.channels)))
    }

    var chunks: Int { (tensor.elementCount + ChunkMemory.elements - 1) / ChunkMemory.elements }
    var totals: Totals { state.withLock { $0 } }

    private func elements(of chunk: Int) -> Range<Int> {
        let start = chunk * ChunkMemory.elements
        return start..<min(tensor.elementCount, start + ChunkMemory.elements)
    }

    /// Reads a chunk's numbers into memory; its bytes stay in `memory.bytes`, where they are not the numbers.
    private func load(_ chunk: Int, _ memory: ChunkMemory, _ kernels: StatisticsKernels) throws(CoreError) -> Range<Int> {
        let elements = elements(of: chunk)
        let bits = tensor.elementType.bitWidth ?? 8
        let piece = elements.lowerBound * bits / 8..<(elements.upperBound * bits + 7) / 8
        do throws(CoreError) {
            try tensor.readLittleEndian(piece, into: decoding.isStored ? memory.numbers : memory.bytes)
        } catch {
            throw error.at(Place(tensor: name))
        }
        if !decoding.isStored, let bytes = memory.bytes.baseAddress, let numbers = memory.numbers.baseAddress {
            decoding.decode(bytes, count: elements.count, into: numbers, kernels: kernels.table)
        }
        return elements
    }

    /// The first look at a chunk; where it is the only one, the second too.
    /// - Throws: ``CoreError`` at the tensor where it cannot be read or decoded.
    func survey(_ chunk: Int, _ memory: ChunkMemory, _ kernels: StatisticsKernels) throws(CoreError) {
        let elements = try load(chunk, memory, kernels)
        let loops = kernels.loops(isDouble: decoding.isDouble)
        let numbers = memory.numbers.baseAddress
        var survey = memory.emptySurvey()
        loops.survey(numbers, Int64(elements.count), &survey)
        var findings = ChunkFindings()
        findings.exponents = Array(UnsafeBufferPointer(start: survey.exponents, count: decoding.isDouble ? 2048 : 256))
        findings.fraction = survey.fraction
        findings.nans = Int(survey.nans)
        findings.positiveInfinities = Int(survey.positive_infinities)
        findings.negativeInfinities = Int(survey.negative_infinities)
        findings.leavesHalfGrid = survey.leaves_half_grid != 0
        findings.isFractional = survey.is_fractional != 0
        if isDigested { findings.digest = digest(of: elements, memory, kernels) }
        if !hasMany {
            findings.distinct = memory.distinct { loops.distinct(numbers, Int64(elements.count), $0) }
        }
        let sums = ChannelSums(axis.touched(first: elements.lowerBound, count: elements.count))
        var view = sums.view(of: axis)
        loops.channels(numbers, Int64(elements.lowerBound), Int64(elements.count), findings.isFinite ? 1 : 0, &view)
        findings.sums = sums
        add(findings, of: chunk)
        if chunks == 1 {
            settle()
            look(elements, memory, loops, chunk: 0)
        }
    }

    /// Whether more distinct numbers were found already than are counted.
    private var hasMany: Bool { state.withLock { $0.distinct.count > Self.distinctLimit } }

    private func digest(of elements: Range<Int>, _ memory: ChunkMemory, _ kernels: StatisticsKernels) -> [UInt64] {
        let bytes = decoding.isStored ? memory.numbers : memory.bytes
        var state: [UInt64] = Array(repeating: 0x9E37_79B9_7F4A_7C15, count: 8)
        let count = (elements.count * (tensor.elementType.bitWidth ?? 8) + 7) / 8
        kernels.table.pointee.digest(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int64(count), &state)
        return state
    }

    private func add(_ findings: ChunkFindings, of chunk: Int) {
        state.withLock { totals in
            totals.pending[chunk] = findings
            while let next = totals.pending.removeValue(forKey: totals.next) {
                totals.take(next)
                totals.next += 1
            }
        }
    }

    /// What the second look needs: means and extremes.
    func settle() {
        state.withLock { totals in
            let sums = totals.sums
            sums.settleMeans(total: axis.channels == 0 ? 0 : tensor.elementCount / axis.channels)
            totals.next = 0
            if tensor.elementType == .float32, totals.findings.isFinite,
                ChannelGrid.isEligible(axis, elements: tensor.elementCount) {
                totals.grid = .all
            }
            totals.lower = .infinity
            totals.upper = -.infinity
            for index in 0..<sums.count {
                totals.lower = min(totals.lower, sums.minima[index])
                totals.upper = max(totals.upper, sums.maxima[index])
            }
            let magnitude = max(-totals.lower, totals.upper)
            if decoding.isDouble, magnitude.isFinite, magnitude > 0 {
                totals.scale = magnitude > 0x1p400 ? 0x1p-600 : magnitude < 0x1p-400 ? 0x1p600 : 1
            }
        }
    }

    /// The second look at a chunk: how far numbers lie from their means, and the histogram.
    /// - Throws: ``CoreError`` at the tensor where it cannot be read or decoded.
    func measure(_ chunk: Int, _ memory: ChunkMemory, _ kernels: StatisticsKernels) throws(CoreError) {
        let elements = try load(chunk, memory, kernels)
        look(elements, memory, kernels.loops(isDouble: decoding.isDouble), chunk: chunk)
    }

    private func look(_ elements: Range<Int>, _ memory: ChunkMemory, _ loops: skiff_statistics_loops, chunk: Int) {
        let (whole, lower, upper, isFinite, grid, scale) = state.withLock {
            ($0.sums, $0.lower, $0.upper, $0.findings.isFinite, $0.grid, $0.scale)
        }
        guard lower <= upper else { return }
        let numbers = memory.numbers.baseAddress
        let part = ChannelSums(axis.touched(first: elements.lowerBound, count: elements.count))
        var counts = [Int64](repeating: 0, count: Self.bins)
        if upper > lower {
            loops.histogram(
                numbers, Int64(elements.count), isFinite ? 1 : 0, lower, Self.scale(lower, upper), &counts)
        }
        var left = grid
        if grid != .none, let floats = numbers?.assumingMemoryBound(to: Float.self) {
            left = grid.narrowed(
                by: UnsafeBufferPointer(start: floats, count: elements.count), first: elements.lowerBound, axis: axis,
                sums: whole)
        }
        // Last, since it may scale the numbers where they lie.
        var view = part.view(of: axis)
        var means = [Double](UnsafeBufferPointer(start: whole.means + part.lowest, count: part.count))
        if scale != 1, let doubles = numbers?.assumingMemoryBound(to: Double.self) {
            for index in 0..<elements.count { doubles[index] *= scale }
            for index in means.indices { means[index] *= scale }
        }
        loops.deviations(
            numbers, Int64(elements.lowerBound), Int64(elements.count), isFinite ? 1 : 0, &view, means, part.squares)
        var findings = ChunkFindings()
        findings.sums = part
        add(findings, of: chunk)
        state.withLock { totals in
            totals.grid = totals.grid.intersection(left)
            for bin in 0..<Self.bins { totals.histogram[bin] += counts[bin] }
        }
    }

    /// Steps of the histogram in one; ranges that leave Double's range are halved before.
    private static func scale(_ lower: Double, _ upper: Double) -> Double {
        let range = upper - lower
        return range.isFinite ? Double(bins) / range : Double(bins) / 2 / (upper / 2 - lower / 2)
    }
}

extension TensorReading.Totals {
    fileprivate mutating func take(_ chunk: ChunkFindings) {
        if let other = chunk.sums { sums.add(other) }
        guard !chunk.exponents.isEmpty else { return }
        if findings.exponents.isEmpty {
            findings.exponents = chunk.exponents
        } else {
            for index in chunk.exponents.indices { findings.exponents[index] += chunk.exponents[index] }
        }
        findings.fraction |= chunk.fraction
        findings.nans += chunk.nans
        findings.positiveInfinities += chunk.positiveInfinities
        findings.negativeInfinities += chunk.negativeInfinities
        findings.leavesHalfGrid = findings.leavesHalfGrid || chunk.leavesHalfGrid
        findings.isFractional = findings.isFractional || chunk.isFractional
        if let found = chunk.distinct, distinct.count <= TensorReading.distinctLimit { distinct.formUnion(found) }
        for (index, word) in chunk.digest.enumerated() {
            if findings.digest.isEmpty { findings.digest = [UInt64](repeating: 1, count: chunk.digest.count) }
            findings.digest[index] = (findings.digest[index] ^ word) &* 0xD6E8_FEB8_6659_FD93
        }
    }
}
