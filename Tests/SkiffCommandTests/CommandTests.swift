import Foundation
import Skiff
import SkiffTestSupport
import Testing

private let bottleneck = Fixtures.path("keras3-bottleneck/model.h5")
private let bottleneckValues = Fixtures.path("keras3-bottleneck/io.npz")
private let heldout = Fixtures.path("keras3-bottleneck/heldout.npz")
private let torch = Fixtures.path("torch-basic/model.onnx")

private func json(_ run: CommandRun) throws -> JSONValue { try JSONValue(parsing: run.output) }

@Suite struct HelpTests {
    @Test(arguments: [[], ["convert"], ["verify"], ["inspect"], ["run"], ["bench"]])
    func `Docs/CommandLine.md has the help of every verb`(verb: [String]) throws {
        let run = try CommandRun(verb + ["--help"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let text = try String(contentsOfFile: Fixtures.path("../Docs/CommandLine.md"), encoding: .utf8)
        let help = run.output.trimmingCharacters(in: .newlines)
        #expect(help.contains("EXAMPLES"))
        #expect(text.contains(help), "make docs brings Docs/CommandLine.md up to date")
    }

    @Test func `the version is printed`() throws {
        #expect(try CommandRun(["--version"]).output == "skiff \(skiffVersion)\n")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions are printed`(shell: String) throws {
        let run = try CommandRun(["--generate-completion-script", shell])
        #expect(run.status == 0)
        #expect(run.output.contains("convert"))
    }

    @Test(arguments: [
        ["frobnicate"], ["convert"], ["convert", "a.h5", "-o", "b.pt"], ["convert", "a.h5", "-o", "b"], ["run", "a.h5"],
        ["verify", "a.h5", "b.h5", "--against", "io.npz"], ["verify", "a", "b", "--threads", "0"],
        ["verify", "a", "b", "--input-shape", "image"], ["run", "a", "--input", "x.npy", "--output", "y.txt"],
        ["bench"], ["bench", "a", "--threads", "0"], ["bench", "a", "--threads", "1025"], ["bench", "a", "--batch", "0"],
        ["bench", "a", "--iterations", "0"], ["bench", "a", "--input-shape", "image=0x3"], ["bench", "a", "b"],
        ["run", "a", "--input", "x.npy", "--all"], ["verify", "a", "b", "--atol", "-1"],
    ])
    func `wrong usage is told on standard error with exit code 64`(arguments: [String]) throws {
        let run = try CommandRun(arguments)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("Usage: skiff"))
    }
}

@Suite struct ConvertTests {
    @Test func `one line tells sizes, tensors, time and parity`() throws {
        try withTemporaryFolder { folder in
            let run = try CommandRun(["convert", bottleneck, "-o", folder + "/out.skiff"])
            #expect(run.status == 0)
            #expect(run.errors.isEmpty)
            #expect(run.output.split(separator: "\n").count == 1)
            for part in ["model.h5 → ", "out.skiff: ", " kB → ", "92 tensors", "parity: identical"] {
                #expect(run.output.contains(part))
            }
            #expect(names(inFolder: folder) == ["out.skiff"])
        }
    }

    @Test func `the output's name is the model's where none is given`() throws {
        try withTemporaryFolder { folder in
            let run = try CommandRun(["convert", torch, "--quiet"], in: folder)
            #expect(run.output.isEmpty)
            #expect(names(inFolder: folder) == ["model.skiff"])
        }
    }

    @Test func `JSON has schema, bytes and parity`() throws {
        try withTemporaryFolder { folder in
            let object = try json(CommandRun(["convert", torch, "-o", folder + "/a.skiff", "--json"]))
            #expect(object["schema"] == "skiff.convert/1")
            #expect(object["parity"] == "identical")
            #expect(object["input"]?["format"] == "onnx")
            #expect(object["output"]?["bytes"]?.intValue ?? 0 > 100_000)
            let unverified = try json(
                CommandRun(["convert", torch, "-o", folder + "/a.skiff", "--json", "--no-verify"]))
            #expect(unverified["parity"]?.isNull == true)
        }
    }

    @Test func `with a budget, what was chosen and measured is told and kept in the file`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a.skiff"
            let object = try json(CommandRun(["convert", torch, "-o", path, "--budget", "1e-2", "--json"]))
            #expect(object["parity"] == "rounded")
            let error = try #require(object["budget"]?["error"]?.doubleValue)
            #expect(error > 0 && error <= 1e-2)
            #expect(object["budget"]?["frontier"]?.arrayValue?.isEmpty == false)
            let checked = try json(CommandRun(["check", path, "--json"]))
            #expect(checked["measurements"]?["budget.error"]?.stringValue.flatMap { Double($0) } == error)
            let text = try CommandRun(["convert", torch, "-o", path, "--budget", "1e-2"]).output
            #expect(text.contains("int8") || text.contains("float16"))
            for wrong in [["--budget", "-1"], ["--budget", "1e-3", "--encoding", "int8"], ["--sample", "x.npy"]] {
                #expect(try CommandRun(["convert", torch, "-o", path] + wrong).status == 64)
            }
        }
    }

    @Test func `the same input gives the same bytes`() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] {
                let run = try CommandRun(["convert", bottleneck, "-o", "\(folder)/\(name).skiff"])
                #expect(run.status == 0)
            }
            #expect(FileManager.default.contentsEqual(atPath: folder + "/a.skiff", andPath: folder + "/b.skiff"))
        }
    }

    @Test func `an existing output stays as it is when the input is rejected, and is replaced when it is not`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/out.skiff"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
            let cut = folder + "/cut.onnx"
            try Data(try Fixtures.bytes("torch-basic/model.onnx").prefix(100_000)).write(to: URL(fileURLWithPath: cut))
            let failed = try CommandRun(["convert", cut, "-o", path])
            #expect(failed.status == 2)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
            #expect(names(inFolder: folder) == ["cut.onnx", "out.skiff"])
            #expect(try CommandRun(["convert", torch, "-o", path]).status == 0)
            #expect(try Model(contentsOf: path).format.identifier == "skiff")
            #expect(names(inFolder: folder) == ["cut.onnx", "out.skiff"])
        }
    }

    @Test func `a Lambda is refused by name`() throws {
        try withTemporaryFolder { folder in
            let run = try CommandRun(["convert", Fixtures.path("lambda-refused/model.h5"), "-o", folder + "/x.skiff"])
            #expect(run.status == 2)
            #expect(run.errors.contains("(Lambda)"))
            #expect(run.errors.contains("hint: "))
            #expect(names(inFolder: folder).isEmpty)
        }
    }

    @Test func `outputs that cannot be are refused`() throws {
        try withTemporaryFolder { folder in
            #expect(try CommandRun(["convert", torch, "-o", folder + "/none/x.skiff"]).status == 2)
            try FileManager.default.createDirectory(atPath: folder + "/dir.skiff", withIntermediateDirectories: false)
            let run = try CommandRun(["convert", torch, "-o", folder + "/dir.skiff"])
            #expect(run.status == 2)
            #expect(run.errors.contains("folder"))
        }
    }
}

@Suite struct InputTests {
    @Test func `odd paths are refused without waiting`() throws {
        try withTemporaryFolder { folder in
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            for (path, word) in [
                (folder + "/missing.onnx", "No such file"), (folder, "folder"), (folder + "/pipe", "a pipe"),
                ("/dev/null", "a device"), (folder + "/" + String(repeating: "x", count: 300), "too long"),
            ] {
                let convert = ["convert", path, "-o", folder + "/o.skiff"]
                for arguments in [["inspect", path], convert, ["verify", path, path]] {
                    let run = try CommandRun(arguments)
                    #expect(run.status == 2, "\(arguments)")
                    #expect(run.output.isEmpty)
                    #expect(run.errors.hasPrefix("skiff: error: "))
                    #expect(run.errors.contains(word), "\(run.errors)")
                }
            }
            #expect(names(inFolder: folder) == ["pipe"])
        }
    }

    @Test func `an error is one line, names its place, and escapes what a file says`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a\u{1B}[31m\n.onnx"
            let run = try CommandRun(["inspect", path])
            #expect(run.status == 2)
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(!run.errors.contains("\u{1B}"))
        }
    }

    @Test func `with --json an error is an object on standard output`() throws {
        let run = try CommandRun(["inspect", "/nowhere/model.onnx", "--json"])
        #expect(run.status == 2)
        #expect(run.errors.isEmpty)
        let object = try json(run)
        #expect(object["schema"] == "skiff.error/1")
        #expect(object["place"]?["file"] == "/nowhere/model.onnx")
    }

    @Test func `a reader that goes away ends the command without a word`() throws {
        let run = try CommandRun(shell: "{ sleep 0.3; skiff inspect '\(torch)' --layers; echo status $? >&2; } | true")
        #expect(!run.isSignal)
        #expect(run.errors == "status 0\n")
    }

    @Test func `colours and progress stay away from pipes`() throws {
        let run = try CommandRun(["verify", torch, torch])
        #expect(!run.output.contains("\u{1B}"))
        #expect(run.errors.isEmpty)
    }
}
