internal import SkiffCore

/// Weights that Keras keeps in `model.weights.npz`: for each layer's path one array of a single object, a pickled
/// dictionary of the layer's variables by position.
///
/// They become a catalogue as an HDF5 file of the same weights gives. Arrays stay where they are in the archive.
struct NumPyWeights {
    private(set) var root = HDF5Group()
    let payloads: HDF5Payloads.File
    private let storage: Storage

    /// - Parameter limit: bytes that deflated members may have together.
    init(_ storage: Storage, in range: Range<Int>) throws(KerasError) {
        let archive: ZipArchive
        do throws(CoreError) {
            archive = try ZipArchive(storage: storage, range: range, naming: .labels)
        } catch {
            throw KerasError(error)
        }
        self.storage = storage
        payloads = HDF5Payloads.File(storage: storage, base: 0)
        for member in archive.members where member.name.hasSuffix(".npy") {
            let path = String(member.name.dropLast(4))
            if path == "optimizer" || path.hasPrefix("optimizer/") || path.hasPrefix("metrics") { continue }
            do throws(CoreError) {
                guard member.method == .stored else {
                    throw CoreError(.malformed("is deflated, which Keras does not do"))
                }
                try archive.verifyChecksum(of: member)
                try add(member.dataRange, path: path == "__root__" ? "" : path)
            } catch {
                throw KerasError(error).at(Place(member: member.name))
            }
        }
    }

    private mutating func add(_ range: Range<Int>, path: String) throws(CoreError) {
        let tree = try PickleTree(storage, in: try Self.pickle(storage, range))
        var variables = HDF5Group()
        // The array's elements are a list of one: the dictionary.
        let found = tree.reachable(from: tree.root).first {
            if case .mapping = tree.nodes[$0] { true } else { false }
        }
        guard let found, case .mapping(let pairs) = tree.nodes[found] else {
            throw CoreError(.malformed("holds no dictionary of variables"))
        }
        for (key, value) in pairs {
            guard let name = tree.text(key), !name.isEmpty, !name.contains("/") else {
                throw CoreError(.malformed("holds a variable without a name"))
            }
            guard let array = try PickledArray(tree, below: value, storage) else {
                throw CoreError(.malformed("variable \"\(escaped(name))\" is no array of NumPy or PyTorch"))
            }
            variables.members[name] = .dataset(
                HDF5Dataset(
                    path: "/\(path)/vars/\(name)", elementType: array.elementType, byteOrder: array.byteOrder,
                    shape: array.shape, payload: .range(array.range)))
        }
        guard !variables.members.isEmpty else { return }
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count < Limits.nesting else {
            throw CoreError(.limit(name: "depth of groups", declared: parts.count, allowed: Limits.nesting))
        }
        root.insert(variables, at: parts[...] + ["vars"])
    }

    /// The bytes behind the header of an array of objects.
    private static func pickle(_ storage: Storage, _ range: Range<Int>) throws(CoreError) -> Range<Int> {
        let head = try storage.bytes(in: range.lowerBound..<min(range.lowerBound + 12, range.upperBound))
        guard head.count == 12, NPY.recognizes(head), head[6] >= 1 else { throw CoreError(.numpy("is no .npy array")) }
        let isLong = head[6] > 1
        let count = Int(head[8]) | Int(head[9]) << 8 | (isLong ? Int(head[10]) << 16 | Int(head[11]) << 24 : 0)
        let start = range.lowerBound + (isLong ? 12 : 10)
        guard count <= range.upperBound - start, count <= Limits.nameBytes else {
            throw CoreError(.truncated(needed: count, available: range.upperBound - start))
        }
        let header = String(decoding: try storage.bytes(in: start..<start + count), as: UTF8.self)
        guard header.contains("|O'"), header.contains("'shape': ()") else {
            throw CoreError(.numpy("is no single object, as Keras writes it"))
        }
        return start + count..<range.upperBound
    }
}

extension HDF5Group {
    /// Puts a group at a path, with what is needed around it. Paths are no longer than the limit of nesting.
    fileprivate mutating func insert(_ group: HDF5Group, at path: ArraySlice<String>) {
        guard let name = path.first else { return }
        var inner = self.group(name) ?? HDF5Group()
        if path.count == 1 {
            inner.members.merge(group.members) { _, new in new }
        } else {
            inner.insert(group, at: path.dropFirst())
        }
        members[name] = .group(inner)
    }
}

/// One array in a pickle, where its elements lie.
struct PickledArray {
    var elementType: ElementType
    var byteOrder: ByteOrder
    var shape: Shape
    var range: Range<Int>

    /// The first array at a node or below it; Keras 3 pickles its variables whole.
    init?(_ tree: PickleTree, below node: Int, _ storage: Storage) throws(CoreError) {
        for candidate in tree.reachable(from: node) {
            guard case .call(let function, let arguments, let state) = tree.nodes[candidate] else { continue }
            let name = tree.name(function) ?? ""
            if name.hasSuffix(".multiarray _reconstruct"), let state {
                self = try Self(numpy: tree, state)
                return
            }
            if name == "torch._utils _rebuild_tensor_v2" {
                self = try Self(torch: tree, arguments, storage)
                return
            }
        }
        return nil
    }

    private init(
        _ type: ElementType, _ order: ByteOrder, _ shape: [Int], _ range: Range<Int>
    ) throws(CoreError) {
        let bytes = try checkedTensorBytes(shape: shape, elementType: type)
        guard bytes == range.count else { throw CoreError(.byteCountMismatch(expected: bytes, found: range.count)) }
        (elementType, byteOrder, self.shape, self.range) = (type, order, shape, range)
    }

    /// `(version, shape, dtype, is Fortran, bytes)`.
    private init(numpy tree: PickleTree, _ state: Int) throws(CoreError) {
        guard let parts = tree.elements(state), parts.count == 5, let extents = tree.elements(parts[1]),
            case .call(_, let arguments, let order) = tree.nodes[parts[2]],
            let code = tree.text(tree.elements(arguments)?.first), case .bytes(let range) = tree.nodes[parts[4]]
        else { throw CoreError(.numpy("pickled array has another form than NumPy gives it")) }
        var shape: [Int] = []
        for extent in extents {
            guard let number = tree.integer(extent) else { throw CoreError(.numpy("pickled array has no shape")) }
            shape.append(number)
        }
        let types: [String: ElementType] = [
            "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
            "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool, "bfloat16": .bfloat16,
        ]
        guard let type = types[code] else { throw CoreError(.numpy("pickled array of \"\(escaped(code))\"")) }
        if case .bool(true) = tree.nodes[parts[3]], shape.count > 1 {
            throw CoreError(.numpy("pickled array in Fortran order"))
        }
        let isBig = tree.text(order.flatMap { tree.elements($0) }?.dropFirst().first) == ">"
        try self.init(type, isBig ? .big : .little, shape, range)
    }

    /// `(storage, offset, shape, strides, …)`, the storage a stream of pickles with its elements behind them.
    private init(torch tree: PickleTree, _ arguments: Int, _ storage: Storage) throws(CoreError) {
        guard let parts = tree.elements(arguments), parts.count >= 4, let offset = tree.integer(parts[1]),
            let extents = tree.elements(parts[2]), let steps = tree.elements(parts[3]),
            case .call(_, let inner, _) = tree.nodes[parts[0]],
            let first = tree.elements(inner)?.first, case .bytes(let stream) = tree.nodes[first]
        else { throw CoreError(.malformed("pickled tensor has another form than PyTorch gives it")) }
        let shape = extents.compactMap { tree.integer($0) }
        let strides = steps.compactMap { tree.integer($0) }
        guard shape.count == extents.count, shape.checkedElementCount != nil, offset == 0,
            shape.contains(0) || zip(strides, shape.rowMajorStrides).enumerated().allSatisfy({ index, pair in
                pair.0 == pair.1 || shape[index] == 1
            })
        else { throw CoreError(.malformed("pickled tensor is not laid out row by row")) }
        // Magic number, protocol, facts of the machine, the storage, its key.
        var type: ElementType?
        var position = stream.lowerBound
        for _ in 0..<5 {
            let part = try PickleTree(storage, in: position..<stream.upperBound)
            position = part.end
            for node in part.nodes {
                guard case .name(let name) = node else { continue }
                type = Self.torchTypes[name] ?? type
            }
        }
        guard let type else { throw CoreError(.malformed("pickled tensor has elements of a type that is not read")) }
        guard stream.upperBound - position >= 8 else { throw CoreError(.truncated(needed: 8, available: 0)) }
        try self.init(type, .little, shape, position + 8..<stream.upperBound)
    }

    private static let torchTypes: [String: ElementType] = [
        "torch FloatStorage": .float32, "torch DoubleStorage": .float64, "torch HalfStorage": .float16,
        "torch BFloat16Storage": .bfloat16, "torch LongStorage": .int64, "torch IntStorage": .int32,
    ]
}
