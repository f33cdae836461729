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
            Reads ONNX, Keras (.h5, .keras) and Skiff files; what a file is, its bytes tell.

            EXAMPLES
              skiff convert resnet50.h5 -o resnet50.skiff
              skiff verify resnet50.skiff resnet50.h5
              skiff inspect resnet50.skiff
              skiff run resnet50.skiff --input image.npy --output scores.npy

            Exit codes: 0 done, 1 parity failed, 2 input rejected, 64 usage.
            """,
        version: "skiff \(skiffVersion)",
        subcommands: [Convert.self, Verify.self, Inspect.self, Run.self, GenerateDocumentation.self])

    static func main() {
        // A reader that went away is seen where the write fails.
        signal(SIGPIPE, SIG_IGN)
        main(nil)
    }
}
