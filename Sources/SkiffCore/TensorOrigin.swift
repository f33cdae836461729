/// Where a tensor came from and what was done to it, kept through conversions.
public struct TensorOrigin: Hashable, Sendable {
    /// The tensor's name there, where it is not the value's: `conv1_conv/kernel:0`.
    public var name: String?
    /// Position of the file among the model's source files; `nil` where none is known.
    public var file: Int?
    /// A member of the file: a dataset's path, a node's name.
    public var member: String?
    /// First byte of the elements in the file; `nil` where they do not lie there in one piece.
    public var byteOffset: Int?
    /// What was done to the elements on the way, in the order it was done: `inflated`, `byte order reversed`. Nothing
    /// where the bytes are the file's own.
    public var transforms: [String]

    public init(
        name: String? = nil, file: Int? = nil, member: String? = nil, byteOffset: Int? = nil, transforms: [String] = []
    ) {
        self.name = name
        self.file = file
        self.member = member
        self.byteOffset = byteOffset
        self.transforms = transforms
    }
}
