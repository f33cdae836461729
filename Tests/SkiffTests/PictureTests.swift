import Foundation
#if canImport(FoundationXML)
import FoundationXML
#endif
import SkiffTestSupport
import Testing

@testable import Skiff

@Suite struct PictureTests {
    private static let hostile = "</script><script>alert('x')</script>\"&`|]#;\u{202E}\\"
    private static let fixtures = [
        "torch-basic/model.onnx", "keras3-bottleneck/model.h5", "keras2-preact/model.h5", "mobile-like/model.onnx",
        "conv1d-dilated/model.h5",
    ].filter { FileManager.default.fileExists(atPath: Fixtures.path($0)) }

    private func model(_ name: String = "torch-basic/model.onnx") throws -> Model {
        try Model(contentsOf: Fixtures.path(name))
    }

    /// An inspection whose every name would be markup.
    private func hostileInspection(of model: Model) -> Inspection {
        var inspection = model.inspection()
        inspection.blocks.indices.forEach { inspection.blocks[$0].name = Self.hostile + String($0) }
        inspection.layers.indices.forEach { inspection.layers[$0].name = Self.hostile + String($0) }
        inspection.layers.indices.forEach { inspection.layers[$0].operator = Self.hostile }
        inspection.inputs.indices.forEach { inspection.inputs[$0].name = Self.hostile }
        inspection.outputs.indices.forEach { inspection.outputs[$0].name = Self.hostile }
        inspection.family.text = Self.hostile
        inspection.family.evidence = [Self.hostile]
        return inspection
    }

    @Test func `a drawing is well-formed XML that loads nothing, and the same bytes every time`() throws {
        #expect(Self.fixtures.count >= 2)
        for name in Self.fixtures {
            let model = try model(name)
            let svg = model.inspection().svg(of: model.graph, title: name)
            #expect(svg == (try self.model(name)).inspection().svg(of: model.graph, title: name))
            let parser = XMLParser(data: Data(svg.utf8))
            #expect(parser.parse(), "\(name): \(String(describing: parser.parserError))")
            for word in ["<script", "href", "url(", "@import", " style=", " onload"] { #expect(!svg.contains(word)) }
            #expect(svg.components(separatedBy: "://").count == 2, "the name space is the only address")
            #expect(svg.contains("prefers-color-scheme:dark"))
        }
    }

    @Test func `names with markup stay text in drawings and pages`() throws {
        let model = try model()
        let inspection = hostileInspection(of: model)
        let svg = inspection.svg(of: model.graph, title: Self.hostile)
        #expect(XMLParser(data: Data(svg.utf8)).parse())
        #expect(!svg.contains("<script") && !svg.contains("\u{202E}"))
        let page = NetworkPage(model, inspection).html
        // Its own script, and its data.
        #expect(page.components(separatedBy: "<script").count == 3)
        #expect(!page.contains("\u{202E}") && !page.contains(" style=") && !page.contains("</script><script>alert"))
        let dot = inspection.dot(of: model.graph, title: Self.hostile)
        for line in dot.split(separator: "\n") {
            #expect(Self.endsOutsideOfStrings(line), "an open string: \(line)")
        }
        let mermaid = inspection.mermaid(of: model.graph, title: Self.hostile)
        for line in mermaid.split(separator: "\n") where !line.contains("acc") {
            #expect(line.count { $0 == "\"" } % 2 == 0 && !line.contains("<script") && !line.contains("`"))
        }
    }

    private static func endsOutsideOfStrings(_ line: Substring) -> Bool {
        var isInside = false
        var isEscaped = false
        for character in line {
            if isEscaped { isEscaped = false; continue }
            if isInside, character == "\\" { isEscaped = true }
            if character == "\"" { isInside.toggle() }
        }
        return !isInside
    }

    @Test func `every block is a box of its stage, with its convolutions and its shortcut`() throws {
        for name in Self.fixtures {
            let model = try model(name)
            let inspection = model.inspection()
            let drawing = inspection.drawing(of: model.graph, title: name)
            let blocks = drawing.units.compactMap(\.block)
            #expect(Set(blocks).count == inspection.blocks.count, "\(name)")
            for (index, stage) in inspection.stages.enumerated() where inspection.stages.count <= 10 {
                guard let column = drawing.columns.first(where: { $0.stage == index }) else {
                    Issue.record("\(name): no column for stage \(index + 1)")
                    continue
                }
                let own = Set(column.units.compactMap { drawing.units[$0].block })
                #expect(own.isSuperset(of: stage.blocks.filter { inspection.blocks[$0].parent == nil }))
            }
            for unit in drawing.units {
                guard let block = unit.block, unit.inner.isEmpty else { continue }
                #expect(unit.shortcut?.kind == inspection.blocks[block].shortcut)
                let drawn = unit.pieces.filter { $0.channels != nil }.reduce(0) { $0 + $1.count }
                #expect(drawn == inspection.blocks[block].convolutions.count, "\(name): \(unit.title)")
            }
            let layers = drawing.units.flatMap(\.layers)
            #expect(layers.count == Set(layers).count, "\(name): a layer in two boxes")
            let columns = drawing.columns.reduce(0) { $0 + $1.parameters }
            #expect(columns == inspection.parameters.total, "\(name): parameters of the columns")
        }
    }

    @Test func `dense layers are boxes whose input is concatenated`() throws {
        let model = try model("structures/densenet121.onnx")
        let inspection = model.inspection()
        let drawing = inspection.drawing(of: model.graph, title: "densenet121.onnx")
        let dense = drawing.units.filter(\.concatenates)
        #expect(drawing.title.hasPrefix("DenseNet-121"))
        #expect(dense.count == inspection.denseStages.reduce(0) { $0 + $1.concatenations.count })
        #expect(dense.allSatisfy { $0.pieces.map(\.text) == ["1×1, 128", "3×3, 32"] && $0.shortcut?.kind == .identity })
        let joins = Set(inspection.denseStages.flatMap(\.concatenations).map { inspection.concatenations[$0].node.index })
        #expect(joins.isSubset(of: dense.flatMap(\.layers)))
        #expect(inspection.dot(of: model.graph, title: "").contains("label=\"∥\""))
        #expect(inspection.mermaid(of: model.graph, title: "").contains("∥"))
    }

    @Test func `repeats are found, single ones and groups`() {
        func patterns(_ keys: [Int]) -> [[Int]] {
            var found: [[Int]] = []
            var start = 0
            while start < keys.count {
                let (length, repeats) = Folding.pattern(in: keys, at: start)
                found.append([length, repeats])
                start += length * repeats
            }
            return found
        }
        #expect(patterns([1, 2, 2, 2, 2]) == [[1, 1], [1, 4]])
        #expect(patterns([1, 2, 3, 1, 2, 3, 1, 2]) == [[3, 2], [1, 1], [1, 1]])
        #expect(patterns([1, 2, 3]) == [[1, 1], [1, 1], [1, 1]])
        #expect(patterns([]) == [])
        #expect(patterns([Int](repeating: 7, count: 5000)) == [[1, 5000]])
    }

    private static func piece(_ text: String, _ reads: [Int]) -> NetworkDrawing.Piece {
        var piece = NetworkDrawing.Piece(kind: .convolution, text: text)
        piece.reads = reads
        return piece
    }

    @Test func `branches stand side by side and are never one box with a count`() {
        let pieces = [
            Self.piece("stem", []), Self.piece("a", [0]), Self.piece("b", [0]), Self.piece("c", [2]),
            Self.piece("concat", [1, 3]), Self.piece("d", [4]),
        ]
        #expect(PieceLanes.lines(of: pieces) == ["stem", "a ‖ b → c", "concat", "d"])
        #expect(PieceLanes.text(of: pieces, limit: 6) == "stem → (a ‖ b → c) → concat → d")
        let series = [Self.piece("a", []), Self.piece("a", [0]), Self.piece("a", [1]), Self.piece("b", [2])]
        #expect(DrawingBuilder.compressed(series).map(\.count) == [3, 1])
        #expect(DrawingBuilder.compressed(series)[1].reads == [0])
        let parallel = [Self.piece("s", []), Self.piece("a", [0]), Self.piece("a", [0]), Self.piece("a", [0])]
        #expect(DrawingBuilder.compressed(parallel).map(\.count) == [1, 1, 1, 1])
        // A value that something else reads, too, is no inner one of a series.
        let forked = [Self.piece("a", []), Self.piece("a", [0]), Self.piece("add", [0, 1])]
        #expect(DrawingBuilder.compressed(forked).count == 3)
    }

    @Test(arguments: ModelDifference.Verdict.allCases)
    func `the page of a difference is headed by its verdict`(_ verdict: ModelDifference.Verdict) throws {
        let model = try model()
        var difference = try Skiff.difference(model, model)
        difference.verdict = verdict
        difference.isSameFunction = verdict == .same || verdict == .sameButRounding
        let html = DifferencePage(difference, model, model).html
        #expect(html.contains("Not known to be the same") == (verdict == .unknown))
        #expect(html.contains("<h1 id=\"verdict\">Different</h1>") == (verdict == .different))
    }

    @Test func `layers outside of blocks bear the sign of what became of them themselves`() throws {
        let model = try model()
        var difference = try Skiff.difference(model, model)
        let outside = try #require(
            difference.layers.lastIndex { $0.leftBlock == nil && $0.rightBlock == nil && $0.weights.contains { $0.role == "weight" } })
        difference.layers[outside].change = .changed
        let marked = difference.drawings(model, model).left.units.flatMap(\.pieces).filter { $0.mark != nil }
        #expect(marked.count == 1 && marked.allSatisfy { $0.nodes.contains(difference.layers[outside].left[0].index) })
    }

    @Test func `columns do not overlap, folded or not`() throws {
        for name in Self.fixtures {
            let model = try model(name)
            let drawing = model.inspection().drawing(of: model.graph, title: name)
            for folds in [true, false] {
                let layout = DrawingLayout(drawing, folds: folds)
                for row in layout.rows {
                    let spans = row.columns.map { layout.columns[$0] }.map { ($0.x, $0.x + $0.stack.width) }.sorted { $0.0 < $1.0 }
                    for (left, right) in zip(spans, spans.dropFirst()) { #expect(left.1 <= right.0) }
                    #expect((spans.last?.1 ?? 0) <= layout.width)
                }
            }
        }
    }

    @Test func `curves of the signal stand under the network and on the page`() throws {
        let model = try model()
        let inspection = model.inspection()
        let blocks = inspection.blocks.indices.map { index in
            SignalFlow.Block(
                block: index, shortcutRMS: index == 2 ? 0 : 1.5, branchRMS: 0.01 * Double(index), cosine: index == 2 ? nil : -0.5,
                lesion: SignalFlow.Lesion(outputChange: index == 1 ? .infinity : 0.25, top1Agreement: 0.75))
        }
        let flow = SignalFlow(blocks: blocks, samples: 4, input: "4 made-up <images>")
        let svg = inspection.svg(of: model.graph, title: "model", flow: flow)
        #expect(XMLParser(data: Data(svg.utf8)).parse())
        #expect(svg.components(separatedBy: "class=\"lesion\"").count == blocks.count + 2)
        #expect(svg.contains("4 made-up &lt;images&gt;"))
        #expect(NetworkPage(model, inspection, flow: flow).html.contains("id=\"flow\""))
    }

    @Test func `logarithms are those of the mathematical library`() {
        for value in [1e-300, 0.001, 0.5, 1, 9.999, 10, 12345, 1e300] {
            #expect(abs(LogAxis.logarithm(value) - log10(value)) < 1e-4)
        }
    }

    @Test func `a drawing does not replace the model, and an unwritable path is refused before the work`() throws {
        let model = try model()
        #expect(throws: SkiffError.self) { try model.checkDrawing(at: model.path) }
        #expect(throws: SkiffError.self) { try model.checkDrawing(at: "/nonexistent/folder/drawing.svg") }
        #expect(throws: SkiffError.self) { try model.writeDrawing("", to: model.path) }
        let path = NSTemporaryDirectory() + "skiff-drawing-\(UInt64.random(in: 0 ... .max)).svg"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try model.checkDrawing(at: path)
        #expect(!FileManager.default.fileExists(atPath: path))
        try model.writeDrawing("text", to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
    }

    @Test func `a difference marks its blocks on both sides`() throws {
        let model = try model()
        var difference = try Skiff.difference(model, model)
        #expect(difference.isSameFunction)
        difference.blocks[0].change = .changed
        difference.blocks[0].texts = [Self.hostile]
        difference.summary = Self.hostile
        let html = DifferencePage(difference, model, model).html
        #expect(html.components(separatedBy: "<script").count == 2 && !html.contains(" style="))
        #expect(html.components(separatedBy: "mark-changed\"").count == 3)
        let svg = difference.svg(model, model)
        #expect(XMLParser(data: Data(svg.utf8)).parse())
        #expect(svg.components(separatedBy: "unit mark-changed").count == 3)
    }
}
