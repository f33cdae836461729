import SkiffCore
import SkiffTestSupport
import Testing

@Suite struct NumPyTests {
    @Test func `every element type is read in both byte orders`() throws {
        let file = try NPZ(Fixtures.storage("numpy/types.npz"))
        #expect(file.entries.count == 23)
        let signed = (-3..<9).map(Double.init)
        for entry in file.entries where entry.name != "bool" {
            #expect(entry.tensor.shape == [3, 4])
            let isUnsigned = entry.name.contains("_u")
            #expect(try entry.tensor.doubles() == (isUnsigned ? signed.map { $0 + 3 } : signed), "\(entry.name)")
            let isSwapped = entry.name.hasPrefix("big") && entry.tensor.elementType.byteWidth != 1
            #expect(entry.tensor.byteOrder == (isSwapped ? .big : .little))
        }
        #expect(file["bool"]?.elementType == .bool)
        #expect(try file["bool"]?.integers() == signed.map { $0 > 2 ? 1 : 0 })
    }

    @Test func `scalars, empty arrays, Fortran order and all versions are read`() throws {
        let file = try NPZ(Fixtures.storage("numpy/shapes.npz"))
        #expect(file.entries.map(\.name) == [
            "scalar", "vector", "empty", "cube", "fortran", "fortran_big", "version2", "version3",
        ])
        #expect(file["scalar"]?.shape == [])
        #expect(try file["scalar"]?.doubles() == [2.5])
        #expect(try file["vector"]?.integers() == [0, 1, 2, 3, 4])
        #expect(file["empty"]?.shape == [0, 3])
        let cube = (0..<24).map(Double.init)
        for name in ["cube", "fortran", "fortran_big", "version2", "version3"] {
            #expect(file[name]?.shape == [2, 3, 4])
            #expect(try file[name]?.doubles() == cube, "\(name)")
        }
    }

    @Test(arguments: [
        ("objects", "Python objects"), ("structure", "structures"), ("text", "<U2"), ("complex", "<c8"), ("opaque", "|V2"),
    ])
    func `what is no number is refused by name`(name: String, word: String) throws {
        let error = #expect(throws: CoreError.self) { try NPY.read(Fixtures.storage("numpy/refused_\(name).npy")) }
        #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }

    @Test func `an array written is NumPy's own file, byte for byte`() throws {
        try withTemporaryFolder { folder in
            let tensor = try Tensor(floats: (0..<24).map(Float.init), shape: [2, 3, 4])
            try NPY.write(tensor, to: folder + "/cube.npy")
            let written = try Storage(mapping: folder + "/cube.npy")
            #expect(try written.bytes(in: 0..<written.byteCount) == Fixtures.bytes("numpy/cube.npy"))
        }
    }

    @Test(arguments: [false, true])
    func `an archive written reads back, in order, and is the same each time`(compressed: Bool) throws {
        try withTemporaryFolder { folder in
            let arrays: [(name: String, tensor: Tensor)] = [
                ("z", try Tensor(floats: [1, -0.0, .infinity], shape: [3])),
                ("a/b", try Tensor(integers: [.min, .max], shape: [2, 1])),
                ("ünicode", try Tensor(doubles: [], shape: [0])),
                ("bf", try Tensor(elementType: .bfloat16, shape: [], bytes: [0x80, 0x3F])),
            ]
            try NPZ.write(arrays, to: folder + "/1.npz", compressed: compressed)
            try NPZ.write(arrays, to: folder + "/2.npz", compressed: compressed)
            let first = try Storage(mapping: folder + "/1.npz"), second = try Storage(mapping: folder + "/2.npz")
            #expect(try first.bytes(in: 0..<first.byteCount) == second.bytes(in: 0..<second.byteCount))
            let file = try NPZ(first)
            #expect(file.entries.map(\.name) == arrays.map(\.name))
            #expect(try file["z"]?.doubles() == [1, 0, .infinity])
            #expect(try file["a/b"]?.integers() == [.min, .max])
            #expect(file["ünicode"]?.shape == [0])
            #expect(file["bf"]?.elementType == .float32)
        }
    }

    @Test func `no prefix of an array is read, nor one with a byte more`() throws {
        let bytes = try Fixtures.bytes("numpy/cube.npy")
        for count in bytes.indices {
            #expect(throws: CoreError.self) { try NPY.read(Storage(Array(bytes[..<count]))) }
        }
        #expect(throws: CoreError.self) { try NPY.read(Storage(bytes + [0])) }
    }

    @Test(arguments: [
        "(4611686018427387904, 4)", "(-1,)", "(99999999999999999999,)", "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",
        "()  #", "(2 3)", "[2]", "(4294967296, 4294967296)",
    ])
    func `a hostile shape is refused`(shape: String) throws {
        let text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text
        #expect(throws: CoreError.self) { try NPY.read(Storage(bytes)) }
    }
}
