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
              skiff check resnet50.skiff --json

            Exit code 0: sound; 2: damaged, or no native file.
            """)

    @Argument(help: ArgumentHelp("The .skiff file; .keras archives are checked by their own checksums.", valueName: "file"),
        completion: .file())
    var file: String

    @OptionGroup var common: CommonOptions

    func perform(_ console: Console) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let (model, provenance) = try console.withProgress { progress in
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
            console.print(json(model, provenance, duration))
        } else {
            console.print(text(model, provenance, duration))
        }
    }

    private func text(_ model: Model, _ provenance: Provenance?, _ duration: Duration) -> String {
        let rate = Double(model.byteCount) / max(seconds(duration), 1e-6)
        var lines = [
            "\(escaped(fileName(model.path))): sound, \(byteText(model.byteCount)), \(model.graph.weights.count) tensors, "
                + "\(timeText(duration)), \(byteText(Int(rate)))/s"
        ]
        for source in provenance?.metadata.sources ?? [] {
            lines.append("  from \(escaped(source.name)), \(byteText(source.byteCount)), SHA-256 \(hexadecimal(source.checksum))")
        }
        if let provenance {
            lines.append("  written by \(escaped(provenance.tool)); parity: \(escaped(provenance.parity ?? "not proved when it was written"))")
            for measurement in provenance.measurements {
                lines.append("  \(escaped(measurement.key)): \(escaped(measurement.value))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func json(_ model: Model, _ provenance: Provenance?, _ duration: Duration) -> JSONValue {
        [
            "schema": "skiff.check/1", "path": .string(model.path), "format": .string(model.format.identifier),
            "sound": true, "bytes": .integer(Int64(model.byteCount)),
            "tensors": .integer(Int64(model.graph.weights.count)), "seconds": .number(seconds(duration)),
            "sources": .array(
                (provenance?.metadata.sources ?? []).map { source in
                    [
                        "name": .string(source.name), "bytes": .integer(Int64(source.byteCount)),
                        "sha256": .string(hexadecimal(source.checksum)),
                    ]
                }),
            "tool": provenance.map { .string($0.tool) } ?? .null,
            "parity": provenance?.parity.map { .string($0) } ?? .null,
            "measurements": .object(measurements(provenance)),
        ]
    }

    private func measurements(_ provenance: Provenance?) -> JSONObject {
        var object = JSONObject()
        for entry in provenance?.measurements ?? [] { object[entry.key] = .string(entry.value) }
        return object
    }
}
