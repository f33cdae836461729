extension Inspection {
    /// The drawing in Mermaid's language, for Markdown: stages as subgraphs, blocks as boxes, shortcuts as edges.
    ///
    /// - Parameters:
    ///   - graph: the network that was inspected.
    ///   - title: what stands over a network without residual blocks; a file's name.
    public func mermaid(of graph: Graph, title: String) -> String {
        let drawing = drawing(of: graph, title: title)
        var lines = ["flowchart TB"]
        lines.append("  accTitle: \(Self.line(drawing.title))")
        lines.append("  accDescr: \(Self.line(drawing.subtitle))")
        lines += DrawingText.lines(of: drawing, Self.mermaidSyntax).map { "  " + $0 }
        lines.append("  classDef block fill:#eef4fb,stroke:#7ba6d2,color:#19212a")
        lines.append("  classDef sum fill:#ffffff,stroke:#3c4853,color:#19212a")
        return lines.joined(separator: "\n") + "\n"
    }

    private static var mermaidSyntax: DrawingText.Syntax {
        DrawingText.Syntax(
            box: { id, lines, unit in "\(id)[\(label(lines))]" + (unit.block == nil && !unit.concatenates ? "" : ":::block") },
            sum: { "\($0)((\"\($1 == "+" ? "#43;" : $1)\")):::sum" },
            port: { "\($0)([\(label([$1]))])" },
            open: { "subgraph \($0)[\(label($1))]" },
            close: "end",
            edge: { from, to, kind, text in
                let note = text.isEmpty ? "" : "|\(label([text]))|"
                switch kind {
                case .flow: return "\(from) --> \(to)"
                case .skip: return "\(from) -.-> \(to)"
                case .shortcut(.identity): return "\(from) -->\(note) \(to)"
                case .shortcut(let shortcut):
                    return "\(from) -.->" + (note.isEmpty ? "|\(label([shortcut.rawValue]))|" : note) + " \(to)"
                }
            })
    }

    /// A quoted label. Everything that the language or HTML gives a meaning becomes an entity by number.
    private static func label(_ lines: [String]) -> String { "\"\(lines.map(escapedForMermaid).joined(separator: "<br/>"))\"" }

    private static func escapedForMermaid(_ line: String) -> String {
        var text = ""
        for scalar in printable(line).unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", " ", ",", "/", ":", "(", ")", "·", "×", "→", "…":
                text.unicodeScalars.append(scalar)
            case _ where scalar.value > 127: text.unicodeScalars.append(scalar)
            default: text += "#\(scalar.value);"
            }
        }
        return text
    }

    /// A line of text up to its end, as titles are.
    private static func line(_ text: String) -> String {
        String(printable(text).map { ";#{}<>&\"%".contains($0) ? " " : $0 })
    }
}
