internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// The reference's own piece beside a piece of the candidate, where the reference is a model: it can be run on other inputs.
struct ReferencePieces: Sendable {
    /// The reference's value beside one of the candidate's, and what turns the candidate's order of axes into its.
    struct Partner: Sendable {
        var value: ValueID
        var permutation: Permutation?
    }

    let graph: Graph
    let partners: [ValueID: Partner]
    let threads: Int?

    /// - Parameter inputs: pairs of graph inputs.
    init(_ graph: Graph, _ targets: [Target], inputs: [InputPlan.Input], threads: Int?) {
        self.graph = graph
        self.threads = threads
        var partners: [ValueID: Partner] = [:]
        for target in targets where target.isForced {
            partners[target.value] = Partner(value: ValueID(target.reference), permutation: target.permutation)
        }
        for input in inputs {
            partners[input.candidate] = Partner(value: input.reference, permutation: input.permutation)
        }
        self.partners = partners
    }

    /// What the reference gives for the output of a piece from other inputs of the piece, all in the candidate's order of
    /// axes; `nil` where the reference has no such piece.
    func output(of region: Region, candidateOutput: ValueID, given: [String: Tensor]) -> Tensor? {
        guard let output = partners[candidateOutput] else { return nil }
        var tensors: [ValueID: Tensor] = [:]
        for id in region.graph.inputs {
            guard let own = region.values[id.index], let partner = partners[own], let tensor = given[region.graph[id].name]
            else { return nil }
            tensors[partner.value] = partner.permutation.map { try? tensor.permuted($0) } ?? tensor
        }
        guard let reference = given.values.first,
            let piece = try? Region(
                of: graph, output: output.value, given: tensors, reference: reference, threads: threads),
            piece.graph.inputs.count == piece.given.count, let tensor = try? piece.output(.float)
        else { return nil }
        return output.permutation.map { try? tensor.permuted($0.inverse) } ?? tensor
    }
}
