import SkiffFlow
import Testing

@Suite struct SignalFlowTests {
    @Test func ratioIsOpenWhereTheShortcutIsZero() {
        #expect(SignalFlow.Block(block: 0, shortcutRMS: 0, branchRMS: 1, cosine: nil).ratio == nil)
        #expect(SignalFlow.Block(block: 0, shortcutRMS: 2, branchRMS: 1, cosine: nil).ratio == 0.5)
    }
}
