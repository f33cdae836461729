internal import Skiff

/// The tensors that `--input` options name, by the model's input names.
struct InputFiles {
    var tensors: [String: Tensor] = [:]
    /// What files that are read end with.
    static let extensions = ["npy", "npz", "pb", "png", "ppm", "pgm"]

    /// What was assumed of images, a line each.
    var notes: [String] = []

    /// - Parameters:
    ///   - arguments: `file` or `name=file`; files without a name go to the inputs that are left, in order, images all
    ///     to one.
    ///   - preprocessing: What pixels of images are put through; as the model's family has it where it is `nil`.
    init(_ arguments: [String], for model: Model, preprocessing: ImagePreprocessing? = nil) throws {
        let graph = model.graph
        let names = graph.inputs.map { graph[$0].name }
        var unnamed: [(path: String, tensor: Tensor)] = []
        var images: [String?: [ImageFile]] = [:]
        for argument in arguments {
            let (name, path) = Self.split(argument, names)
            if ImageFile.recognizes(path) {
                images[name, default: []].append(try ImageFile(contentsOf: path))
                continue
            }
            switch try ArrayFile(contentsOf: path) {
            case .single(_, let tensor):
                if let name { try set(name, tensor, path) } else { unnamed.append((path, tensor)) }
            case .archive(let members):
                try add(members, name: name, path: path, graph: graph, unnamed: &unnamed)
            }
        }
        for case let name? in images.keys.sorted(by: { ($0 ?? "") < ($1 ?? "") }) {
            try add(images[name] ?? [], as: name, of: model, preprocessing)
        }
        var open = names.filter { tensors[$0] == nil }[...]
        if let batch = images[nil], let first = batch.first {
            guard let name = open.popFirst() else { throw Self.surplus(first.path, names.count) }
            try add(batch, as: name, of: model, preprocessing)
        }
        for (path, tensor) in unnamed {
            guard let name = open.popFirst() else { throw Self.surplus(path, names.count) }
            tensors[name] = tensor
        }
    }

    private static func surplus(_ path: String, _ count: Int) -> SkiffError {
        SkiffError(.arrays("is one input more than the model takes (\(count))", hint: nil), at: Place(file: path))
    }

    private mutating func add(
        _ images: [ImageFile], as name: String, of model: Model, _ preprocessing: ImagePreprocessing?
    ) throws {
        let input = try model.imageInput(images, for: name, preprocessing: preprocessing)
        for note in input.notes where !notes.contains(note) { notes.append(note) }
        try set(name, input.tensor, images.first?.path ?? name)
    }

    private mutating func set(_ name: String, _ tensor: Tensor, _ path: String) throws {
        guard tensors.updateValue(tensor, forKey: name) == nil else {
            throw SkiffError(.arrays("gives input \"\(escaped(name))\" once more", hint: nil), at: Place(file: path))
        }
    }

    /// Members named as inputs (or `input:name`, or `input_0` in order) count, others do not. The one member of
    /// an archive stands for itself.
    private mutating func add(
        _ members: [(name: String, tensor: Tensor)], name: String?, path: String, graph: Graph,
        unnamed: inout [(path: String, tensor: Tensor)]
    ) throws {
        let names = graph.inputs.map { graph[$0].name }
        if let only = members.first, members.count == 1 {
            if let name { return try set(name, only.tensor, path) }
            guard names.contains(only.name) || only.name.hasPrefix("input:") else {
                unnamed.append((path, only.tensor))
                return
            }
        }
        if name != nil {
            throw SkiffError(
                .arrays("has \(members.count) members, expected one for one input", hint: "leave out the name"),
                at: Place(file: path))
        }
        let recording = Recording(
            name: path, arrays: members.map { Recording.Entry($0.name, $0.tensor) }, for: graph)
        var found = false
        for entry in recording.inputs {
            found = true
            if names.contains(entry.name) {
                try set(entry.name, entry.tensor, path)
            } else {
                unnamed.append((path, entry.tensor))
            }
        }
        guard found else {
            let list = members.prefix(6).map { "\"\(escaped($0.name))\"" }.joined(separator: ", ")
            let inputs = names.map { "\"\(escaped($0))\"" }.joined(separator: ", ")
            throw SkiffError(
                .arrays("has no member for the model's inputs \(inputs), it has \(list)", hint: nil),
                at: Place(file: path))
        }
    }

    /// `name=path`, where the name is an input's or no file is called so as a whole.
    private static func split(_ argument: String, _ names: [String]) -> (name: String?, path: String) {
        for name in names where !name.isEmpty && argument.hasPrefix(name + "=") {
            return (name, String(argument.dropFirst(name.count + 1)))
        }
        guard let equals = argument.firstIndex(of: "="), (try? Storage(mapping: argument)) == nil else {
            return (nil, argument)
        }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }
}
