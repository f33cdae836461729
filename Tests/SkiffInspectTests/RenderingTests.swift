import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@Suite struct RenderingTests {
    @Test func `Text keeps to the width of the terminal`() throws {
        let inspection = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3]))
        for width in [80, 90, 100, 160] {
            for line in inspection.text(width: width).split(separator: "\n") { #expect(line.count <= width) }
        }
        let text = inspection.text()
        for heading in ["Model", "Operators", "Residual blocks", "Stages", "Family"] {
            #expect(text.split(separator: "\n").contains { $0.hasPrefix(heading) })
        }
        #expect(!text.contains("Warnings"))
        #expect(!text.contains("dilation"))
        #expect(!text.contains("groups"))
    }

    @Test func `Colours are added and nothing else`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 2], channels: 8))
        let colored = inspection.text(colors: true)
        #expect(colored.contains("\u{1B}["))
        var plain = ""
        var isInside = false
        for character in colored {
            if character == "\u{1B}" { isInside = true } else if isInside { isInside = character != "m" } else { plain.append(character) }
        }
        #expect(plain == inspection.text())
    }

    @Test func `Long runs of equal blocks are drawn together unless all are asked for`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [30, 30, 30], channels: 4))
        #expect(inspection.text().contains("×30"))
        #expect(inspection.text().contains("×29"))
        #expect(!inspection.text(allBlocks: true).contains("×29"))
        #expect(inspection.text(allBlocks: true).split(separator: "\n").count > 90)
    }

    @Test func `JSON says what the value says`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 2, 2], channels: 16))
        let json = try JSONValue(parsing: inspection.json().text())
        #expect(json["schema"]?.stringValue == "skiff.inspect/1")
        #expect(json["parameters"]?["total"]?.intValue == inspection.parameters.total)
        #expect(json["multiplyAdds"]?.intValue == inspection.multiplyAdds)
        #expect(json["blocks"]?.arrayValue?.count == 6)
        #expect(json["blocks"]?[2]?["shortcut"]?.stringValue == "projection")
        #expect(json["blocks"]?[2]?["stride"] == [2, 2])
        #expect(json["blocks"]?[2]?["strideSite"]?.stringValue == "3×3 conv #1")
        #expect(json["blocks"]?[2]?["nodes"]?.arrayValue?.count == 5)
        #expect(json["stages"]?.arrayValue?.count == 3)
        #expect(json["family"]?["name"]?.stringValue == inspection.family.name)
        #expect(json["operators"]?["Conv"]?.intValue == 15)
        #expect(json["inputs"]?[0]?["shape"]?[0]?.stringValue == "N")
    }

    @Test func `The layers table has a row for each node and their total`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [1, 1], channels: 8))
        let lines = inspection.layersText.split(separator: "\n")
        #expect(lines.count == inspection.layers.count + 5)
        #expect(lines.contains { $0.contains("total:") })
        #expect(lines.contains { $0.contains("memory:") })
        #expect(inspection.layers.reduce(0) { $0 + $1.parameters } == inspection.parameters.total)
        #expect(inspection.layers.reduce(0) { $0 + ($1.multiplyAdds ?? 0) } == inspection.multiplyAdds)
        #expect(inspection.layersJSON().arrayValue?.count == inspection.layers.count)
    }
}
