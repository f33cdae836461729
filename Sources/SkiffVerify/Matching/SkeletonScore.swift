internal import SkiffCore

extension SkeletonSearch {
    /// What speaks for a pair and against it.
    struct Score {
        private var likeness = WeightLikeness.unknown
        var hasSameBefore = false
        var hasSameBehind = false
        var hasSameDetail = false
        var hasSameName = false
        var isOtherKind = false
        var frontConflicts = 0
        var backConflicts = 0
        private var front = 0
        private var back = 0
        /// The least confidence of the neighbours that speak for it.
        private var leastSupport = 1.0

        mutating func add(_ likeness: WeightLikeness) { self.likeness = likeness }

        mutating func support(front isFront: Bool, _ confidence: Double) {
            if isFront { front += 1 } else { back += 1 }
            leastSupport = min(leastSupport, confidence)
        }

        var hasWeights: Bool {
            switch likeness {
            case .same, .similar: true
            case .different, .unknown: false
            }
        }

        var total: Int {
            let weights =
                switch likeness {
                case .same: 6
                case .similar: 5
                case .different: -3
                case .unknown: 0
                }
            return weights + (hasSameBefore ? 2 : 0) + (hasSameBehind ? 2 : 0) + (hasSameDetail ? 1 : 0)
                + (hasSameName ? 1 : 0) + (isOtherKind ? -3 : 0) + min(4, 2 * front) + min(4, 2 * back)
                - 3 * frontConflicts - min(3, backConflicts)
        }

        var confidence: Double {
            let witnesses = [hasSameBefore, hasSameBehind, front > 0, back > 0].count { $0 }
            let conflicts = 0.03 * Double(min(3, frontConflicts + backConflicts))
            if hasWeights { return (witnesses > 0 ? 0.98 : 0.85) - conflicts }
            let base = [0.3, 0.7, 0.92, 0.95, 0.97][witnesses] - conflicts
            let doubt = (likeness == .different ? 0.04 : 0) + (isOtherKind ? 0.05 : 0)
            return hasSameBefore && hasSameBehind ? base - doubt : min(base - doubt, leastSupport)
        }

        var evidence: Set<ValueMatching.Evidence> {
            var evidence: Set<ValueMatching.Evidence> = []
            if hasWeights { evidence.insert(.weights) }
            if hasSameBefore || hasSameBehind || front + back > 0 { evidence.insert(.topology) }
            if hasSameName { evidence.insert(.name) }
            return evidence
        }
    }
}
