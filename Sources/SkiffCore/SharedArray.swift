/// An array whose elements several threads fill, each its own ones.
///
/// ``concurrently(_:workers:_:)`` gives every number to one thread; what a thread writes at its numbers, nobody else
/// touches until all have ended.
public final class SharedArray<Element: Sendable>: @unchecked Sendable {
    private let buffer: UnsafeMutableBufferPointer<Element>

    public init(_ elements: [Element]) {
        buffer = .allocate(capacity: elements.count)
        _ = buffer.initialize(from: elements)
    }

    deinit {
        buffer.deinitialize()
        buffer.deallocate()
    }

    public subscript(index: Int) -> Element {
        get {
            precondition(buffer.indices.contains(index), "index outside")
            return buffer[index]
        }
        set {
            precondition(buffer.indices.contains(index), "index outside")
            buffer[index] = newValue
        }
    }

    public var elements: [Element] { Array(buffer) }
}
