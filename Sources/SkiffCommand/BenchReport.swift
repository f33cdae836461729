internal import Skiff

/// What `skiff bench` measured.
struct BenchReport {
    /// Where the time of a run goes.
    struct Profile {
        /// By index of the plan's steps.
        var stepSeconds: [Double]
        /// Of one thread.
        var peakMultiplyAddsPerSecond: Double
    }

    var model: Model
    var inputs: MadeUpInputs
    var threads: Int
    var isExact: Bool
    /// Reading the model.
    var load = Duration.zero
    /// Planning: passes, choice of algorithms, weights packed.
    var planning = Duration.zero
    var firstRun = Duration.zero
    /// Seconds of each timed run.
    var runs: [Double] = []
    /// Of the whole process, up to the end of the timed runs.
    var peakBytes = 0
    var plan = PlanReport(passes: [], steps: [], arenaBytes: 0, packedWeightBytes: 0, kernels: "")
    var showsPlan = false
    var profile: Profile?
    var errors: [PlanReport.StepError]?
    let multiplyAdds: Int?

    init(model: Model, inputs: MadeUpInputs, threads: Int, isExact: Bool) {
        self.model = model
        self.inputs = inputs
        self.threads = threads
        self.isExact = isExact
        multiplyAdds = Inspection.multiplyAdds(of: model.graph, shapes: inputs.shapes)
    }

    /// Seconds of the run in the middle, or the mean of the two there.
    var median: Double {
        let sorted = runs.sorted()
        guard let last = sorted.last else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : middle > 0 ? (sorted[middle - 1] + sorted[middle]) / 2 : last
    }

    var minimum: Double { runs.min() ?? 0 }

    /// Thousand million operations a second in the median run, two for each multiply-add.
    var gigaflops: Double? { multiplyAdds.flatMap { Self.gigaflops($0, seconds: median) } }

    static func gigaflops(_ multiplyAdds: Int, seconds: Double) -> Double? {
        seconds > 0 ? 2 * Double(multiplyAdds) / seconds / 1e9 : nil
    }

    /// Of all threads; `nil` where it was not measured.
    var peakGigaflops: Double? {
        guard let peak = profile?.peakMultiplyAddsPerSecond, peak > 0 else { return nil }
        return 2 * peak * Double(threads) / 1e9
    }

    var fallbacks: Int { plan.steps.count { $0.isFallback } }

    func text(width: Int, colors: Bool) -> String {
        let style = TextStyle(colors: colors)
        var sections = [summary(style)]
        if showsPlan {
            sections.append(passLines(style))
            sections.append(planLines(width: width, style: style))
        }
        if errors != nil { sections.append(errorLines(width: width, style: style)) }
        if profile != nil {
            sections.append(algorithmLines(width: width, style: style))
            sections.append(profileLines(width: width, style: style))
        }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private func summary(_ style: TextStyle) -> [String] {
        let shapes = inputs.inputs.map { "\(escaped($0.name)) \($0.tensor.shape.shapeText)" }.joined(separator: ", ")
        var facts = [
            ("input", "\(shapes), made up from seed \(inputs.seed)"),
            ("one run", "\(milliseconds(median)) ms (median of \(runs.count)), at least \(milliseconds(minimum)) ms"),
        ]
        if let gigaflops {
            let ofPeak = peakGigaflops.map { ", \(decimal(gigaflops / $0 * 100, 0)) % of the machine's peak" } ?? ""
            facts.append(("speed", "\(speed(gigaflops)) GFLOP/s\(ofPeak); \(multiplyAddsText(multiplyAdds))"))
        }
        let kernels = plan.kernels + (isExact ? ", exact" : "")
        facts.append(("kernels", "\(kernels), \(threads) \(threads == 1 ? "thread" : "threads")"))
        facts.append(("before", "read \(timeText(load)), plan \(timeText(planning)), first run \(timeText(firstRun))"))
        facts.append((
            "memory",
            "\(decimal(Double(peakBytes) / 1_048_576, 1)) MiB at most; arena \(byteText(plan.arenaBytes)), "
                + "packed weights \(byteText(plan.packedWeightBytes))"
        ))
        if fallbacks > 0 {
            facts.append(("fallbacks", "\(fallbacks) of \(plan.steps.count) steps have no fast kernel (--plan)"))
        }
        for assumption in inputs.assumptions { facts.append(("assumed", assumption)) }
        return facts.map { title, fact in
            "  " + style.faint(title) + String(repeating: " ", count: 11 - title.count) + fact
        }
    }

    func json() -> JSONValue {
        var object = JSONObject()
        object["schema"] = "skiff.bench/1"
        object["model"] = .string(model.path)
        object["inputs"] = .array(inputs.inputs.map { input in
            [
                "name": .string(input.name), "elementType": .string(input.tensor.elementType.rawValue),
                "shape": .array(input.tensor.shape.map { .integer(Int64($0)) }),
            ]
        })
        object["seed"] = .string(String(inputs.seed))
        object["assumptions"] = .array(inputs.assumptions.map { .string($0) })
        object["threads"] = .integer(Int64(threads))
        object["batch"] = .integer(Int64(inputs.batch))
        object["iterations"] = .integer(Int64(runs.count))
        object["exact"] = .bool(isExact)
        object["kernels"] = .string(plan.kernels)
        object["loadMilliseconds"] = .number(seconds(load) * 1e3)
        object["planMilliseconds"] = .number(seconds(planning) * 1e3)
        object["firstRunMilliseconds"] = .number(seconds(firstRun) * 1e3)
        object["medianMilliseconds"] = .number(median * 1e3)
        object["minimumMilliseconds"] = .number(minimum * 1e3)
        object["multiplyAdds"] = multiplyAdds.map { .integer(Int64($0)) } ?? .null
        object["gflops"] = gigaflops.map { .number($0) } ?? .null
        object["peakMiB"] = .number(Double(peakBytes) / 1_048_576)
        object["arenaBytes"] = .integer(Int64(plan.arenaBytes))
        object["packedWeightBytes"] = .integer(Int64(plan.packedWeightBytes))
        object["steps"] = .integer(Int64(plan.steps.count))
        object["fallbacks"] = .integer(Int64(fallbacks))
        if showsPlan { object["plan"] = planJSON() }
        if profile != nil { object["profile"] = profileJSON() }
        return .object(object)
    }
}

/// Milliseconds with four significant digits.
func milliseconds(_ seconds: Double) -> String {
    let value = seconds * 1e3
    return decimal(value, value < 0.9995 ? 4 : value < 9.995 ? 3 : value < 99.95 ? 2 : 1)
}

/// GFLOP/s in a table.
func speed(_ gigaflops: Double) -> String { decimal(gigaflops, gigaflops < 9.95 ? 2 : gigaflops < 99.5 ? 1 : 0) }
