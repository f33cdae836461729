public import SkiffCore

extension WeightSet {
    /// Groups tensors into layers by their names, in the order of each layer's first tensor.
    ///
    /// A name's layer ends at its last slash (`conv1_conv/kernel:0`), or where it has none at its last dot
    /// (`layer1.0.conv1.weight`); what follows, without TensorFlow's `:0`, is the role. A name with neither is a
    /// layer of its own with the role "".
    public init(
        tensors: [(name: String, tensor: Tensor)], isInModelOrder: Bool, metadata: GraphMetadata
    ) {
        var layers: [Layer] = []
        var positions: [String: Int] = [:]
        for (name, tensor) in tensors {
            let (layer, role) = Self.split(name)
            let position = positions[layer] ?? layers.count
            if position == layers.count {
                positions[layer] = position
                layers.append(Layer(name: layer, variables: []))
            }
            layers[position].variables.append(Variable(name: name, role: role, tensor: tensor))
        }
        self.init(layers: layers, isInModelOrder: isInModelOrder, metadata: metadata)
    }

    /// A tensor's layer and role by its name.
    static func split(_ name: String) -> (layer: String, role: String) {
        let text = name.utf8
        let separator = text.lastIndex(of: UInt8(ascii: "/")) ?? text.lastIndex(of: UInt8(ascii: "."))
        guard let separator else { return (name, "") }
        let layer = String(name[..<separator])
        var role = name[text.index(after: separator)...]
        if let colon = role.utf8.lastIndex(of: UInt8(ascii: ":")), colon > role.startIndex {
            let output = role.utf8[role.utf8.index(after: colon)...]
            if !output.isEmpty, output.allSatisfy({ (0x30...0x39).contains($0) }) { role = role[..<colon] }
        }
        return (layer, String(role))
    }
}
