/// Copies a batch of maps into channels-last maps with zeros around them.
struct PaddedCopy {
    let batch: Int
    let extents: [Int]
    let before: [Int]
    let padded: [Int]
    let channels: Int
    /// The source has its channels first.
    let isChannelsFirst: Bool

    /// Rows of the padded maps: the last spatial axis is one row.
    private var rowsPerImage: Int { padded.dropLast().reduce(1, *) }
    private static var rowsPerTask: Int { 16 }
    private var bands: Int { (rowsPerImage + Self.rowsPerTask - 1) / Self.rowsPerTask }
    var tasks: Int { batch * bands }

    func run(_ task: Int, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        let (image, band) = (task / bands, task % bands)
        let width = padded[padded.count - 1]
        for row in band * Self.rowsPerTask..<min(rowsPerImage, (band + 1) * Self.rowsPerTask) {
            let to = target + (image * rowsPerImage + row) * width * channels
            if let sourceRow = sourceRow(row) {
                copy(image, sourceRow, from: source, to: to, width: width)
            } else {
                to.update(repeating: 0, count: width * channels)
            }
        }
    }

    /// The source's row behind one of the padded map; `nil` for a row of zeros.
    private func sourceRow(_ row: Int) -> Int? {
        var (rest, result, scale) = (row, 0, 1)
        for axis in padded.indices.dropLast().reversed() {
            let position = rest % padded[axis] - before[axis]
            rest /= padded[axis]
            guard position >= 0, position < extents[axis] else { return nil }
            result += position * scale
            scale *= extents[axis]
        }
        return result
    }

    private func copy(
        _ image: Int, _ row: Int, from source: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, width: Int
    ) {
        let length = extents[extents.count - 1]
        let left = before[before.count - 1]
        to.update(repeating: 0, count: left * channels)
        let right = left + length
        (to + right * channels).update(repeating: 0, count: (width - right) * channels)
        let pixels = to + left * channels
        let plane = extents.reduce(1, *)
        if isChannelsFirst {
            let from = source + (image * channels * plane + row * length)
            // Blocks keep the lines that are written in the first-level cache.
            for first in stride(from: 0, to: length, by: 64) {
                for channel in 0..<channels {
                    let line = from + channel &* plane
                    for x in first..<min(length, first + 64) { pixels[x &* channels &+ channel] = line[x] }
                }
            }
        } else {
            pixels.update(from: source + (image * plane + row * length) * channels, count: length * channels)
        }
    }
}
