internal import SkiffCore
internal import SkiffGraph

/// The slope below zero that an activation must have.
enum SlopeFit {
    static func experiments(_ search: ExplanationSearch) -> [Experiment] {
        search.list.sites.flatMap { site -> [Experiment] in
            guard isRectifier(site.node.operator), let id = site.node.inputs.first ?? nil, let own = search.full.value(id),
                let invert = Inversion(search.full, from: site.id), let wanted = invert(search.full.reference),
                own.count == wanted.elements.count
            else { return [] }
            var (product, square) = (0.0, 0.0)
            for index in own.indices where own[index] < 0 && wanted.isKnown[index] {
                product += own[index] * wanted.elements[index]
                square += own[index] * own[index]
            }
            guard square > 0, product.isFinite else { return [] }
            let slope = product / square
            let sign = slope < 0 ? -1.0 : 1
            let extra = Set(site.node.inputs.indices.dropFirst())
            return (1...4).map { digits in
                let rounded = Float(sign * ExplanationSearch.rounded(abs(slope), digits: digits))
                return site.experiment(
                    .activation, rank: 2 + 0.1 * Double(digits), "activation", found: "another",
                    expected: "LeakyReLU of slope \(shortText(rounded))",
                    edit: Edit(
                        operators: [site.id: .unary(Unary(.leakyReLU(alpha: rounded)))],
                        removed: extra.isEmpty ? [:] : [site.id: extra]))
            }
        }
    }

    private static func isRectifier(_ operator: Operator) -> Bool {
        switch `operator` {
        case .unary(let unary): ActivationExperiments.isActivation(unary.kind)
        case .clip, .parametricReLU: true
        default: false
        }
    }
}
