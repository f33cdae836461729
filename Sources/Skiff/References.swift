/// What a model can be compared with that is no model, told by its bytes.
public enum ReferenceFile {
    /// Whether the file is a recording or a capsule: an archive of arrays, or what Polygraphy saves.
    public static func isReference(_ path: String) -> Bool {
        if ArrayFile.isArchive(path) { return true }
        guard let storage = try? Storage(mapping: path) else { return false }
        return PolygraphyFile.recognizes(storage)
    }

    static func isCapsule(_ path: String) -> Bool {
        guard !ModelFolder.isFolder(path), let storage = try? Storage(mapping: path) else { return false }
        return Capsule.recognizes(storage)
    }
}

extension Capsule {
    /// Reads a capsule.
    /// - Throws: ``SkiffError`` where the file is none, or breaks a rule of Docs/Capsule.md.
    public init(contentsOf path: String) throws(SkiffError) {
        self = try located(Place(file: path)) { try Capsule(Storage(mapping: path)) }
    }

    /// The sketches of what is recorded of a model.
    /// - Parameters:
    ///   - path: as ``verify(_:againstRecording:inputsFrom:using:progress:)`` takes it; of several recordings the first
    ///     counts.
    ///   - verifier: inputs that its seed makes are kept as a seed, others as they are.
    /// - Throws: ``SkiffError`` where the recording cannot be read, or does not fit the model.
    public init(
        of model: Model, recording path: String, inputsFrom: String? = nil, using verifier: Verifier = Verifier()
    ) throws(SkiffError) {
        guard let recording = try Recording.read(path, for: model.graph, inputsFrom: inputsFrom).first else {
            throw SkiffError(.folder("holds no recording", hint: nil), at: Place(file: path))
        }
        self = try located(Place(file: path)) {
            try Capsule(
                of: recording, for: model.graph, producer: "recorded", seeds: [0, verifier.seed],
                threads: verifier.threads)
        }
        source = Self.name(path)
    }

    /// The sketches of what Skiff computes in Float, on inputs made up as the verifier makes them.
    /// - Throws: ``SkiffError`` where no inputs can be made up, or the model cannot be run.
    public init(
        running model: Model, using verifier: Verifier = Verifier(), progress: Verifier.Progress? = nil
    ) throws(SkiffError) {
        self = try located(Place(file: model.path)) {
            try Capsule(
                running: model.graph, using: verifier, source: Self.name(model.path),
                producer: "skiff \(skiffVersion), Float", progress: progress)
        }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension Recording {
    /// The recordings at a path: one of an archive, one of each data set of a folder, one of each runner and iteration of
    /// Polygraphy's results.
    /// - Parameter inputsFrom: what `polygraphy run --save-inputs` wrote; looked for beside the results where `nil`.
    /// - Throws: ``SkiffError``.
    static func read(_ path: String, for graph: Graph, inputsFrom: String?) throws(SkiffError) -> [Recording] {
        let folder = ModelFolder.isFolder(path)
        if !folder || inputsFrom != nil || ModelFolder.testDataSets(in: path).isEmpty {
            let files = folder ? ModelFolder.files(in: path, ending: ".json") : [path]
            let storages = try files.map { file throws(SkiffError) in
                try located(Place(file: file)) { try Storage(mapping: file) }
            }
            if !storages.isEmpty, storages.allSatisfy(PolygraphyFile.recognizes) {
                return try polygraphy(storages, path, for: graph, inputsFrom: inputsFrom)
            }
        }
        guard inputsFrom == nil else {
            throw SkiffError(
                .arrays("is none of Polygraphy's results", hint: "--inputs-from goes with what --save-outputs wrote"),
                at: Place(file: path))
        }
        return try read(path, for: graph)
    }

    private static func polygraphy(
        _ results: [Storage], _ path: String, for graph: Graph, inputsFrom: String?
    ) throws(SkiffError) -> [Recording] {
        let names = Set(graph.values.lazy.filter { $0.tensor == nil }.map(\.name)).union(graph.outputs.map(\.name))
        var files: [PolygraphyFile] = []
        for result in results {
            let file = try located(Place(file: result.path)) { try PolygraphyFile(result) }
            guard !file.iterations.isEmpty else {
                throw SkiffError(
                    .arrays("holds inputs, expected results", hint: "--against takes what --save-outputs wrote"),
                    at: Place(file: result.path))
            }
            files.append(file)
        }
        let (inputPath, given) = try inputs(beside: path, for: graph, inputsFrom: inputsFrom)
        var recordings: [Recording] = []
        for (file, result) in zip(files, results) {
            for iteration in file.iterations {
                // Of a folder each file is an iteration.
                let index = results.count > 1 ? recordings.count : iteration.index
                guard given.inputs.indices.contains(index) else {
                    throw SkiffError(
                        .arrays("holds inputs of \(given.inputs.count) iterations, results have more", hint: nil),
                        at: Place(file: inputPath))
                }
                let arrays = iteration.arrays.filter { names.contains($0.name) }
                var recording = Recording(
                    name: "\(iteration.runner), iteration \(index)",
                    arrays: try entries(arrays, file, result.path), for: graph)
                recording.inputs = try entries(given.inputs[index], given, inputPath)
                recordings.append(recording)
            }
        }
        return recordings
    }

    private static func entries(
        _ arrays: PolygraphyFile.Arrays, _ file: PolygraphyFile, _ path: String?
    ) throws(SkiffError) -> [Entry] {
        try located(Place(file: path)) {
            try arrays.map { Entry($0.name, try file.tensor($0.array, named: $0.name)) }
        }
    }

    /// The inputs that results belong to: as named, or the one file beside them that has all of the model's.
    private static func inputs(
        beside path: String, for graph: Graph, inputsFrom: String?
    ) throws(SkiffError) -> (path: String, PolygraphyFile) {
        func read(_ path: String) throws(SkiffError) -> PolygraphyFile {
            try located(Place(file: path)) { try PolygraphyFile(Storage(mapping: path)) }
        }
        if let inputsFrom {
            let file = try read(inputsFrom)
            guard !file.inputs.isEmpty else {
                throw SkiffError(
                    .arrays("holds no inputs", hint: "--inputs-from takes what --save-inputs wrote"),
                    at: Place(file: inputsFrom))
            }
            return (inputsFrom, file)
        }
        let names = Set(graph.inputs.map { graph[$0].name })
        let folder = ModelFolder.isFolder(path) ? path + "/.." : Skiff.folder(of: path)
        var found: [(path: String, PolygraphyFile)] = []
        for other in ModelFolder.files(in: folder, ending: ".json") where other != path {
            guard let storage = try? Storage(mapping: other), PolygraphyFile.recognizes(storage),
                let file = try? PolygraphyFile(storage), !file.inputs.isEmpty,
                file.inputs.allSatisfy({ names.isSubset(of: $0.map(\.name)) })
            else { continue }
            found.append((other, file))
        }
        guard let only = found.first, found.count == 1 else {
            throw SkiffError(
                .arrays(
                    "holds results, and \(found.isEmpty ? "no file" : "more than one file") beside it holds their inputs",
                    hint: "--inputs-from FILE names what polygraphy run --save-inputs wrote"),
                at: Place(file: path))
        }
        return only
    }
}
