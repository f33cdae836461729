@testable import SkiffCore
import Testing

/// Text in columns of a terminal.
@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("conv1", 5), ("Größe", 5), ("conv × 3…", 9), ("畳み込み", 8), ("층_1", 4), ("Ａ１", 4), ("ﾊﾝｶｸ", 4),
        ("e\u{301}", 1), ("n\u{303}o", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("🙂", 2), ("👍🏽", 2), ("🇩🇪", 2),
        ("☂\u{FE0F}", 2), ("☂", 1), ("क\u{94D}ष", 2), ("█▏─━", 4), ("𝛼𝛽", 2), ("𠀀", 2), ("שלום", 4),
    ])
    func `Columns of text`(text: String, width: Int) { #expect(text.displayWidth == width) }

    @Test func `Tables line up under names of any script`() {
        let rows = [["conv1", "1"], ["畳み込み層", "22"], ["🙂", "333"], ["cafe\u{301}", "4"]]
        let table = TextTable(
            columns: [.init(title: "name", alignment: .left), .init(title: "n", alignment: .right)], rows: rows)
        let lines = table.lines(width: 40, style: TextStyle(colors: false))
        #expect(Set(lines.dropFirst().map(\.displayWidth)) == [2 + 10 + 2 + 3])
    }

    @Test func `Shortened names have the width that is asked for, or a column less`() {
        for name in ["resnet50/conv2_block1_1_conv/Conv2D", "残差ブロック一の畳み込み層", "a畳b畳c畳d畳e畳f畳", "🙂🙃🙂🙃🙂🙃🙂🙃"] {
            for elision in [TextTable.Elision.middle, .end] {
                for width in 2...15 {
                    let short = shortened(name, to: width, elision)
                    #expect(short.displayWidth <= width && short.displayWidth >= width - 2 && short.contains("…"))
                }
            }
            #expect(shortened(name, to: name.displayWidth) == name)
        }
    }

    @Test func `A narrow table keeps to its width`() {
        var table = TextTable(columns: [
            .init(title: "name", alignment: .left, leastWidth: 6), .init(title: "n", alignment: .right),
        ])
        table.rows = [["畳み込み層の名前がとても長い", "12345"], ["short", "1"]]
        for width in 16...40 {
            #expect(table.lines(width: width, style: TextStyle(colors: false)).allSatisfy { $0.displayWidth <= width })
        }
    }
}
