internal import Foundation

/// One run of the built `skiff` command, with the peak of its resident memory.
public struct MeasuredRun: Sendable {
    public var status: Int32
    public var output: String
    /// Peak of resident memory in bytes, mapped pages included.
    public var peakBytes: Int

    /// Linux keeps the peak in /proc while the process lives; macOS' time prints it.
    public init(_ arguments: [String]) throws {
        #if os(Linux)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandRun.path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var peak = 0
        while process.isRunning {
            peak = max(peak, Self.peak(of: process.processIdentifier))
            usleep(1000)
        }
        output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        status = process.terminationStatus
        peakBytes = peak
        #else
        let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
        let run = try CommandRun(shell: "/usr/bin/time -l '\(CommandRun.path)' \(quoted)")
        status = run.status
        output = run.output
        let text = run.errors.split(separator: "\n").first { $0.contains("maximum resident set size") }
        peakBytes = text.flatMap { Int($0.split(separator: " ").first ?? "") } ?? 0
        #endif
    }

    private static func peak(of process: Int32) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kibibytes << 10
    }
}
