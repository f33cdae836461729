public import SkiffCore

/// What the safetensors reader and writer refuse.
public struct SafetensorsError: LocatedError {
    public enum Reason: Hashable, Sendable {
        /// The file is shorter than its header says.
        case cutOff(expected: Int, found: Int)
        /// The header breaks a rule.
        case header(String)
        /// A tensor's entry breaks a rule.
        case tensor(String)
        /// An element type that is none of the format's.
        case elementType(String)
        /// Bytes follow the last tensor.
        case trailing(Int)
        /// The index of a sharded checkpoint and its shards do not agree.
        case index(String)
        /// What the format cannot hold.
        case notStorable(String)
        /// Ground-layer refusal.
        case core(CoreError.Reason)
    }

    public var reason: Reason
    public var place: Place

    public init(_ reason: Reason, at place: Place = Place()) {
        self.reason = reason
        self.place = place
    }

    init(_ error: CoreError) { self.init(.core(error.reason), at: error.place) }

    public var message: String {
        switch reason {
        case .cutOff(let expected, let found):
            "is a safetensors file cut off: it has \(found) bytes, expected \(expected)"
        case .header(let text), .tensor(let text), .index(let text), .notStorable(let text): text
        case .elementType(let name): "has dtype \"\(escaped(name))\", which safetensors does not have"
        case .trailing(let count): "\(count) bytes follow the last tensor, expected the end of the file"
        case .core(let reason): CoreError(reason).message
        }
    }

    public var hint: String? {
        switch reason {
        case .cutOff: "the download or copy did not finish; fetch the file again"
        case .index: "the index and its shards have to be of one save"
        default: nil
        }
    }
}

/// Runs `body`, whose ground-layer errors become ours with the gaps of their place filled.
func located<Result>(
    _ place: @autoclosure () -> Place = Place(), _ body: () throws(CoreError) -> Result
) throws(SafetensorsError) -> Result {
    do throws(CoreError) {
        return try body()
    } catch {
        throw SafetensorsError(error).at(place())
    }
}
