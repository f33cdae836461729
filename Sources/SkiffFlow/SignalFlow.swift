public import SkiffInspect

/// What the residual blocks of a network do to the signal, measured on data: how large shortcut and branch are where
/// they are added, and what becomes of the outputs where a branch is taken away.
///
/// Source: Veit, Wilber, Belongie, Residual Networks Behave Like Ensembles of Relatively Shallow Networks (2016), for
/// the lesions.
public struct SignalFlow: Sendable {
    /// One residual block.
    ///
    /// The shortcut is what the addition takes from the shortcut path, a projected value where the shortcut projects;
    /// the branch is the sum of all else that is added. Values of quantized networks are the reals that they stand for.
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
        /// Root of the mean square of the sum, before any activation; `nil` where it was not measured.
        public var sumRMS: Double?
        /// The smallest and the largest ratio of a single sample; `nil` where samples cannot be told apart, or the
        /// shortcut of one is zero.
        public var sampleRatios: ClosedRange<Double>?

        /// Branch over shortcut; `nil` where the shortcut is zero.
        public var ratio: Double? { shortcutRMS > 0 ? branchRMS / shortcutRMS : nil }

        public init(
            block: Int, shortcutRMS: Double, branchRMS: Double, cosine: Double?, lesion: Lesion? = nil,
            sumRMS: Double? = nil, sampleRatios: ClosedRange<Double>? = nil
        ) {
            self.block = block
            self.shortcutRMS = shortcutRMS
            self.branchRMS = branchRMS
            self.cosine = cosine
            self.lesion = lesion
            self.sumRMS = sumRMS
            self.sampleRatios = sampleRatios
        }
    }

    /// The outputs of the network without one block's branch, against those of the whole one.
    public struct Lesion: Hashable, Sendable {
        /// Root of the mean square of the change over that of the output, the worst output. Infinite where the output
        /// is zero and changes.
        public var outputChange: Double
        /// Share of the samples whose largest score stays where it was, from 0 to 1; `nil` for outputs without classes.
        /// Where an output has classes at every position, the share of the positions; see ``SignalFlow/classes``.
        public var top1Agreement: Double?
        /// The same as ``outputChange`` of the scores that a Softmax at the output is computed from, less the mean of
        /// each decision's; `nil` where there is none. Where one class has nearly all the probability, outputs hide
        /// what scores show.
        public var scoreChange: Double?

        /// What blocks are compared by: the change of the scores, else of the outputs.
        public var change: Double { scoreChange ?? outputChange }

        public init(outputChange: Double, top1Agreement: Double?, scoreChange: Double? = nil) {
            self.outputChange = outputChange
            self.top1Agreement = top1Agreement
            self.scoreChange = scoreChange
        }
    }

    /// The output whose largest score is compared.
    public struct Classes: Hashable, Sendable {
        /// Its name.
        public var output: String
        /// How many classes it scores.
        public var count: Int
        /// How often it scores them: once for a sample, or at every position of every sample.
        public var decisions: Int
        /// Whether a sample has more than one decision.
        public var isPerPosition: Bool

        public init(output: String, count: Int, decisions: Int, isPerPosition: Bool) {
            self.output = output
            self.count = count
            self.decisions = decisions
            self.isPerPosition = isPerPosition
        }
    }

    /// In the order of ``Inspection/blocks``; blocks whose addition was not reached are left out.
    public var blocks: [Block]
    /// Samples that the network was run with.
    public var samples: Int
    /// What it was run with, in words: `4 made-up images`, `cat.png`.
    public var input: String
    /// Whether nobody gave inputs and they were made up: what is measured then says little of real ones.
    public var isMadeUp: Bool
    /// What was taken for granted of the inputs, in words.
    public var notes: [String]
    /// `nil` where no output has classes, or lesions were not tried.
    public var classes: Classes?
    /// Why lesions were tried at some blocks only, in words; `nil` where all were tried, or none.
    public var omission: String?

    public init(
        blocks: [Block], samples: Int, input: String, isMadeUp: Bool = false, notes: [String] = [],
        classes: Classes? = nil, omission: String? = nil
    ) {
        self.blocks = blocks
        self.samples = samples
        self.input = input
        self.isMadeUp = isMadeUp
        self.notes = notes
        self.classes = classes
        self.omission = omission
    }
}
