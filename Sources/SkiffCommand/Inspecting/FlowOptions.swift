internal import ArgumentParser
internal import Skiff

/// What the residual blocks do to the signal.
struct FlowOptions: ParsableArguments {
    var isAsked: Bool { false }

    /// Runs the network; `nil` where that is not asked for.
    func flow(of model: Model, _ inspection: Inspection, _ console: Console) throws -> SignalFlow? { nil }

    func section(of flow: SignalFlow, _ inspection: Inspection, _ console: Console) -> InspectSection {
        InspectSection(key: "flow", json: .null, text: "")
    }
}
