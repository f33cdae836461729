// `import Skiff` is enough: tensors, graphs, evaluators, reports and inspections come with it.
@_exported public import SkiffArchitectures
@_exported public import SkiffCore
@_exported public import SkiffDifference
@_exported public import SkiffEngine
@_exported public import SkiffFlow
@_exported public import SkiffFormat
@_exported public import SkiffGraph
@_exported public import SkiffInspect
@_exported public import SkiffVerify

/// The version of this package, as `skiff --version` prints it.
public let skiffVersion = "0.1.0"
