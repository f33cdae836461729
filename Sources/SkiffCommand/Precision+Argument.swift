public import ArgumentParser
public import Skiff

extension Precision: ExpressibleByArgument {}
