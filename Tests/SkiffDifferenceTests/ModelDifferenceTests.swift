import SkiffDifference
import Testing

@Suite struct ModelDifferenceTests {
    @Test func statesHaveNamesForMachines() {
        #expect(ModelDifference.Weight.State.allCases.map(\.rawValue).contains("rearranged"))
    }
}
