internal import SkiffCore

/// Turns an operator's attributes into records and back, by one description for both ways.
///
/// A description names the attributes one after the other, always in the same order; writing appends a record
/// for each, reading expects it next. An attribute that is `nil` has no record.
struct AttributeCoder {
    private enum Mode { case writing, reading }

    private let mode: Mode
    private(set) var records: [AttributeRecord]
    private var position = 0

    /// A coder that writes.
    init() {
        mode = .writing
        records = []
    }

    /// A coder that reads `records`.
    init(reading records: [AttributeRecord]) {
        mode = .reading
        self.records = records
    }

    /// - Throws: ``FormatError`` for F18 where records are left that no attribute took.
    func finish() throws(FormatError) {
        guard mode == .reading, position < records.count else { return }
        throw Self.failure("attribute \"\(escaped(records[position].name))\" is unknown here or out of order")
    }

    private static func failure(_ text: String) -> FormatError { FormatError(.attribute(text)) }

    /// Whether the next record has this name.
    private func isNext(_ name: String) -> Bool { position < records.count && records[position].name == name }

    /// One attribute: written by `write`, or read by `read`, which gives `nil` for a value of another kind.
    mutating func attribute<Value>(
        _ name: String, _ value: inout Value, expected: String, write: (Value) -> AttributeRecord.Value,
        read: (AttributeRecord.Value) -> Value?
    ) throws(FormatError) {
        switch mode {
        case .writing: records.append(AttributeRecord(name: name, value: write(value)))
        case .reading:
            // F18
            guard isNext(name) else { throw Self.failure("attribute \"\(name)\" is missing") }
            guard let found = read(records[position].value) else {
                throw Self.failure("attribute \"\(name)\" is no \(expected)")
            }
            value = found
            position += 1
        }
    }

    /// An attribute that may be left out.
    mutating func optional<Value>(
        _ name: String, _ value: inout Value?, _ code: (inout AttributeCoder, inout Value) throws(FormatError) -> Void,
        blank: Value
    ) throws(FormatError) {
        switch mode {
        case .writing:
            guard var present = value else { return }
            try code(&self, &present)
        case .reading:
            guard isNext(name) else {
                value = nil
                return
            }
            var found = blank
            try code(&self, &found)
            value = found
        }
    }

    /// All records that are left, which have to be `count`.
    mutating func rest(_ rest: inout [AttributeRecord], count: Int) throws(FormatError) {
        switch mode {
        case .writing: records += rest
        case .reading:
            guard records.count - position == count else {
                throw Self.failure("\(records.count - position) attributes are left, declared are \(count)")
            }
            rest = Array(records[position...])
            position = records.count
        }
    }

    // MARK: Kinds

    mutating func integer(_ name: String, _ value: inout Int) throws(FormatError) {
        try attribute(name, &value, expected: "integer", write: { .integer(Int64($0)) }) {
            if case .integer(let value) = $0 { Int(exactly: value) } else { nil }
        }
    }

    mutating func flag(_ name: String, _ value: inout Bool) throws(FormatError) {
        try attribute(name, &value, expected: "integer 0 or 1", write: { .integer($0 ? 1 : 0) }) {
            switch $0 {
            case .integer(0): false
            case .integer(1): true
            default: nil
            }
        }
    }

    mutating func real(_ name: String, _ value: inout Float) throws(FormatError) {
        try attribute(name, &value, expected: "real", write: { .real($0) }) {
            if case .real(let value) = $0 { value } else { nil }
        }
    }

    mutating func number(_ name: String, _ value: inout Double) throws(FormatError) {
        try attribute(name, &value, expected: "number", write: { .number($0) }) {
            if case .number(let value) = $0 { value } else { nil }
        }
    }

    mutating func text(_ name: String, _ value: inout String) throws(FormatError) {
        try attribute(name, &value, expected: "text", write: { .text($0) }) {
            if case .text(let value) = $0 { value } else { nil }
        }
    }

    mutating func integers(_ name: String, _ value: inout [Int]) throws(FormatError) {
        try attribute(name, &value, expected: "list of integers", write: { .integers($0.map(Int64.init)) }) {
            if case .integers(let values) = $0 { values.map { Int(truncatingIfNeeded: $0) } } else { nil }
        }
    }

    /// A choice, written as its spelling.
    mutating func choice<Choice: RawRepresentable>(
        _ name: String, _ value: inout Choice
    ) throws(FormatError) where Choice.RawValue == String {
        try attribute(name, &value, expected: "known choice", write: { .text($0.rawValue) }) {
            if case .text(let value) = $0 { Choice(rawValue: value) } else { nil }
        }
    }

    mutating func optionalInteger(_ name: String, _ value: inout Int?) throws(FormatError) {
        try optional(name, &value, { coder, value throws(FormatError) in try coder.integer(name, &value) }, blank: 0)
    }

    mutating func optionalReal(_ name: String, _ value: inout Float?) throws(FormatError) {
        try optional(name, &value, { coder, value throws(FormatError) in try coder.real(name, &value) }, blank: 0)
    }

    mutating func optionalText(_ name: String, _ value: inout String?) throws(FormatError) {
        try optional(name, &value, { coder, value throws(FormatError) in try coder.text(name, &value) }, blank: "")
    }

    mutating func optionalIntegers(_ name: String, _ value: inout [Int]?) throws(FormatError) {
        try optional(name, &value, { coder, value throws(FormatError) in try coder.integers(name, &value) }, blank: [])
    }
}
