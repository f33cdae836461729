/// Binary PPM (`P6`) and PGM (`P5`), the simplest of image files. Source: netpbm's `ppm(5)` and `pgm(5)`.
public enum Netpbm {
    public static func recognizes(_ head: [UInt8]) -> Bool {
        head.count >= 3 && head[0] == UInt8(ascii: "P")
            && (head[1] == UInt8(ascii: "5") || head[1] == UInt8(ascii: "6"))
            && (isSpace(head[2]) || head[2] == UInt8(ascii: "#"))
    }

    /// The first image of the file; samples are scaled to 0…255, to nearest.
    /// - Throws: ``CoreError`` `malformed`, `truncated`; `limit` past ``Limits/imagePixels``.
    public static func read(_ storage: Storage) throws(CoreError) -> Picture {
        let head = try storage.bytes(in: 0..<min(storage.byteCount, headerBytes))
        var position = 2
        let width = try number(head, &position)
        let height = try number(head, &position)
        let most = try number(head, &position)
        guard position < head.count, isSpace(head[position]), (1...65535).contains(most) else {
            throw CoreError(.malformed("image has samples up to \(most), expected 1 to 65535"))
        }
        let isColour = head[1] == UInt8(ascii: "6")
        let (channels, width16) = (isColour ? 3 : 1, most > 255 ? 2 : 1)
        try Picture.checkSize(width: width, height: height, bytesPerPixel: channels * (width16 + 1))
        let count = width * height * channels
        let range = position + 1..<position + 1 + count * width16
        guard range.upperBound <= storage.byteCount else {
            throw CoreError(
                .truncated(needed: range.count, available: storage.byteCount - range.lowerBound),
                at: Place(byteOffset: range.lowerBound))
        }
        let bytes = try storage.bytes(in: range)
        if most == 255 {
            return try Picture(width: width, height: height, channels: isColour ? .colour : .grey, samples: bytes)
        }
        let samples = (0..<count).map { index in
            let value = width16 == 1 ? Int(bytes[index]) : Int(bytes[2 * index]) << 8 | Int(bytes[2 * index + 1])
            return UInt8(min(255, (value * 255 + most / 2) / most))
        }
        return try Picture(width: width, height: height, channels: isColour ? .colour : .grey, samples: samples)
    }

    /// Three numbers and comments.
    private static let headerBytes = 4096

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The next whole number; white space and comments in front of it are passed.
    private static func number(_ bytes: [UInt8], _ position: inout Int) throws(CoreError) -> Int {
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "#") {
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            } else if isSpace(bytes[position]) {
                position += 1
            } else {
                break
            }
        }
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position - start <= 9, let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw CoreError(.malformed("image's header lacks a number"), at: Place(byteOffset: start))
        }
        return value
    }
}
