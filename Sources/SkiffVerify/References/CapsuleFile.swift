public import SkiffCore

/// The file of a capsule: a NumPy archive whose first member is the text that describes the others.
extension Capsule {
    static let schema = "skiff.capsule/1"
    static let textMember = "skiff.capsule"
    /// Values of one capsule. More than any network has, and few enough to be kept in memory.
    static let valueLimit = 1 << 16

    /// Whether the file is a capsule, from the name of its first member.
    public static func recognizes(_ storage: Storage) -> Bool {
        let head = try? storage.bytes(in: 0..<min(30 + textMember.utf8.count + 4, storage.byteCount))
        guard let head, ZipArchive.recognizes(head) else { return false }
        return head.dropFirst(30).elementsEqual((textMember + ".npy").utf8)
    }

    /// Writes the capsule, atomically. The same capsule gives the same bytes.
    /// - Throws: ``VerifyError`` where the file cannot be written, or an input is of a type that NumPy does not have.
    public func write(to path: String) throws(VerifyError) {
        do throws(CoreError) {
            let text = JSONValue.object(json).utf8()
            let sketches = values.map(\.sketch)
            var members: [(name: String, tensor: Tensor)] = [
                (Self.textMember, try Tensor(elementType: .uint8, shape: [text.count], bytes: text)),
                ("moments", try Tensor(
                    doubles: sketches.flatMap { [$0.mean, $0.rms, $0.minimum, $0.maximum] }, shape: [values.count, 4])),
                ("nonfinite", try Tensor(
                    integers: sketches.flatMap {
                        [$0.nanCount, $0.positiveInfinityCount, $0.negativeInfinityCount].map(Int64.init)
                    }, shape: [values.count, 3])),
                ("fingerprints", try Tensor(
                    elementType: .uint64, shape: [values.count],
                    bytes: sketches.map(\.fingerprint).littleEndianBytes { $0.littleEndian })),
                ("projections", try Tensor(
                    doubles: sketches.flatMap(\.projections), shape: [values.count, Sketch.projectionCount])),
            ]
            for input in inputs {
                if case .tensor(let tensor) = input.source { members.append(("input:" + input.name, tensor)) }
            }
            try NPZ.write(members, to: path)
        } catch {
            throw VerifyError(error).at(Place(file: path))
        }
    }

    private var json: JSONObject {
        var object = JSONObject()
        object["schema"] = .string(Self.schema)
        object["source"] = .string(source)
        object["producer"] = .string(producer)
        object["inputs"] = .array(inputs.map { input in
            var entry = Self.entry(input.name, input.elementType, input.shape, input.axes)
            if case .seeded(let seed, let position) = input.source {
                entry["seed"] = .string(String(seed))
                entry["position"] = .integer(Int64(position))
            }
            return .object(entry)
        })
        object["values"] = .array(values.map { value in
            var entry = Self.entry(value.name, value.elementType, value.shape, value.axes)
            entry["role"] = .string(value.role == .output ? "output" : "value")
            return .object(entry)
        })
        return object
    }

    private static func entry(_ name: String, _ type: ElementType, _ shape: Shape, _ axes: [Int]?) -> JSONObject {
        var entry = JSONObject()
        entry["name"] = .string(name)
        entry["elementType"] = .string(type.rawValue)
        entry["shape"] = .array(shape.map { .integer(Int64($0)) })
        if let axes { entry["axes"] = .array(axes.map { .integer(Int64($0)) }) }
        return entry
    }

    /// Reads a capsule. Whatever the file holds, nothing is made of it that a rule of the format does not allow.
    /// - Throws: ``VerifyError`` `capsule` for a file that breaks a rule, `core` for what is no NumPy archive, or damaged.
    public init(_ storage: Storage) throws(VerifyError) {
        do throws(VerifyError) {
            let archive: NPZ
            do throws(CoreError) { archive = try NPZ(storage, limit: Limits.jsonBytes) } catch {
                throw VerifyError(error)
            }
            try self.init(archive)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    private init(_ archive: NPZ) throws(VerifyError) {
        guard let text = archive[Self.textMember], text.elementType == .uint8, text.shape.count == 1 else {
            throw VerifyError(.capsule("has no text \"\(Self.textMember)\""))
        }
        let json: JSONValue
        do throws(CoreError) {
            json = try JSONValue(parsing: text.storage, in: text.byteRange)
        } catch {
            throw VerifyError(error).at(Place(member: Self.textMember))
        }
        let schema = json["schema"]?.stringValue ?? ""
        guard schema == Self.schema else {
            throw VerifyError(.capsule("schema is \"\(escaped(schema))\", readable is \"\(Self.schema)\""))
        }
        self.init(source: json["source"]?.stringValue ?? "", producer: json["producer"]?.stringValue ?? "")
        for entry in json["inputs"]?.arrayValue ?? [] { inputs.append(try Self.input(entry, archive)) }
        let entries = json["values"]?.arrayValue ?? []
        guard entries.count <= Self.valueLimit else {
            throw VerifyError(
                .core(.limit(name: "capsule values", declared: entries.count, allowed: Self.valueLimit)))
        }
        let sketches = try CapsuleTables(archive, count: entries.count)
        for (position, entry) in entries.enumerated() {
            let fields = try CapsuleEntry(entry)
            guard let count = fields.shape.checkedElementCount,
                let sketch = sketches.sketch(position, elementCount: count)
            else {
                throw VerifyError(.capsule("moments or counts are none of a tensor"), at: Place(tensor: fields.name))
            }
            guard let role = entry["role"]?.stringValue, role == "output" || role == "value" else {
                throw VerifyError(.capsule("role is neither output nor value"), at: Place(tensor: fields.name))
            }
            values.append(Value(
                role: role == "output" ? .output : .intermediate, name: fields.name, elementType: fields.elementType,
                shape: fields.shape, axes: fields.axes, sketch: sketch))
        }
    }

    private static func input(_ entry: JSONValue, _ archive: NPZ) throws(VerifyError) -> Input {
        let fields = try CapsuleEntry(entry)
        var source: Input.Source
        if let text = entry["seed"]?.stringValue {
            guard let seed = UInt64(text), let position = entry["position"]?.intValue,
                (0..<valueLimit).contains(position)
            else { throw VerifyError(.capsule("seed or position is no number"), at: Place(tensor: fields.name)) }
            source = .seeded(seed: seed, position: position)
        } else {
            guard let tensor = archive["input:" + fields.name], tensor.shape == fields.shape else {
                throw VerifyError(
                    .capsule("input has neither a seed nor elements of its shape"), at: Place(tensor: fields.name))
            }
            source = .tensor(tensor)
        }
        return Input(
            name: fields.name, elementType: fields.elementType, shape: fields.shape, axes: fields.axes, source: source)
    }
}

/// What inputs and values say of themselves.
private struct CapsuleEntry {
    var name: String
    var elementType: ElementType
    var shape: Shape
    var axes: [Int]?

    init(_ json: JSONValue) throws(VerifyError) {
        guard let name = json["name"]?.stringValue else { throw VerifyError(.capsule("an entry has no name")) }
        self.name = name
        let place = Place(tensor: name)
        guard let type = json["elementType"]?.stringValue.flatMap(ElementType.init(rawValue:)) else {
            throw VerifyError(.capsule("has no element type"), at: place)
        }
        elementType = type
        let extents = json["shape"]?.arrayValue?.map { $0.intValue ?? -1 } ?? [-1]
        guard extents.allSatisfy({ $0 >= 0 }) else { throw VerifyError(.capsule("has no shape"), at: place) }
        shape = extents
        do throws(CoreError) { _ = try checkedTensorBytes(shape: extents, elementType: type) } catch {
            throw VerifyError(error).at(place)
        }
        guard let list = json["axes"]?.arrayValue else { return }
        let axes = list.map { $0.intValue ?? -1 }
        guard axes.sorted() == Array(extents.indices) else {
            throw VerifyError(.capsule("axes are no order of \(extents.count) axes"), at: place)
        }
        self.axes = axes
    }
}

/// The numbers of all sketches.
private struct CapsuleTables {
    private var moments: [Double]
    private var nonFinite: [Int64]
    private var fingerprints: [UInt64]
    private var projections: [Double]

    init(_ archive: NPZ, count: Int) throws(VerifyError) {
        func table(_ name: String, _ type: ElementType, _ shape: Shape) throws(VerifyError) -> Tensor {
            guard let tensor = archive[name], tensor.elementType == type, tensor.shape == shape else {
                throw VerifyError(
                    .capsule("expected \(type.rawValue) \(shape.shapeText)"), at: Place(member: name + ".npy"))
            }
            return tensor
        }
        do {
            moments = try table("moments", .float64, [count, 4]).doubles()
            nonFinite = try table("nonfinite", .int64, [count, 3]).integers()
            fingerprints = try table("fingerprints", .uint64, [count]).integers().map { UInt64(bitPattern: $0) }
            projections = try table("projections", .float64, [count, Sketch.projectionCount]).doubles()
        } catch let error as VerifyError {
            throw error
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(.capsule("\(error)"))
        }
    }

    /// `nil` where the counts are none of so many elements.
    func sketch(_ position: Int, elementCount: Int) -> Sketch? {
        let counts = nonFinite[3 * position..<3 * position + 3].map { Int(exactly: $0) ?? -1 }
        guard counts.allSatisfy({ (0...elementCount).contains($0) }),
            counts.reduce(0, +) <= elementCount
        else { return nil }
        var sketch = Sketch()
        sketch.elementCount = elementCount
        (sketch.mean, sketch.rms) = (moments[4 * position], moments[4 * position + 1])
        (sketch.minimum, sketch.maximum) = (moments[4 * position + 2], moments[4 * position + 3])
        sketch.nanCount = counts[0]
        sketch.positiveInfinityCount = counts[1]
        sketch.negativeInfinityCount = counts[2]
        sketch.fingerprint = fingerprints[position]
        let count = Sketch.projectionCount
        sketch.projections = Array(projections[count * position..<count * (position + 1)])
        return sketch
    }
}
