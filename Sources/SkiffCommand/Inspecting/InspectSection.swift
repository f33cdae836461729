internal import Skiff

/// A part of what `skiff inspect` prints: text for people, a member of the JSON object for programs.
struct InspectSection {
    /// The member's name.
    var key: String
    var json: JSONValue
    var text: String
    /// Whether it found what the verb's exit code tells of.
    var failed = false
}
