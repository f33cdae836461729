internal import SkiffGraph

struct DenseLayer: LayerDefinition {
    let units: Int
    let hasBias: Bool
    let activation: ActivationFunction

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        units = try options.integer("units", "output_dim")
        hasBias = try options.flag("use_bias", "bias", default: true)
        activation = try ActivationFunction(options["activation"], major: options.major)
        guard options["lora_rank"] == nil, options["quantization_config"] == nil else {
            throw KerasError(.unsupported("low-rank or quantized weights"))
        }
    }

    var weights: [WeightRequirement] {
        [WeightRequirement("kernel", [nil, units])] + (hasBias ? [WeightRequirement("bias", [units])] : [])
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        var inputs: [ValueID?] = [try site.input(), try importer.weight(site, "kernel")]
        if hasBias { inputs.append(try importer.weight(site, "bias")) }
        return try importer.node(site, .dense(Dense()), inputs, activation: activation)
    }
}
