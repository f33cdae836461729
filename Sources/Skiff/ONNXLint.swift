internal import SkiffGraph
internal import SkiffONNX

/// What an ONNX file tells that its graph does not: versions, names that occur twice, external data, declarations.
struct ONNXLint {
    private let survey: ONNXSurvey
    /// `nil` where the reader refuses the file.
    private let graph: Graph?

    /// - Throws: ``ONNXError`` where the file cannot even be scanned.
    static func check(_ storage: Storage, _ folder: String, _ graph: Graph?) throws -> FormatFindings {
        let lint = ONNXLint(survey: try ONNXReader.survey(storage: storage, folder: folder), graph: graph)
        var found = FormatFindings()
        found.findings = lint.versions + lint.names + lint.order + lint.tensors + lint.inputs + lint.declarations
        if graph == nil {
            found.salvage = salvage(storage, folder)
            if found.salvage.graph == nil { found.findings += lint.operators }
        }
        found.answered = [LintRule.unusedTensor.identifier]
        return found
    }

    /// What can be looked at of a file that the reader refuses.
    private static func salvage(_ storage: Storage, _ folder: String) -> FormatFindings.Salvage {
        var salvage = FormatFindings.Salvage()
        do throws(ONNXError) {
            (salvage.graph, salvage.madeUp) = try ONNXReader.readLeniently(storage: storage, folder: folder)
        } catch {
            salvage.failure = error.place.text.isEmpty ? error.message : "\(error.place.text): \(error.message)"
            salvage.tensors = (try? ONNXReader.initializers(storage: storage, folder: folder)) ?? []
        }
        return salvage
    }

    private init(survey: ONNXSurvey, graph: Graph?) {
        self.survey = survey
        self.graph = graph
    }

    /// The newest operator set that released runtimes have, and the IR version that each operator set came with.
    /// Source: ONNX Versioning.md; ONNX Runtime's compatibility table.
    private static let newestRun: Int64 = 25
    private static let irVersions: [(opset: Int64, irVersion: Int64)] = [
        (8, 3), (9, 4), (10, 5), (11, 6), (14, 7), (18, 8), (20, 9), (22, 10), (23, 11), (24, 12), (26, 13),
    ]

    private var versions: [Finding] {
        guard let opset = survey.operatorSets.first(where: { $0.domain.isEmpty })?.version else { return [] }
        var found: [Finding] = []
        if opset < 7 {
            found.append(
                LintRule.oldOpset.finding("opset \(opset): runtimes promise 7 and later", at: Place(), severity: .warning))
        } else if opset < 11 {
            found.append(LintRule.oldOpset.finding("opset \(opset): several converters want 11 or 13", at: Place()))
        } else if opset > Self.newestRun {
            found.append(
                LintRule.newOpset.finding("opset \(opset): released runtimes have up to \(Self.newestRun)", at: Place()))
        }
        if let found0 = survey.irVersion, let usual = Self.irVersions.first(where: { opset <= $0.opset })?.irVersion,
            found0 >= 10, found0 > usual + 1 {
            found.append(
                LintRule.irVersion.finding(
                    "IR version \(found0) with opset \(opset), which came with IR version \(usual)", at: Place()))
        }
        return found
    }

    /// Values that are given twice or never, and nodes of one name.
    private var names: [Finding] {
        var givers: [String: [String]] = [:]
        for name in survey.inputs { givers[name, default: []].append("an input") }
        for tensor in survey.initializers { givers[tensor.name, default: []].append("an initializer") }
        for node in survey.nodes {
            for output in node.outputs { givers[output, default: []].append("node \"\(escaped(node.place.node ?? ""))\"") }
        }
        var found = givers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { name, givers in
            LintRule.duplicateName.finding(
                "is given \(givers.count == 2 ? "twice" : "\(givers.count) times"): by \(givers.prefix(4).joined(separator: " and by "))",
                at: Place(tensor: name))
        }
        for node in survey.nodes {
            for input in node.inputs where givers[input] == nil {
                found.append(LintRule.undefinedValue.finding("reads \"\(escaped(input))\", which nothing gives", at: node.place))
            }
        }
        for output in survey.outputs where givers[output] == nil {
            found.append(LintRule.undefinedValue.finding("is an output that nothing gives", at: Place(tensor: output)))
        }
        var nodeNames: [String: Int] = [:]
        for node in survey.nodes where !node.name.isEmpty { nodeNames[node.name, default: 0] += 1 }
        let repeated = nodeNames.filter { $0.value > 1 }
        if let first = repeated.keys.min(), let count = repeated[first] {
            let rest = repeated.count > 1 ? ", and \(repeated.count - 1) other names occur more than once" : ""
            found.append(
                LintRule.duplicateName.finding(
                    "is the name of \(count) nodes\(rest)", at: Place(node: first), severity: .note,
                    hint: "tools that look nodes up by name mix them up; give each its own"))
        }
        return found
    }

    private var order: [Finding] {
        var givers: [String: Int] = [:]
        for (index, node) in survey.nodes.enumerated() {
            for output in node.outputs where givers[output] == nil { givers[output] = index }
        }
        return survey.nodes.enumerated().compactMap { index, node in
            guard let late = node.inputs.first(where: { givers[$0].map { $0 > index } ?? false }), let giver = givers[late] else {
                return nil
            }
            return LintRule.nodeOrder.finding(
                "stands before \"\(escaped(survey.nodes[giver].place.node ?? ""))\", whose result it reads", at: node.place)
        }
    }

    private var tensors: [Finding] {
        var found: [Finding] = []
        for tensor in survey.initializers {
            if !tensor.isRead, let type = tensor.elementType {
                found.append(
                    LintRule.unusedTensorFinding(
                        name: tensor.name, type: type, shape: tensor.shape, bytes: tensor.byteCount ?? 0))
            }
            // What the reader refuses as a whole is the first of these, and says as much itself.
            if let failure = tensor.failure {
                let rule: LintRule = switch failure.reason {
                case .externalFile, .core(.externalPathRefused): .externalData
                default: .unreadable
                }
                found.append(rule.finding(failure.message, at: failure.place, hint: failure.hint))
            }
        }
        return found + overlaps
    }

    /// External data of tensors that share some bytes, but not all.
    private var overlaps: [Finding] {
        var found: [Finding] = []
        var files: [String: [ONNXSurvey.Initializer]] = [:]
        for tensor in survey.initializers {
            if let external = tensor.external, !external.bytes.isEmpty { files[external.location, default: []].append(tensor) }
        }
        for (_, tensors) in files.sorted(by: { $0.key < $1.key }) {
            let ordered = tensors.compactMap { tensor in tensor.external.map { (tensor.name, $0.location, $0.bytes) } }
                .sorted { ($0.2.lowerBound, $0.2.upperBound) < ($1.2.lowerBound, $1.2.upperBound) }
            for (tensor, next) in zip(ordered, ordered.dropFirst()) where next.2 != tensor.2 && next.2.lowerBound < tensor.2.upperBound {
                found.append(
                    LintRule.externalShared.finding(
                        "its bytes \(next.2.lowerBound) to \(next.2.upperBound) of \"\(escaped(next.1))\" overlap those of \"\(escaped(tensor.0))\"",
                        at: Place(tensor: next.0)))
            }
        }
        return found
    }

    private var inputs: [Finding] {
        let missing = survey.initializers.filter { !$0.isInput }
        if let version = survey.irVersion, version < 4, let first = missing.first {
            let rest = missing.count > 1 ? ", as \(missing.count - 1) other initializers are not" : ""
            return [
                LintRule.weightNotInput.finding(
                    "is no input\(rest), and the file has IR version \(version)", at: Place(tensor: first.name))
            ]
        }
        let replaceable = survey.initializers.filter { $0.isInput }
        guard (survey.irVersion ?? 0) >= 4, let first = replaceable.first else { return [] }
        let rest = replaceable.count > 1 ? ", as \(replaceable.count - 1) other initializers are" : ""
        return [LintRule.overridableWeight.finding("is an input too\(rest)", at: Place(tensor: first.name))]
    }

    /// Declared shapes and types that the operators do not give.
    private var declarations: [Finding] {
        guard let graph, let facts = try? graph.factsWithoutDeclarations() else { return [] }
        var values: [String: ValueID] = [:]
        for id in graph.valueIDs { values[graph[id].name] = id }
        for output in graph.outputs { values[output.name] = output.value }
        return survey.declared.compactMap { name, declared in
            guard let id = values[name], let found = facts[id.index] else { return nil }
            if found.elementType != declared.elementType {
                return LintRule.declaredShape.finding(
                    "is declared as \(declared.elementType.rawValue), the network gives \(found.elementType.rawValue)",
                    at: Place(tensor: name))
            }
            guard let shape = found.shape, let told = declared.shape else { return nil }
            let differs = shape.count != told.count
                || zip(shape, told).contains { one, other in
                    guard let one = one.fixedValue, let other = other.fixedValue else { return false }
                    return one != other
                }
            guard differs else { return nil }
            return LintRule.declaredShape.finding(
                "is declared as \(told.shapeText), the network gives \(shape.shapeText)", at: Place(tensor: name))
        }
    }

    /// Operators that are not known, where no graph tells of them.
    private var operators: [Finding] {
        survey.nodes.compactMap { node in
            guard !node.isKnown else { return nil }
            let domain = node.domain.isEmpty ? "" : " of \(escaped(node.domain))"
            return LintRule.unknownOperator.finding("cannot be run\(domain)", at: node.place)
        }
    }
}
