/// Memory for a message that is about to be packed; all of it is freed with the arena.
final class MessageArena {
    private var blocks: [UnsafeMutableRawPointer] = []
    /// Whether a text had a NUL byte in it, where its copy ends.
    private(set) var hasNUL = false
    private var used = 0
    private var room = 0
    private static let blockBytes = 1 << 20

    deinit {
        for block in blocks { block.deallocate() }
    }

    private func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let rounded = (byteCount + 15) & ~15
        if rounded > room - used || blocks.isEmpty {
            room = max(rounded, Self.blockBytes)
            used = 0
            blocks.append(.allocate(byteCount: room, alignment: 16))
        }
        defer { used += rounded }
        return blocks[blocks.count - 1] + used
    }

    /// The text, ended by NUL.
    func text(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        if bytes.dropLast().contains(0) { hasNUL = true }
        return array(bytes)
    }

    /// The elements one after the other.
    func array<Elements: Collection>(_ elements: Elements) -> UnsafeMutablePointer<Elements.Element> {
        let memory = allocate(elements.count * MemoryLayout<Elements.Element>.stride)
            .bindMemory(to: Elements.Element.self, capacity: elements.count)
        for (index, element) in elements.enumerated() { (memory + index).initialize(to: element) }
        return memory
    }

    /// Pointers to a message per element.
    func messages<Element, Message>(
        _ elements: [Element], _ make: (Element) -> Message
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?> {
        array(elements.map { Optional(array(CollectionOfOne(make($0)))) })
    }
}
