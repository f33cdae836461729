internal import ArgumentParser
internal import Skiff

/// The shapes that `--input-shape NAME=2x3x224x224` gives, by input name.
/// - Throws: `ValidationError` for what is not of that form.
func inputShapes(_ arguments: [String]) throws -> [String: Shape] {
    var shapes: [String: Shape] = [:]
    for text in arguments {
        guard let split = text.lastIndex(of: "="), split != text.startIndex else {
            throw ValidationError("--input-shape \"\(text)\" is not of the form name=2x3x224x224.")
        }
        let extents = text[text.index(after: split)...].split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "x" || $0 == "," }).map { Int($0) ?? -1 }
        guard extents.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--input-shape \"\(text)\" is not of the form name=2x3x224x224.")
        }
        shapes[String(text[..<split])] = extents
    }
    return shapes
}
