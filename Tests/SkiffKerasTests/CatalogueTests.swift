import SkiffCore
import SkiffTestSupport
import Testing

@testable import SkiffKeras

@Suite("HDF5 catalogues")
struct CatalogueTests {
    private func open(_ name: String) throws -> (storage: Storage, root: HDF5Group) {
        let storage = try Fixtures.storage("hdf5-cases/\(name).h5")
        return (storage, try HDF5Library.catalogue(of: storage, in: 0..<storage.byteCount))
    }

    private func tensor(_ file: (storage: Storage, root: HDF5Group), _ name: String) throws -> Tensor {
        guard case .dataset(let dataset)? = file.root.members[name] else { throw KerasError(.missing(name)) }
        var payloads = HDF5Payloads(storage: file.storage, base: 0)
        return try payloads.tensor(of: dataset)
    }

    private var values: [Double] { (0..<60).map { Double($0) / 8 - 3 } }

    @Test("every layout, filter and real type gives the numbers that h5py wrote", arguments: [
        "contiguous", "big", "half", "double", "chunked", "deflated", "everything", "compact",
    ])
    func layouts(name: String) throws {
        let tensor = try tensor(open("layouts"), name)
        #expect(tensor.shape == [5, 12])
        #expect(try tensor.doubles() == values)
    }

    @Test("chunks in three axes are put together, edges cut")
    func cube() throws {
        let tensor = try tensor(open("layouts"), "cube")
        #expect(tensor.shape == [3, 5, 7])
        #expect(try tensor.doubles() == (0..<105).map(Double.init))
    }

    @Test("scalars, empty datasets, integers of either byte order and bfloat16 are read")
    func others() throws {
        let file = try open("layouts")
        #expect(try tensor(file, "scalar").doubles() == [2.5])
        #expect(try tensor(file, "empty").shape == [0, 3])
        #expect(try tensor(file, "integer").integers() == values.map { Int64($0.rounded(.towardZero)) })
        let bfloat = try tensor(file, "bfloat16")
        #expect(bfloat.elementType == .bfloat16)
        #expect(try zip(bfloat.doubles(), values).allSatisfy { abs($0 - $1) <= abs($1) / 128 })
    }

    @Test("a contiguous dataset is a range of the mapped file, not a copy")
    func mapped() throws {
        let file = try open("layouts")
        #expect(try tensor(file, "big").storage === file.storage)
        #expect(try tensor(file, "big").byteOrder == .big)
    }

    @Test("files of the newest HDF5 format are read")
    func newest() throws {
        let file = try open("newest")
        #expect(try tensor(file, "contiguous").doubles() == values)
        #expect(try tensor(file, "everything").doubles() == values)
        #expect(file.root.group("g")?.attributes["name"]?.text == "inner")
    }

    @Test("attributes of every kind Keras writes are read")
    func attributes() throws {
        let attributes = try open("layouts").root.attributes
        #expect(attributes["fixed"]?.texts == ["one", "three"])
        #expect(attributes["variable"]?.texts == ["one", "zwölf"])
        #expect(attributes["text"] == .text("téxt"))
        #expect(attributes["none"]?.texts == [])
        #expect(attributes["number"] == .integers([7]))
        #expect(attributes["real"] == .reals([0.25]))
    }

    @Test("what is not read is named when it is asked for", arguments: [
        ("lzf", "lzf"), ("scaleoffset", "scaleoffset"), ("unwritten", "never written"), ("sparse", "1 chunks"),
        ("external", "other files"), ("virtual", "virtual"), ("opaque", "type"), ("text", "type"),
        ("compound", "type"), ("odd", "type"),
    ])
    func refused(name: String, why: String) throws {
        let file = try open("refused")
        let error = #expect(throws: KerasError.self) { try tensor(file, name) }
        #expect(error?.message.contains(why) == true, "\(error?.description ?? "")")
        #expect(error?.place.member == "/" + name)
    }

    @Test("links other than hard ones, cycles and late signatures refuse the file", arguments: [
        ("soft-link", "soft link"), ("external-link", "external link"), ("cycle", "linked twice"),
        ("userblock", "signature"),
    ])
    func refusedFiles(name: String, why: String) throws {
        let error = #expect(throws: KerasError.self) { try open(name) }
        #expect(error?.message.contains(why) == true, "\(error?.description ?? "")")
    }

    @Test("a flipped bit in a chunk is caught by its checksum")
    func checksum() throws {
        let whole = try open("layouts")
        guard case .dataset(let dataset)? = whole.root.members["everything"],
            case .chunks(let chunks) = dataset.payload
        else { throw KerasError(.missing("everything")) }
        var bytes = try whole.storage.bytes(in: 0..<whole.storage.byteCount)
        bytes[chunks.chunks[1].range.lowerBound + 4] ^= 1
        var payloads = HDF5Payloads(storage: Storage(bytes), base: 0)
        #expect(throws: KerasError.self) { try payloads.tensor(of: dataset) }
    }

    @Test("chunks that overlap, repeat or leave the grid are refused")
    func brokenChunks() throws {
        func chunk(_ origin: Int, _ range: Range<Int>) -> HDF5Chunks.Chunk {
            HDF5Chunks.Chunk(origin: [origin], skippedFilters: 0, range: range)
        }
        func decode(_ chunks: [HDF5Chunks.Chunk]) throws -> Tensor {
            var payloads = HDF5Payloads(storage: Storage([UInt8](0..<16)), base: 0)
            let layout = HDF5Chunks(chunkShape: [4], filters: [], chunks: chunks)
            return try payloads.tensor(of: HDF5Dataset(
                path: "/x", elementType: .uint8, byteOrder: .little, shape: [8], payload: .chunks(layout)))
        }
        #expect(try decode([chunk(4, 0..<4), chunk(0, 8..<12)]).integers() == [8, 9, 10, 11, 0, 1, 2, 3])
        #expect(throws: KerasError.self) { try decode([chunk(0, 0..<4), chunk(4, 2..<6)]) }
        #expect(throws: KerasError.self) { try decode([chunk(0, 0..<4), chunk(0, 4..<8)]) }
        #expect(throws: KerasError.self) { try decode([chunk(0, 0..<4), chunk(3, 4..<8)]) }
        #expect(throws: KerasError.self) { try decode([chunk(0, 0..<4), chunk(4, 4..<7)]) }
    }

    @Test("paths with empty, dot or parent components lead nowhere")
    func paths() {
        let inner = HDF5Group(members: ["b": .group(HDF5Group())])
        let root = HDF5Group(members: ["a": .group(inner)])
        #expect(root.member(at: "a/b") == .group(HDF5Group()))
        for path in ["/a", "a/", "a//b", "../a", "a/./b", "a/../a", "", "c"] {
            #expect(root.member(at: path) == nil, "\(path)")
        }
    }
}
