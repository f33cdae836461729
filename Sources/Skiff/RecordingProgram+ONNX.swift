extension RecordingProgram {
    /// ONNX Runtime on the model as it is, with every value an output. Optimizations are off unless asked for; the
    /// model's bytes, versions and external data stay as they are.
    static let onnx = Body(
        framework: "ONNX Runtime", packages: "onnx onnxruntime",
        modules: ["os", "sys", "", "numpy as np", "onnx", "onnxruntime"],
        variables: "OUT, GIVEN, LEVEL", defaults: "\"\", \"none\"", count: 3,
        arguments: " [none|basic|extended|all]",
        remark: """

            The last argument says how much ONNX Runtime may optimize: nothing, if not given.
            """,
        program: #"""
            def session(model):
                options = onnxruntime.SessionOptions()
                level = "ORT_DISABLE_ALL" if LEVEL == "none" else "ORT_ENABLE_" + LEVEL.upper()
                options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
                options.log_severity_level = 3
                folder = os.path.dirname(os.path.abspath(MODEL))  # external data lies there
                options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
                providers = ["CPUExecutionProvider"]
                return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)


            model = onnx.load(MODEL, load_external_data=False)
            graph = model.graph
            outputs = [value.name for value in graph.output]
            for node in graph.node:
                inner = [name for name in node.output if name and name not in outputs]
                graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)

            # NumPy has no bfloat16; float32 holds its numbers exactly.
            FLOAT, BFLOAT16 = onnx.TensorProto.FLOAT, onnx.TensorProto.BFLOAT16
            for value in graph.input:
                if value.name in INPUTS and value.type.tensor_type.elem_type == BFLOAT16:
                    wide = value.name + "#float"
                    graph.node.insert(0, onnx.helper.make_node("Cast", [wide], [value.name], to=BFLOAT16))
                    value.name, value.type.tensor_type.elem_type = wide, FLOAT
            types = {value.name: value.type for value in session(model).get_outputs()}
            numbers = [name for name, kind in types.items() if kind.startswith("tensor(") and kind != "tensor(string)"]
            fetched = {name: name for name in numbers}
            for name in [name for name in numbers if types[name] == "tensor(bfloat16)"]:
                fetched[name] = name + "#float"
                graph.node.append(onnx.helper.make_node("Cast", [name], [fetched[name]], to=FLOAT))
                graph.output.append(onnx.ValueInfoProto(name=fetched[name]))

            runner, feeds = session(model), given()
            names = [value.name for value in runner.get_inputs()]
            fed = {name if name in names else name + "#float": array for name, array in feeds.items()}
            arrays = dict(zip(fetched, runner.run(list(fetched.values()), fed)))
            members = {"input:" + name: array for name, array in feeds.items()}
            for name, array in arrays.items():
                members[("output:" if name in outputs else "value:") + name] = array
            np.savez(OUT, **members)
            sys.stdout.write("%s: %d arrays of ONNX Runtime %s\n" % (OUT, len(members), onnxruntime.__version__))
            """#)
}
