/// A Python program that records what a model's own framework computes: inputs, outputs and all values, in a `.npz`
/// whose members ``verify(_:againstRecording:using:progress:)`` pairs with the model's values by name.
///
///     let program = try RecordingProgram(for: Model(contentsOf: "resnet50.h5"))
///     print(program.text)                                  // python record.py resnet50-io.npz
public struct RecordingProgram: Sendable {
    /// Of Python 3.6 and newer. It has no path of this machine but the model's, as it was given.
    public let text: String

    /// - Parameter verifier: Its seed, batch and shapes make the inputs (``SeededInput``).
    /// - Throws: ``SkiffError`` `noFramework` for files that no framework runs, and where no inputs can be made up.
    public init(for model: Model, using verifier: Verifier = Verifier()) throws(SkiffError) {
        let body: Body
        switch model.format.identifier {
        case "onnx": body = Self.onnx
        case "keras-hdf5", "keras-archive": body = Self.keras(model.graph.metadata)
        default: throw Self.refusal(of: model)
        }
        let inputs = try located(Place(file: model.path)) {
            try MadeUpInputs(for: model.graph, using: verifier)
        }
        let output = Self.stem(model.path) + "-io.npz"
        let defaults = Self.literal(output) + ", " + body.defaults
        let list = inputs.inputs.map { input in
            let type = model.graph.inputs.first { model.graph[$0].name == input.name }
                .flatMap { model.graph[$0].fact?.elementType } ?? input.tensor.elementType
            let name = Self.literal(input.name)
            return "    \(name): (\"\(Self.pythonName(of: type))\", \(input.tensor.shape.shapeText)),"
        }
        let imports = body.modules.map { $0.isEmpty ? "" : "import " + $0 }.joined(separator: "\n")
        let title = model.path.split(separator: "/").last.map(String.init) ?? model.path
        text = """
            \"""Records what \(body.framework) computes for every value of \(Self.comment(title)). To compare:
            skiff verify \(Self.comment(title)) --against \(Self.comment(output))

                python record.py [OUT.npz] [INPUTS.npz]\(body.arguments)          needs: pip install \(body.packages)

            Inputs are made up as skiff makes them up, or are the members NAME or input:NAME of INPUTS.npz.\(body.remark)
            \"""
            \(imports)

            MODEL = \(Self.literal(model.path))
            SEED = \(verifier.seed)
            INPUTS = {
            \(list.joined(separator: "\n"))
            }
            \(body.variables) = (sys.argv[1:] + [\(defaults)][len(sys.argv) - 1:])[:\(body.count)]
            np.seterr(over="ignore")


            \(Self.inputs)


            \(body.program)

            """
    }

    /// What the programs of one framework have of their own.
    struct Body {
        var framework: String
        var packages: String
        /// What it imports, in order; an empty name is an empty line.
        var modules: [String]
        /// Names, defaults and number of the program's arguments.
        var variables = "OUT, GIVEN"
        var defaults = "\"\""
        var count = 2
        var arguments = ""
        var remark = ""
        var program: String
    }

    /// What both programs make inputs of: ``SeededInput`` in NumPy.
    private static let inputs = #"""
        def mix(z):
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            return z ^ (z >> np.uint64(31))


        def made_up(position, dtype, shape):
            step = np.uint64(0x9E3779B97F4A7C15)
            start = mix(np.array([SEED], np.uint64) + np.uint64(position + 1) * step)
            words = mix(start + (np.arange(np.prod(shape, dtype=np.int64)).astype(np.uint64) + np.uint64(1)) * step)
            if dtype.startswith("float"):
                quarters = sum((words >> np.uint64(16 * k) & np.uint64(0xFFFF)).astype(np.int64) for k in range(4))
                words = ((quarters - 131070) / 37837.0).astype(np.float32)
            else:
                words = words & np.uint64(1 if dtype == "bool" else 7)
            return words.astype(dtype).reshape(shape)


        def given():
            if not GIVEN:
                return {name: made_up(i, *INPUTS[name]) for i, name in enumerate(INPUTS)}
            with np.load(GIVEN) as file:
                return {name: file["input:" + name if "input:" + name in file else name] for name in INPUTS}
        """#

    private static func refusal(of model: Model) -> SkiffError {
        let place = Place(file: model.path)
        if model.format.identifier == "skiff" {
            let source = model.graph.metadata.sources.first.map { escaped($0.name) } ?? "the file it was converted from"
            return SkiffError(
                .noFramework(
                    "is a file of Skiff's own, which no framework runs",
                    hint: "skiff verify \(source) --record; the values keep their names"),
                at: place)
        }
        if model.format.identifier == "keras-folder" {
            return SkiffError(
                .noFramework(
                    "is an unpacked archive, which Keras does not load", hint: "zip its files into a .keras again"),
                at: place)
        }
        return SkiffError(
            .noFramework(
                "holds weights alone, which no framework runs without the code of the network",
                hint: "save the whole model, or export it to ONNX, and record that"),
            at: place)
    }

    /// A string of Python's, or of JSON's, which are the same here.
    static func literal(_ text: String) -> String { JSONValue.string(text).text() }

    /// Text that stands in Python's triple quotes.
    private static func comment(_ text: String) -> String {
        escaped(text).filter { $0 != "\"" && $0 != "\\" }
    }

    /// NumPy's name; bfloat16 is made as float32, which the framework rounds.
    private static func pythonName(of type: ElementType) -> String {
        type == .bfloat16 ? "float32" : type.rawValue
    }

    private static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
        return String(name[..<dot])
    }
}
