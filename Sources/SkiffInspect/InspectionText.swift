extension Inspection {
    /// The inspection as a terminal shows it.
    ///
    /// - Parameters:
    ///   - width: columns of the terminal.
    ///   - colors: whether to use ANSI colours.
    ///   - allBlocks: whether to list every block where runs of equal blocks would be drawn together.
    public func text(width: Int = 100, colors: Bool = false, allBlocks: Bool = false) -> String { "" }

    /// The table of layers: name, operator, output shape, parameters, multiply-adds.
    public func layersText(width: Int = 100, colors: Bool = false) -> String { "" }

    /// The table of layers for a terminal of 100 columns, without colours.
    public var layersText: String { layersText() }
}
