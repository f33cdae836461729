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
