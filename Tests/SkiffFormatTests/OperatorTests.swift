import SkiffCore
@testable import SkiffFormat
import SkiffGraph
import Testing

@Suite struct OperatorTests {
    @Test func `every operator survives storing exactly`() throws {
        for sample in OperatorSamples.all {
            let record = try OperatorRecord(sample, source: "Source")
            #expect(try record.decoded() == sample, "\(record)")
        }
    }

    @Test func `there is a sample of every kind of operator`() {
        let kinds = Set(OperatorSamples.all.map(\.kind))
        #expect(Set(Operator.Kind.allCases).subtracting(kinds) == [])
    }

    /// A property that somebody adds to an operator and forgets to store has no record of its name.
    @Test func `every stored property has a record of its name`() throws {
        // Properties that consist of others, by what stands for them.
        let aliases = ["window": "strides", "flattensFromAxis": "flattensFromAxis"]
        var stored: [Operator.Kind: Set<String>] = [:]
        for sample in OperatorSamples.all {
            let names = try OperatorRecord(sample, source: "").attributes.map(\.name)
            stored[sample.kind, default: []].formUnion(names)
        }
        for sample in OperatorSamples.all {
            for case let label? in Mirror(reflecting: sample.attributes).children.map(\.label) {
                let name = aliases[label] ?? label
                #expect(stored[sample.kind]?.contains(name) == true, "\(sample.kind).\(label)")
            }
        }
    }

    @Test func `F18 unknown operators, and attributes that are missing, twice, extra or of another kind, are refused`() throws {
        for sample in OperatorSamples.all {
            let record = try OperatorRecord(sample, source: "S")
            var extra = record
            extra.attributes.append(AttributeRecord(name: "more", value: .integer(0)))
            #expect(throws: FormatError.self) { try extra.decoded() }
            for index in record.attributes.indices {
                var renamed = record
                renamed.attributes[index].name += "x"
                var changed = record
                changed.attributes[index].value = .number(0.5)
                if case .constantOfShape = sample { changed.attributes[index].value = .real(0.5) }
                var missing = record
                missing.attributes.remove(at: index)
                var twice = record
                twice.attributes.insert(record.attributes[index], at: index)
                for (forged, what) in [(renamed, "renamed"), (changed, "changed"), (missing, "missing"), (twice, "twice")] {
                    let decoded = try? forged.decoded()
                    // What may be left out may be missing; the rest of an unknown operator's attributes are free.
                    if let decoded {
                        #expect(decoded != sample, "\(what) \(record.attributes[index].name) of \(sample.kind)")
                        #expect(what == "missing" || what == "renamed" && sample.kind == .unknown)
                    }
                }
            }
        }
        let unknown = OperatorRecord(name: "teleport", source: "Teleport", attributes: [])
        let error = #expect(throws: FormatError.self) { try unknown.decoded() }
        #expect(error?.description == "Teleport: operator \"teleport\" is not known")
    }
}
