import SkiffCore
import SkiffGraph
import SkiffInspect
import Testing

@Suite struct FamilyTests {
    @Test func `ResNet-50 and its variants are told apart`() throws {
        let v1 = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3]))
        #expect(v1.family.text == "ResNet-50 v1, stages 3-4-6-3, stride in the first 1×1")
        #expect(v1.blocks.count == 16)
        #expect(v1.blocks.count { $0.shortcut == .projection } == 4)
        #expect(v1.stages.map(\.outputChannels) == [256, 512, 1024, 2048])
        let later = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], strideSite: 2))
        #expect(later.family.text == "ResNet-50 v1.5, stages 3-4-6-3, stride in the 3×3")
        let grouped = try Inspection(
            sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], inner: 128, strideSite: 2, groups: 32))
        #expect(grouped.family.name == "ResNeXt-50 32×4d")
        let wide = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], inner: 128, strideSite: 2))
        #expect(wide.family.name == "Wide ResNet-50-2")
        let thin = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], inner: 16, outer: 64))
        #expect(thin.family.name == "thin ResNet-50 (channels/4)")
    }

    @Test(arguments: [([2, 2, 2, 2], 64, "ResNet-18"), ([3, 3, 3], 16, "ResNet-20"), ([18, 18, 18], 16, "ResNet-110"),
        ([4, 4, 4], 160, "Wide ResNet-28-10")])
    func `Networks of basic blocks are named by their stages`(stages: [Int], channels: Int, name: String) throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: stages, channels: channels))
        #expect(inspection.family.name == name)
        #expect(inspection.stages.map(\.blocks.count) == stages)
    }

    @Test func `Stages nobody published are a residual network`() throws {
        let inspection = try Inspection(sketch: Sketch.basicNetwork(stages: [2, 5, 1], channels: 24))
        #expect(inspection.family.text == "residual network, 8 blocks, stages 2-5-1, stride in the first 3×3")
    }
}

@Suite struct DeviationTests {
    @Test func `A pruned ResNet-50 keeps its name and says what is missing`() throws {
        let family = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 5, 3])).family
        #expect(family.name == "ResNet-50")
        #expect(family.distance == 1)
        #expect(family.deviations.map(\.text) == ["stage 3 has 5 blocks, ResNet-50 has 6"])
        #expect(family.deviations.map(\.stage) == [2])
    }

    @Test func `Neighbours are named with what speaks against them`() throws {
        let family = try Inspection(sketch: Sketch.bottleneckNetwork(stages: [3, 4, 6, 3])).family
        #expect(family.distance == 0)
        #expect(family.deviations.isEmpty)
        #expect(family.neighbours.contains { $0.name == "ResNet-101" && $0.reason == "stage 3 would have 23 blocks" })
        #expect(family.neighbours.contains { $0.name == "ResNet-34" })
        #expect(family.evidence.contains("not ResNet-101: stage 3 would have 23 blocks"))
        #expect(family.stem == "7×7 convolution of stride 2 to 64, max pool 2×2 of stride 2")
        #expect(family.head == "global average pool")
    }

    @Test func `What is far from all published networks has no family`() throws {
        for stages in [[2, 5, 1], [5, 1, 5, 1], [9, 9, 1, 1]] {
            let family = try Inspection(sketch: Sketch.basicNetwork(stages: stages, channels: 24)).family
            #expect(family.name == "residual network")
            #expect(family.distance == nil)
        }
    }

    /// Sixteen basic blocks, one of which is altered.
    private func network(altering altered: Int, _ alter: (inout Sketch, ValueID) throws -> ValueID) throws -> Inspection {
        var sketch = Sketch()
        var x = try sketch.pool(sketch.unit(sketch.input(channels: 3, extents: [64, 64]), 3, 64, kernel: [7, 7], stride: 2))
        var channels = 64
        var position = 0
        for (stage, blocks) in [3, 4, 6, 3].enumerated() {
            for block in 0..<blocks {
                let stride = stage > 0 && block == 0 ? 2 : 1
                x = position == altered ? try alter(&sketch, x) : try sketch.basicBlock(x, channels, 64 << stage, stride: stride)
                channels = 64 << stage
                position += 1
            }
        }
        return try Inspection(sketch: sketch.finished(sketch.globalPool(x)))
    }

    @Test func `A block that leaves its siblings' habits is named with what it does`() throws {
        let alterations: [(String, (inout Sketch, ValueID) throws -> ValueID)] = [
            ("has no activation after the addition", { sketch, x in
                try sketch.add(sketch.unit(sketch.unit(x, 256, 256), 256, 256, activates: false), x)
            }),
            ("has no activation on its branch", { sketch, x in
                let first = try sketch.unit(x, 256, 256, activates: false)
                return try sketch.relu(sketch.add(sketch.unit(first, 256, 256, activates: false), x))
            }),
            ("has 1 normalizations on its branch", { sketch, x in
                let first = try sketch.unit(x, 256, 256)
                return try sketch.relu(sketch.add(sketch.convolution(first, 256, 256), x))
            }),
            ("has convolutions 3×3, 5×5", { sketch, x in
                let first = try sketch.unit(x, 256, 256)
                return try sketch.relu(sketch.add(sketch.unit(first, 256, 256, kernel: [5, 5], activates: false), x))
            }),
            ("has 4 groups", { sketch, x in
                let first = try sketch.unit(x, 256, 256, groups: 4)
                return try sketch.relu(sketch.add(sketch.unit(first, 256, 256, activates: false), x))
            }),
            ("has dilation 2", { sketch, x in
                let first = try sketch.relu(sketch.normalization(sketch.convolution(x, 256, 256, dilation: 2), 256))
                return try sketch.relu(sketch.add(sketch.unit(first, 256, 256, activates: false), x))
            }),
        ]
        for (text, alter) in alterations {
            let inspection = try network(altering: 9, alter)
            #expect(inspection.family.name == "ResNet-34")
            #expect(inspection.family.deviations.map(\.block) == [9], "\(text)")
            #expect(inspection.family.deviations.first?.text.contains(text) ?? false, "\(text)")
        }
    }

    @Test func `A branch without its shortcut is told`() throws {
        let inspection = try network(altering: 9) { sketch, x in
            try sketch.relu(sketch.unit(sketch.unit(x, 256, 256), 256, 256, activates: false))
        }
        #expect(inspection.family.name == "ResNet-34")
        #expect(inspection.family.deviations.contains { $0.text.contains("no shortcut around them") })
        #expect(inspection.family.deviations.contains { $0.text == "stage 3 has 5 blocks, ResNet-34 has 6" })
    }

    @Test func `What lies around the blocks and how wide they are inside is compared with the family, too`() throws {
        func deviations(_ graph: Graph) -> [String] { Inspection(sketch: graph).family.deviations.map(\.text) }
        #expect(try deviations(Sketch.bottleneckNetwork(stages: [3, 4, 6, 3])).isEmpty)
        #expect(
            try deviations(Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], poolsInStem: false))
                == ["the stem reduces the extent by 2, that of ResNet-50 by 4, with no max pool in it"])
        #expect(
            try deviations(Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], inner: 16))
                == ["wide convolutions have 16 channels in stage 1, in ResNet-50 64"])
        let extra = try deviations(Sketch.bottleneckNetwork(stages: [3, 4, 6, 3], convolutionBefore: 1))
        #expect(extra.count == 1 && extra[0].hasSuffix("lies a convolution 5×5 outside of blocks"), "\(extra)")
    }

    @Test func `An activation inside a gate in front of the branch makes no pre-activation`() throws {
        var sketch = Sketch()
        var x = try sketch.unit(sketch.input(channels: 8), 8, 8)
        for _ in 0..<3 {
            let pooled = try sketch.relu(sketch.pointwise(sketch.globalPool(x), 8, 2))
            let gated = try sketch.multiply(x, sketch.pointwise(pooled, 2, 8))
            let branch = try sketch.unit(sketch.unit(gated, 8, 8), 8, 8, activates: false)
            x = try sketch.relu(sketch.add(branch, x))
        }
        let inspection = try Inspection(sketch: sketch.finished(x))
        #expect(inspection.blocks.map(\.activation) == [.after, .after, .after])
        #expect(inspection.blocks.map(\.kind) == [.basic, .basic, .basic])
    }
}
