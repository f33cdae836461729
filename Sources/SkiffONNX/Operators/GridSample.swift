internal import SkiffGraph

/// ONNX GridSample 16 (`bilinear`, `bicubic`), 20, 22 (`linear`, `cubic`).
@Sendable func readGridSample(_ node: NodeImport) throws(ONNXError) -> Operator {
    let mode = try node.attributes.choice(
        "mode", default: "linear",
        ["linear": GridSample.Mode.linear, "bilinear": .linear, "nearest": .nearest, "cubic": .cubic, "bicubic": .cubic])
    let outside = try node.attributes.choice(
        "padding_mode", default: "zeros",
        ["zeros": GridSample.Outside.zeros, "border": .border, "reflection": .reflection])
    return .gridSample(
        GridSample(
            mode: mode, outside: outside, alignsCorners: try node.attributes.flag("align_corners", default: false)))
}
