/// What residual blocks do to the signal along the depth: sizes of shortcut and branch on a logarithmic axis, their cosine,
/// and what becomes of the outputs without each branch.
struct FlowChart {
    let flow: SignalFlow
    let inspection: Inspection

    init(_ flow: SignalFlow, _ inspection: Inspection) {
        self.flow = flow
        self.inspection = inspection
    }

    var height: Double { 0 }
    func shapes(width: Double) -> [Markup] { [] }
}
