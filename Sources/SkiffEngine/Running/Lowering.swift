internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// Makes a draft into steps: gives every float32 value a place and an order in memory, packs weights, and picks the
/// kernels.
///
/// An order is a permutation: axis `k` in memory is axis `order[k]` of the value's shape. Maps lie channels last
/// whatever the operator's layout is, so a Transpose between layouts is a view and moves nothing. A step asks for
/// its inputs in the order it needs (``input(_:order:)``), declares its result (``result(_:order:)``) and is
/// emitted with what it reads and writes, from which the arena is laid out.
struct Lowering {
    var draft: Draft
    let graph: Graph
    let kernels: KernelSet
    let threads: Int
    let isExact: Bool
    /// Weights are packed by steps of the program, and not kept.
    let runsOnce: Bool
    let memoryBudget: Int

    var steps: [ProgramStep] = []
    var regions: [Region] = []
    var inputs: [(value: Int, elementType: ElementType, shape: Shape, view: View?)] = []
    var outputs: [(name: String, elementType: ElementType, shape: Shape, source: Program.Source)] = []
    var memories: [Memory] = []
    var probes: [ErrorProbe] = []
    /// What the node that is being lowered computes.
    private(set) var nodeText = ""
    /// Bytes of packed weights and other constants.
    var packedBytes = 0
    /// What is left of the memory that little constants share.
    private var pool = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Working memory that one thread needs.
    var scratchBytes = 0
    /// Where values lie, by order.
    private var places: [[(order: [Int], view: View)]]
    /// Reads of each value that are still to come, the graph's outputs among them.
    var reads: [Int]
    /// Regions that more than one value, or a graph input, lies in.
    private var sharedRegions: Set<ObjectIdentifier> = []
    /// Elementwise operators that wait for the next one, by the value they give.
    var pending: [Int: PendingChain] = [:]
    /// The nodes that read each value.
    let readers: [[Int]]
    /// Values that live outside the arena.
    private(set) var isBoxed: [Bool]

    init(
        _ draft: Draft, graph: Graph, kernels: KernelSet, threads: Int, isExact: Bool,
        runsOnce: Bool = false, memoryBudget: Int
    ) throws(EngineError) {
        self.draft = draft
        self.graph = graph
        self.kernels = kernels
        self.threads = threads
        self.isExact = isExact
        self.runsOnce = runsOnce
        self.memoryBudget = memoryBudget
        readers = Self.readers(draft)
        places = Array(repeating: [], count: draft.values.count)
        isBoxed = Array(repeating: false, count: draft.values.count)
        reads = Array(repeating: 0, count: draft.values.count)
        for node in draft.nodes {
            for case let input? in node.inputs { reads[input] += 1 }
        }
        for output in draft.outputs { reads[output.value] += 1 }
        for input in draft.inputs { takeInput(input) }
        for (index, node) in draft.nodes.enumerated() {
            nodeText = draft.text(of: index, in: graph)
            do throws(EngineError) { try lower(node) } catch {
                throw error.at(node.origins.first.map { graph.place(of: $0) } ?? Place())
            }
            for case let input? in node.inputs { reads[input] -= 1 }
        }
        for output in draft.outputs { try giveOutput(output.name, output.value) }
    }

    private mutating func takeInput(_ input: Int) {
        let value = draft.values[input]
        var view: View?
        if value.elementType == .float32 {
            let made = self.region(elements: value.shape.checkedElementCount ?? 0)
            made.touch(0)
            sharedRegions.insert(ObjectIdentifier(made))
            view = View(home: .region(made))
            places[input] = [(Array(value.shape.indices), View(home: .region(made)))]
        } else {
            isBoxed[input] = true
        }
        inputs.append((input, value.elementType, value.shape, view))
    }

    private mutating func giveOutput(_ name: String, _ index: Int) throws(EngineError) {
        let value = draft.values[index]
        if let constant = value.constant {
            outputs.append((name, value.elementType, value.shape, .constant(constant)))
        } else if isBoxed[index] {
            outputs.append((name, value.elementType, value.shape, .box(index)))
        } else {
            let view = try input(index, order: Array(value.shape.indices))
            outputs.append((name, value.elementType, value.shape, .view(view)))
            if case .region(let region) = view.home { region.lastStep = Int.max }
        }
    }

    // MARK: What steps ask for

    /// A region of `elements` floats.
    mutating func region(elements: Int) -> Region {
        let region = Region(byteCount: elements * MemoryLayout<Float>.stride)
        regions.append(region)
        return region
    }

    /// The value in `order`; rearranged by a step of its own where it lies otherwise.
    mutating func input(_ index: Int, order: [Int]) throws(EngineError) -> View {
        let value = draft.values[index]
        if let place = places[index].first(where: { isSame($0.order, order, value.shape) }) { return place.view }
        if places[index].isEmpty, let constant = value.constant {
            let view = View(home: .constant(try constantElements(constant)))
            places[index].append((Array(value.shape.indices), view))
            if isSame(Array(value.shape.indices), order, value.shape) { return view }
        }
        guard let place = places[index].first else {
            throw EngineError(.notRunnable("value \"\(value.name)\" has no place in memory"))
        }
        return rearrange(index, from: place, to: order)
    }

    /// Whether two orders put the elements at the same places: axes of one element do not count.
    func isSame(_ left: [Int], _ right: [Int], _ shape: Shape) -> Bool {
        left == right || left.filter { shape[$0] != 1 } == right.filter { shape[$0] != 1 }
    }

    /// The order in which the value lies first; `nil` for values that have no place.
    func order(of index: Int) -> [Int]? { places[index].first?.order }

    /// A place for a result.
    mutating func result(_ index: Int, order: [Int]) -> View {
        let view = View(home: .region(region(elements: draft.values[index].shape.checkedElementCount ?? 0)))
        places[index] = [(order, view)]
        return view
    }

    /// A place for a result: that of `addend`, where no one else reads it, so that its lines are in the cache when
    /// they are written. `order` is both values' order; `own` are the reads that this step stands for.
    mutating func result(_ index: Int, order: [Int], over addend: Int?, own: Int = 1) -> View {
        guard let addend, reads[addend] == own, draft.values[addend].shape == draft.values[index].shape,
            let place = places[addend].first(where: { isSame($0.order, order, draft.values[addend].shape) }),
            case .region(let region) = place.view.home, !sharedRegions.contains(ObjectIdentifier(region))
        else { return result(index, order: order) }
        places[index] = [(order, place.view)]
        return place.view
    }

    /// The result is the same elements in the same places as `source`.
    mutating func alias(_ index: Int, order: [Int], _ view: View) {
        if case .region(let region) = view.home { sharedRegions.insert(ObjectIdentifier(region)) }
        places[index] = [(order, view)]
    }

    mutating func box(_ index: Int) { isBoxed[index] = true }

    /// Adds a step behind the ones there are.
    mutating func emit(
        _ report: PlanReport.Step, tasks: Int, reads: [View], writes: [View], regions: [Region] = [],
        body: @escaping (RunState, Int, Int) -> Void
    ) {
        for case .region(let region) in (reads + writes).map(\.home) { region.touch(steps.count) }
        for region in regions { region.touch(steps.count) }
        steps.append(ProgramStep(report: report, tasks: tasks, body: body))
    }

    /// Memory for `elements` floats that outlives the plan's making.
    mutating func constantMemory(elements: Int) throws(EngineError) -> UnsafeMutablePointer<Float> {
        let (bytes, overflow) = elements.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        let (total, carry) = packedBytes.addingReportingOverflow(overflow ? Int.max : bytes)
        guard !overflow, !carry, total <= memoryBudget else {
            throw EngineError(.limit(name: "bytes of packed weights", declared: Int.max, allowed: memoryBudget))
        }
        do throws(CoreError) { try Limits.checkMemory(bytes) } catch { throw EngineError(error) }
        packedBytes = total
        if bytes <= Self.poolBytes / 8 { return try pooled(bytes) }
        let memory = try Memory(bytes)
        memories.append(memory)
        return memory.base.assumingMemoryBound(to: Float.self)
    }

    /// Little constants share pages.
    private static var poolBytes: Int { 1 << 17 }

    private mutating func pooled(_ bytes: Int) throws(EngineError) -> UnsafeMutablePointer<Float> {
        let rounded = (bytes + Region.alignment - 1) / Region.alignment * Region.alignment
        if pool.count < rounded {
            let memory = try Memory(Self.poolBytes)
            memories.append(memory)
            pool = UnsafeMutableRawBufferPointer(start: memory.base, count: memory.byteCount)
        }
        let taken = UnsafeMutableRawBufferPointer(rebasing: pool[..<rounded])
        pool = UnsafeMutableRawBufferPointer(rebasing: pool[rounded...])
        guard let base = taken.baseAddress else { return try pooled(Region.alignment) }
        return base.assumingMemoryBound(to: Float.self)
    }

    private mutating func constantElements(_ tensor: Tensor) throws(EngineError) -> UnsafeMutablePointer<Float> {
        let target = try constantMemory(elements: max(1, tensor.elementCount))
        do throws(CoreError) {
            for (index, element) in try tensor.floats().enumerated() { target[index] = element }
        } catch { throw EngineError(error) }
        return target
    }

    /// Counts working memory that one thread needs.
    mutating func reserveScratch(elements: Int) {
        scratchBytes = max(scratchBytes, elements * MemoryLayout<Float>.stride)
    }

    private mutating func rearrange(_ index: Int, from place: (order: [Int], view: View), to order: [Int]) -> View {
        let value = draft.values[index]
        let view = View(home: .region(region(elements: value.shape.checkedElementCount ?? 0)))
        let copy = Rearrangement(shape: value.shape, from: place.order, to: order, kernels: kernels)
        let (source, report) = (
            place.view,
            PlanReport.Step(
                name: value.name, operation: "rearrange", algorithm: copy.description, inputShape: value.shape,
                outputShape: value.shape)
        )
        emit(report, tasks: copy.tasks, reads: [source], writes: [view]) { state, task, _ in
            copy.run(task, from: source.pointer(state), to: view.pointer(state))
        }
        places[index].append((order, view))
        return view
    }
}
