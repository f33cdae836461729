extension Picture {
    /// The image in another size, bilinear with antialiasing, sample for sample as Pillow's `resize` with `BILINEAR`:
    /// a triangle as wide as two pixels, or as two of the result where that is smaller, in fixed point of 22 bits, rows
    /// first, rounded to 8 bits in between. Where one side grows and the other shrinks Pillow may take columns first,
    /// which changes samples by one at most.
    ///
    /// Alpha is resized as any channel; take ``opaque`` first.
    /// - Throws: ``CoreError`` `limit`, `memory`, `malformed` for sizes that cannot be.
    public func resized(width newWidth: Int, height newHeight: Int) throws(CoreError) -> Picture {
        try Self.checkSize(width: newWidth, height: newHeight, bytesPerPixel: channels.rawValue)
        try Self.checkSize(width: newWidth, height: height, bytesPerPixel: channels.rawValue)
        var image = self
        if newWidth != width {
            let taps = Taps(from: width, to: newWidth)
            image = image.gathered(width: newWidth, height: height) { row, column in
                (taps[column], row * width, 1)
            }
        }
        if newHeight != height {
            let taps = Taps(from: height, to: newHeight)
            image = image.gathered(width: newWidth, height: newHeight) { row, column in
                (taps[row], column, newWidth)
            }
        }
        return image
    }

    /// The middle of the image, which is the whole where it is no larger. Half a pixel goes to the even side, as
    /// torchvision's `center_crop` rounds it.
    public func croppedToCentre(width newWidth: Int, height newHeight: Int) -> Picture {
        let (newWidth, newHeight) = (min(width, max(newWidth, 1)), min(height, max(newHeight, 1)))
        guard newWidth < width || newHeight < height else { return self }
        let left = Int((Double(width - newWidth) / 2).rounded(.toNearestOrEven))
        let top = Int((Double(height - newHeight) / 2).rounded(.toNearestOrEven))
        var cropped: [UInt8] = []
        cropped.reserveCapacity(newWidth * newHeight * channels.rawValue)
        for row in top..<top + newHeight {
            let start = (row * width + left) * channels.rawValue
            cropped += samples[start..<start + newWidth * channels.rawValue]
        }
        return Picture(checked: newWidth, newHeight, channels, cropped)
    }

    /// The image so large that it just covers `width` × `height`, its sides in proportion, and cropped to that.
    /// - Throws: ``CoreError`` as ``resized(width:height:)``.
    public func covering(width newWidth: Int, height newHeight: Int) throws(CoreError) -> Picture {
        guard newWidth > 0, newHeight > 0, newWidth <= Limits.imagePixels, newHeight <= Limits.imagePixels else {
            throw CoreError(.malformed("image of \(newWidth) × \(newHeight) pixels cannot be made"))
        }
        // Both below 2²⁸, as the extents are.
        let isWide = width * newHeight >= height * newWidth
        let scaled = isWide
            ? try resized(width: max(newWidth, width * newHeight / height), height: newHeight)
            : try resized(width: newWidth, height: max(newHeight, height * newWidth / width))
        return scaled.croppedToCentre(width: newWidth, height: newHeight)
    }

    /// A new image, each pixel a weighted sum of old ones in a row or column: taps, where it begins and its step, in
    /// pixels.
    private func gathered(
        width newWidth: Int, height newHeight: Int, _ source: (_ row: Int, _ column: Int) -> (Taps.Tap, Int, Int)
    ) -> Picture {
        let count = channels.rawValue
        var output = [UInt8](repeating: 0, count: newWidth * newHeight * count)
        samples.withUnsafeBufferPointer { samples in
            for row in 0..<newHeight {
                for column in 0..<newWidth {
                    let (tap, start, step) = source(row, column)
                    for channel in 0..<count {
                        var sum = 1 << (Taps.bits - 1)
                        for (index, weight) in tap.weights.enumerated() {
                            sum += Int(samples[(start + (tap.first + index) * step) * count + channel]) * weight
                        }
                        output[(row * newWidth + column) * count + channel] = UInt8(min(255, max(0, sum >> Taps.bits)))
                    }
                }
            }
        }
        return Picture(checked: newWidth, newHeight, channels, output)
    }
}

/// Which old pixels make each new one, along one axis.
private struct Taps {
    struct Tap {
        var first: Int
        var weights: [Int]
    }

    static let bits = 22
    private var taps: [Tap] = []

    subscript(position: Int) -> Tap { taps[position] }

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let support = max(scale, 1)
        taps.reserveCapacity(new)
        for position in 0..<new {
            let centre = (Double(position) + 0.5) * scale
            let first = max(0, Int(centre - support + 0.5))
            let end = min(old, Int(centre + support + 0.5))
            let weights = (first..<max(first, end)).map { index in
                max(0, 1 - abs((Double(index) - centre + 0.5) * (1 / support)))
            }
            let total = weights.reduce(0, +)
            taps.append(
                Tap(first: first, weights: weights.map { weight in
                    Int(0.5 + (total == 0 ? 0 : weight / total) * Double(1 << Self.bits))
                }))
        }
    }
}
