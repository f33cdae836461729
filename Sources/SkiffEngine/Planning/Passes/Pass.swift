/// One change of a draft that leaves alone what it computes.
struct Pass: Sendable {
    /// How ``PlanReport`` calls it.
    let name: String
    /// Changes a draft and tells how often.
    let run: @Sendable (inout Draft) throws(EngineError) -> Int

    /// All passes in the order in which they run: later ones count on earlier ones.
    static let all = [
        Pass(name: "fold constants") { draft throws(EngineError) in try foldConstants(&draft, leavesWeights: true) },
        Pass(name: "drop identities") { draft throws(EngineError) in dropIdentities(&draft) },
        Pass(name: "recognize global pooling") { draft throws(EngineError) in recognizeGlobalPooling(&draft) },
        Pass(name: "move transposes") { draft throws(EngineError) in moveTransposes(&draft) },
        Pass(name: "merge transposes") { draft throws(EngineError) in mergeTransposes(&draft) },
        Pass(name: "merge reshapes") { draft throws(EngineError) in mergeReshapes(&draft) },
        Pass(name: "merge padding") { draft throws(EngineError) in try mergePadding(&draft) },
        Pass(name: "make products") { draft throws(EngineError) in makeProducts(&draft) },
        Pass(name: "fold weights left over") { draft throws(EngineError) in
            try foldConstants(&draft, leavesWeights: false)
        },
        Pass(name: "fold normalization and bias") { draft throws(EngineError) in foldChannelArithmetic(&draft) },
        Pass(name: "fuse shortcuts") { draft throws(EngineError) in fuseShortcuts(&draft) },
        Pass(name: "fuse clamps") { draft throws(EngineError) in fuseClamps(&draft) },
        Pass(name: "drop dead nodes") { draft throws(EngineError) in dropDeadNodes(&draft) },
    ]
}

extension Draft {
    /// Runs all passes.
    mutating func simplify() throws(EngineError) -> [PlanReport.Pass] {
        var reports: [PlanReport.Pass] = []
        for pass in Pass.all { reports.append(PlanReport.Pass(name: pass.name, changes: try pass.run(&self))) }
        return reports
    }
}
