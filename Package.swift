// swift-tools-version: 6.1
import PackageDescription

// Strict from the start: imports say whether they leak, existentials are visible, members need their import.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Lets ByteCursor, the one borrowed reader, say whose bytes it reads.
    .enableExperimentalFeature("Lifetimes"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A Swift module of ours, and where it has one its test target.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["SkiffTestSupport"], swiftSettings: settings)
}

let package = Package(
    name: "skiff",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Skiff", targets: ["Skiff"]),
        .executable(name: "skiff", targets: ["SkiffCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    ],
    targets: [
        // C libraries of the system, with the inline wrappers Swift needs.
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        // C of ours: schemas compiled by protoc-c, the HDF5 driver over mapped bytes, the engine's micro-kernels,
        // the codec of weights, their statistics.
        .target(name: "CHDF5Shims", dependencies: ["CHDF5"]),
        .target(name: "CONNXSchema", dependencies: ["CProtobufC"]),
        .target(name: "CSkiffSchema", dependencies: ["CProtobufC"]),
        .target(name: "CSkiffKernels"),
        .target(name: "CSkiffCodec"),
        .target(name: "CSkiffStatistics"),

        // Swift modules, from the ground up.
        module("SkiffCore", ["CZlib", "CProtobufC"]),
        module("SkiffGraph", ["SkiffCore"]),
        module("SkiffONNX", ["SkiffCore", "SkiffGraph", "CONNXSchema", "CProtobufC", crypto]),
        module("SkiffKeras", ["SkiffCore", "SkiffGraph", "CHDF5", "CHDF5Shims"]),
        module("SkiffFormat", ["SkiffCore", "SkiffGraph", "CSkiffSchema", "CSkiffCodec", "CProtobufC", crypto]),
        module("SkiffArchitectures", ["SkiffCore", "SkiffGraph", "SkiffInspect"]),
        module("SkiffSafetensors", ["SkiffCore", "SkiffGraph"]),
        module("SkiffEngine", ["SkiffCore", "SkiffGraph", "CSkiffKernels"]),
        module("SkiffVerify", ["SkiffCore", "SkiffGraph", "SkiffEngine"]),
        module("SkiffInspect", ["SkiffCore", "SkiffGraph", "CSkiffStatistics"]),
        module("SkiffFlow", ["SkiffCore", "SkiffGraph", "SkiffEngine", "SkiffInspect"]),
        module("SkiffDifference", ["SkiffCore", "SkiffGraph", "SkiffInspect", "SkiffVerify"]),
        module("Skiff", [
            "SkiffCore", "SkiffGraph", "SkiffONNX", "SkiffKeras", "SkiffFormat", "SkiffSafetensors",
            "SkiffArchitectures", "SkiffEngine",
            "SkiffVerify", "SkiffInspect", "SkiffFlow", "SkiffDifference",
        ]),
        .executableTarget(name: "SkiffCommand", dependencies: ["Skiff", arguments], swiftSettings: settings),

        // Tests. SkiffTestSupport holds what several of them share.
        .target(
            name: "SkiffTestSupport", dependencies: ["SkiffCore"], path: "Tests/SkiffTestSupport",
            swiftSettings: settings),
        tests("SkiffCoreTests", ["SkiffCore"]),
        tests("SkiffGraphTests", ["SkiffGraph", "SkiffCore"]),
        tests("SkiffONNXTests", ["SkiffONNX", "SkiffGraph", "SkiffCore"]),
        tests("SkiffKerasTests", ["SkiffKeras", "SkiffGraph", "SkiffCore"]),
        tests("SkiffFormatTests", ["SkiffFormat", "SkiffGraph", "SkiffCore"]),
        tests("SkiffSafetensorsTests", ["SkiffSafetensors", "SkiffGraph", "SkiffCore"]),
        tests("SkiffArchitecturesTests", ["SkiffArchitectures", "SkiffInspect", "SkiffGraph", "SkiffCore"]),
        tests(
            "SkiffEngineTests", ["SkiffEngine", "SkiffONNX", "SkiffKeras", "SkiffGraph", "SkiffCore", "CSkiffKernels"]),
        tests("SkiffVerifyTests", ["SkiffVerify", "SkiffEngine", "SkiffGraph", "SkiffCore"]),
        tests("SkiffInspectTests", ["SkiffInspect", "CSkiffStatistics", "SkiffONNX", "SkiffKeras", "SkiffGraph", "SkiffCore"]),
        tests("SkiffFlowTests", ["SkiffFlow", "SkiffInspect", "SkiffEngine", "SkiffONNX", "SkiffKeras", "SkiffGraph", "SkiffCore"]),
        tests(
            "SkiffDifferenceTests",
            ["SkiffDifference", "SkiffInspect", "SkiffVerify", "SkiffONNX", "SkiffKeras", "SkiffGraph", "SkiffCore"]),
        tests("SkiffTests", ["Skiff", "SkiffFormat", "SkiffVerify"]),
        tests("SkiffMutantTests", ["Skiff"]),
        tests("SkiffCommandTests", ["Skiff", "SkiffCommand"]),
    ]
)
