internal import CHDF5Shims
internal import SkiffCore

/// The walk over an open HDF5 file, one path component at a time.
///
/// Only hard links are followed and no object is entered twice; depth and number of objects are bounded. Anything
/// else in the walked part of a file is refused: Keras writes none of it.
struct HDF5Walk {
    let fileBytes: Int
    let skipping: Set<String>
    let file: Int
    private var visited: Set<UInt64> = []
    /// Objects and attributes met so far.
    private var objects = 0
    /// Bytes of attributes and compact datasets copied so far.
    private var copiedBytes = 0
    /// Steps libhdf5 takes to list chunks: it starts from the first one for each.
    private var chunkSteps = 0

    init(fileBytes: Int, skipping: Set<String>, file: Int) {
        self.fileBytes = fileBytes
        self.skipping = skipping
        self.file = file
    }

    mutating func root(of file: skiff_hdf5_id) throws(KerasError) -> HDF5Group {
        let root = skiff_hdf5_open_object(file, "/")
        guard root >= 0 else { throw HDF5Library.failure("opening the root group") }
        defer { skiff_hdf5_close_object(root) }
        guard case .group(let group)? = try object(root, path: "", depth: 0) else {
            throw KerasError(.refused("the root is no group"))
        }
        return group
    }

    /// - Returns: `nil` for objects that are neither group nor dataset.
    private mutating func object(
        _ id: skiff_hdf5_id, path: String, depth: Int
    ) throws(KerasError) -> HDF5Member? {
        var description = skiff_hdf5_object()
        guard skiff_hdf5_describe_object(id, &description) else {
            throw HDF5Library.failure("describing an object", at: path)
        }
        guard visited.insert(description.address).inserted else {
            throw KerasError(.refused("object is linked twice"), at: Place(member: path))
        }
        try count(1)
        switch Int(description.kind) {
        case Int(SKIFF_HDF5_OBJECT_GROUP):
            guard depth < Limits.nesting else {
                throw KerasError(.limit(name: "depth of groups", declared: depth + 1, allowed: Limits.nesting))
            }
            let attributes = description.attribute_count == 0 ? [:] : try attributes(of: id, path: path)
            return .group(
                HDF5Group(attributes: attributes, members: try members(of: id, path: path, depth: depth)))
        case Int(SKIFF_HDF5_OBJECT_DATASET):
            return .dataset(try dataset(id, path: path, attributeCount: description.attribute_count))
        default: return nil
        }
    }

    private mutating func members(
        of group: skiff_hdf5_id, path: String, depth: Int
    ) throws(KerasError) -> [String: HDF5Member] {
        var members: [String: HDF5Member] = [:]
        for link in try links(of: group, path: path) {
            if depth == 0, skipping.contains(link.name) { continue }
            let memberPath = path + "/" + link.name
            try checkLink(link, path: memberPath)
            let id = skiff_hdf5_open_object(group, link.name)
            guard id >= 0 else { throw HDF5Library.failure("opening an object", at: memberPath) }
            defer { skiff_hdf5_close_object(id) }
            guard let member = try object(id, path: memberPath, depth: depth + 1) else { continue }
            guard members.updateValue(member, forKey: link.name) == nil else {
                throw KerasError(.refused("name occurs twice"), at: Place(member: memberPath))
            }
        }
        return members
    }

    private func checkLink(_ link: HDF5Link, path: String) throws(KerasError) {
        let kind: String? =
            switch Int(link.kind) {
            case Int(SKIFF_HDF5_LINK_HARD): nil
            case Int(SKIFF_HDF5_LINK_SOFT): "a soft link"
            case Int(SKIFF_HDF5_LINK_EXTERNAL): "an external link"
            default: "a link of a user's kind"
            }
        if let kind { throw KerasError(.refused("is \(kind), which is never followed"), at: Place(member: path)) }
        guard !link.name.isEmpty, link.name != ".", !link.name.contains("/") else {
            throw KerasError(.refused("link has no usable name"), at: Place(member: path))
        }
    }

    private mutating func links(of group: skiff_hdf5_id, path: String) throws(KerasError) -> [HDF5Link] {
        var list = HDF5LinkList(limit: Limits.hdf5Objects - objects)
        let status = withUnsafeMutablePointer(to: &list) { list in
            skiff_hdf5_each_link(group, HDF5LinkList.visitor, list)
        }
        if let refusal = list.refusal { throw refusal.at(Place(member: path)) }
        guard status >= 0 else { throw HDF5Library.failure("listing a group", at: path) }
        return list.links
    }

    private mutating func count(_ more: Int) throws(KerasError) {
        objects += more
        guard objects <= Limits.hdf5Objects else {
            throw KerasError(.limit(name: "HDF5 objects", declared: objects, allowed: Limits.hdf5Objects))
        }
    }

    /// Charges bytes that are about to be copied out of the file's structure.
    mutating func charge(_ bytes: UInt64, path: String) throws(KerasError) -> Int {
        let (total, overflow) = copiedBytes.addingReportingOverflow(Int(clamping: bytes))
        guard !overflow, total <= Limits.structureBytes else {
            throw KerasError(
                .limit(
                    name: "bytes of attributes", declared: overflow ? Int.max : total,
                    allowed: Limits.structureBytes),
                at: Place(member: path))
        }
        copiedBytes = total
        return Int(clamping: bytes)
    }

    /// Charges the steps of listing `count` chunks.
    mutating func chargeChunks(_ count: Int, path: String) throws(KerasError) {
        let (steps, overflow) = count.multipliedReportingOverflow(by: count)
        let (total, overflow2) = chunkSteps.addingReportingOverflow(steps)
        guard !overflow, !overflow2, total <= Limits.hdf5ChunkSteps else {
            throw KerasError(
                .limit(name: "chunks", declared: count, allowed: Limits.hdf5Chunks), at: Place(member: path))
        }
        chunkSteps = total
    }

    // MARK: Attributes

    private mutating func attributes(
        of object: skiff_hdf5_id, path: String
    ) throws(KerasError) -> [String: HDF5Attribute] {
        var list = HDF5LinkList(limit: Limits.hdf5Objects - objects)
        let status = withUnsafeMutablePointer(to: &list) { list in
            skiff_hdf5_each_attribute(object, HDF5LinkList.visitor, list)
        }
        if let refusal = list.refusal { throw refusal.at(Place(member: path)) }
        guard status >= 0 else { throw HDF5Library.failure("listing attributes", at: path) }
        try count(list.links.count)
        var attributes: [String: HDF5Attribute] = [:]
        for link in list.links {
            attributes[link.name] = try attribute(link.name, of: object, path: path)
        }
        return attributes
    }

    /// One attribute of an object.
    mutating func attribute(
        _ name: String, of object: skiff_hdf5_id, path: String
    ) throws(KerasError) -> HDF5Attribute {
        let place = path + " attribute \"\(escaped(name))\""
        let id = skiff_hdf5_open_attribute(object, name)
        guard id >= 0 else { throw HDF5Library.failure("opening an attribute", at: place) }
        defer { skiff_hdf5_close_attribute(id) }
        var description = skiff_hdf5_attribute()
        guard skiff_hdf5_describe_attribute(id, &description) else {
            throw HDF5Library.failure("describing an attribute", at: place)
        }
        let bytes = try charge(description.stored_bytes, path: place)
        guard let shape = description.space.shape, let count = shape.checkedElementCount else {
            return .unreadable("an attribute without extents")
        }
        return try HDF5AttributeReader(id: id, description: description, path: place).read(
            count: count, isScalar: shape.isEmpty, storedBytes: bytes)
    }
}

/// A name met in a listing.
struct HDF5Link {
    var name: String
    var kind: Int32
}

/// Collects the names of a listing up to a limit.
struct HDF5LinkList {
    var limit: Int
    var links: [HDF5Link] = []
    var refusal: KerasError?

    /// Stops with 1 where a name is refused.
    static let visitor: skiff_hdf5_visitor = { name, kind, context in
        guard let name, let list = context?.assumingMemoryBound(to: HDF5LinkList.self) else { return 1 }
        return list.pointee.append(name, kind)
    }

    private mutating func append(_ name: UnsafePointer<CChar>, _ kind: Int32) -> Int32 {
        guard links.count < limit else {
            refusal = KerasError(
                .limit(name: "HDF5 objects", declared: links.count + 1, allowed: Limits.hdf5Objects))
            return 1
        }
        guard let text = String(validatingCString: name) else {
            refusal = KerasError(.refused("a name is not valid UTF-8"))
            return 1
        }
        guard text.utf8.count <= Limits.nameBytes else {
            refusal = KerasError(
                .limit(name: "bytes of a name", declared: text.utf8.count, allowed: Limits.nameBytes))
            return 1
        }
        links.append(HDF5Link(name: text, kind: kind))
        return 0
    }
}
