public import SkiffCore

extension SignalFlow {
    /// What a network is run with: one run, or several of a few samples each, of which all count alike.
    public struct Inputs: Sendable {
        /// Tensors by input name, for each run.
        public var runs: [[String: Tensor]]
        /// What they are, in words: `8 made-up images`, `cat.png`.
        public var text: String
        /// Whether nobody gave them.
        public var isMadeUp: Bool
        /// What was taken for granted, in words.
        public var notes: [String]

        public init(runs: [[String: Tensor]], text: String, isMadeUp: Bool = false, notes: [String] = []) {
            self.runs = runs
            self.text = text
            self.isMadeUp = isMadeUp
            self.notes = notes
        }
    }

    /// At which blocks the branch is taken away.
    public enum Lesions: Hashable, Sendable {
        case all
        case none
        /// So many blocks at most, evenly spaced along the depth, the first and the last among them.
        case most(Int)
        /// All, or every second, fourth, eighth … where all would take longer than so many seconds.
        case within(seconds: Double)
    }

    public struct Options: Sendable {
        public var lesions: Lesions
        /// Threads; all processors where `nil`. Results do not hang on it.
        public var threads: Int?

        public init(lesions: Lesions = .within(seconds: 60), threads: Int? = nil) {
            self.lesions = lesions
            self.threads = threads
        }
    }
}
