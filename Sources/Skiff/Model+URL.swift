#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Model {
    /// Reads the model of a file URL.
    /// - Throws: ``SkiffError``, also for a URL that is no file's.
    public init(contentsOf url: URL) throws(SkiffError) {
        guard url.isFileURL else {
            throw SkiffError(.module(CoreError(.malformed("is no file: models are read from disk"))),
                at: Place(file: url.absoluteString))
        }
        try self.init(contentsOf: url.path)
    }

    /// Writes the model to a file URL.
    /// - Throws: ``SkiffError`` as the other `write(to:progress:)`.
    public func write(to url: URL, progress: (@Sendable (Double) -> Void)? = nil) throws(SkiffError) {
        try write(to: url.path, progress: progress)
    }
}
