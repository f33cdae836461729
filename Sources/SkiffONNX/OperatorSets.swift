internal import CONNXSchema
internal import SkiffCore
internal import SkiffGraph

/// The operator sets that a model imports, by domain.
struct OperatorSets {
    /// Versions of the default domain that Skiff reads.
    static let supported = 1...28
    /// Versions of the file format that Skiff reads.
    static let supportedIR = 3...14

    /// In the model's order; the default domain's name is empty.
    let imports: [(domain: String, version: Int64)]

    /// - Throws: ``ONNXError`` `version` outside the supported ranges, `operatorSets` for contradicting imports.
    ///
    /// - Parameter isLenient: takes the nearest known version for another one, and the first of contradicting imports.
    init(_ model: ModelMessage, isLenient: Bool = false) throws(ONNXError) {
        if isLenient {
            try self.init(messages(model.n_opset_import, model.opset_import), isLenient: true)
            return
        }
        guard model.has_ir_version != 0 else { throw ONNXError(.missing("ir_version")) }
        guard let version = Int(exactly: model.ir_version), Self.supportedIR.contains(version) else {
            throw ONNXError(.version(of: "ir_version", found: model.ir_version, supported: Self.supportedIR))
        }
        try self.init(messages(model.n_opset_import, model.opset_import))
    }

    /// The operator sets of a function.
    /// - Throws: ``ONNXError`` as for those of a model.
    init(_ function: FunctionMessage) throws(ONNXError) {
        try self.init(messages(function.n_opset_import, function.opset_import))
    }

    private init(_ messages: [UnsafePointer<OperatorSetMessage>], isLenient: Bool = false) throws(ONNXError) {
        var imports: [(domain: String, version: Int64)] = []
        for message in messages {
            let domain = Self.canonical(text(message.pointee.domain))
            var version = message.pointee.has_version != 0 ? message.pointee.version : 0
            if isLenient, domain.isEmpty {
                version = min(max(version, Int64(Self.supported.lowerBound)), Int64(Self.supported.upperBound))
            }
            if let other = imports.first(where: { $0.domain == domain }) {
                guard isLenient || other.version == version else {
                    throw ONNXError(.operatorSets(
                        "imports operator set \"\(escaped(domain))\" in versions \(other.version) and \(version)"))
                }
                continue
            }
            imports.append((domain, version))
            guard imports.count <= Limits.nesting else {
                throw ONNXError(.core(.limit(name: "operator sets", declared: imports.count, allowed: Limits.nesting)))
            }
        }
        if isLenient, !imports.contains(where: { $0.domain.isEmpty }) {
            imports.append(("", Int64(Self.supported.upperBound)))
        }
        if let standard = imports.first(where: { $0.domain.isEmpty }) {
            guard let version = Int(exactly: standard.version), Self.supported.contains(version) else {
                throw ONNXError(.version(of: "opset", found: standard.version, supported: Self.supported))
            }
        }
        self.imports = imports
    }

    /// `ai.onnx` is another spelling of the default domain.
    static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

    /// The version of a domain; 0 where the model does not import it and it is not the default one.
    /// - Throws: ``ONNXError`` `operatorSets` where an operator of the default domain is used without its import.
    func version(domain: String, requiredBy name: String) throws(ONNXError) -> Int {
        if let found = imports.first(where: { $0.domain == domain }) { return Int(clamping: found.version) }
        guard !domain.isEmpty else {
            throw ONNXError(.operatorSets("comes from the operator set ai.onnx, which the model does not import"))
        }
        return 0
    }
}

extension GraphMetadata {
    init(model: ModelMessage, operatorSets: OperatorSets) {
        let producer = [text(model.producer_name), text(model.producer_version)].filter { !$0.isEmpty }
        self.init(sourceFormat: "ONNX", producer: producer.joined(separator: " "))
        entries.append(Entry("ir_version", String(model.ir_version)))
        for set in operatorSets.imports {
            entries.append(Entry(set.domain.isEmpty ? "opset" : "opset.\(set.domain)", String(set.version)))
        }
        if model.has_model_version != 0 { entries.append(Entry("model_version", String(model.model_version))) }
        for (key, value) in [("domain", text(model.domain)), ("doc_string", text(model.doc_string))] where !value.isEmpty {
            entries.append(Entry(key, value))
        }
        for message in messages(model.n_metadata_props, model.metadata_props) {
            entries.append(Entry("metadata_props.\(text(message.pointee.key))", text(message.pointee.value)))
        }
    }
}
