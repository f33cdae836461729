internal import SkiffGraph

extension RecordingProgram {
    /// The Keras that the file's version asks for. Each network of the model runs once with all its values as outputs.
    /// What an activation is given inside a layer is recorded where arrays can be given to layers, from Keras 2.4 on.
    static func keras(_ metadata: GraphMetadata) -> Body {
        let major = metadata.producer.split(separator: " ").last.flatMap { $0.split(separator: ".").first } ?? "1"
        let known = ["tensorflow", "torch", "jax"]
        let isTheano = metadata["backend"] == "theano"
        // Backends do not compute all the same: the one that the file was written with comes first.
        let own = metadata["backend"].flatMap { known.contains($0) ? $0 : nil }
        let order = (own.map { [$0] } ?? []) + known.filter { $0 != own }
        let (names, versions, packages) = switch major {
        case "1": ("[\"keras\"]", "[\"1\", \"2\"]", isTheano ? "'keras<2' theano" : "'keras<2.3' 'tensorflow<2'")
        case "2": ("[\"tf_keras\", \"keras\"]", "[\"2\", \"3\"]", "tf_keras")
        default: ("[\"keras\"]", "[\"3\"]", "keras " + (own ?? "torch"))
        }
        // Keras 1 uses this module of Theano's and does not import it.
        let missing = isTheano && major == "1" ? ["theano.ifelse"] : []
        let backend = isTheano ? "\"theano\"" : "(backends + [\"tensorflow\"])[0]"
        let list = "(" + order.map(literal).joined(separator: ", ") + ")"
        return Body(
            framework: "Keras", packages: packages,
            modules: ["importlib", "importlib.util", "os", "sys", "", "numpy as np"] + missing,
            program: #"""
                # The Keras that can read the file, and a backend that is there.
                os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
                backends = [name for name in \#(list) if importlib.util.find_spec(name)]
                os.environ.setdefault("KERAS_BACKEND", \#(backend))
                NAMES, VERSIONS = \#(names), \#(versions)
                keras = None
                for name in NAMES:
                    try:
                        found = importlib.import_module(name)
                    except ImportError:
                        continue
                    if found.__version__.split(".")[0] in VERSIONS:
                        keras = found
                        break
                if keras is None:
                    sys.exit("needs " + " or ".join(NAMES) + " of version " + " or ".join(VERSIONS))
                version = [int(part) for part in keras.__version__.split(".")[:2]]
                eager = version >= [2, 4]


                def first(thing, *names):
                    """The first of these attributes that is there: their names changed between versions."""
                    return next((getattr(thing, name) for name in names if hasattr(thing, name)), None)


                def listed(value):
                    return list(value) if isinstance(value, (list, tuple)) else [value]


                def array(tensor):
                    if hasattr(keras, "ops"):
                        narrow = "bfloat16" in str(tensor.dtype)  # which NumPy does not have
                        tensor = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32") if narrow else tensor)
                    tensor = np.asarray(tensor)
                    return tensor.astype("float32") if "bfloat16" in str(tensor.dtype) else tensor


                def network(layer):
                    """A model's graph of calls; None for a layer."""
                    for graph in (layer, first(layer, "_functional"), first(layer, "model")):
                        if first(graph, "_nodes_by_depth", "nodes_by_depth"):
                            return graph


                def record(graph, arrays, prefix, values):
                    """Adds every layer's output by name: inner/layer in inner models, layer:k for call k > 0 of a layer."""
                    known = dict(zip(map(id, graph.inputs), arrays))
                    nodes = [n for depth in first(graph, "_nodes_by_depth", "nodes_by_depth").values() for n in depth]
                    calls = []
                    for node in nodes:
                        layer = first(node, "operation", "layer", "outbound_layer")
                        symbols = listed(first(node, "output_tensors", "outputs"))
                        if layer.__class__.__name__ != "InputLayer":
                            inbound = first(layer, "_inbound_nodes", "inbound_nodes")
                            of_layer = [n for n in inbound if any(n is m for m in nodes)]
                            index = next(i for i, n in enumerate(of_layer) if n is node)
                            calls.append((prefix + layer.name + (":%d" % index if index else ""), layer, node, symbols))
                    wanted = [symbol for call in calls for symbol in call[3]]
                    model = keras.models.Model(graph.inputs, wanted)
                    results = model(arrays, training=False) if eager else model.predict_on_batch(arrays)
                    known.update(zip(map(id, wanted), map(array, listed(results))))
                    for name, layer, node, symbols in calls:
                        for i, symbol in enumerate(symbols):
                            values[name + ("#%d" % i if i else "")] = known[id(symbol)]
                        read = [known[id(symbol)] for symbol in listed(first(node, "keras_inputs", "input_tensors"))]
                        if network(layer):
                            record(network(layer), read, name + "/", values)
                        activation = getattr(layer, "activation", None)
                        is_split = activation and (hasattr(layer, "kernel") or hasattr(layer, "depthwise_kernel"))
                        if eager and is_split and getattr(activation, "__name__", "") != "linear":
                            layer.activation = keras.activations.linear
                            values[name + "/pre_activation"] = array(layer(*read))
                            layer.activation = activation
                    return [known[id(symbol)] for symbol in graph.outputs]


                model = keras.models.load_model(MODEL, **({"compile": False} if version[0] > 1 else {}))
                feeds, values = given(), {}
                outputs = record(network(model), list(feeds.values()), "", values)
                names = listed(model.output_names)
                members = {"input:" + name: fed for name, fed in feeds.items()}
                for i, result in enumerate(outputs):
                    members["output:" + (names[i] if names.index(names[i]) == i else "output_%d" % i)] = result
                members.update(("value:" + name, value) for name, value in values.items())
                np.savez(OUT, **members)
                sys.stdout.write("%s: %d arrays of Keras %s\n" % (OUT, len(members), keras.__version__))
                """#)
    }
}
