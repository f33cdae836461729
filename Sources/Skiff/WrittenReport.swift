internal import SkiffONNX

/// What reading a written file again, and comparing it with its model, showed.
public struct WrittenReport: Sendable {
    /// The first difference in words; `nil` where there is none.
    public var difference: String?
    /// What was found identical, to the last bit, in the singular: `node and weight` or `weight`.
    public var compared: String
    /// What running both showed where the file says the network by other nodes: `all outputs within 8 × rounding noise`;
    /// `nil` where nothing had to be run.
    public var outputs: String?
    /// What was not compared, a line each.
    public var notes: [String] = []
}

extension Model {
    /// Reads what was written of this model, checks its checksums and compares: every node, attribute and weight, to the
    /// last bit; of formats without an architecture every weight. An ONNX file that says the network by other nodes, or with
    /// axes in another order, has every weight compared in its place there, and is run beside the model.
    /// - Parameters:
    ///   - report: What ``write(to:options:progress:)`` said, which may have compared weights already.
    ///   - progress: Told what is done, and what part of it, from 0 to 1.
    /// - Throws: ``SkiffError`` where the file cannot be read or is damaged.
    public func comparison(
        withWritten path: String, _ report: WriteReport? = nil, progress: Verifier.Progress? = nil
    ) throws(SkiffError) -> WrittenReport {
        let format = try FormatRegistry.format(forWriting: path)
        guard format.identifier == "onnx" else {
            let difference = try firstDifference(fromWritten: path, report ?? WriteReport()) { progress?("comparing", $0) }
            return WrittenReport(
                difference: difference, compared: format.isWeightsOnly ? "weight" : "node and weight")
        }
        let written = try Model(contentsOf: path)
        let comparison = try located(Place(file: path)) { try WrittenComparison(of: written.graph, with: graph) }
        switch comparison {
        case .identical: return WrittenReport(compared: "node and weight")
        case .differs(let difference): return WrittenReport(difference: difference, compared: "weight")
        case .weightsIdentical: return functionReport(written, progress)
        }
    }

    /// Runs the written model beside this one: where extents are open on small inputs, and where those do not fit on usual
    /// ones.
    private func functionReport(_ written: Model, _ progress: Verifier.Progress?) -> WrittenReport {
        var report = WrittenReport(compared: "weight")
        do throws(SkiffError) {
            let parity: ParityReport
            do throws(SkiffError) {
                parity = try verify(written, against: self, using: verifier(openExtent: 64), progress: progress)
            } catch {
                parity = try verify(written, against: self, using: verifier(openExtent: usualExtent), progress: progress)
            }
            let count = parity.outputs.count
            let agreeing = parity.outputs.count { $0.verdict.isAgreement }
            guard parity.passed else {
                report.difference = "\(count - agreeing) of \(count) outputs are not the model's"
                return report
            }
            let what = count == 1 ? "the output" : "all \(count) outputs"
            report.outputs = parity.verdict == .identical ? "\(what) to the last bit" : "\(what) within rounding noise"
        } catch {
            report.notes.append("whether both compute the same was not measured: \(error.description)")
        }
        return report
    }

    /// A verifier of one sample, with open extents behind the batch as they are given.
    private func verifier(openExtent: Int?) -> Verifier {
        var verifier = Verifier()
        verifier.batch = 1
        verifier.comparesIntermediates = false
        verifier.explains = false
        guard let openExtent else { return verifier }
        for input in graph.inputs {
            guard let shape = graph[input].fact?.shape, shape.count > 2, Array(shape.dropFirst()).fixedShape == nil else { continue }
            verifier.inputShapes[graph[input].name] = shape.enumerated().map { axis, dimension in
                dimension.fixedValue ?? (axis == 0 ? 1 : openExtent)
            }
        }
        return verifier
    }
}
