internal import SkiffGraph

extension UnknownOperator: StoredAttributes {
    static var blank: UnknownOperator { UnknownOperator(name: "", domain: "") }

    /// Name, domain and reason, then the source's own attributes, which may have any name and kind: all that is
    /// left belongs to them.
    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.text("name", &name)
        try coder.text("domain", &domain)
        try coder.optionalText("reason", &reason)
        var count = attributes.count
        try coder.integer("attributes", &count)
        var stored = attributes.map { AttributeRecord(name: $0.name, value: AttributeRecord.Value($0.value)) }
        try coder.rest(&stored, count: count)
        attributes = []
        for record in stored { attributes.append(Attribute(record.name, try record.value.unknown())) }
    }
}

extension AttributeRecord.Value {
    fileprivate init(_ value: UnknownOperator.AttributeValue) {
        self = switch value {
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let value): .text(value)
        case .integers(let values): .integers(values)
        case .reals(let values): .reals(values)
        case .texts(let values): .texts(values)
        case .opaque(let text): .opaque(text)
        }
    }

    fileprivate func unknown() throws(FormatError) -> UnknownOperator.AttributeValue {
        switch self {
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let value): .text(value)
        case .integers(let values): .integers(values)
        case .reals(let values): .reals(values)
        case .texts(let values): .texts(values)
        case .opaque(let text): .opaque(text)
        case .number: throw FormatError(.attribute("an unknown operator has no attributes of kind NUMBER"))
        }
    }
}
