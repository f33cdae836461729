internal import SkiffGraph

extension ResidualBlock {
    /// The longest common prefix of its nodes' names, else of its weights' names, cut at a separator.
    func structuralName(in graph: Graph) -> String? {
        let own = (branch + shortcutNodes + [join])
        if let name = commonPrefix(own.map { graph.displayName(of: $0) }) { return name }
        let weights = own.flatMap { graph[$0].inputs }.compactMap { input -> String? in
            guard let input, graph[input].tensor != nil else { return nil }
            return graph[input].name
        }
        return commonPrefix(weights)
    }
}

/// The longest common prefix that ends where a part of every name ends: `conv2_block1` of `conv2_block1_1_conv` and
/// `conv2_block1_add`, `layer1.0` of `layer1.0.conv1` and `layer1.0.bn1`.
private func commonPrefix(_ names: [String]) -> String? {
    guard names.count >= 2, let first = names.first else { return nil }
    var prefix = Array(first.utf8)
    var others = names.dropFirst().map { Array($0.utf8) }
    for name in others {
        var length = 0
        while length < prefix.count, length < name.count, prefix[length] == name[length] { length += 1 }
        prefix.removeLast(prefix.count - length)
        if prefix.isEmpty { return nil }
    }
    others.append(Array(first.utf8))
    let endsParts = others.allSatisfy { $0.count == prefix.count || isSeparator($0[prefix.count]) }
    if !endsParts {
        while let last = prefix.last, !isSeparator(last) { prefix.removeLast() }
    }
    while let last = prefix.last, isSeparator(last) { prefix.removeLast() }
    return prefix.isEmpty ? nil : String(decoding: prefix, as: UTF8.self)
}

private func isSeparator(_ byte: UInt8) -> Bool { "/._:-".utf8.contains(byte) }
