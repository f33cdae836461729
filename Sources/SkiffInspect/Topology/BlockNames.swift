internal import SkiffGraph

extension ResidualBlock {
    /// Names to show the block by, best first: what the names of its nodes have in common, of the weights its
    /// layers read, of the values they give.
    func structuralNames(in graph: Graph) -> [String] {
        let own = branch + shortcutNodes + [join]
        let layers = convolutions.map(\.node) + shortcutNodes
        let weights = layers.flatMap { graph[$0].inputs }.compactMap { input -> String? in
            guard let input, graph[input].tensor != nil else { return nil }
            return graph[input].name
        }
        let values = layers.flatMap { graph[$0].outputs }.map { graph[$0].name }
        return [commonPrefix(own.map { graph.displayName(of: $0) }), commonPrefix(weights), commonPrefix(values)]
            .compactMap { $0 }
    }
}

/// A name for each block: the best one that no other block has among its own, else `block 7`. A block around
/// others bears a name only if theirs begin with it.
func distinctNames(of blocks: [ResidualBlock], in graph: Graph) -> [String] {
    var candidates = blocks.map { $0.structuralNames(in: graph) }
    for (index, block) in blocks.enumerated() {
        guard let parent = block.parent else { continue }
        let inner = candidates[index].first ?? ""
        candidates[parent].removeAll { !inner.hasPrefix($0) }
    }
    var uses: [String: Int] = [:]
    for names in candidates { for name in Set(names) { uses[name, default: 0] += 1 } }
    return candidates.enumerated().map { index, names in
        names.first { uses[$0] == 1 } ?? "block \(index + 1)"
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
