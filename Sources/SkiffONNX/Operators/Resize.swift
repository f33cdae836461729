internal import SkiffCore
internal import SkiffGraph

/// The two modes of Upsample and of Resize 10, which sample at position / scale. How nearest rounds they leave
/// open: down when it enlarges, as every implementation does; up when it shrinks, as ONNX Runtime does.
private func earlyResize(_ node: NodeImport, scales: Int) throws(ONNXError) -> Operator {
    let isLinear = try node.attributes.choice(
        "mode", default: "nearest", ["nearest": false, "linear": true, "bilinear": true])
    var rounding = Resize.Rounding.floor
    if !isLinear, node.operatorName == "Resize" {
        let values = try node.weight(scales).map { (tensor) throws(ONNXError) in
            try located { () throws(CoreError) in try tensor.floats() }
        }
        let shrinks = values?.contains { $0 < 1 }
        let enlarges = values?.contains { $0 > 1 }
        guard let shrinks, let enlarges, !(shrinks && enlarges) else {
            throw node.inexpressible("Resize-10 leaves open how nearest rounds where it may shrink and enlarge")
        }
        if shrinks { rounding = .ceil }
    }
    node.inputs = [node.input(0), nil, node.input(scales)]
    return .resize(Resize(mode: isLinear ? .linear : .nearest(rounding), coordinates: .asymmetric))
}

/// ONNX Upsample 1: scales of height and width as attributes.
@Sendable func readUpsample1(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let height = try node.attributes.real("height_scale"), let width = try node.attributes.real("width_scale") else {
        throw ONNXError(.missing("height_scale or width_scale"))
    }
    let tensor = try located { () throws(CoreError) in try Tensor(floats: [1, 1, height, width], shape: [4]) }
    node.inputs = [node.input(0), try node.weight("scales", tensor)]
    return try earlyResize(node, scales: 1)
}

/// ONNX Upsample 7: scales as an attribute.
@Sendable func readUpsample7(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let scales = try node.attributes.reals("scales") else { throw ONNXError(.missing("attribute scales")) }
    let tensor = try located { () throws(CoreError) in try Tensor(floats: scales, shape: [scales.count]) }
    node.inputs = [node.input(0), try node.weight("scales", tensor)]
    return try earlyResize(node, scales: 1)
}

/// ONNX Upsample 9: scales as input 1.
@Sendable func readUpsample9(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard node.opset < 10 else { throw node.inexpressible("Upsample ended with opset 9") }
    return try earlyResize(node, scales: 1)
}

/// ONNX Resize 10: scales as input 1.
@Sendable func readResize10(_ node: NodeImport) throws(ONNXError) -> Operator {
    try earlyResize(node, scales: 1)
}

/// ONNX Resize 11, 13, 18 (`antialias`, `axes`, `keep_aspect_ratio_policy`), 19 (`half_pixel_symmetric`).
@Sendable func readResize11(_ node: NodeImport) throws(ONNXError) -> Operator {
    // Resize 11 demands an empty tensor where region or scales are left out. It stays, so that the node can be written as
    // it was, unless something would be read of it.
    let attributes = node.attributes
    let readsRegion = try attributes.text("coordinate_transformation_mode", default: "half_pixel") == "tf_crop_and_resize"
    for index in 1..<max(2, node.inputs.count) {
        guard let tensor = node.weight(index), tensor.elementCount == 0 else { continue }
        if tensor.shape != [0] || index == 1 && readsRegion { node.inputs[index] = nil }
    }
    let coordinates = try attributes.choice(
        "coordinate_transformation_mode", default: "half_pixel",
        [
            "half_pixel": Resize.Coordinates.halfPixel, "half_pixel_symmetric": .halfPixelSymmetric,
            "pytorch_half_pixel": .pytorchHalfPixel, "align_corners": .alignCorners, "asymmetric": .asymmetric,
            "tf_crop_and_resize": .tfCropAndResize, "tf_half_pixel_for_nn": .tfHalfPixelForNearest,
        ])
    let aspectRatio = try attributes.choice(
        "keep_aspect_ratio_policy", default: "stretch",
        ["stretch": Resize.AspectRatio.stretch, "not_larger": .notLarger, "not_smaller": .notSmaller])
    return .resize(
        Resize(
            mode: try mode(node), coordinates: coordinates,
            extrapolationValue: try attributes.real("extrapolation_value", default: 0),
            antialias: try attributes.flag("antialias", default: false),
            excludesOutside: try excludesOutside(node), axes: try attributes.integers("axes"),
            aspectRatio: aspectRatio))
}

private func mode(_ node: NodeImport) throws(ONNXError) -> Resize.Mode {
    let attributes = node.attributes
    let rounding = try attributes.choice(
        "nearest_mode", default: "round_prefer_floor",
        [
            "": Resize.Rounding.roundPreferFloor, "round_prefer_floor": .roundPreferFloor,
            "round_prefer_ceil": .roundPreferCeil, "floor": .floor, "ceil": .ceil,
        ])
    let coefficient = try attributes.real("cubic_coeff_a", default: -0.75)
    return try attributes.choice(
        "mode", default: "nearest",
        [
            "nearest": Resize.Mode.nearest(rounding), "linear": .linear,
            "cubic": .cubic(coefficient: coefficient),
        ])
}

/// The nearest mode has no shares to leave out.
private func excludesOutside(_ node: NodeImport) throws(ONNXError) -> Bool {
    let excludes = try node.attributes.flag("exclude_outside", default: false)
    let mode = try node.attributes.text("mode", default: "nearest")
    return excludes && mode != "nearest"
}
