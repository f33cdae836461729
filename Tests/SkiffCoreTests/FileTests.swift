#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import SkiffCore
import SkiffTestSupport
import Testing

private func write(_ text: String, to path: String) throws {
    try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(Array(text.utf8)) }
}

private func text(of path: String) throws -> String {
    let storage = try Storage(mapping: path)
    return String(decoding: try storage.bytes(in: 0..<storage.byteCount), as: UTF8.self)
}

private func mode(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

@Suite struct OpenBeneathTests {
    @Test func `files in the folder and below are mapped`() throws {
        try withTemporaryFolder { folder in
            try #require(mkdir(folder + "/a", 0o700) == 0)
            try write("x", to: folder + "/weights.bin")
            try write("yy", to: folder + "/a/weights.bin")
            #expect(try openBeneath(folder: folder, relativePath: "weights.bin").byteCount == 1)
            #expect(try openBeneath(folder: folder + "/", relativePath: "./a/weights.bin").byteCount == 2)
        }
    }

    @Test(arguments: [
        "", "/etc/passwd", "../x", "a/../../x", "a/..", "..", "a\\b", "..\\x", "a\0b", "a//b", "a/", ".", "a/.", "C:/x",
        String(repeating: "a", count: 5000),
    ])
    func `a path that leaves the folder is refused by its text`(path: String) {
        let error = #expect(throws: CoreError.self) { try openBeneath(folder: "/nonexistent", relativePath: path) }
        guard case .externalPathRefused = error?.reason else {
            Issue.record("\(path): \(String(describing: error))")
            return
        }
    }

    @Test func `links, pipes, folders, devices and files with two names are refused`() throws {
        try withTemporaryFolder { folder in
            try #require(mkdir(folder + "/sub", 0o700) == 0)
            try write("x", to: folder + "/sub/file")
            try write("x", to: folder + "/twice")
            try #require(link(folder + "/twice", folder + "/again") == 0)
            try #require(symlink("sub/file", folder + "/link") == 0)
            try #require(symlink("sub", folder + "/linked") == 0)
            try #require(mkfifo(folder + "/pipe", 0o600) == 0)
            for path in ["link", "linked/file", "pipe", "sub", "twice", "again"] {
                let error = #expect(throws: CoreError.self) { try openBeneath(folder: folder, relativePath: path) }
                guard case .externalPathRefused = error?.reason else {
                    Issue.record("\(path): \(String(describing: error))")
                    continue
                }
            }
            #expect(throws: CoreError.self) { try openBeneath(folder: "/dev", relativePath: "null") }
            #expect(throws: CoreError.self) { try openBeneath(folder: folder, relativePath: "missing") }
        }
    }
}

@Suite struct AtomicWriteTests {
    @Test func `a new file has all bytes, and nothing is left beside it`() throws {
        try withTemporaryFolder { folder in
            let large = [UInt8](repeating: 7, count: 3 << 20)
            let storage = Storage(large)
            try atomicWrite(to: folder + "/f") { writer throws(CoreError) in
                try writer.write([0, 0, 0])
                try writer.write(storage, 0..<large.count)
                for byte in 0..<100 { try writer.write([UInt8(byte)]) }
                #expect(writer.position == large.count + 103)
                try writer.overwrite(at: 1, with: [1, 2])
            }
            let file = try Storage(mapping: folder + "/f")
            #expect(try file.bytes(in: 0..<file.byteCount) == [0, 1, 2] + large + (0..<100).map(UInt8.init))
            #expect(names(inFolder: folder) == ["f"])
        }
    }

    @Test func `an existing file keeps its mode, and its contents until the end`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/f"
            try write("old", to: path)
            try #require(chmod(path, 0o640) == 0)
            let before = try Storage(mapping: path)
            try atomicWrite(to: path) { writer throws(CoreError) in
                try writer.write(Array("newer".utf8))
                #expect((try? text(of: path)) == "old")
            }
            #expect(try text(of: path) == "newer")
            #expect(mode(of: path) == 0o640)
            #expect(try before.bytes(in: 0..<3) == Array("old".utf8))
        }
    }

    @Test func `an error leaves the target and the folder as they were`() throws {
        try withTemporaryFolder { folder in
            try write("old", to: folder + "/f")
            for name in ["f", "g"] {
                #expect(throws: CoreError.self) {
                    try atomicWrite(to: folder + "/" + name) { writer throws(CoreError) in
                        try writer.write([UInt8](repeating: 0, count: 1 << 20))
                        throw CoreError(.malformed("no"))
                    }
                }
            }
            #expect(names(inFolder: folder) == ["f"])
            #expect(try text(of: folder + "/f") == "old")
        }
    }

    @Test func `what a link points at is replaced, the link stays`() throws {
        try withTemporaryFolder { folder in
            try #require(mkdir(folder + "/sub", 0o700) == 0)
            try write("old", to: folder + "/sub/f")
            try #require(symlink("sub/f", folder + "/link") == 0)
            try write("new", to: folder + "/link")
            #expect(try text(of: folder + "/sub/f") == "new")
            #expect(names(inFolder: folder) == ["link", "sub"])
            var status = stat()
            #expect(lstat(folder + "/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
            try #require(symlink("nowhere", folder + "/dangling") == 0)
            #expect(throws: CoreError.self) { try write("x", to: folder + "/dangling") }
        }
    }

    @Test func `folders, pipes and missing folders are refused`() throws {
        try withTemporaryFolder { folder in
            try #require(mkfifo(folder + "/pipe", 0o600) == 0)
            for path in [folder, folder + "/", folder + "/pipe", folder + "/no/f", "", folder + "/new/"] {
                let error = #expect(throws: CoreError.self) { try write("x", to: path) }
                #expect(error?.place.file == path)
            }
            #expect(names(inFolder: folder) == ["pipe"])
        }
    }
}
