/// Pictures with the statistics of photographs: discs of many sizes that hide each other, in colours that go together,
/// with a fine grain.
///
/// Source: the dead leaves model (Lee, Mumford and Huang 2001), whose spectrum and edges are those of natural images.
///
/// The same on every machine and in every version; `Fixtures/make/probe_input.py` has the rule in NumPy. Numbers are
/// drawn from one sequence for all pictures of a call: the i-th, from 1, is `u = mix(seed + i · G) div 2¹¹ · 2⁻⁵³`,
/// with `mix` and `G` of ``SeededInput``; a normal one is −6 to which the next twelve are added one after the other.
/// Arithmetic is in Double, from left to right, where it does not say Float.
///
/// A picture is made at twice its extents, R rows by K columns. Its ground is `Float(60 + 120 u)` in red, green and
/// blue. Then max(64, R · K div 24) discs follow, for each of which are drawn: `t = u`, the radius `r = 1 / √((1 − t) /
/// 2.25 + t / m²)` with `m = min(R, K) / 2`; the centre `cy = u · R`, `cx = u · K`; the light `128 + 62 normal`; for
/// each colour `24 normal`, which with the light is put within 0…255 and rounded to Float; the grain `g = Float(6 u)`.
/// In each row y from ⌊cy − r⌋ to ⌊cy + r⌋ (those of the picture, fractions cut off towards zero) with `q = r² − (y −
/// cy)² > 0`, each column from ⌊cx − √q⌋ to ⌊cx + √q⌋ draws `n = g · Float(u − 0.5)` and gets the colour plus n, in
/// Float, within 0…255. A pixel of the picture is `(((a + b) + c) + d) / 4` in Float of the two above and the two
/// below.
public enum NaturalImages {
    /// Red, green and blue of 0…255 as (count, height, width, 3).
    public static func make(count: Int, height: Int, width: Int, seed: UInt64 = 0) -> [Float] {
        var generator = Draws(state: seed)
        var pixels: [Float] = []
        pixels.reserveCapacity(count * height * width * 3)
        // Drawn at twice the extent and averaged, since a photograph's edges are soft.
        for _ in 0..<count {
            let fine = picture(height: 2 * height, width: 2 * width, &generator)
            for row in 0..<height {
                for position in 0..<(3 * width) {
                    let (column, channel) = (position / 3, position % 3)
                    let first = (2 * row * 2 * width + 2 * column) * 3 + channel
                    let second = first + 6 * width
                    pixels.append((fine[first] + fine[first + 3] + fine[second] + fine[second + 3]) / 4)
                }
            }
        }
        return pixels
    }

    private static func picture(height: Int, width: Int, _ generator: inout Draws) -> [Float] {
        var pixels = [Float](repeating: 0, count: height * width * 3)
        let base = (0..<3).map { _ in 60 + 120 * generator.unit() }
        for position in pixels.indices { pixels[position] = Float(base[position % 3]) }
        let most = Double(min(height, width)) / 2
        let least = 1.5
        // Radii with density r⁻³, largest last hidden by small ones: the order of a random walk through depths.
        for _ in 0..<max(64, height * width / 24) {
            let draw = generator.unit()
            let radius = 1 / ((1 - draw) / (least * least) + draw / (most * most)).squareRoot()
            let centre = (generator.unit() * Double(height), generator.unit() * Double(width))
            let light = 128 + 62 * generator.normal()
            let tint = (0..<3).map { _ in 24 * generator.normal() }
            let colour = tint.map { Float(min(255, max(0, light + $0))) }
            let grain = Float(6 * generator.unit())
            let rows = max(0, Int(centre.0 - radius))..<max(0, min(height, Int(centre.0 + radius) + 1))
            for row in rows {
                let reach = (radius * radius - (Double(row) - centre.0) * (Double(row) - centre.0))
                guard reach > 0 else { continue }
                let half = reach.squareRoot()
                let columns = max(0, Int(centre.1 - half))..<max(0, min(width, Int(centre.1 + half) + 1))
                for column in columns {
                    let noise = grain * Float(generator.unit() - 0.5)
                    for channel in 0..<3 {
                        pixels[(row * width + column) * 3 + channel] = min(255, max(0, colour[channel] + noise))
                    }
                }
            }
        }
        return pixels
    }
}

/// A sequence of random numbers, by the generator of ``SeededInput``.
private struct Draws {
    let state: UInt64
    var count: UInt64 = 0

    init(state: UInt64) { self.state = state }

    /// 0 ≤ u < 1.
    mutating func unit() -> Double {
        count &+= 1
        return Double(SeededInput.mix(state &+ count &* SeededInput.increment) >> 11) * 0x1p-53
    }

    /// A normal deviate, by the sum of twelve uniform ones.
    mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return sum
    }
}
