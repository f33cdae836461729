extension ModelFolder {
    /// What a folder without a model that Skiff reads is, by the names in it, and what to do; `nil` where it is nothing
    /// known.
    static func kind(of names: Set<String>, at path: String) -> (text: String, hint: String)? {
        if names.contains("saved_model.pb") || names.contains("saved_model.pbtxt") {
            return names.contains("keras_metadata.pb")
                ? ("is a TensorFlow SavedModel of Keras 2", Lookalike.named(Lookalike.exportKerasFolder, path))
                : ("is a TensorFlow SavedModel", Lookalike.named(Lookalike.exportSavedModel, path))
        }
        if names.contains("Manifest.json"), names.contains("Data") {
            return ("is a Core ML package (.mlpackage)", Lookalike.exportOriginal)
        }
        if names.contains("pytorch_model.bin") || names.contains("pytorch_model.bin.index.json") {
            return (
                "holds a PyTorch checkpoint", "skiff inspect on pytorch_model.bin says how to turn it into safetensors")
        }
        if let index = names.filter({ $0.hasSuffix(".index") }).min(),
            names.contains(where: { $0.hasPrefix(index.dropLast(6) + ".data-") })
        {
            return ("holds a TensorFlow checkpoint", "skiff inspect on \(escaped(index)) says how to export it")
        }
        if let xml = names.first(where: { $0.hasSuffix(".xml") }), names.contains(xml.dropLast(4) + ".bin") {
            return ("holds an OpenVINO model", Lookalike.exportOriginal)
        }
        return nil
    }
}
