extension Inspection {
    /// The drawing in Graphviz' language: stages as clusters, blocks as boxes, shortcuts as edges around them.
    ///
    /// - Parameters:
    ///   - graph: the network that was inspected.
    ///   - title: what stands over a network without residual blocks; a file's name.
    public func dot(of graph: Graph, title: String) -> String {
        let drawing = drawing(of: graph, title: title)
        var lines = [
            "digraph network {",
            "  graph [label=\(Self.quoted([drawing.title, drawing.subtitle])), labelloc=t, compound=true, "
                + "fontname=\"Helvetica\", nodesep=0.3, ranksep=0.35];",
            "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#eef4fb\", color=\"#7ba6d2\", "
                + "fontname=\"Helvetica\", fontsize=11];",
            "  edge [fontname=\"Helvetica\", fontsize=10, color=\"#51606d\"];",
        ]
        lines += DrawingText.lines(of: drawing, Self.dotSyntax).map { "  " + $0 }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    private static var dotSyntax: DrawingText.Syntax {
        DrawingText.Syntax(
            box: { id, lines, unit in
                let fill = unit.block == nil && !unit.concatenates ? ", fillcolor=\"#f7f8fa\", color=\"#a7b2bc\"" : ""
                let tip = unit.title.isEmpty ? "" : ", tooltip=\(quoted([unit.title]))"
                return "\(id) [label=\(quoted(lines))\(fill)\(tip)];"
            },
            sum: { "\($0) [label=\"\($1)\", shape=circle, width=0.22, fixedsize=true, fillcolor=white, color=\"#3c4853\"];" },
            port: { "\($0) [label=\(quoted([$1])), shape=plain, style=\"\", fontcolor=\"#51606d\"];" },
            open: { id, lines in
                "subgraph cluster_\(id) { label=\(quoted(lines, end: "\\l")); style=rounded; color=\"#b4c0cb\"; "
                    + "labeljust=l; fontsize=12;"
            },
            close: "}",
            edge: { from, to, kind, label in
                var attributes: [String] = []
                if !label.isEmpty { attributes.append("label=\(quoted([label]))") }
                switch kind {
                case .flow: attributes.append("weight=4")
                case .skip: attributes += ["style=dashed", "constraint=false"]
                case .shortcut(let kind):
                    attributes += ["style=\(style(of: kind))", "color=\"#1d5f9e\"", "tooltip=\"\(kind.rawValue)\""]
                }
                return "\(from) -> \(to) [\(attributes.joined(separator: ", "))];"
            })
    }

    private static func style(of shortcut: ResidualBlock.Shortcut) -> String {
        switch shortcut {
        case .identity: "solid"
        case .projection: "dotted"
        case .pool, .pad, .other: "dashed"
        }
    }

    /// A string of the language; what follows a backslash is never a command of a name's own.
    private static func quoted(_ lines: [String], end: String? = nil) -> String {
        let texts = lines.map { line in
            var text = ""
            for character in printable(line) {
                switch character {
                case "\"": text += "\\\""
                case "\\": text += "\\\\"
                default: text.append(character)
                }
            }
            return text
        }
        return "\"\(texts.joined(separator: end ?? "\\n") + (end ?? ""))\""
    }
}
