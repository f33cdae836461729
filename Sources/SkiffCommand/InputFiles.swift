internal import Skiff

/// The tensors that `--input` options name, by the model's input names.
struct InputFiles {
    var tensors: [String: Tensor] = [:]

    /// - Parameter arguments: `file` or `name=file`; files without a name go to the inputs that are left, in order.
    init(_ arguments: [String], for graph: Graph) throws {
        let names = graph.inputs.map { graph[$0].name }
        var unnamed: [(path: String, tensor: Tensor)] = []
        for argument in arguments {
            let (name, path) = Self.split(argument, names)
            switch try ArrayFile(contentsOf: path) {
            case .single(_, let tensor):
                if let name { try set(name, tensor, path) } else { unnamed.append((path, tensor)) }
            case .archive(let members):
                try add(members, name: name, path: path, graph: graph, unnamed: &unnamed)
            }
        }
        var open = names.filter { tensors[$0] == nil }[...]
        for (path, tensor) in unnamed {
            guard let name = open.popFirst() else {
                throw SkiffError(
                    .arrays("is one input more than the model takes (\(names.count))", hint: nil),
                    at: Place(file: path))
            }
            tensors[name] = tensor
        }
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
