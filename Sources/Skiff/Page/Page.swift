internal import SkiffFormat

/// A page in one file: it loads nothing, sends nothing, and runs no script but its own.
///
/// The policy in its head names the digests of its one style sheet and its one script; everything else is forbidden, by
/// whatever way it might get into the page.
struct Page {
    var title: String
    /// What stands at the top, over the title.
    var kicker: String
    var style = PageStyle.common
    var script = PageScript.common
    var header: [Markup] = []
    var main: [Markup] = []
    var footer: [Markup] = []

    /// The file's text.
    var html: String {
        let policy = "default-src 'none'; style-src '\(Self.digest(of: style))'; "
            + "script-src '\(Self.digest(of: script))'; base-uri 'none'; form-action 'none'"
        let head = Markup.element(
            "head", [:],
            [
                .void("meta", ["charset": "utf-8"]),
                .void("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
                .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
                .void("meta", ["name": "color-scheme", "content": "light dark"]),
                .void("meta", ["name": "referrer", "content": "no-referrer"]),
                .void("meta", ["name": "generator", "content": "skiff \(skiffVersion)"]),
                .element("title", [:], [.name(title)]), .program("style", style),
            ])
        let body = Markup.element(
            "body", [:],
            [
                .element("a", ["class": "skip", "href": "#main"], "Skip to the result"),
                .element("header", ["class": "top"], [banner] + header),
                .element("main", ["id": "main"], main), .element("footer", [:], footer),
                .program("script", script),
            ])
        return "<!DOCTYPE html>\n<html lang=\"en\">\n\(head.source)\n\(body.source)\n</html>\n"
    }

    private var banner: Markup {
        .element(
            "div", ["class": "bar"],
            [
                .element("span", ["class": "brand"], kicker),
                .element(
                    "button", ["type": "button", "id": "theme", "class": "quiet", "hidden": ""], "Theme: automatic"),
            ])
    }

    /// Writes the page, whole or not at all.
    /// - Parameter sources: files that it must not replace.
    /// - Throws: ``SkiffError`` where the path is one of them, or cannot be written.
    func write(to path: String, sources: [String]) throws(SkiffError) {
        if let target = (try? Storage(mapping: path))?.identity,
            sources.contains(where: { (try? Storage(mapping: $0))?.identity == target })
        {
            throw SkiffError(.sameFile, at: Place(file: path))
        }
        let bytes = Array(html.utf8)
        try located(Place(file: path)) {
            try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(bytes) }
        }
    }

    /// What a Content-Security-Policy calls a text: `sha256-` and the digest in base 64.
    static func digest(of text: String) -> String {
        var checksum = Checksum()
        checksum.update(Array(text.utf8))
        return "sha256-" + base64(checksum.finished())
    }

    /// RFC 4648, section 4.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for position in 0..<4 {
                text.append(position <= group.count ? alphabet[word >> (18 - 6 * position) & 63] : "=")
            }
        }
        return text
    }
}
