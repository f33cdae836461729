/// Compares two models on one made-up input.
///
///     let report = try verify(converted, against: original)
///     report.passed
///
/// - Parameter verifier: What to compare, how strictly, and on what (``Verifier``).
/// - Throws: ``SkiffError`` where a model cannot be run, or their inputs do not correspond.
public func verify(
    _ candidate: Model, against reference: Model, using verifier: Verifier = Verifier(),
    progress: Verifier.Progress? = nil
) throws(SkiffError) -> ParityReport {
    var verifier = verifier
    verifier.candidateFile = candidate.path
    verifier.referenceFile = reference.path
    return try located { try verifier.verify(candidate.graph, against: reference.graph, progress: progress) }
}

/// Compares a model with what was recorded: a `.npz` (members `input:NAME`, `output:NAME`, `value:NAME`, or named as
/// the model names them), a folder of ONNX test data sets (`test_data_set_0/input_0.pb`, `output_0.pb`), results of
/// `polygraphy run --save-outputs`, or a capsule (Docs/Capsule.md).
/// - Parameter inputsFrom: what `polygraphy run --save-inputs` wrote; looked for beside the results where `nil`.
/// - Throws: ``SkiffError`` where the model cannot be run, or the recording does not fit it.
public func verify(
    _ candidate: Model, againstRecording path: String, inputsFrom: String? = nil, using verifier: Verifier = Verifier(),
    progress: Verifier.Progress? = nil
) throws(SkiffError) -> ParityReport {
    var verifier = verifier
    verifier.candidateFile = candidate.path
    verifier.referenceFile = path
    if ReferenceFile.isCapsule(path) {
        let capsule = try Capsule(contentsOf: path)
        return try located { try verifier.verify(candidate.graph, against: capsule, progress: progress) }
    }
    let recordings = try Recording.read(path, for: candidate.graph, inputsFrom: inputsFrom)
    var reports: [ParityReport] = []
    for (index, recording) in recordings.enumerated() {
        let report = try located { () throws -> ParityReport in
            try verifier.verify(candidate.graph, against: recording) { phase, fraction in
                progress?(phase, (Double(index) + fraction) / Double(recordings.count))
            }
        }
        reports.append(report)
    }
    guard let report = ParityReport(joining: reports) else {
        throw SkiffError(
            .folder("holds no test_data_set_0", hint: "ONNX puts recorded inputs and outputs there"),
            at: Place(file: path))
    }
    return report
}

extension Recording {
    /// The recordings at a path: one of an archive, one of each data set of a folder.
    /// - Throws: ``SkiffError``.
    static func read(_ path: String, for graph: Graph) throws(SkiffError) -> [Recording] {
        guard ModelFolder.isFolder(path) else {
            guard case .archive(let members) = try ArrayFile(contentsOf: path) else {
                throw SkiffError(
                    .arrays("is one array, expected inputs and outputs", hint: "numpy.savez puts several in one file"),
                    at: Place(file: path))
            }
            return [Recording(name: path, arrays: members.map { Entry($0.name, $0.tensor) }, for: graph)]
        }
        var recordings: [Recording] = []
        for name in ModelFolder.testDataSets(in: path) {
            let folder = ModelFolder.joined(path, name)
            let inputs = try entries(ModelFolder.tensorFiles(in: folder, prefix: "input_"), "input")
            let outputs = try entries(ModelFolder.tensorFiles(in: folder, prefix: "output_"), "output")
            recordings.append(Recording(name: name, inputs: inputs, outputs: outputs))
        }
        return recordings
    }

    private static func entries(_ files: [String], _ kind: String) throws(SkiffError) -> [Entry] {
        var entries: [Entry] = []
        for (position, file) in files.enumerated() {
            guard case .single(let name, let tensor) = try ArrayFile(contentsOf: file) else {
                throw SkiffError(.arrays("is an archive, expected one tensor", hint: nil), at: Place(file: file))
            }
            entries.append(Entry(name.isEmpty ? "\(kind)_\(position)" : name, tensor))
        }
        return entries
    }
}
