internal import CONNXSchema
internal import SkiffCore
internal import SkiffGraph

extension Fact {
    /// What a value's declaration says; `nil` for values that are not tensors, and where the type is left out.
    /// - Throws: ``ONNXError`` with the value in its place for ranks and extents past their limits.
    init?(value: ValueMessage) throws(ONNXError) {
        guard let type = value.type?.pointee.tensor_type?.pointee,
            let elementType = ElementType(onnx: type.has_elem_type != 0 ? type.elem_type : 0)
        else { return nil }
        self.init(elementType, nil)
        guard let message = type.shape?.pointee else { return }
        let place = Place(tensor: text(value.name))
        guard message.n_dim <= Limits.rank else {
            throw ONNXError(.core(.limit(name: "rank", declared: message.n_dim, allowed: Limits.rank)), at: place)
        }
        var shape = SymbolicShape()
        for dimension in messages(message.n_dim, message.dim) {
            let extent = dimension.pointee.dim_value
            // Some exporters write −1 for an open extent.
            if dimension.pointee.has_dim_value != 0, extent >= 0 {
                guard extent <= Int64(Limits.extent) else {
                    throw ONNXError(
                        .core(.limit(name: "extent", declared: Int(clamping: extent), allowed: Limits.extent)), at: place)
                }
                shape.append(.fixed(Int(extent)))
            } else {
                let name = text(dimension.pointee.dim_param)
                shape.append(name.isEmpty ? .unknown : .symbolic(name))
            }
        }
        self.shape = shape
    }
}
