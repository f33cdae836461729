public import SkiffCore
public import SkiffInspect

extension SignalFlow {
    /// The member `flow` of `skiff inspect --json`; Docs/JSON.md describes it.
    /// - Parameter inspection: the one that was measured.
    public func json(_ inspection: Inspection) -> JSONValue {
        [
            "input": .string(input), "madeUp": .bool(isMadeUp), "samples": .integer(Int64(samples)),
            "notes": .array(notes.map { .string($0) }),
            "classes": classes.map { classes in
                [
                    "output": .string(classes.output), "count": .integer(Int64(classes.count)),
                    "decisions": .integer(Int64(classes.decisions)), "perPosition": .bool(classes.isPerPosition),
                ]
            } ?? .null,
            "omission": omission.map { .string($0) } ?? .null,
            "blocks": .array(blocks.map { json(of: $0, inspection) }),
        ]
    }

    private func json(of block: Block, _ inspection: Inspection) -> JSONValue {
        [
            "block": .integer(Int64(block.block)), "name": .string(inspection.blocks[block.block].name),
            "shortcutRMS": .number(block.shortcutRMS), "branchRMS": .number(block.branchRMS),
            "ratio": .optional(block.ratio), "cosine": .optional(block.cosine), "sumRMS": .optional(block.sumRMS),
            "sampleRatios": block.sampleRatios.map { range in
                .array([.number(range.lowerBound), .number(range.upperBound)])
            } ?? .null,
            "lesion": block.lesion.map { lesion in
                [
                    "outputChange": .number(lesion.outputChange), "top1Agreement": .optional(lesion.top1Agreement),
                    "scoreChange": .optional(lesion.scoreChange),
                ]
            } ?? .null,
        ]
    }
}

extension JSONValue {
    fileprivate static func optional(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }
}
