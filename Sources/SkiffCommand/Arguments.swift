public import ArgumentParser
public import Skiff

extension Precision: ExpressibleByArgument {}
extension ImagePreprocessing: ExpressibleByArgument {}
extension InputSet.MadeUp: ExpressibleByArgument {}
extension LayerSelection.Depth: ExpressibleByArgument {}
extension LayerSelection.Order: ExpressibleByArgument {}
