import SkiffCore
import Testing

@Suite struct HalfPrecisionTests {
    @Test func `every half survives the way through Float`() {
        for bits in UInt16.min ... .max {
            let value = floatFromHalf(bits)
            let isNaN = bits & 0x7C00 == 0x7C00 && bits & 0x3FF != 0
            #expect(value.isNaN == isNaN)
            let back = halfFromFloat(value)
            // A signalling NaN becomes quiet; sign and the rest of the payload stay.
            #expect(back == (isNaN ? bits | 0x200 : bits))
        }
    }

    @Test func `halves are rounded to nearest, ties to even`() {
        #expect(halfFromFloat(1 + 0x1p-11) == 0x3C00)
        #expect(halfFromFloat(1 + 0x1p-11 + 0x1p-20) == 0x3C01)
        #expect(halfFromFloat(1 + 3 * 0x1p-11) == 0x3C02)
        #expect(halfFromFloat(65504) == 0x7BFF)
        #expect(halfFromFloat(65519.9) == 0x7BFF)
        #expect(halfFromFloat(65520) == 0x7C00)
        #expect(halfFromFloat(0x1p-25) == 0)
        #expect(halfFromFloat(0x1.8p-25) == 1)
        #expect(halfFromFloat(-0x1p-24) == 0x8001)
        #expect(halfFromFloat(0x1.FFEp-15) == 0x0400)
    }

    @Test func `every bfloat16 survives the way through Float`() {
        for bits in UInt16.min ... .max {
            let value = Float(bitPattern: UInt32(bits) << 16)
            let back = bfloatFromFloat(value)
            #expect(back == bits || value.isNaN && Float(bitPattern: UInt32(back) << 16).isNaN)
        }
    }
}
