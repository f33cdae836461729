internal import Dispatch
internal import Foundation

/// One run of the built `skiff` command.
public struct CommandRun: Sendable {
    public var status: Int32
    /// Whether a signal ended it.
    public var isSignal: Bool
    public var output: String
    public var errors: String

    /// The command that was built along with the running tests.
    public static let path: String = {
        if let given = ProcessInfo.processInfo.environment["SKIFF_COMMAND"] { return given }
        // On Linux the tests are a program beside it; on macOS a bundle beside it.
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        if let bundle = Bundle.allBundles.first(where: { $0.bundlePath.hasSuffix(".xctest") }) {
            folder = bundle.bundleURL.deletingLastPathComponent()
        }
        return folder.appendingPathComponent("skiff").path
    }()

    /// Runs `skiff` with these arguments, in a folder, without a terminal and without colours.
    public init(_ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]) throws {
        try self.init(
            executable: Self.path, arguments: arguments, folder: folder, environment: environment)
    }

    /// Runs a line of the shell in which `skiff` is the command.
    public init(shell line: String, in folder: String? = nil) throws {
        try self.init(
            executable: "/bin/sh", arguments: ["-c", "skiff() { \"\(Self.path)\" \"$@\"; }; " + line], folder: folder,
            environment: [:])
    }

    private init(executable: String, arguments: [String], folder: String?, environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        var variables = ["COLUMNS": "100", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        variables["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        process.environment = variables.merging(environment) { $1 }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        let reader = Reader(errors.fileHandleForReading)
        try process.run()
        reader.start()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        let errorBytes = reader.wait()
        process.waitUntilExit()
        status = process.terminationStatus
        isSignal = process.terminationReason == .uncaughtSignal
        self.output = String(decoding: bytes, as: UTF8.self)
        self.errors = String(decoding: errorBytes, as: UTF8.self)
    }
}

/// Reads a pipe to its end beside the other, so that neither fills up.
private final class Reader: @unchecked Sendable {
    private let handle: FileHandle
    private let group = DispatchGroup()
    private var bytes = Data()

    init(_ handle: FileHandle) { self.handle = handle }

    func start() {
        DispatchQueue.global().async(group: group) { self.bytes = self.handle.readDataToEndOfFile() }
    }

    func wait() -> Data {
        group.wait()
        return bytes
    }
}
