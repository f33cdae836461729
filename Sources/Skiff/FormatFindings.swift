/// What a format's own check found in a file.
struct FormatFindings: Sendable {
    var findings: [Finding] = []
    /// Rules that the check answers, and that a graph need not be asked about: it sees more of them.
    var answered: Set<String> = []
    /// What can be made of a file that the reader refuses.
    var salvage = Salvage()

    struct Salvage: Sendable {
        /// A network to look at; `nil` where none can be made.
        var graph: Graph?
        /// Inputs of it that the file does not have.
        var madeUp: Set<String> = []
        /// Why there is no network.
        var failure: String?
        /// The weights by themselves, where there is no network.
        var tensors: [(name: String, tensor: Tensor)] = []
    }
}
