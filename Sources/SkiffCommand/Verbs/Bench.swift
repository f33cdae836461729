internal import ArgumentParser
internal import Skiff

/// `skiff bench`: how long a run of the fast executor takes, and where the time goes.
struct Bench: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast a model runs, and show its plan and where the time goes.",
        discussion: """
            Reads the model, plans, runs it twice to warm up and then times runs on a made-up input. Times are of a \
            monotonic clock; what reading, planning and the first run take is told apart. GFLOP/s count two \
            operations for each product that convolutions and matrix products are defined to sum.

            EXAMPLES
              skiff bench resnet50.skiff
              skiff bench resnet50.onnx --threads 1 --batch 8 --iterations 50
              skiff bench resnet50.onnx --profile
              skiff bench resnet50.onnx --plan --errors
              skiff bench resnet50.onnx --json | tail -1 | jq .medianMilliseconds
              SKIFF_KERNELS=avx2 skiff bench resnet50.onnx

            The best kernels that this processor has are taken; the environment variable SKIFF_KERNELS names others: \
            portable, avx2 or avx512.
            """)

    @Argument(help: ArgumentHelp("The model, or a folder with model.onnx in it.", valueName: "model"),
        completion: .modelFile)
    var model: String

    @Option(help: ArgumentHelp("Threads. (default: all processors)", valueName: "number"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Samples of the made-up input, where the model leaves it open. (default: 1)", valueName: "number"))
    var batch: Int?

    @Option(
        help: ArgumentHelp(
            "Timed runs. (default: \(defaultIterations), and fewer where they take more than \(longestSeconds) "
                + "seconds together)",
            valueName: "number"))
    var iterations: Int?

    @Flag(help: "Show the time of every step, its share of the run, and its speed beside the machine's peak.")
    var profile = false

    @Flag(help: "Show the passes of the planner, and every step with its algorithm and predicted cost.")
    var plan = false

    @Flag(help: "Show the plan with the rounding error of every convolution, measured and predicted.")
    var errors = false

    @Flag(help: "Leave out algorithms that round more than a direct sum does (Winograd).")
    var exact = false

    @Option(help: ArgumentHelp("Seed of the made-up input.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(name: .customLong("input-shape"),
        help: ArgumentHelp("Shape of a made-up input. Repeatable.", valueName: "name=2x3x224x224"))
    var inputShapes: [String] = []

    @OptionGroup var architecture: ArchitectureOptions
    @OptionGroup var common: CommonOptions

    static let defaultIterations = 20
    private static let mostIterations = 1_000_000
    /// Where the number of runs is not given, no more are begun after that time.
    private static let longestSeconds = 10
    private static let fewestIterations = 3

    func validate() throws {
        if let threads, !(1...Evaluator.threadLimit).contains(threads) {
            throw ValidationError("--threads has to be 1 to \(Evaluator.threadLimit).")
        }
        if let batch, !(1...Limits.extent).contains(batch) {
            throw ValidationError("--batch has to be at least 1.")
        }
        if let iterations, !(1...Self.mostIterations).contains(iterations) {
            throw ValidationError("--iterations has to be 1 to \(Self.mostIterations).")
        }
        _ = try SkiffCommand.inputShapes(inputShapes)
    }

    func perform(_ console: Console) throws {
        let report = try console.withProgress { try measure(console, progress: $0) }
        // One line on terminals, too: programs read the last one.
        console.json
            ? console.print(report.json().text()) : console.print(report.text(width: console.width, colors: console.colors))
    }

    private func measure(
        _ console: Console, progress: @escaping @Sendable (String, Double) -> Void
    ) throws -> BenchReport {
        progress("reading", 0)
        var watch = Stopwatch()
        let model = try Model(contentsOf: self.model, architecture: architecture.source)
        let session = try model.session(threads: threads, exact: exact)
        let load = watch.lap()
        console.tellAssumptions(of: model)
        let inputs = try model.madeUpInputs(
            seed: seed, batch: batch, shapes: try SkiffCommand.inputShapes(inputShapes))
        do {
            var report = BenchReport(
                model: model, inputs: inputs, threads: threads ?? Evaluator.defaultThreads, isExact: exact)
            report.load = load
            let tensors = inputs.tensors
            progress("planning", 0)
            watch.start()
            report.plan = try session.plan(for: tensors)
            report.planning = watch.lap()
            progress("warming up", 0)
            watch.start()
            _ = try session.run(tensors)
            report.firstRun = watch.lap()
            _ = try session.run(tensors)
            report.runs = try times(session, tensors, progress: progress)
            // What follows takes memory of its own.
            report.peakBytes = peakResidentBytes()
            report.showsPlan = plan || errors
            if profile {
                progress("profiling", 0)
                let peak = session.peakMultiplyAddsPerSecond()
                let seconds = try session.profile(tensors, iterations: report.runs.count)
                report.profile = BenchReport.Profile(stepSeconds: seconds, peakMultiplyAddsPerSecond: peak)
            }
            if errors {
                progress("measuring errors", 0)
                report.errors = try session.errors(tensors)
            }
            return report
        } catch {
            throw SkiffError(error).at(Place(file: model.path))
        }
    }

    /// Seconds of each timed run.
    private func times(
        _ session: Session, _ tensors: [String: Tensor], progress: (String, Double) -> Void
    ) throws(EngineError) -> [Double] {
        let wanted = iterations ?? Self.defaultIterations
        var runs: [Double] = []
        runs.reserveCapacity(wanted)
        var watch = Stopwatch()
        var total = 0.0
        while runs.count < wanted {
            watch.start()
            _ = try session.run(tensors)
            runs.append(seconds(watch.lap()))
            total += runs[runs.count - 1]
            progress("timing", Double(runs.count) / Double(wanted))
            let isEnough = runs.count >= Self.fewestIterations && total > Double(Self.longestSeconds)
            if iterations == nil, isEnough { break }
        }
        return runs
    }
}

/// A monotonic clock that tells what went by since it was started.
private struct Stopwatch {
    private let clock = ContinuousClock()
    private var begin = ContinuousClock().now

    mutating func start() { begin = clock.now }

    func lap() -> Duration { clock.now - begin }
}
