import Skiff
import SkiffTestSupport
import Testing

private let bottleneck = Fixtures.path("keras3-bottleneck/model.h5")
private let heldout = Fixtures.path("keras3-bottleneck/heldout.npz")

private func flow(_ run: CommandRun) throws -> JSONValue? { try JSONValue(parsing: run.output)["flow"] }

@Suite struct FlowTests {
    @Test func `Signal flow of held-out digits`() throws {
        let run = try CommandRun(["inspect", bottleneck, "--flow", "--input", heldout])
        #expect(run.status == 0 && run.errors.isEmpty)
        for part in ["Signal flow  heldout.npz", "conv3_block2", "top-1", "360 samples", "Missed most is"] {
            #expect(run.output.replacing("\n ", with: "").contains(part), "\(run.output)")
        }
        #expect(!run.output.contains("made-up"))
    }

    @Test func `JSON has every block, and made-up images are called so`() throws {
        let found = try flow(CommandRun(["inspect", bottleneck, "--flow", "--json"]))
        let flow = try #require(found)
        #expect(flow["madeUp"]?.boolValue == true && flow["samples"]?.intValue == 16)
        let blocks = try #require(flow["blocks"]?.arrayValue)
        #expect(blocks.map { $0["block"]?.intValue } == [0, 1, 2, 3])
        for block in blocks {
            #expect((block["shortcutRMS"]?.doubleValue ?? 0) > 0 && (block["lesion"]?["scoreChange"]?.doubleValue ?? 0) > 0)
        }
        #expect(flow["classes"]?["count"]?.intValue == 10 && flow["omission"]?.isNull == true)
    }

    @Test func `Samples, seeds and lesions are the user's`() throws {
        func flow(_ options: String...) throws -> JSONValue? {
            try SkiffCommandTests.flow(CommandRun(["inspect", bottleneck, "--flow", "--json"] + options))
        }
        #expect(try flow("--samples", "3")?["samples"]?.intValue == 3)
        #expect(try flow("--input", heldout, "--samples", "37")?["samples"]?.intValue == 37)
        #expect(try flow("--seed", "1") == flow("--seed", "1", "--threads", "1"))
        #expect(try flow("--seed", "1") != flow("--seed", "2"))
        #expect(try flow("--no-lesions")?["blocks"]?[0]?["lesion"]?.isNull == true)
        #expect(try flow("--lesions", "2")?["omission"]?.stringValue?.contains("2 of 4") == true)
        #expect(try flow("--lesions", "all")?["omission"]?.isNull == true)
    }

    @Test func `Options that mean nothing are refused`() throws {
        for arguments in [
            ["--input", heldout], ["--samples", "2"], ["--flow", "--samples", "0"], ["--flow", "--lesions", "none"],
            ["--flow", "--lesions", "2", "--no-lesions"], ["--flow", "--seed", "1", "--input", heldout],
            ["--flow", "--preprocess", "tf"],
        ] {
            #expect(try CommandRun(["inspect", bottleneck] + arguments).status == 64, "\(arguments)")
        }
        let missing = try CommandRun(["inspect", bottleneck, "--flow", "--input", "/nowhere.npy"])
        #expect(missing.status == 2 && missing.errors.contains("/nowhere.npy"))
        let other = try CommandRun(["inspect", bottleneck, "--flow", "--input", Fixtures.path("torch-basic/heldout.npz")])
        #expect(other.status == 2 && other.errors.hasPrefix("skiff: error:"), "\(other.output)\(other.errors)")
    }

    @Test func `Networks without blocks and such that cannot be run say so`() throws {
        let plain = try CommandRun(["inspect", Fixtures.path("hdf5-cases/layouts.h5"), "--flow"])
        #expect(plain.status == 2 || plain.output.contains("no residual block"))
        let opaque = try CommandRun(["inspect", Fixtures.path("lambda-refused/model.h5"), "--flow"])
        #expect(opaque.status == 2 && opaque.errors.contains("lambda"), "\(opaque.output)\(opaque.errors)")
    }
}
