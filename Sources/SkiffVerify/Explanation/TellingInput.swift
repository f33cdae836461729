public import SkiffCore
internal import SkiffEngine
public import SkiffGraph

/// Inputs of a piece on which two explanations that fit equally well give different values.
public struct TellingInput: Sendable {
    /// Tensors by name of the piece's inputs, as in ``Region/given``.
    public var given: [String: Tensor]
    /// How far the two lie apart: RMS in units of the rounding noise there.
    public var separation: Double
    /// What the input is, in words: `seeded noise`.
    public var description: String

    /// The input among a few that separates two changed pieces most; `nil` where none does.
    /// - Parameter least: units from which two values count as different.
    public init?(_ region: Region, _ first: Graph, _ second: Graph, least: Double = 2 * ParityPolicy.noiseMultiple) {
        var best: TellingInput?
        for (description, given) in Self.inputs(region) {
            guard let separation = Self.separation(region, first, second, given) else { continue }
            if separation > max(best?.separation ?? 0, least) {
                best = TellingInput(given: given, separation: separation, description: description)
            }
        }
        guard let best else { return nil }
        self = best
    }

    private init(given: [String: Tensor], separation: Double, description: String) {
        self.given = given
        self.separation = separation
        self.description = description
    }

    private static func separation(
        _ region: Region, _ first: Graph, _ second: Graph, _ given: [String: Tensor]
    ) -> Double? {
        guard let one = try? region.output(of: first, given: given, .double).doubles(),
            let other = try? region.output(of: second, given: given, .double).doubles(),
            let float = try? region.output(of: first, given: given, .float).doubles(), one.count == other.count
        else { return nil }
        let apart = ExplanationSearch.error(one, other).rms
        if apart == 0 { return 0 }
        let noise = ExplanationSearch.error(one, float).rms
        let unit = max(noise, ParityPolicy.singleRounding(of: .float32) * ExplanationSearch.rms(one))
        return unit > 0 ? apart / unit : .infinity
    }

    /// Noise of the size of what the piece is fed, the same eight times as large, single elements, and a map that is
    /// not zero at its borders alone.
    private static func inputs(_ region: Region) -> [(String, [String: Tensor])] {
        let kinds: [(String, Double, (Int, [Int], Shape) -> Bool)] = [
            ("seeded noise", 1, { _, _, _ in true }), ("seeded noise, eight times as large", 8, { _, _, _ in true }),
            ("seeded noise in every 31st element", 8, { position, _, _ in position % 31 == 0 }),
            ("seeded noise at the borders", 4, { _, index, shape in
                zip(index, shape).dropFirst().contains { $1 > 3 && ($0 == 0 || $0 == $1 - 1) }
            }),
        ]
        return kinds.compactMap { name, factor, isWanted in
            var given: [String: Tensor] = [:]
            for (position, key) in region.given.keys.sorted().enumerated() {
                guard let tensor = region.given[key] else { continue }
                guard tensor.elementType.isFloatingPoint else {
                    given[key] = tensor
                    continue
                }
                guard let own = try? tensor.doubles(),
                    let noise = try? SeededInput(seed: 1).tensor(
                        forInput: position, elementType: .float32, shape: tensor.shape).floats()
                else { return nil }
                let size = Float(factor * max(ExplanationSearch.rms(own), 1e-3))
                let elements = noise.indices.map { index in
                    isWanted(index, tensor.shape.index(ofPosition: index), tensor.shape) ? noise[index] * size : 0
                }
                given[key] = try? Tensor(floats: elements, shape: tensor.shape)
            }
            return given.count == region.given.count ? (name, given) : nil
        }
    }
}

extension Explainer {
    /// Inputs of a piece that tell two changed copies of it apart; `nil` where none of those that are tried does.
    public func tellingInput(for region: Region, _ first: Graph, _ second: Graph) -> TellingInput? {
        TellingInput(region, first, second)
    }
}
