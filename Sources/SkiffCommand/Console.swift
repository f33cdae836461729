internal import Skiff

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where a verb prints: results to standard output, all else to standard error.
struct Console: Sendable {
    let json: Bool
    let quiet: Bool
    /// Whether standard output takes colours.
    let colors: Bool
    let errorColors: Bool
    /// Columns of the terminal; 100 where there is none.
    let width: Int
    private let isTerminal: Bool
    private let showsProgress: Bool

    /// - Parameter color: what the user says; where that is `auto`, the environment and the terminal do.
    init(json: Bool, quiet: Bool, color: ColorMode = .auto) {
        self.json = json
        self.quiet = quiet
        isTerminal = isatty(STDOUT_FILENO) == 1
        let isDumb = Self.environment("TERM") == "dumb"
        colors = Self.takesColors(STDOUT_FILENO, color) && !json
        errorColors = Self.takesColors(STDERR_FILENO, color)
        showsProgress = isatty(STDERR_FILENO) == 1 && !quiet && !json && !isDumb
        width = Self.terminalWidth(isForEyes: color == .always) ?? 100
    }

    /// `--color` comes first, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then what the descriptor is.
    /// Variables that are empty, or `0` where they force, are as if they were not there.
    private static func takesColors(_ descriptor: Int32, _ color: ColorMode) -> Bool {
        switch color {
        case .always: return true
        case .never: return false
        case .auto: break
        }
        if !(environment("NO_COLOR") ?? "").isEmpty { return false }
        for name in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
            if let value = environment(name), !value.isEmpty, value != "0" { return true }
        }
        return isatty(descriptor) == 1 && environment("TERM") != "dumb"
    }

    /// Prints a result and ends its last line, unless `--quiet`.
    func print(_ text: String) {
        guard !quiet else { return }
        write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
    }

    /// Prints the object of `--json`: for people on a terminal, in one line for programs.
    func print(_ value: JSONValue) {
        guard !quiet else { return }
        write(value.text(pretty: isTerminal) + "\n", to: STDOUT_FILENO)
    }

    /// Prints what the user should know and what is no result.
    func warn(_ text: String) {
        guard !quiet, !json else { return }
        write("skiff: warning: \(text)\n", to: STDERR_FILENO)
    }

    /// Prints a remark about the result.
    func note(_ text: String) {
        guard !quiet, !json else { return }
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Prints an error: `skiff: error: <place>: <message>` and a hint, or the object `skiff.error/1`.
    func report(_ error: any LocatedError) {
        if json {
            write(error.json().text(pretty: isTerminal) + "\n", to: STDOUT_FILENO)
            return
        }
        let label = errorColors ? "\u{1B}[31merror:\u{1B}[0m" : "error:"
        var text = "skiff: \(label) \(error.description)\n"
        if let hint = error.hint { text += "  hint: \(hint)\n" }
        write(text, to: STDERR_FILENO)
    }

    /// Runs `body` with a progress bar on a terminal; it is gone when `body` is done.
    func withProgress<Result>(
        _ body: (@escaping @Sendable (String, Double) -> Void) throws -> Result
    ) rethrows -> Result {
        guard showsProgress else { return try body { _, _ in } }
        let bar = ProgressBar(width: min(width, 100))
        defer { bar.clear() }
        return try body { bar.show($0, $1) }
    }

    /// Writes all of `text`. Where a reader went away the rest is dropped without a word, and the verb goes on to its
    /// exit code, which says what was found whether anybody read it or not.
    private func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EPIPE, descriptor == STDOUT_FILENO {
                return
            } else if descriptor == STDOUT_FILENO {
                write("skiff: error: standard output: write failed\n", to: STDERR_FILENO)
                exit(ExitCodes.rejected)
            } else {
                return
            }
        }
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// `COLUMNS`, else what the terminal says; `nil` where there is none.
    /// - Parameter isForEyes: whether a terminal shows in the end what goes into a pipe, as `less` does: then it is the
    ///   one that errors go to, or input comes from.
    private static func terminalWidth(isForEyes: Bool) -> Int? {
        if let columns = environment("COLUMNS").flatMap(Int.init), columns > 0 { return max(columns, leastWidth) }
        for descriptor in isForEyes ? [STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO] : [STDOUT_FILENO] {
            var size = winsize()
            guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { continue }
            return max(Int(size.ws_col), leastWidth)
        }
        return nil
    }

    /// Tables do not get narrower.
    private static let leastWidth = 40
}

/// The system's `write`, which the method above hides.
private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, base, count)
}

extension LocatedError {
    /// The object `skiff.error/1`.
    func json() -> JSONValue {
        [
            "schema": "skiff.error/1", "message": .string(message), "text": .string(description),
            "hint": hint.map { .string($0) } ?? .null,
            "place": [
                "file": place.file.map { .string($0) } ?? .null, "member": place.member.map { .string($0) } ?? .null,
                "node": place.node.map { .string($0) } ?? .null,
                "operator": place.operatorName.map { .string($0) } ?? .null,
                "tensor": place.tensor.map { .string($0) } ?? .null,
                "byteOffset": place.byteOffset.map { .integer(Int64($0)) } ?? .null,
            ],
        ]
    }
}
