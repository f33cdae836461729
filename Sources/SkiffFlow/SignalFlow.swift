public import SkiffInspect

/// What the residual blocks of a network do to the signal, measured on data: how large shortcut and branch are where
/// they are added, and what becomes of the outputs where a branch is taken away.
///
/// Source: Veit, Wilber, Belongie, Residual Networks Behave Like Ensembles of Relatively Shallow Networks (2016), for the
/// lesions.
public struct SignalFlow: Sendable {
    /// One residual block.
    public struct Block: Hashable, Sendable {
        /// An index into ``Inspection/blocks``.
        public var block: Int
        /// Root of the mean square of the shortcut's elements at the addition.
        public var shortcutRMS: Double
        /// The same of the branch.
        public var branchRMS: Double
        /// Cosine of the angle between both, over all elements; `nil` where one is zero.
        public var cosine: Double?
        /// What taking the branch away does; `nil` where that was not tried.
        public var lesion: Lesion?

        /// Branch over shortcut; `nil` where the shortcut is zero.
        public var ratio: Double? { shortcutRMS > 0 ? branchRMS / shortcutRMS : nil }

        public init(block: Int, shortcutRMS: Double, branchRMS: Double, cosine: Double?, lesion: Lesion? = nil) {
            self.block = block
            self.shortcutRMS = shortcutRMS
            self.branchRMS = branchRMS
            self.cosine = cosine
            self.lesion = lesion
        }
    }

    /// The outputs of the network without one block's branch, against those of the whole one.
    public struct Lesion: Hashable, Sendable {
        /// Root of the mean square of the change over that of the output, the worst output.
        public var outputChange: Double
        /// Share of the samples whose largest score stays where it was, from 0 to 1; `nil` for outputs without classes.
        public var top1Agreement: Double?

        public init(outputChange: Double, top1Agreement: Double?) {
            self.outputChange = outputChange
            self.top1Agreement = top1Agreement
        }
    }

    /// In the order of ``Inspection/blocks``; blocks whose addition was not reached are left out.
    public var blocks: [Block]
    /// Samples that the network was run with.
    public var samples: Int
    /// What it was run with, in words: `4 made-up images`, `cat.png`.
    public var input: String

    public init(blocks: [Block], samples: Int, input: String) {
        self.blocks = blocks
        self.samples = samples
        self.input = input
    }
}
