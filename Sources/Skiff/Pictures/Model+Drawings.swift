extension Model {
    /// Writes a drawing or page of this model, whole or not at all.
    /// - Throws: ``SkiffError`` where the path is a file that the model is read from, or cannot be written.
    public func writeDrawing(_ text: String, to path: String) throws(SkiffError) {
        try checkTarget(path)
        let bytes = Array(text.utf8)
        try located(Place(file: path)) {
            try atomicWrite(to: path) { writer throws(CoreError) in try writer.write(bytes) }
        }
    }
}
