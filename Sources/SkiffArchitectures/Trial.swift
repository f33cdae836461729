internal import SkiffCore
internal import SkiffGraph

/// Whether one convention fits one reading of a file's layers.
struct Trial {
    let convention: Convention
    let map: RoleMap
    let weights: WeightSet
    /// Roles that the convention has and the file lacks.
    let missing: [LayerRole]
    private let unexpected: [LayerRole]
    let outputFirst: Bool
    private let expectedCount: Int
    private let isUnlikelyDirection: Bool

    init(_ convention: Convention, _ map: RoleMap, _ weights: WeightSet, isUnlikelyDirection: Bool = false) {
        self.isUnlikelyDirection = isUnlikelyDirection
        self.convention = convention
        self.map = map
        self.weights = weights
        outputFirst = map.kernelsAreOutputFirst ?? map.scheme.outputFirst
        var blueprint = Blueprint(of: map, outputFirst: outputFirst)
        let needed = Blueprint(
            convention, stages: map.stages, convolutionsPerBlock: map.convolutionsPerBlock,
            hasClassifier: map[.classifier] != nil)
        // The first stage projects where its channels change; there the file's word counts.
        blueprint.projections.formUnion(needed.projections.filter { $0.stage > 0 })
        blueprint.normalizations = convention.normalizations(
            map.positions, map.convolutionsPerBlock, blueprint.projections)
        for index in 1..<max(2, blueprint.stemConvolutions) where index < blueprint.stemConvolutions {
            blueprint.normalizations.insert(.stemNormalization(index))
        }
        let roles = Plan(convention, blueprint).roles
        let required = Set(roles)
        expectedCount = required.count
        missing = roles.filter { map[$0] == nil }
        unexpected = map.layers.keys.filter { !required.contains($0) }
    }

    /// The candidate; `nil` where the convention is of other networks.
    /// - Throws: ``ArchitectureError`` `missing` where it is of such networks and layers or variables lack.
    func candidate() throws(ArchitectureError) -> ArchitectureCandidate? {
        guard fitsStructure else { return nil }
        guard missing.isEmpty else {
            // More than a few: the file is of something else.
            guard missing.count * 4 <= expectedCount else { return nil }
            throw lacking(missing.map { name(ofMissing: $0) })
        }
        if let strange = map.leftOver.first(where: isInsideBlock) {
            throw ArchitectureError(
                .unrecognized(
                    "like \(convention.title), but layers in its blocks, such as \"\(escaped(strange))\", are none of it"))
        }
        if let strange = unevenGroups {
            throw ArchitectureError(
                .kernel(strange.name, shape: strange.kernelShape.shapeText, expectedInputs: strange.inputs))
        }
        let variables = lackingVariables()
        guard variables.isEmpty else { throw lacking(variables) }
        let known = KnownNetwork.describe(map, outputFirst: outputFirst)
        return ArchitectureCandidate(
            convention: convention, map: map, networkName: known.name + versionSuffix,
            network: known.identifier + (convention.activation == .after ? "" : "v2"),
            assumptions: assumptions(isPublished: known.isPublished), outputFirst: outputFirst,
            isUnlikelyDirection: isUnlikelyDirection, metadata: weights.metadata)
    }

    /// The name of a layer that is not there, or what a layer of that name lacks.
    private func name(ofMissing role: LayerRole) -> String {
        let name = map.missingName(role)
        guard let layer = weights.layers.first(where: { $0.name == name }) else { return name }
        let names = map.scheme.variables
        let wanted = role.kind.layerKind == .normalization ? [names.mean, names.variance] : [names.kernel]
        let lacking = wanted.filter { role in !layer.variables.contains { $0.role.split(separator: ":").first ?? "" == role } }
        return lacking.isEmpty ? name : lacking.map { name + names.separator + $0 }.joined(separator: ", ")
    }

    private func isInsideBlock(_ name: String) -> Bool {
        name.hasPrefix(map.prefix) && map.scheme.isInsideBlock(name.dropFirst(map.prefix.count))
    }

    /// A convolution of a block that has other groups than those in its place have.
    private var unevenGroups: (name: String, kernelShape: Shape, inputs: Int)? {
        for index in 1..<max(2, map.convolutionsPerBlock) where index < map.convolutionsPerBlock {
            var groups: Int?
            for position in map.positions {
                guard let before = map.kernel(.convolution(position, index - 1), outputFirst: outputFirst),
                    let kernel = map.kernel(.convolution(position, index), outputFirst: outputFirst), kernel.inputs > 0
                else { continue }
                let found = before.outputs / kernel.inputs
                if let groups, groups != found, let layer = map[.convolution(position, index)] {
                    return (layer.name, layer.kernelShape, before.outputs)
                }
                groups = found
            }
        }
        return nil
    }

    private var versionSuffix: String { convention.activation == .after ? "" : "V2" }

    private func lacking(_ names: [String]) -> ArchitectureError {
        ArchitectureError(
            .missing(names, leftOver: map.leftOver, found: expectedCount - missing.count, expected: expectedCount))
    }

    private var fitsStructure: Bool {
        guard convention.depths.contains(map.convolutionsPerBlock), unexpected.isEmpty, !map.stages.contains(0) else {
            return false
        }
        let blueprint = Blueprint(of: map, outputFirst: outputFirst)
        let isPlain = blueprint.stemKernel <= 3 && blueprint.stemConvolutions == 1
        guard isPlain == (convention.stem == .plain) else { return false }
        let hasProjections = !blueprint.projections.isEmpty
        if convention.shortcut == .padded, hasProjections { return false }
        if convention.shortcut != .padded, !hasProjections, map.stages.count > 1 { return false }
        return true
    }

    /// Variables that a layer lacks and others in its place have: a bias of one block where all other blocks have it.
    private func lackingVariables() -> [String] {
        struct Place: Hashable {
            var kind: LayerRole.Kind
            var index: Int
        }
        let places = Dictionary(grouping: map.layers) { Place(kind: $0.key.kind, index: $0.key.index) }
        var names: [String] = []
        let variables: [(KeyPath<TypedLayer, WeightSet.Variable?>, String)] = [
            (\.bias, "bias"), (\.gamma, "scale"), (\.beta, "offset"), (\.mean, "mean"), (\.variance, "variance"),
        ]
        for members in places.values where members.count > 1 {
            for (path, title) in variables {
                let lacking = members.filter { $0.value[keyPath: path] == nil }
                guard !lacking.isEmpty, lacking.count * 2 < members.count else { continue }
                let spelled = members.lazy.compactMap { $0.value[keyPath: path]?.role }.first ?? title
                names += lacking.map { $0.value.name + map.scheme.variables.separator + spelled }
            }
        }
        return names.sorted()
    }
}
