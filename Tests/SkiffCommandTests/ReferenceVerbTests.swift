import Skiff
import SkiffTestSupport
import Testing

@Suite struct ReferenceVerbTests {
    private let model = Fixtures.path("keras3-bottleneck/model.h5")

    @Test func `a program that records is printed, and nothing is compared`() throws {
        let run = try CommandRun(["verify", model, "--record", "--batch", "3"])
        #expect(run.status == 0)
        #expect(run.output.hasPrefix("\"\"\"Records what Keras computes"))
        #expect(run.output.contains("[3, 10, 8, 1]"))
        #expect(try CommandRun(["verify", model, model, "--record"]).status == 64)
    }

    @Test func `a capsule is made of a run or of a recording, and checks`() throws {
        try withTemporaryFolder { folder in
            let (made, recorded) = (folder + "/a.capsule", folder + "/b.capsule")
            let run = try CommandRun(["verify", model, "--capsule", made])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("values, "))
            let io = Fixtures.path("keras3-bottleneck/io.npz")
            #expect(try CommandRun(["verify", model, "--against", io, "--capsule", recorded]).status == 0)
            for capsule in [made, recorded] {
                let check = try CommandRun(["verify", model, "--against", capsule])
                #expect(check.status == 0, "\(check.errors)")
                #expect(check.output.contains("parity"))
                #expect(try CommandRun(["verify", model, capsule]).status == 0)
            }
            let other = Fixtures.path("mobile-like/model.h5")
            #expect(try CommandRun(["verify", other, "--against", made]).status != 0)
            #expect(try CommandRun(["verify", model, model, "--capsule", made]).status == 64)
        }
    }

    @Test func `Polygraphy's results are a reference`() throws {
        let run = try CommandRun([
            "verify", Fixtures.path("torch-basic/model.onnx"), Fixtures.path("polygraphy/outputs.json"),
        ])
        #expect(run.status == 0, "\(run.errors)")
    }
}
