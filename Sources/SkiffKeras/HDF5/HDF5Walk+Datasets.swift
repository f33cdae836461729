internal import CHDF5Shims
internal import SkiffCore

/// Datasets: layout first, then filters, then type, then shape; what breaks a rule is noted, not read.
extension HDF5Walk {
    mutating func dataset(
        _ id: skiff_hdf5_id, path: String, attributeCount: UInt64
    ) throws(KerasError) -> HDF5Dataset {
        var description = skiff_hdf5_dataset()
        guard skiff_hdf5_describe_dataset(id, &description) else {
            throw HDF5Library.failure("describing a dataset", at: path)
        }
        var dataset = HDF5Dataset(
            path: path, file: file, elementType: .float32, byteOrder: .little, shape: [], payload: .refused(""))
        if let refusal = refusal(of: description) {
            dataset.payload = .refused(refusal)
            return dataset
        }
        guard let shape = description.space.shape else {
            dataset.payload = .refused("has no extents that can be represented")
            return dataset
        }
        dataset.shape = shape
        dataset.byteOrder = description.type.byteOrder
        let isMarked = Int(description.type.kind) == Int(SKIFF_HDF5_TYPE_OPAQUE) && attributeCount > 0
        guard let elementType = isMarked
            ? try markedType(of: id, size: description.type.size, path: path) : description.type.elementType
        else {
            dataset.payload = .refused("has elements of a type that is not read")
            return dataset
        }
        dataset.elementType = elementType
        let bytes: Int
        do throws(CoreError) {
            bytes = try checkedTensorBytes(shape: shape, elementType: elementType)
        } catch {
            throw KerasError(error).at(Place(member: path))
        }
        dataset.payload = try payload(of: id, description, shape: shape, bytes: bytes, path: path)
        return dataset
    }

    /// Why a dataset is not read whatever its type; `nil` where nothing speaks against it.
    private func refusal(of description: skiff_hdf5_dataset) -> String? {
        if Int(description.layout) == Int(SKIFF_HDF5_LAYOUT_VIRTUAL) { return "is a virtual dataset of other files" }
        if Int(description.layout) == Int(SKIFF_HDF5_LAYOUT_OTHER) { return "has an unknown layout" }
        if description.external_file_count > 0 { return "has its elements in other files" }
        let allowed = Int(SKIFF_HDF5_MAXIMUM_FILTERS)
        guard description.filter_count <= allowed else { return "has \(description.filter_count) filters" }
        var seen: Set<Int> = []
        for filter in description.filterCodes {
            guard HDF5Chunks.Filter(rawValue: filter) != nil else {
                return "has filter \(filter) (\(filterName(filter))), read are deflate, shuffle and fletcher32"
            }
            guard seen.insert(filter).inserted else { return "has filter \(filterName(filter)) twice" }
        }
        return nil
    }

    private func filterName(_ code: Int) -> String {
        switch code {
        case 1: "deflate"
        case 2: "shuffle"
        case 3: "fletcher32"
        case 4: "szip"
        case 5: "nbit"
        case 6: "scaleoffset"
        case 32000: "lzf"
        case 32001: "blosc"
        case 32015: "zstd"
        default: "of a plugin"
        }
    }

    /// bfloat16 lies as two opaque bytes with an attribute that names it (Keras 3).
    private mutating func markedType(
        of id: skiff_hdf5_id, size: Int, path: String
    ) throws(KerasError) -> ElementType? {
        guard size == 2, case .text("bfloat16") = try attribute("dtype", of: id, path: path) else { return nil }
        return .bfloat16
    }

    private mutating func payload(
        of id: skiff_hdf5_id, _ description: skiff_hdf5_dataset, shape: Shape, bytes: Int, path: String
    ) throws(KerasError) -> HDF5Dataset.Payload {
        guard bytes > 0 else { return .bytes([]) }
        switch Int(description.layout) {
        case Int(SKIFF_HDF5_LAYOUT_CONTIGUOUS):
            guard let offset = Int(exactly: description.offset), description.offset != .max else {
                return .refused("was never written")
            }
            guard let range = fileRange(offset, count: bytes) else {
                return .refused("needs bytes \(offset) to \(offset) + \(bytes) of a file of \(fileBytes)")
            }
            return .range(range)
        case Int(SKIFF_HDF5_LAYOUT_COMPACT):
            guard description.stored_bytes == bytes else {
                return .refused("stores \(description.stored_bytes) bytes, its shape needs \(bytes)")
            }
            var buffer = [UInt8](repeating: 0, count: try charge(UInt64(bytes), path: path))
            guard skiff_hdf5_read_compact(id, &buffer) else {
                throw HDF5Library.failure("reading a compact dataset", at: path)
            }
            return .bytes(buffer)
        default: return try chunks(of: id, description, shape: shape, path: path)
        }
    }

    private func fileRange(_ offset: Int, count: Int) -> Range<Int>? {
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard !overflow, offset >= 0, count >= 0, end <= fileBytes else { return nil }
        return offset..<end
    }

    private mutating func chunks(
        of id: skiff_hdf5_id, _ description: skiff_hdf5_dataset, shape: Shape, path: String
    ) throws(KerasError) -> HDF5Dataset.Payload {
        let chunkShape = withUnsafeBytes(of: description.chunk_extents) { integers($0, count: shape.count) }
        guard let chunkShape, !shape.isEmpty, chunkShape.allSatisfy({ $0 > 0 }) else {
            return .refused("has chunks without extent")
        }
        guard let expected = zip(shape, chunkShape).map({ ($0 - 1) / $1 + 1 }).checkedElementCount,
            let found = Int(exactly: description.chunk_count), found == expected
        else { return .refused("has \(description.chunk_count) chunks, its shape needs all of them") }
        guard found <= Limits.hdf5Chunks else {
            throw KerasError(
                .limit(name: "chunks", declared: found, allowed: Limits.hdf5Chunks), at: Place(member: path))
        }
        try chargeChunks(found, path: path)
        var chunks: [HDF5Chunks.Chunk] = []
        for index in 0..<found {
            var chunk = skiff_hdf5_chunk()
            guard skiff_hdf5_describe_chunk(id, UInt64(index), &chunk) else {
                throw HDF5Library.failure("describing chunk \(index)", at: path)
            }
            let origin = withUnsafeBytes(of: chunk.origin) { integers($0, count: shape.count) }
            guard let origin, let offset = Int(exactly: chunk.offset), let count = Int(exactly: chunk.stored_bytes),
                let range = fileRange(offset, count: count)
            else { return .refused("has a chunk outside the file") }
            chunks.append(HDF5Chunks.Chunk(origin: origin, skippedFilters: chunk.skipped_filters, range: range))
        }
        let filters = description.filterCodes.compactMap { HDF5Chunks.Filter(rawValue: $0) }
        return .chunks(HDF5Chunks(chunkShape: chunkShape, filters: filters, chunks: chunks))
    }
}

extension skiff_hdf5_dataset {
    /// Codes of the filters, in the order in which they are applied on writing.
    var filterCodes: [Int] {
        withUnsafeBytes(of: filters) { words in
            (0..<min(max(Int(filter_count), 0), Int(SKIFF_HDF5_MAXIMUM_FILTERS))).map {
                Int(words.load(fromByteOffset: $0 * 4, as: Int32.self))
            }
        }
    }
}
