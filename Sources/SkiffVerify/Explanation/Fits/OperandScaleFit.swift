internal import SkiffCore
internal import SkiffGraph

/// A factor on one operand of a sum: the scaled branches of Inception-ResNet, LayerScale, a mean for a sum.
enum OperandScaleFit {
    static func experiments(_ search: ExplanationSearch) -> [Experiment] {
        search.list.sites.flatMap { site -> [Experiment] in
            guard isSum(site.node.operator), site.node.inputs.count == 2, let shape = site.outputShape,
                let invert = Inversion(search.full, from: site.id), let wanted = invert(search.full.reference)
            else { return [] }
            let operands = site.node.inputs.indices.compactMap { position -> [Double]? in
                guard let id = site.node.inputs[position], let own = site.shape(ofInput: position),
                    let elements = search.full.value(id) ?? site.weight(position).flatMap({ try? $0.doubles() })
                else { return nil }
                return broadcast(elements, own, to: shape)
            }
            guard operands.count == 2, operands.allSatisfy({ $0.count == wanted.elements.count }) else { return [] }
            return [0, 1].flatMap { position -> [Experiment] in
                var (product, square) = (0.0, 0.0)
                for index in wanted.elements.indices where wanted.isKnown[index] {
                    product += (wanted.elements[index] - operands[1 - position][index]) * operands[position][index]
                    square += operands[position][index] * operands[position][index]
                }
                guard square > 0, product.isFinite, product != 0 else { return [] }
                return factors(product / square).enumerated().compactMap { scaled(site, position, $1, digits: $0) }
            }
        }
    }

    private static func isSum(_ operator: Operator) -> Bool {
        switch `operator` {
        case .binary(let binary): binary.kind == .add
        case .variadic(let variadic): variadic.kind == .sum
        default: false
        }
    }

    /// The factor in few digits, and as it was fitted.
    private static func factors(_ factor: Double) -> [Double] {
        let size = abs(factor)
        let sign = factor < 0 ? -1.0 : 1
        var result: [Double] = []
        for digits in [1, 2, 3, 5] {
            let rounded = sign * ExplanationSearch.rounded(size, digits: digits)
            if !result.contains(rounded), rounded != 1 { result.append(rounded) }
        }
        return result + [factor]
    }

    private static func scaled(_ site: Site, _ position: Int, _ factor: Double, digits: Int) -> Experiment? {
        guard let tensor = try? Tensor(floats: [Float(factor)], shape: [1]) else { return nil }
        var edit = Edit(before: [site.id: [Edit.Inserted(operator: .binary(Binary(.multiply)), operands: [tensor])]])
        if position == 1 { edit.orders[site.id] = [1, 0] }
        return site.experiment(
            .operandScale, rank: 2 + 0.1 * Double(digits), position == 0 ? "factor of the first operand" : "factor of the second operand",
            found: "1", expected: shortText(Float(factor)), edit: edit)
    }
}
