internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// One line on standard error that fills up: `converting  ━━━━━━━━━━──────────  48 %`.
final class ProgressBar: Sendable {
    private struct State {
        var shown = ""
        var lastTime: UInt64 = 0
    }

    private let width: Int
    private let state: Mutex<State>
    private static let interval: UInt64 = 50_000_000
    /// Work that is done by then shows no bar.
    private static let delay: UInt64 = 250_000_000

    init(width: Int) {
        self.width = width
        state = Mutex(State(lastTime: Self.nanoseconds() &+ Self.delay))
    }

    /// Shows a label and a part from 0 to 1; at most twenty times a second.
    func show(_ label: String, _ fraction: Double) {
        let part = fraction.isFinite ? min(max(fraction, 0), 1) : 0
        state.withLock { state in
            let now = Self.nanoseconds()
            guard now > state.lastTime, now - state.lastTime >= Self.interval else { return }
            state.lastTime = now
            let text = line(label, part)
            guard text != state.shown else { return }
            state.shown = text
            put("\r\u{1B}[2K" + text)
        }
    }

    /// Leaves the line empty.
    func clear() {
        state.withLock { state in
            if !state.shown.isEmpty { put("\r\u{1B}[2K") }
            state.shown = ""
        }
    }

    private func line(_ label: String, _ part: Double) -> String {
        let room = max(10, min(40, width - label.count - 10))
        let full = Int((part * Double(room)).rounded(.down))
        let percent = String(Int(part * 100))
        let bar = String(repeating: "━", count: full) + String(repeating: "─", count: room - full)
        return "\(label)  \(bar) \(String(repeating: " ", count: 3 - percent.count))\(percent) %"
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// How long work will take that has done a part of itself.
struct RemainingTime: Sendable {
    private let start = ContinuousClock.now

    /// `, 12 s left`; nothing in the first second, and where little is left.
    func text(at part: Double) -> String {
        let passed = ContinuousClock.now - start
        let elapsed = Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
        guard elapsed > 1, part > 0.02, part < 1 else { return "" }
        let left = elapsed / part * (1 - part)
        guard left >= 2, left < 1e6 else { return "" }
        return left < 100 ? ", \(Int(left)) s left" : ", \(Int((left / 60).rounded(.up))) min left"
    }
}
