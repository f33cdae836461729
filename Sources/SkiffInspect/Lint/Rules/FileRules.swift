public import SkiffCore

/// Rules that a file's format applies, or its reader, since a graph does not tell of them.
extension LintRule {
    static let fileRules: [LintRule] = [
        unreadable, duplicateName, undefinedValue, nodeOrder, oldOpset, newOpset, irVersion, weightNotInput, overridableWeight,
        externalData, externalShared, declaredShape,
    ]

    public static let unreadable: LintRule = LintRule(
        "unreadable", .error, "what the reader refuses",
        reason: "The file breaks a rule of its format, or uses what Skiff does not read. The check goes on with what can be made of "
            + "it: a newer opset is taken for the newest known one, values that nothing gives and weights that cannot be read for "
            + "inputs, nodes that break a rule for unknown ones. Where that makes no network, initializers are still searched for "
            + "NaN and infinities, and the report says which rules could not run.",
        advice: "the message says what was found and what is expected",
        example: "model.onnx: opset 40: supported are 1 to 28")

    public static let duplicateName: LintRule = LintRule(
        "duplicate-name", .error, "one name for two things",
        otherwise: [(.note, "for nodes of one name")],
        reason: "Which of two tensors, or which node's result, is meant hangs on the reader; ONNX forbids it. Nodes may share a name, "
            + "but tools that look nodes up by name (profilers, quantizers) mix them up.",
        advice: "give each its own name; onnx.checker.check_model tells of it too",
        example: "tensor \"conv1.weight\": is given twice: by an initializer and by an initializer")

    public static let undefinedValue: LintRule = LintRule(
        "undefined-value", .error, "a value that is read and never given",
        reason: "No input, initializer or node has that name. A file cut out of a larger model often lacks what crossed the cut.",
        advice: "cut it out again with onnx.utils.extract_model, which names inputs and outputs",
        example: "node \"conv1\" (Conv): reads \"x_1\", which nothing gives")

    public static let nodeOrder: LintRule = LintRule(
        "node-order", .warning, "a node before what it reads",
        reason: "ONNX wants nodes sorted. Skiff sorts them itself; onnx.checker and some runtimes refuse the file.",
        advice: "sort them: onnx-graphsurgeon's graph.toposort(), or skiff convert",
        example: "node \"relu1\" (Relu): stands before \"conv1\", whose result it reads")

    public static let oldOpset: LintRule = LintRule(
        "old-opset", .note, "an old operator set",
        otherwise: [(.warning, "before opset 7")],
        reason: "Runtimes promise opset 7 and later; several converters and TensorRT want 9, 11 or 13. Old versions of operators "
            + "broadcast, round and pad by other rules.",
        advice: "export again, or raise it: skiff convert --opset, or onnx.version_converter",
        example: "opset 6: runtimes promise 7 and later")

    public static let newOpset: LintRule = LintRule(
        "new-opset", .note, "an operator set that few runtimes have yet",
        reason: "A runtime refuses a model of an operator set that is newer than itself, even where it has each operator.",
        advice: "export with an earlier opset (17 and 18 run everywhere), or skiff convert --opset",
        example: "opset 27: released runtimes have up to 25")

    public static let irVersion: LintRule = LintRule(
        "ir-version", .note, "an IR version much newer than the operator set needs",
        reason: "Runtimes refuse a newer IR version than their own, so a model that any of them could run is turned away: "
            + "\"Unsupported model IR version\".",
        advice: "set model.ir_version to what the opset came with, or skiff convert",
        example: "IR version 13 with opset 11, which came with IR version 6")

    public static let weightNotInput: LintRule = LintRule(
        "weight-not-input", .warning, "an initializer that is no input, in a file of IR version 3",
        reason: "Before IR version 4 every initializer had to be an input too; onnx.checker refuses the file.",
        advice: "set model.ir_version to 4 or later",
        example: "tensor \"conv1.weight\": is no input, as 52 other initializers are not, and the file has IR version 3")

    public static let overridableWeight: LintRule = LintRule(
        "overridable-weights", .note, "weights that callers may replace",
        reason: "Initializers that are inputs too cannot be taken for constants, so ONNX Runtime folds and fuses nothing with them "
            + "and warns of each.",
        advice: "remove them from the inputs (onnxruntime's remove_initializer_from_input.py, or skiff convert), or export with "
            + "keep_initializers_as_inputs=False",
        example: "tensor \"conv1.weight\": is an input too, as 267 other initializers are")

    public static let externalData: LintRule = LintRule(
        "external-data", .error, "external data that is missing, too short or outside the model's folder",
        reason: "The weights lie in another file that has to stand beside the model under the name it was given then. Paths that lead "
            + "out of the folder are never opened.",
        advice: "put the file beside the model under its old name; onnx.save_model writes both anew",
        example: "tensor \"conv1.weight\": its external data file \"resnet.onnx.data\" is not there")

    public static let externalShared: LintRule = LintRule(
        "external-overlap", .warning, "external data of two tensors that overlap",
        reason: "One of the two offsets is wrong, so one tensor has another's numbers.",
        advice: "write the file again with onnx.save_model",
        example: "tensor \"fc.weight\": its bytes 0 to 4096 of \"w.bin\" overlap those of \"fc.bias\"")

    public static let declaredShape: LintRule = LintRule(
        "declared-shape", .warning, "a declared shape that the network does not give",
        reason: "The file says one shape of a value and its operators give another: it was edited, or an exporter traced it wrongly. "
            + "Runtimes that trust the declaration allocate too little or refuse the file.",
        advice: "clear value_info and run onnx.shape_inference.infer_shapes, or export again",
        example: "tensor \"output\": is declared as [1, 10], the network gives [1, 1000]")
}
