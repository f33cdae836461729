import SkiffCore
import SkiffGraph
import SkiffTestSupport
import Testing

@testable import SkiffKeras

@Suite("Keras weights without an architecture")
struct WeightSetTests {
    static let pairs: [(weights: String, model: String)] = [
        ("keras2-nested/model-weights.h5", "keras2-nested/model.h5"),
        ("keras2-nested/model.weights.h5", "keras2-nested/model.h5"),
        ("keras2-preact/model-weights.h5", "keras2-preact/model.h5"),
        ("keras2-preact/model.weights.h5", "keras2-preact/model.h5"),
        ("keras3-bottleneck/model.weights.h5", "keras3-bottleneck/model.keras"),
        ("keras3-formats/model.weights.h5", "keras3-formats/model.keras"),
        ("keras3-formats/sharded.weights.json", "keras3-formats/model.keras"),
    ]

    private func set(_ name: String) throws -> WeightSet {
        try KerasReader.weights(storage: Fixtures.storage(name), folder: Fixtures.path(folder(name)))
    }

    private func folder(_ name: String) -> String { name.split(separator: "/").dropLast().joined(separator: "/") }

    @Test("they are recognised by their bytes; whole models are not them", arguments: pairs)
    func recognition(weights: String, model: String) throws {
        #expect(KerasReader.recognizesWeights(try Fixtures.storage(weights)))
        #expect(!KerasReader.recognizesWeights(try Fixtures.storage(model)))
    }

    @Test("other files are not them", arguments: [
        "hdf5-cases/layouts.h5", "numpy/shapes.npz", "torch-basic/model.onnx", "manifest.json", "shape-rules.json",
    ])
    func others(name: String) throws {
        let storage = try Fixtures.storage(name)
        #expect(!KerasReader.recognizesWeights(storage))
        #expect(throws: KerasError.self) { try KerasReader.weights(storage: storage, folder: "") }
    }

    /// Layers by their elements: names may be places in one of the files.
    private func contents(_ set: WeightSet) throws -> [[[Double]]] {
        try set.layers.map { try $0.variables.map { try $0.tensor.doubles() } }
    }

    @Test("they hold what the whole model holds, layer by layer", arguments: pairs)
    func agreement(weights: String, model: String) throws {
        let alone = try set(weights)
        let whole = try set(model)
        #expect(!whole.layers.isEmpty)
        #expect(Set(try contents(alone)) == Set(try contents(whole)))
        #expect(alone.layers.count == whole.layers.count)
        guard alone.layers.allSatisfy({ !$0.name.contains("/") }) else { return }
        let names = Dictionary(grouping: alone.layers, by: \.name)
        for layer in whole.layers {
            let same = try (names[layer.name] ?? []).map { try $0.variables.map { try $0.tensor.doubles() } }
            #expect(same.contains(try layer.variables.map { try $0.tensor.doubles() }), "\(layer.name)")
        }
    }

    @Test("layers of one class stand in the model's order", arguments: pairs)
    func order(weights: String, model: String) throws {
        let alone = try set(weights)
        guard alone.isInModelOrder else { return }
        let whole = try set(model)
        for rank in 1...5 {
            let kernels = { (set: WeightSet) throws in
                try set.layers.filter { $0.variables[0].tensor.shape.count == rank }
                    .map { try $0.variables[0].tensor.doubles() }
            }
            // Models inside a model are places of their own in newer files.
            guard !alone.layers.contains(where: { $0.variables[0].name.contains("/layers/") }) else { return }
            #expect(try kernels(alone) == kernels(whole))
        }
    }

    @Test("variables bear Keras' names of them where the file or the architecture says so")
    func roles() throws {
        let legacy = try set("keras2-preact/model-weights.h5")
        let whole = try set("keras2-preact/model.h5")
        #expect(legacy.layers.map(\.name) == whole.layers.map(\.name))
        for (one, other) in zip(legacy.layers, whole.layers) {
            #expect(one.variables.map(\.role) == other.variables.map(\.role))
        }
        let newer = try set("keras2-preact/model.weights.h5")
        #expect(newer.layers.allSatisfy { $0.variables.map(\.role) == $0.variables.indices.map(String.init) })
    }

    @Test("names of weights, of every generation", arguments: [
        ("conv1_conv/kernel:0", "conv1_conv", "conv1_conv", "kernel"), ("kernel", "conv", "conv", "kernel"),
        ("conv1_conv/kernel", "resnet50", "conv1_conv", "kernel"), ("seq/conv/kernel", "seq", "conv", "kernel"),
        ("convolution2d_1_W", "convolution2d_1", "convolution2d_1", "W"),
        ("convolution2d_1_W:0", "model_1", "convolution2d_1", "W"), ("conv1_W_1:0", "conv1", "conv1", "W"),
        ("bn2a_branch2a_running_std", "bn2a_branch2a", "bn2a_branch2a", "running_std"),
        ("bn2a_branch2a_running_mean_2:0", "resnet50", "bn2a_branch2a", "running_mean"),
        ("moving_mean", "bn", "bn", "moving_mean"), ("unit_conv1_W", "unit", "unit_conv1", "W"),
        ("depthwise_kernel", "conv", "conv", "depthwise_kernel"),
    ])
    func weightNames(name: String, group: String, layer: String, role: String) {
        let parsed = WeightName(name, group: group)
        #expect(parsed.layer == layer)
        #expect(parsed.role == role)
    }

    @Test("counted names stand in the order of their numbers")
    func counting() {
        let names = ["conv2d_10", "conv2d_2", "conv2d", "conv2d_1", "add", "10", "9"]
        #expect(names.sorted(by: isCountedBefore) == ["9", "10", "add", "conv2d", "conv2d_1", "conv2d_2", "conv2d_10"])
    }
}
