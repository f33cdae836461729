import Foundation
import Skiff
import SkiffTestSupport
import Testing

@Suite struct PageVerbTests {
    private static let torch = Fixtures.path("torch-basic/model.onnx")

    @Test func `a page is written whether there is parity or not`() throws {
        try withTemporaryFolder { folder in
            let page = folder + "/page.html"
            let failed = try CommandRun(["verify", Self.torch, Fixtures.path("mobile-like/model.h5"), "--html", page])
            #expect(failed.status == 1)
            #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<h1>No parity</h1>"))
            let run = try CommandRun(["verify", Self.torch, Fixtures.path("torch-basic/io.npz"), "--html", page, "--json"])
            #expect(run.status == 0)
            #expect(try JSONValue(parsing: run.output)["page"] == .string(page))
            #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<h1>Parity</h1>"))
        }
    }

    @Test func `a page does not replace the model`() throws {
        try withTemporaryFolder { folder in
            let copy = folder + "/model.onnx"
            try FileManager.default.copyItem(atPath: Self.torch, toPath: copy)
            let run = try CommandRun(["verify", copy, Self.torch, "--html", copy])
            #expect(run.status == 2)
            #expect(run.errors.contains("is the input itself"))
            #expect(FileManager.default.contentsEqual(atPath: copy, andPath: Self.torch))
            #expect(try CommandRun(["verify", copy, Self.torch, "--html", folder + "/none/page.html"]).status == 2)
        }
    }
}
