internal import SkiffCore

/// What an HDF5 file holds, as a value: groups, attributes, and datasets with type, shape and file ranges.
///
/// All Keras knowledge reads catalogues. One is made from a file by ``HDF5Walk``, and by hand in tests. No payload
/// is in it, except of compact datasets, which lie in the file's structure and are small.
struct HDF5Group: Hashable, Sendable {
    var attributes: [String: HDF5Attribute] = [:]
    var members: [String: HDF5Member] = [:]

    init(attributes: [String: HDF5Attribute] = [:], members: [String: HDF5Member] = [:]) {
        self.attributes = attributes
        self.members = members
    }

    func group(_ name: String) -> HDF5Group? {
        if case .group(let group) = members[name] { group } else { nil }
    }

    /// The member at a path of names separated by `/`; `nil` where there is none, and for paths with empty, `.` or
    /// `..` components.
    func member(at path: String) -> HDF5Member? {
        var current = HDF5Member.group(self)
        for name in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard !name.isEmpty, name != ".", name != "..", case .group(let group) = current,
                let next = group.members[String(name)]
            else { return nil }
            current = next
        }
        return current
    }
}

enum HDF5Member: Hashable, Sendable {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
}

enum HDF5Attribute: Hashable, Sendable {
    /// A scalar string.
    case text(String)
    case texts([String])
    case integers([Int64])
    /// Floating-point numbers; an empty list of names is one of them, of none.
    case reals([Double])
    /// A type that is not read, in words.
    case unreadable(String)

    /// Strings of a list; the empty list has no type of its own in Keras files.
    var texts: [String]? {
        switch self {
        case .text(let text): [text]
        case .texts(let texts): texts
        case .integers(let numbers): numbers.isEmpty ? [] : nil
        case .reals(let numbers): numbers.isEmpty ? [] : nil
        case .unreadable: nil
        }
    }

    var text: String? {
        switch self {
        case .text(let text): text
        case .texts(let texts): texts.count == 1 ? texts[0] : nil
        default: nil
        }
    }
}

/// A dataset: where its elements lie, not the elements.
struct HDF5Dataset: Hashable, Sendable {
    /// Path from the root of the file, for messages.
    var path: String
    /// Which of the files that hold a model's weights has it; shards are several.
    var file = 0
    var elementType: ElementType
    var byteOrder: ByteOrder
    var shape: Shape
    var payload: Payload

    enum Payload: Hashable, Sendable {
        /// Contiguous: bytes of the file, from its start.
        case range(Range<Int>)
        /// Compact: the bytes themselves.
        case bytes([UInt8])
        case chunks(HDF5Chunks)
        /// The dataset breaks a rule; the sentence says which. It is refused when somebody asks for it.
        case refused(String)
    }
}

/// The chunks of a chunked dataset, which tile its shape; those at the edges stick out.
struct HDF5Chunks: Hashable, Sendable {
    enum Filter: Int, Hashable, Sendable {
        case deflate = 1, shuffle = 2, fletcher32 = 3
    }

    struct Chunk: Hashable, Sendable {
        var origin: [Int]
        /// Filters of the list that this chunk was written without, as bits.
        var skippedFilters: UInt32
        var range: Range<Int>
    }

    var chunkShape: Shape
    /// In the order in which they were applied on writing; each at most once.
    var filters: [Filter]
    var chunks: [Chunk]
}
