public import SkiffCore
public import SkiffGraph

/// Everything suspicious in a model.
public struct LintReport: Sendable {
    /// Errors first, then by rule, then in the model's order.
    public var findings: [Finding]
    /// Whether weights were read for it.
    public var readsWeights: Bool
    /// Rules that could not run at all.
    public var notRun: [Unchecked]

    /// A kind of rules that could not run, and why.
    public struct Unchecked: Hashable, Sendable {
        /// `graph`, `weights`: what these rules look at.
        public var rules: String
        /// One line.
        public var reason: String

        public init(rules: String, reason: String) {
            self.rules = rules
            self.reason = reason
        }
    }

    public init(findings: [Finding], readsWeights: Bool, notRun: [Unchecked] = []) {
        self.notRun = notRun
        var seen: Set<Finding> = []
        let order = Dictionary(
            LintRule.all.enumerated().map { ($0.element.identifier, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let rank: (Finding) -> (Int, Int) = { finding in
            (Finding.Severity.allCases.firstIndex(of: finding.severity) ?? 0, order[finding.rule] ?? Int.max)
        }
        let unique = findings.filter { seen.insert($0).inserted }
        self.findings = unique.enumerated().sorted { left, right in
            (rank(left.element).0, rank(left.element).1, left.offset) < (rank(right.element).0, rank(right.element).1, right.offset)
        }.map(\.element)
        self.readsWeights = readsWeights
    }

    /// Applies every rule to a network.
    ///
    /// - Parameters:
    ///   - statistics: of its weights; rules about weights find nothing without.
    ///   - found: what the file's format found by itself.
    ///   - answered: rules that the format's own check answers, which sees more of them than the graph tells.
    public init(
        of graph: Graph, _ inspection: Inspection, statistics: WeightStatistics?, found: [Finding] = [],
        answered: Set<String> = []
    ) {
        let context = LintContext(graph, inspection, statistics: statistics)
        let applied = LintRule.all.filter { !answered.contains($0.identifier) }.flatMap { $0.check?(context) ?? [] }
        self.init(findings: found + applied, readsWeights: statistics != nil)
    }

    /// What the weights of a file without an architecture show by themselves.
    ///
    /// - Parameter tensors: the file's, in the order of `statistics`.
    public init(of tensors: [(name: String, tensor: Tensor)], _ statistics: WeightStatistics) {
        var builder = GraphBuilder()
        for (name, tensor) in tensors where !builder.isDefined(name) {
            guard let id = try? builder.addWeight(name, tensor) else { continue }
            builder.addOutput(name, id)
        }
        guard let graph = try? builder.build() else {
            self.init(findings: [], readsWeights: false)
            return
        }
        var statistics = statistics
        var values: [String: ValueID] = [:]
        for id in graph.valueIDs { values[graph[id].name] = id }
        for index in statistics.tensors.indices {
            let tensor = statistics.tensors[index]
            statistics.tensors[index].value = values[tensor.name] ?? tensor.value
            // Nobody says what they are for: several axes make a kernel.
            if tensor.elementType.isFloating { statistics.tensors[index].role = tensor.shape.count > 1 ? .kernel : .bias }
        }
        let context = LintContext(graph, Inspection(of: graph, format: ""), statistics: statistics)
        self.init(findings: LintRule.weightRules.flatMap { $0.check?(context) ?? [] }, readsWeights: true)
    }

    /// What can be said of a file that its reader refuses.
    ///
    /// - Parameters:
    ///   - graph: what could be made of it; `nil` where nothing could.
    ///   - madeUp: names of the graph's inputs that the file does not have.
    ///   - tensors: the weights by themselves, for where there is no graph.
    ///   - found: what the file's format found by itself.
    ///   - answered: rules that the format's own check answers.
    ///   - reason: why there is no graph.
    public init(
        of graph: Graph?, madeUp: Set<String>, orOf tensors: [(name: String, tensor: Tensor)], found: [Finding],
        answered: Set<String>, because reason: String
    ) {
        guard let graph else {
            let statistics = tensors.isEmpty ? nil : try? WeightStatistics(of: tensors)
            let values = statistics.map { LintReport(of: tensors, $0).findings } ?? []
            // What a weight is for, only a network tells.
            let certain = values.filter { [LintRule.notANumber, .infiniteWeights].map(\.identifier).contains($0.rule) }
            self.init(
                findings: found + certain, readsWeights: statistics != nil,
                notRun: [
                    Unchecked(rules: "graph", reason: reason),
                    Unchecked(
                        rules: "weights",
                        reason: statistics == nil ? reason : "without a network only NaN and infinities are looked for"),
                ])
            return
        }
        let inspection = Inspection(of: graph, format: "")
        let statistics = try? WeightStatistics(of: graph, inspection)
        let report = LintReport(of: graph, inspection, statistics: statistics, found: [], answered: answered)
        let added = report.findings.filter { finding in finding.place.tensor.map { !madeUp.contains($0) } ?? true }
        self.init(
            findings: found + added, readsWeights: statistics != nil,
            notRun: statistics == nil ? [Unchecked(rules: "weights", reason: "some weights cannot be read")] : [])
    }

    /// The report with its reader's refusal, where no finding tells of that under a rule of its own.
    public func refused(_ refusal: Finding) -> LintReport {
        // What stands for the refused node is no operator by itself.
        let others = findings.filter { finding in
            finding.rule != LintRule.unknownOperator.identifier || finding.place.node != refusal.place.node
                || !finding.message.hasSuffix(refusal.message)
        }
        let isTold = others.contains { finding in
            guard finding.severity == .error else { return false }
            if finding.message == refusal.message { return true }
            guard finding.rule == LintRule.undefinedValue.identifier || finding.rule == LintRule.duplicateName.identifier
                || finding.rule == LintRule.externalData.identifier
            else { return false }
            let one = finding.place, other = refusal.place
            return one.node.map { $0 == other.node } ?? false
                || other.node == nil && one.tensor.map { $0 == other.tensor } ?? false
        }
        return LintReport(findings: (isTold ? [] : [refusal]) + others, readsWeights: readsWeights, notRun: notRun)
    }

    public func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }
    public var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// The report as `skiff inspect --lint --json` adds it under `lint`; Docs/JSON.md has the members.
    public func json() -> JSONValue {
        [
            "errors": .integer(Int64(count(.error))), "warnings": .integer(Int64(count(.warning))),
            "notes": .integer(Int64(count(.note))), "readsWeights": .bool(readsWeights),
            "notRun": .array(notRun.map { ["rules": .string($0.rules), "reason": .string($0.reason)] }),
            "findings": .array(findings.map(\.json)),
        ]
    }

    /// The report as a terminal shows it: of each rule the first few findings, unless all are asked for.
    public func text(width: Int = 100, colors: Bool = false, all: Bool = false) -> String {
        let style = TextStyle(colors: colors)
        let counts = [
            countText(count(.error), "error"), countText(count(.warning), "warning"), countText(count(.note), "note"),
        ].joined(separator: ", ")
        var lines = [style.heading("Lint") + style.faint("  \(counts)")]
        var index = 0
        while index < findings.count {
            let first = findings[index]
            let group = findings[index...].prefix { $0.rule == first.rule && $0.severity == first.severity }
            index = group.endIndex
            let shown = all ? group.count : min(group.count, first.severity == .note ? 1 : 3)
            let label = first.severity.rawValue
            let painted = first.severity == .note ? style.faint(label) : style.warning(label)
            lines.append("  " + painted + "  " + style.accent(first.rule) + (group.count > 1 ? style.faint("  \(groupedText(group.count)) times") : ""))
            for finding in group.prefix(shown) {
                let place = finding.place.text
                lines += wrapped((place.isEmpty ? "" : place + ": ") + finding.message, width: width, indent: 4)
            }
            if group.count > shown { lines.append("    " + style.faint("and \(groupedText(group.count - shown)) more")) }
            if let hint = first.hint { lines += wrapped("hint: " + hint, width: width, indent: 4).map { style.faint($0) } }
        }
        for (index, unchecked) in notRun.enumerated() where !notRun[..<index].contains(where: { $0.reason == unchecked.reason }) {
            let kinds = notRun[index...].filter { $0.reason == unchecked.reason }.map(\.rules).joined(separator: " and the ")
            lines += wrapped("rules about the \(kinds) could not run: \(unchecked.reason)", width: width, indent: 2)
        }
        if findings.isEmpty, notRun.isEmpty { lines.append("  nothing suspicious") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Finding {
    fileprivate var json: JSONValue {
        [
            "rule": .string(rule), "severity": .string(severity.rawValue), "message": .string(message),
            "hint": hint.map { .string($0) } ?? .null, "text": .string(place.text.isEmpty ? message : "\(place.text): \(message)"),
            "place": [
                "file": place.file.map { .string($0) } ?? .null, "member": place.member.map { .string($0) } ?? .null,
                "node": place.node.map { .string($0) } ?? .null,
                "operator": place.operatorName.map { .string($0) } ?? .null,
                "tensor": place.tensor.map { .string($0) } ?? .null,
                "byteOffset": place.byteOffset.map { .integer(Int64($0)) } ?? .null,
            ],
        ]
    }
}
