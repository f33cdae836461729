/// The members of a JSON object, in their order, with lookup by key in constant time.
public struct JSONObject: Sendable {
    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: JSONValue
    }

    /// The members in the order of the text.
    public private(set) var members: [Member] = []
    /// Positions by key, filled from ``indexThreshold`` members on; below, a walk is faster.
    private var positions: [String: Int] = [:]
    private static let indexThreshold = 9

    public init() {}

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    /// The value of `key`. Setting a new key appends a member, setting `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                rebuildPositions()
            case (nil, let value?): append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Appends a member unless its key is there already.
    /// - Returns: whether it was appended.
    mutating func appendIfNew(_ member: Member) -> Bool {
        guard position(of: member.key) == nil else { return false }
        append(member)
        return true
    }

    private mutating func append(_ member: Member) {
        members.append(member)
        if members.count == Self.indexThreshold {
            rebuildPositions()
        } else if members.count > Self.indexThreshold {
            positions[member.key] = members.count - 1
        }
    }

    private func position(of key: String) -> Int? {
        members.count < Self.indexThreshold ? members.firstIndex { $0.key == key } : positions[key]
    }

    private mutating func rebuildPositions() {
        positions = [:]
        guard members.count >= Self.indexThreshold else { return }
        for (position, member) in members.enumerated() { positions[member.key] = position }
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
    public func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}
