import Testing

@testable import SkiffDifference

@Suite struct NumberTests {
    @Test(arguments: [0, 1e-320, 5e-7, 0.012, 1, 99.99, 1e15, 1.8e306, 1e307, .greatestFiniteMagnitude, .infinity, .nan])
    func everyNumberHasAText(value: Double) {
        for number in [value, -value] {
            #expect(!percentText(number).isEmpty)
            #expect(!amountText(number).isEmpty)
        }
    }

    @Test func partsAreSaidInPerCent() {
        #expect(percentText(0.012) == "1.2 %")
        #expect(percentText(0) == "0 %")
    }
}
