import Foundation
import Skiff
import SkiffTestSupport
import Testing

@Suite struct SessionTests {
    /// The example of README.md and of `Model.session(threads:exact:)`, on weights of a ResNet from PyTorch.
    @Test func `the documented example runs`() throws {
        let url = URL(fileURLWithPath: Fixtures.path("weights-torch/basic.safetensors"))
        let x = try SeededInput().tensor(forInput: 0, elementType: .float32, shape: [2, 3, 64, 64])

        let model = try Model(contentsOf: url)
        let session = try model.session(threads: 2)
        let y = try session.run(["input": x])

        let reference = try model.run(["input": x])
        #expect(Set(y.keys) == Set(reference.keys))
        for (name, output) in reference { try expectClose(y[name], output, name) }
        let again = try session.run(["input": x])
        for (name, output) in y { #expect(try again[name]?.floats() == output.floats(), "\(name)") }
    }

    @Test(arguments: [false, true])
    func `every fixture's session gives what the reference evaluator gives`(exact: Bool) throws {
        for run in Fixtures.runs where !run.mustRefuseToRun {
            let model = try Model(contentsOf: run.modelPath)
            let inputs = try model.madeUpInputs(batch: nil).tensors
            let reference = try model.run(inputs)
            let outputs = try model.session(threads: 2, exact: exact).run(inputs)
            for (name, output) in reference { try expectClose(outputs[name], output, "\(run): \(name)") }
        }
    }

    @Test func `a session that cannot be is refused at the model's path`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        for threads in [0, -1, Evaluator.threadLimit + 1] {
            let error = #expect(throws: SkiffError.self) { try model.session(threads: threads) }
            #expect(error?.place.file == model.path)
            #expect(error?.message.contains("threads") == true)
        }
    }

    @Test func `inputs are made up as the model declares them`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        #expect(try model.madeUpInputs().shapes == ["image": [1, 1, 8, 8]])
        let inputs = try model.madeUpInputs(seed: 3, batch: 5)
        #expect(inputs.shapes == ["image": [5, 1, 8, 8]])
        #expect(inputs.batch == 5)
        let seeded = try SeededInput(seed: 3).tensor(forInput: 0, elementType: .float32, shape: [5, 1, 8, 8])
        #expect(try inputs.tensors["image"]?.floats() == seeded.floats())
        let given = try model.madeUpInputs(shapes: ["image": [7, 1, 8, 8]])
        #expect(given.batch == 7)
        for shape in [[1, 3, 8, 8], [1, 8, 8]] {
            let error = #expect(throws: SkiffError.self) { try model.madeUpInputs(shapes: ["image": shape]) }
            #expect(error?.message.contains("the model takes [batch, 1, 8, 8]") == true, "\(error?.message ?? "")")
            #expect(error?.place.tensor == "image")
        }
        #expect(throws: SkiffError.self) { try model.madeUpInputs(shapes: ["picture": [1, 1, 8, 8]]) }
    }

    @Test func `a network of any extent gets its usual one`() throws {
        let model = try Model(contentsOf: Fixtures.path("weights-torch/basic.safetensors"))
        #expect(try model.madeUpInputs(batch: 2).shapes == ["input": [2, 3, 224, 224]])
        #expect(try model.madeUpInputs(shapes: ["input": [1, 3, 64, 96]]).shapes == ["input": [1, 3, 64, 96]])
    }

    @Test func `a batch that the model does not take is refused`() throws {
        let model = try Model(contentsOf: Fixtures.path("onnx-node/test_basic_conv_with_padding/model.onnx"))
        #expect(try model.madeUpInputs(batch: 1).batch == 1)
        let error = #expect(throws: SkiffError.self) { try model.madeUpInputs(batch: 4) }
        #expect(error?.message == "samples are 4, the model takes 1 and 1")
    }

    @Test func `multiply-adds are counted at the shapes of the run`() throws {
        let model = try Model(contentsOf: Fixtures.path("torch-basic/model.onnx"))
        let one = try #require(model.inspection().multiplyAdds)
        let shapes = try model.madeUpInputs(batch: 6).shapes
        #expect(Inspection.multiplyAdds(of: model.graph, shapes: shapes) == 6 * one)
    }
}

/// Equal but for rounding: RMS of the difference within 1e-4 of the RMS of the reference.
private func expectClose(_ found: Tensor?, _ expected: Tensor, _ name: String) throws {
    let found = try #require(found, "\(name)")
    #expect(found.shape == expected.shape, "\(name)")
    let (left, right) = (try found.doubles(), try expected.doubles())
    let error = zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let size = right.reduce(0) { $0 + $1 * $1 }
    #expect(error <= 1e-8 * size, "\(name): relative RMS error \((error / max(size, 1e-300)).squareRoot())")
}
