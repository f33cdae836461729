internal import SkiffCore
public import SkiffGraph

/// Recognises residual networks by the names and shapes of their weights.
public enum Architectures {
    /// The architectures that fit a weight set, the likeliest first; each was built once, so its layers fit together.
    /// - Throws: ``ArchitectureError`` `unrecognized` where none fits, `missing` where one would with a few more layers.
    public static func candidates(for weights: WeightSet) throws(ArchitectureError) -> [ArchitectureCandidate] {
        let maps = NameScheme.all.compactMap { scheme in
            scheme.identifier == NameScheme.positional.identifier ? nil : RoleMap(weights, scheme: scheme)
        }
        var trials = maps.flatMap { map in
            Convention.all.filter { $0.schemes.contains(map.scheme.identifier) }.map { Trial($0, map, weights) }
        }
        if maps.isEmpty, weights.isInModelOrder { trials = positionalTrials(weights) }
        trials = trials.flatMap { trial in
            weights.kernelDirections(outputFirst: trial.outputFirst).enumerated().map { index, flips in
                Trial(
                    flips ? trial.convention.onTheano : trial.convention, trial.map, weights,
                    isUnlikelyDirection: index > 0)
            }
        }
        var found: [ArchitectureCandidate] = []
        var failures: [(missing: Int, error: ArchitectureError)] = []
        for trial in trials {
            do throws(ArchitectureError) {
                guard let candidate = try trial.candidate() else { continue }
                _ = try candidate.graph()
                found.append(candidate)
            } catch {
                // By order alone, layers that do not fit together say only that it is another network.
                guard trial.map.scheme.identifier != NameScheme.positional.identifier else { continue }
                failures.append((trial.missing.count, error))
            }
        }
        guard found.isEmpty else { return found.sorted { $0.priority < $1.priority } }
        if let nearest = failures.min(by: { $0.missing < $1.missing }) { throw nearest.error }
        let gaps = weights.gapsInCounts
        if !gaps.isEmpty {
            throw ArchitectureError(.missing(gaps, found: weights.layers.count, expected: weights.layers.count + gaps.count))
        }
        throw ArchitectureError(.unrecognized(describe(weights)))
    }

    /// The candidate that `name` asks for: a convention, a network, or both with a slash between them.
    /// - Throws: ``ArchitectureError`` `notAmong`.
    public static func choose(
        _ name: String, among candidates: [ArchitectureCandidate]
    ) throws(ArchitectureError) -> ArchitectureCandidate {
        let found = candidates.first { name == $0.identifier || name == $0.convention.identifier }
            ?? candidates.first { name == $0.network }
        guard let found else { throw ArchitectureError(.notAmong(name, candidates.map(\.identifier))) }
        return found
    }

    /// Every name of a convention that `--architecture` takes.
    public static var conventionIdentifiers: [String] { Convention.all.map(\.identifier) }

    // MARK: By order

    /// What layers could be by their order alone: those of each kind stand in the order of a Keras model's layers.
    private static func positionalTrials(_ weights: WeightSet) -> [Trial] {
        let typed = weights.layers.compactMap(TypedLayer.init)
        let kinds = Dictionary(grouping: typed, by: \.kind)
        let convolutions = kinds[.convolution] ?? []
        let dense = kinds[.dense] ?? []
        var trials: [Trial] = []
        for convention in Convention.all where convention.schemes.contains(NameScheme.positional.identifier) {
            for depth in convention.depths {
                for stages in stageLists(convention, convolutions: convolutions.count, depth: depth) {
                    let blueprint = Blueprint(
                        convention, stages: stages, convolutionsPerBlock: depth, hasClassifier: dense.count == 1)
                    guard let map = RoleMap(Plan(convention, blueprint).kerasOrder, kinds, all: weights) else { continue }
                    trials.append(Trial(convention, map, weights))
                }
            }
        }
        return trials
    }

    /// Stages of networks of that many convolutions.
    private static func stageLists(_ convention: Convention, convolutions: Int, depth: Int) -> [[Int]] {
        if convention.stem == .plain {
            let projections = depth == 3 ? 3 : 2
            let (blocks, rest) = (convolutions - 1 - projections).quotientAndRemainder(dividingBy: 3 * depth)
            return rest == 0 && blocks > 0 ? [[blocks, blocks, blocks]] : []
        }
        return KnownNetwork.imageNet.filter {
            $0.convolutionsPerBlock == depth
                && 1 + depth * $0.stages.reduce(0, +) + (depth == 3 ? 4 : 3) == convolutions
        }.map(\.stages)
    }

    private static func describe(_ weights: WeightSet) -> String {
        let kinds = Dictionary(grouping: weights.layers.compactMap(TypedLayer.init), by: \.kind).mapValues(\.count)
        let names = weights.layers.prefix(3).map { "\"\(escaped($0.name))\"" }.joined(separator: ", ")
        return "\(kinds[.convolution] ?? 0) convolutions, \(kinds[.normalization] ?? 0) normalizations, "
            + "\(kinds[.dense] ?? 0) fully connected layers; the first layers are \(names)"
    }
}

extension WeightSet {
    /// Names that are missing where layers of one class are counted: `conv2d_20` between `conv2d_19` and `conv2d_21`.
    fileprivate var gapsInCounts: [String] {
        var counts: [String: Set<Int>] = [:]
        for layer in layers where TypedLayer(layer) != nil {
            guard let end = layer.name.lastIndex(of: "_"), let count = Int(layer.name[layer.name.index(after: end)...]),
                (0...1_000_000).contains(count)
            else { continue }
            counts[String(layer.name[..<end]), default: []].insert(count)
        }
        var gaps: [String] = []
        for (name, found) in counts.sorted(by: { $0.key < $1.key }) {
            guard found.count > 8, let least = found.min(), let most = found.max(), most - least < 2 * found.count else {
                continue
            }
            gaps += (least...most).filter { !found.contains($0) }.map { "\(name)_\($0)" }
        }
        return gaps.count <= 4 ? gaps : []
    }

    /// Whether kernels lie turned round, as Theano walks them, the likelier first. Files of Keras 2 say the backend;
    /// of Keras 1 both are tried.
    fileprivate func kernelDirections(outputFirst: Bool) -> [Bool] {
        let isTheanos = metadata["backend"].map { $0 == "theano" }
        let roles = layers.lazy.flatMap(\.variables).map { $0.role.split(separator: ":").first.map(String.init) ?? "" }
        guard roles.contains(where: { $0 == "W" || $0.hasSuffix("_W") }) else { return [isTheanos ?? false] }
        // Kernels in Theano's order of axes were mostly made by Theano.
        let likelier = isTheanos ?? outputFirst
        return [likelier, !likelier]
    }
}

extension RoleMap {
    /// Gives the layers of each kind, in their order, to the roles of that kind; `nil` where their numbers differ.
    fileprivate init?(_ order: [LayerRole], _ kinds: [TypedLayer.Kind: [TypedLayer]], all weights: WeightSet) {
        var layers: [LayerRole: TypedLayer] = [:]
        for kind in [TypedLayer.Kind.convolution, .normalization, .dense] {
            let roles = order.filter { $0.kind.layerKind == kind }
            let found = kinds[kind] ?? []
            // Heads of several layers are somebody's own; they are left over.
            if kind == .dense, roles.isEmpty { continue }
            guard roles.count == found.count else { return nil }
            for (role, layer) in zip(roles, found) { layers[role] = layer }
        }
        let used = Set(layers.values.map(\.name))
        self.init(
            layers, scheme: .positional, leftOver: weights.layers.map(\.name).filter { !used.contains($0) })
    }

    /// What the file would call the layer of a role.
    func missingName(_ role: LayerRole) -> String {
        scheme.name(of: role).map { prefix + $0 } ?? role.description
    }
}
