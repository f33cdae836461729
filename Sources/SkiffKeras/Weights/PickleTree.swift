internal import SkiffCore

/// What a Python pickle says, as values: NumPy keeps arrays of objects so, and Keras its `model.weights.npz`.
///
/// Nothing is run. Names of classes and functions stay names, and what Python would call becomes a node that says so.
/// Nodes refer to each other by position, so input nests nothing here.
struct PickleTree {
    enum Node {
        case null
        case bool(Bool)
        case integer(Int)
        case text(String)
        /// Bytes of the storage.
        case bytes(Range<Int>)
        /// A tuple, list or set.
        case sequence([Int])
        case mapping([(key: Int, value: Int)])
        /// `module name` of a class or function.
        case name(String)
        /// What Python would call, with what, and the state that it would set.
        case call(function: Int, arguments: Int, state: Int?)
        /// Reals and what else no array needs.
        case other
    }

    private(set) var nodes: [Node] = []
    private(set) var root = 0
    /// Where the pickle ends in the storage.
    private(set) var end: Int

    private let storage: Storage
    private var cursor: Int
    private let limit: Int
    private var stack: [Int] = []
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]

    /// Reads the pickle that begins with `range`.
    /// - Throws: ``CoreError`` `malformed`, `truncated`, `limit`.
    init(_ storage: Storage, in range: Range<Int>) throws(CoreError) {
        self.storage = storage
        cursor = range.lowerBound
        limit = range.upperBound
        end = range.upperBound
        try storage.check(range)
        while try step() {}
        end = cursor
    }

    /// The nodes below `start`, it included, each once.
    func reachable(from start: Int) -> [Int] {
        var seen: Set<Int> = [start]
        var order: [Int] = []
        var open = [start]
        while let next = open.popLast() {
            order.append(next)
            let children: [Int] =
                switch nodes[next] {
                case .sequence(let elements): elements
                case .mapping(let pairs): pairs.map(\.value)
                case .call(let function, let arguments, let state): [function, arguments] + (state.map { [$0] } ?? [])
                default: []
                }
            for child in children.reversed() where seen.insert(child).inserted { open.append(child) }
        }
        return order
    }

    func elements(_ node: Int?) -> [Int]? {
        if let node, case .sequence(let elements) = nodes[node] { elements } else { nil }
    }

    func integer(_ node: Int?) -> Int? {
        if let node, case .integer(let number) = nodes[node] { number } else { nil }
    }

    func text(_ node: Int?) -> String? {
        if let node, case .text(let text) = nodes[node] { text } else { nil }
    }

    func name(_ node: Int?) -> String? {
        if let node, case .name(let name) = nodes[node] { name } else { nil }
    }

    // MARK: Bytes

    private mutating func take(_ count: Int) throws(CoreError) -> Range<Int> {
        guard count >= 0, count <= limit - cursor else {
            throw CoreError(.truncated(needed: max(count, 0), available: limit - cursor), at: Place(byteOffset: cursor))
        }
        defer { cursor += count }
        return cursor..<cursor + count
    }

    /// A number of `width` bytes, the lowest first.
    private mutating func number(_ width: Int) throws(CoreError) -> Int {
        let range = try take(width)
        let bytes = try storage.bytes(in: range)
        var value: UInt64 = 0
        for (index, byte) in bytes.prefix(8).enumerated() { value |= UInt64(byte) << UInt64(8 * index) }
        guard let number = Int(exactly: value) else {
            throw CoreError(.malformed("pickle has a length of \(value)"), at: Place(byteOffset: range.lowerBound))
        }
        return number
    }

    private mutating func readText(_ count: Int) throws(CoreError) -> String {
        guard count <= Limits.nameBytes else {
            throw CoreError(.limit(name: "bytes of a name", declared: count, allowed: Limits.nameBytes))
        }
        return String(decoding: try storage.bytes(in: try take(count)), as: UTF8.self)
    }

    private mutating func line() throws(CoreError) -> String {
        let start = cursor
        while try storage.bytes(in: try take(1)) != [0x0A] {
            guard cursor - start <= Limits.nameBytes else { throw CoreError(.malformed("pickle has a line without end")) }
        }
        return String(decoding: try storage.bytes(in: start..<cursor - 1), as: UTF8.self)
    }

    // MARK: The machine

    private mutating func push(_ node: Node) throws(CoreError) {
        guard nodes.count < Limits.jsonValues else {
            throw CoreError(.limit(name: "pickled values", declared: nodes.count + 1, allowed: Limits.jsonValues))
        }
        nodes.append(node)
        stack.append(nodes.count - 1)
    }

    private mutating func pop() throws(CoreError) -> Int {
        guard stack.count > (marks.last ?? 0), let top = stack.popLast() else {
            throw CoreError(.malformed("pickle takes a value that is not there"), at: Place(byteOffset: cursor))
        }
        return top
    }

    private mutating func popToMark() throws(CoreError) -> [Int] {
        guard let mark = marks.popLast(), mark <= stack.count else {
            throw CoreError(.malformed("pickle takes a mark that is not there"), at: Place(byteOffset: cursor))
        }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func top() throws(CoreError) -> Int {
        guard let top = stack.last else {
            throw CoreError(.malformed("pickle takes a value that is not there"), at: Place(byteOffset: cursor))
        }
        return top
    }

    private mutating func recall(_ key: Int) throws(CoreError) {
        guard let node = memo[key] else { throw CoreError(.malformed("pickle recalls what it never kept")) }
        stack.append(node)
        guard stack.count <= Limits.jsonValues else {
            throw CoreError(.limit(name: "pickled values", declared: stack.count, allowed: Limits.jsonValues))
        }
    }

    private mutating func add(_ elements: [Int]) throws(CoreError) {
        let target = try top()
        guard case .sequence(var own) = nodes[target] else { return }
        // The list is held once, so it grows in place.
        nodes[target] = .null
        own += elements
        nodes[target] = .sequence(own)
    }

    private mutating func set(_ pairs: [Int]) throws(CoreError) {
        let target = try top()
        guard case .mapping(var own) = nodes[target] else { return }
        nodes[target] = .null
        for index in stride(from: 0, to: pairs.count - 1, by: 2) { own.append((pairs[index], pairs[index + 1])) }
        nodes[target] = .mapping(own)
    }

    /// - Returns: `false` at the end.
    private mutating func step() throws(CoreError) -> Bool {
        let code = try number(1)
        switch code {
        case 0x2E:
            root = try pop()
            return false
        case 0x80: _ = try take(1)
        case 0x95: _ = try take(8)
        case 0x28: marks.append(stack.count)
        case 0x30: _ = try pop()
        case 0x31: _ = try popToMark()
        case 0x32: stack.append(try top())
        default:
            if try stepValue(code) { return true }
            if try stepContainer(code) { return true }
            guard try stepObject(code) else {
                throw CoreError(.malformed("pickle has code \(code), which is not read"), at: Place(byteOffset: cursor - 1))
            }
        }
        return true
    }

    private mutating func stepValue(_ code: Int) throws(CoreError) -> Bool {
        switch code {
        case 0x4E: try push(.null)
        case 0x88, 0x89: try push(.bool(code == 0x88))
        case 0x4A: try push(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
        case 0x4B: try push(.integer(try number(1)))
        case 0x4D: try push(.integer(try number(2)))
        case 0x8A:
            let count = try number(1)
            guard count <= 7 else {
                _ = try take(count)
                try push(.other)
                return true
            }
            let value = try number(count)
            let isNegative = count > 0 && value >> (8 * count - 1) & 1 == 1
            try push(.integer(isNegative ? value - 1 << (8 * count) : value))
        case 0x47:
            _ = try take(8)
            try push(.other)
        case 0x58: try push(.text(try readText(try number(4))))
        case 0x8C: try push(.text(try readText(try number(1))))
        case 0x8D: try push(.text(try readText(try number(8))))
        case 0x55, 0x43: try push(.bytes(try take(try number(1))))
        case 0x54, 0x42: try push(.bytes(try take(try number(4))))
        case 0x8E, 0x96: try push(.bytes(try take(try number(8))))
        default: return false
        }
        return true
    }

    private mutating func stepContainer(_ code: Int) throws(CoreError) -> Bool {
        switch code {
        case 0x29, 0x5D, 0x8F: try push(.sequence([]))
        case 0x7D: try push(.mapping([]))
        case 0x74, 0x6C, 0x91: try push(.sequence(try popToMark()))
        case 0x85, 0x86, 0x87:
            var elements: [Int] = []
            for _ in 0..<code - 0x84 { elements.insert(try pop(), at: 0) }
            try push(.sequence(elements))
        case 0x61: try add([try pop()])
        case 0x65, 0x90: try add(try popToMark())
        case 0x73:
            let value = try pop()
            try set([try pop(), value])
        case 0x75: try set(try popToMark())
        default: return false
        }
        return true
    }

    private mutating func stepObject(_ code: Int) throws(CoreError) -> Bool {
        switch code {
        case 0x63:
            let module = try line()
            try push(.name(module + " " + (try line())))
        case 0x93:
            let name = try pop()
            let module = try pop()
            try push(.name((text(module) ?? "") + " " + (text(name) ?? "")))
        case 0x52, 0x81:
            let arguments = try pop()
            try push(.call(function: try pop(), arguments: arguments, state: nil))
        case 0x92:
            _ = try pop()
            let arguments = try pop()
            try push(.call(function: try pop(), arguments: arguments, state: nil))
        case 0x62:
            let state = try pop()
            let target = try top()
            if case .call(let function, let arguments, _) = nodes[target] {
                nodes[target] = .call(function: function, arguments: arguments, state: state)
            }
        case 0x51:
            // A persistent identifier: the tuple itself says what it is.
            _ = try top()
        case 0x94: memo[memo.count] = try top()
        case 0x71: memo[try number(1)] = try top()
        case 0x72: memo[try number(4)] = try top()
        case 0x68: try recall(try number(1))
        case 0x6A: try recall(try number(4))
        default: return false
        }
        return true
    }
}
