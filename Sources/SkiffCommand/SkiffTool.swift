internal import ArgumentParser
internal import Skiff

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

@main
struct SkiffTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skiff",
        abstract: "Carry pretrained residual networks to a compact native format, and prove that nothing was lost.",
        discussion: """
            Reads ONNX, Keras (.h5, .keras), safetensors and Skiff files, ResNet weights without an architecture too; \
            what a file is, its bytes tell.

            EXAMPLES
              skiff convert resnet50.h5 -o resnet50.skiff
              skiff verify resnet50.skiff resnet50.h5
              skiff check resnet50.skiff
              skiff inspect resnet50.skiff
              skiff inspect resnet50.onnx --html resnet50.html
              skiff diff resnet50.h5 resnet50.onnx
              skiff run resnet50.skiff --input image.npy --output scores.npy
              skiff bench resnet50.skiff

            Exit codes: 0 done; 1 parity failed, models differ, or lint found errors; 2 input rejected; 64 usage.
            """,
        version: "skiff \(skiffVersion)",
        subcommands: [Convert.self, Verify.self, Check.self, Inspect.self, Diff.self, Run.self, Bench.self, GenerateDocumentation.self])

    static func main() {
        // A reader that went away is seen where the write fails.
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow further, too.
        signal(SIGXFSZ, SIG_IGN)
        keepMemoryFlat()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch where exitCode(for: error) == .validationFailure {
            report(usage: error)
            Self.exit(withError: ExitCode.validationFailure)
        } catch {
            Self.exit(withError: error)
        }
    }

    /// Large buffers go back to the system when they are freed. glibc would keep them once it met a few, and a file that
    /// is worked through piece by piece would take more and more.
    private static func keepMemoryFlat() { setAllocator(mapsFrom: 256 << 10, keeps: 128 << 10) }

    /// Freed buffers are used again, for work that makes and drops many of the same sizes: fresh pages would cost more
    /// time than what is computed in them.
    static func reuseMemory() { setAllocator(mapsFrom: 32 << 20, keeps: 256 << 20, mapsAtMost: 0) }

    /// - Parameters:
    ///   - threshold: bytes from which a buffer is mapped by itself, and given back when it is freed.
    ///   - kept: free bytes that are kept at the end of the heap.
    ///   - mapsAtMost: buffers that are mapped by themselves; with 0 even the largest come from the heap, and their pages
    ///     are used again.
    private static func setAllocator(mapsFrom threshold: Int32, keeps kept: Int32, mapsAtMost: Int32 = 65536) {
        #if canImport(Glibc)
        // malloc.h is no part of Swift's Glibc; M_MMAP_THRESHOLD is −3, M_TRIM_THRESHOLD −1, M_MMAP_MAX −4.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let set = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        _ = set(-3, threshold)
        _ = set(-1, kept)
        _ = set(-4, mapsAtMost)
        #endif
    }

    /// Says what is wrong with the arguments, in the form of all other errors.
    private static func report(usage error: any Error) {
        let isJSON = CommandLine.arguments.contains("--json")
        let console = Console(json: isJSON, quiet: false)
        guard !isJSON else {
            console.print(UsageError(message: message(for: error)).json())
            return
        }
        let text = fullMessage(for: error)
        let prefix = "Error: "
        console.note(text.hasPrefix(prefix) ? "skiff: error: " + text.dropFirst(prefix.count) : text)
    }
}

/// Arguments that do not fit together, as an error like any other.
private struct UsageError: LocatedError {
    var message: String
    var place = Place()
}
