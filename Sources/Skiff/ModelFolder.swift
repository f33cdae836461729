#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Folders that stand for a model: ONNX's `model.onnx` with `test_data_set_0/input_0.pb`, `output_0.pb`.
enum ModelFolder {
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The path itself, or the model in the folder it names.
    /// - Throws: ``SkiffError`` `folder`.
    static func modelFile(at path: String) throws(SkiffError) -> String {
        guard isFolder(path) else { return path }
        let names = Set(names(in: path))
        if names.contains("model.onnx") { return joined(path, "model.onnx") }
        let place = Place(file: path)
        if let kind = kind(of: names, at: path) { throw SkiffError(.folder(kind.text, hint: kind.hint), at: place) }
        throw SkiffError(
            .folder("is a folder without model.onnx", hint: "name the model's file in it"), at: place)
    }

    /// Whether the path is a folder that a `.keras` archive was unpacked to.
    static func isUnpackedArchive(_ path: String) -> Bool {
        guard isFolder(path) else { return false }
        let names = Set(names(in: path))
        return names.contains("config.json")
            && !names.isDisjoint(with: ["model.weights.h5", "model.weights.json", "model.weights.npz"])
    }

    /// The names of ONNX test data sets in the folder, in their order.
    static func testDataSets(in folder: String) -> [String] {
        names(in: folder).filter { $0.hasPrefix("test_data_set_") && isFolder(joined(folder, $0)) }
            .sorted { (number($0), $0) < (number($1), $1) }
    }

    /// The files `prefix_0.pb`, `prefix_1.pb`, … of a data set, in their order.
    static func tensorFiles(in folder: String, prefix: String) -> [String] {
        names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".pb") }
            .sorted { (number(String($0.dropLast(3))), $0) < (number(String($1.dropLast(3))), $1) }
            .map { joined(folder, $0) }
    }

    /// The paths of files with that ending, in the order of their numbers and names.
    static func files(in folder: String, ending: String) -> [String] {
        names(in: folder).filter { $0.hasSuffix(ending) }
            .sorted { (number(String($0.dropLast(ending.count))), $0) < (number(String($1.dropLast(ending.count))), $1) }
            .map { joined(folder, $0) }
    }

    static func joined(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    private static func number(_ name: String) -> Int {
        Int(name.reversed().prefix { $0.isNumber }.reversed().map(String.init).joined()) ?? .max
    }

    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
