extension Model {
    /// Finds out whether a drawing can be written there, before the work that makes it.
    /// - Throws: ``SkiffError`` where the path is a file that the model is read from, or cannot be written.
    public func checkDrawing(at path: String) throws(SkiffError) {
        try checkTarget(path)
        try located(Place(file: path)) { try checkWritable(path) }
    }

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
