internal import ArgumentParser
internal import Skiff

/// `skiff check`: whether a file is what was written.
struct Check: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Check every digest of a native file.",
        discussion: """
            Every bit of the header and of every weight is covered: a flipped bit or a missing end is reported with \
            the tensor it hit. Weights that are encoded are decoded and compared with the digest of what was encoded.

            EXAMPLES
              skiff check resnet50.skiff
              skiff check resnet50.skiff --tensors   where each weight came from, and its digest
              skiff check resnet50.skiff --json

            Exit code 0: sound; 2: damaged, or no native file.
            """)

    @Argument(help: ArgumentHelp("The .skiff file; .keras archives are checked by their own checksums.", valueName: "file"),
        completion: .checkedFile)
    var file: String

    @Flag(help: "List every weight: how it is stored, its digest, and where it came from.")
    var tensors = false

    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let (model, contents) = try console.withProgress { progress in
            progress("reading", 0)
            let model = try Model(contentsOf: file)
            guard model.format.keepsChecksums else {
                throw SkiffError(.noChecksums(format: model.format.name), at: Place(file: file))
            }
            try model.verifyPayloads { progress("checking", $0) }
            return (model, try model.provenance())
        }
        let duration = clock.now - start
        if console.json {
            console.print(json(model, contents?.file, contents?.tensors ?? [], duration))
        } else {
            console.print(text(model, contents?.file, duration))
            if tensors, let contents { console.print(list(contents.file, contents.tensors)) }
        }
    }

    private func text(_ model: Model, _ provenance: Provenance?, _ duration: Duration) -> String {
        let rate = Double(model.byteCount) / max(seconds(duration), 1e-6)
        var lines = [
            "\(escaped(fileName(model.path))): sound, \(byteText(model.byteCount)), \(model.graph.weights.count) weights, "
                + "\(timeText(duration)), \(byteText(Int(rate)))/s"
        ]
        for source in provenance?.metadata.sources ?? [] {
            lines.append("  from \(escaped(source.name)), \(byteText(source.byteCount))"
                + (source.checksum.map { ", SHA-256 " + hexadecimal($0) } ?? ", its SHA-256 not taken"))
        }
        if let provenance {
            lines.append("  written by \(escaped(provenance.tool)); parity: \(escaped(provenance.parity ?? "not proved when it was written"))")
            for measurement in provenance.measurements {
                lines.append("  \(escaped(measurement.key)): \(escaped(measurement.value))")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A line per weight: `conv1/kernel  float32 7×7×3×64  raw  37.6 kB  9f31…  from /model_weights/… at 4096`.
    private func list(_ provenance: Provenance, _ tensors: [StoredTensor]) -> String {
        tensors.map { tensor in
            "  \(escaped(tensor.name))  \(tensor.elementType.rawValue) \(tensor.shape.shapeText)  \(tensor.encoding.rawValue)  "
                + "\(byteText(tensor.byteCount))  \(hexadecimal(tensor.digest))"
                + (tensor.origin.map { "  " + origin($0, provenance) } ?? "")
        }.joined(separator: "\n")
    }

    private func origin(_ origin: TensorOrigin, _ provenance: Provenance) -> String {
        let sources = provenance.metadata.sources
        let file = origin.file.flatMap { sources.indices.contains($0) ? escaped(sources[$0].name) : nil }
        let parts = [
            file.map { "from " + $0 }, origin.member.map { escaped($0) }, origin.byteOffset.map { "at \($0)" },
            origin.transforms.isEmpty ? nil : "(" + origin.transforms.map { escaped($0) }.joined(separator: ", ") + ")",
        ]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    private func json(
        _ model: Model, _ provenance: Provenance?, _ tensors: [StoredTensor], _ duration: Duration
    ) -> JSONValue {
        [
            "schema": "skiff.check/1", "path": .string(model.path), "format": .string(model.format.identifier),
            "sound": true, "bytes": .integer(Int64(model.byteCount)),
            "tensors": .integer(Int64(model.graph.weights.count)), "seconds": .number(seconds(duration)),
            "sources": .array(
                (provenance?.metadata.sources ?? []).map { source in
                    [
                        "name": .string(source.name), "bytes": .integer(Int64(source.byteCount)),
                        "sha256": source.checksum.map { .string(hexadecimal($0)) } ?? .null,
                    ]
                }),
            "tool": provenance.map { .string($0.tool) } ?? .null,
            "parity": provenance?.parity.map { .string($0) } ?? .null,
            "measurements": .object(measurements(provenance)), "weights": .array(tensors.map(json)),
        ]
    }

    private func json(_ tensor: StoredTensor) -> JSONValue {
        [
            "name": .string(tensor.name), "elementType": .string(tensor.elementType.rawValue),
            "shape": .array(tensor.shape.map { .integer(Int64($0)) }), "encoding": .string(tensor.encoding.rawValue),
            "offset": .integer(Int64(tensor.byteOffset)), "bytes": .integer(Int64(tensor.byteCount)),
            "sha256": .string(hexadecimal(tensor.checksum)), "digest": .string(hexadecimal(tensor.digest)),
            "sourceDigest": tensor.sourceDigest.map { .string(hexadecimal($0)) } ?? .null,
            "origin": tensor.origin.map { origin in
                [
                    "name": origin.name.map { .string($0) } ?? .null, "source": origin.file.map { .integer(Int64($0)) } ?? .null,
                    "member": origin.member.map { .string($0) } ?? .null,
                    "offset": origin.byteOffset.map { .integer(Int64($0)) } ?? .null,
                    "transforms": .array(origin.transforms.map { .string($0) }),
                ]
            } ?? .null,
        ]
    }

    private func measurements(_ provenance: Provenance?) -> JSONObject {
        var object = JSONObject()
        for entry in provenance?.measurements ?? [] { object[entry.key] = .string(entry.value) }
        return object
    }
}
