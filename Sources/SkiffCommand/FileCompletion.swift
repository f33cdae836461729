internal import ArgumentParser

/// What a shell offers for arguments that are files: folders, and files by their extension. What a file is, its bytes
/// tell; so a file under another name can be written out, it is only not offered.
extension CompletionKind {
    private static let modelExtensions = ["onnx", "skiff", "h5", "hdf5", "keras", "safetensors", "npz"]

    static let modelFile = CompletionKind.file(extensions: modelExtensions)
    /// What values are compared with: models, recordings, capsules.
    static let referenceFile = CompletionKind.file(extensions: modelExtensions + ["json", "capsule"])
    static let recordingFile = CompletionKind.file(extensions: ["npz", "json", "capsule"])
    static let inputFile = CompletionKind.file(extensions: ["npy", "npz", "pb", "png", "ppm", "pgm"])
    static let arrayFile = CompletionKind.file(extensions: ["npy", "npz"])
    static let checkedFile = CompletionKind.file(extensions: ["skiff", "keras"])
}
