/// Turns the inflated rows of a PNG image into pixels.
struct PNGDecoder {
    private let header: PNGHeader
    private let palette: [UInt8]
    private let transparency: [UInt8]
    private let channels: Picture.Channels
    private var output: [UInt8] = []

    init(_ header: PNGHeader, palette: [UInt8], transparency: [UInt8]) {
        self.header = header
        self.palette = palette
        self.transparency = transparency
        let isClear = !transparency.isEmpty
        channels =
            switch header.colour {
            case .grey: isClear ? .greyAlpha : .grey
            case .colour, .palette: isClear ? .colourAlpha : .colour
            case .greyAlpha: .greyAlpha
            case .colourAlpha: .colourAlpha
            }
    }

    /// - Parameter scanlines: as many bytes as the header says; filters are undone in place.
    mutating func picture(_ scanlines: inout [UInt8]) throws(CoreError) -> Picture {
        output = [UInt8](repeating: 0, count: header.width * header.height * channels.rawValue)
        var position = 0
        for pass in header.passes {
            let rowBytes = header.rowBytes(pass)
            for row in 0..<pass.height {
                let previous = row == 0 ? nil : position - rowBytes
                try unfilter(&scanlines, at: position, count: rowBytes, previous: previous)
                let y = pass.start.y + row * pass.step.y
                try expand(scanlines, at: position + 1, pass, row: y)
                position += rowBytes + 1
            }
        }
        return try Picture(width: header.width, height: header.height, channels: channels, samples: output)
    }

    /// Undoes the filter of the row whose filter type stands at `start`.
    /// - Parameter previous: where the row above begins, behind its filter type.
    private func unfilter(
        _ bytes: inout [UInt8], at start: Int, count: Int, previous: Int?
    ) throws(CoreError) {
        let step = max(1, header.bitsPerPixel / 8)
        let first = start + 1
        let kind = bytes[start]
        guard kind <= 4 else { throw PNGFile.failure("has a row with filter \(kind), known are 0 to 4") }
        bytes.withUnsafeMutableBufferPointer { bytes in
            for index in 0..<count where kind > 0 {
                let left = index >= step ? Int(bytes[first + index - step]) : 0
                let above = previous.map { Int(bytes[$0 + index]) } ?? 0
                let predicted: Int
                switch kind {
                case 1: predicted = left
                case 2: predicted = above
                case 3: predicted = (left + above) / 2
                default:
                    let corner = index >= step ? previous.map { Int(bytes[$0 + index - step]) } ?? 0 : 0
                    predicted = Self.paeth(left, above, corner)
                }
                bytes[first + index] = bytes[first + index] &+ UInt8(predicted)
            }
        }
    }

    /// The neighbour that is nearest to left + above − corner; of equals in this order.
    private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> Int {
        let (fromLeft, fromAbove) = (abs(above - corner), abs(left - corner))
        let fromCorner = abs(left + above - 2 * corner)
        if fromLeft <= fromAbove, fromLeft <= fromCorner { return left }
        return fromAbove <= fromCorner ? above : corner
    }

    /// Puts a row's pixels in their places.
    private mutating func expand(
        _ bytes: [UInt8], at start: Int, _ pass: PNGHeader.Pass, row: Int
    ) throws(CoreError) {
        for index in 0..<pass.width {
            let target = (row * header.width + pass.start.x + index * pass.step.x) * channels.rawValue
            if header.colour == .palette {
                try putEntry(sample(bytes, start, index), at: target)
                continue
            }
            let count = header.colour.samples
            var isClear = !transparency.isEmpty
            for part in 0..<count {
                let value = sample(bytes, start, index * count + part)
                output[target + part] = scaled(value)
                if isClear, value != Int(transparency[2 * part]) << 8 | Int(transparency[2 * part + 1]) {
                    isClear = false
                }
            }
            if !transparency.isEmpty { output[target + count] = isClear ? 0 : 255 }
        }
    }

    private mutating func putEntry(_ entry: Int, at target: Int) throws(CoreError) {
        guard 3 * entry + 2 < palette.count else {
            throw PNGFile.failure("uses entry \(entry) of a palette of \(palette.count / 3)")
        }
        for part in 0..<3 { output[target + part] = palette[3 * entry + part] }
        if !transparency.isEmpty {
            output[target + 3] = entry < transparency.count ? transparency[entry] : 255
        }
    }

    /// Sample `index` of the row that begins at `start`.
    private func sample(_ bytes: [UInt8], _ start: Int, _ index: Int) -> Int {
        switch header.depth {
        case 8: return Int(bytes[start + index])
        case 16: return Int(bytes[start + 2 * index]) << 8 | Int(bytes[start + 2 * index + 1])
        default:
            let bit = index * header.depth
            return Int(bytes[start + bit / 8]) >> (8 - header.depth - bit % 8) & ((1 << header.depth) - 1)
        }
    }

    private func scaled(_ value: Int) -> UInt8 {
        switch header.depth {
        case 8: UInt8(value)
        case 16: UInt8(value >> 8)
        default: UInt8(value * 255 / ((1 << header.depth) - 1))
        }
    }
}
