import SkiffCore
import Testing

@Suite struct JSONTests {
    @Test func `objects keep their order and find members by key`() throws {
        let text = #"{"z":1,"a":[true,null,-2.5,"x"],"m":{"k":9007199254740993}}"#
        let value = try JSONValue(parsing: text)
        #expect(value.objectValue?.keys == ["z", "a", "m"])
        #expect(value["a"]?[2]?.doubleValue == -2.5)
        #expect(value["a"]?[0]?.boolValue == true)
        #expect(value["a"]?[1]?.isNull == true)
        #expect(value["a"]?[9] == nil)
        #expect(value["m"]?["k"]?.intValue == 9_007_199_254_740_993)
        #expect(value.text() == text)
    }

    @Test func `large objects find every member`() throws {
        let text = "{" + (0..<1000).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
        let value = try JSONValue(parsing: text)
        for index in 0..<1000 { #expect(value["key\(index)"]?.intValue == index) }
        #expect(value["key1000"] == nil)
        #expect(throws: CoreError.self) { try JSONValue(parsing: text.dropLast() + ",\"key7\":0}") }
    }

    @Test func `Python's numbers that are not finite are read, and written as strings`() throws {
        let value = try JSONValue(parsing: "[NaN,Infinity,-Infinity]")
        #expect(value[0]?.doubleValue?.isNaN == true)
        #expect(value[1]?.doubleValue == .infinity)
        #expect(value[2]?.doubleValue == -.infinity)
        #expect(value.text() == #"["NaN","Infinity","-Infinity"]"#)
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), (#"{"a":1,"b":{"c":1,"c":2}}"#, 18), (#""\ud800""#, 3),
        (#""\ud800A""#, 3), (#""\udc00""#, 3), ("1e999", 0), ("-1e999", 0), ("01", 0), ("1.", 2), ("1e", 2), ("-", 1),
        ("18446744073709551616", 0), ("9223372036854775808", 0), ("[1]x", 3), ("\"\u{1}\"", 1), ("nul", 0),
        (#""\x""#, 2), (#""\u12g4""#, 5), (#"{"a" 1}"#, 5), ("{1:2}", 1), ("\u{FEFF}1", 0), ("Nan", 0), ("'a'", 0),
    ])
    func `broken text is refused with its offset`(text: String, offset: Int) {
        let error = #expect(throws: CoreError.self) { try JSONValue(parsing: text) }
        #expect(error?.place.byteOffset == offset, "\(text): \(String(describing: error))")
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: CoreError.self) { try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22]) }
        #expect(throws: CoreError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xED, 0xA0, 0x80, 0x22]) }
    }

    @Test func `no prefix of a value is read`() throws {
        let text = Array(#"{"a\u00e9\ud83d\ude00":[1.5e-3,-7,true,false,null,"\"\\\/\b\f\n\r\t"],"b":{}}"#.utf8)
        _ = try JSONValue(parsing: text)
        for count in text.indices {
            #expect(throws: CoreError.self) { try JSONValue(parsing: Array(text[..<count])) }
        }
    }

    @Test func `nesting is bounded by its limit`() throws {
        let depth = Limits.jsonNesting
        _ = try JSONValue(parsing: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        let error = #expect(throws: CoreError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
        #expect(error?.reason == .limit(name: "JSON nesting", declared: depth + 1, allowed: depth))
    }

    @Test func `doubles are written as the shortest text that reads back`() throws {
        for value in [0.1, 1, -0.0, 1.001e-5, .leastNonzeroMagnitude, 1.7976931348623157e308, 1 / 3.0, 1e22, 123456789.125] {
            let text = JSONValue.number(value).text()
            #expect(try JSONValue(parsing: text).doubleValue?.bitPattern == value.bitPattern, "\(text)")
        }
        #expect(JSONValue.number(0.1).text() == "0.1")
    }

    @Test func `pretty text has two spaces per level, and controls are escaped`() {
        let value: JSONValue = ["a": [1, [], [:]], "b\u{2028}\u{202E}\u{7}": "\u{85}é"]
        #expect(value.text(pretty: true) == """
            {
              "a": [
                1,
                [],
                {}
              ],
              "b\\u2028\\u202e\\u0007": "\\u0085é"
            }
            """)
    }

    @Test func `of two literals with one key the later one counts`() {
        let value: JSONValue = ["a": 1, "b": 2, "a": 3]
        #expect(value.text() == #"{"a":3,"b":2}"#)
        var object = value.objectValue ?? JSONObject()
        object["a"] = nil
        #expect(object.keys == ["b"])
    }
}
