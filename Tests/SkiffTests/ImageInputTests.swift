import Skiff
import SkiffTestSupport
import Testing

@Suite struct ImageInputTests {
    private let photo = Fixtures.path("images/pillow-rgb.png")

    private func model(_ name: String) throws -> Model { try Model(contentsOf: Fixtures.path(name)) }

    @Test func `an image becomes what the model takes, in its layout and channels`() throws {
        let model = try model("torch-basic/model.onnx")
        let images = try [ImageFile(contentsOf: photo), ImageFile(contentsOf: Fixtures.path("images/pillow-grey.png"))]
        let input = try model.imageInput(images, for: "image", preprocessing: .unit)
        #expect(input.tensor.shape == [2, 1, 8, 8])
        let values = try input.tensor.floats()
        let expected = try images[0].picture.grey.covering(width: 8, height: 8).samples
        #expect(Array(values.prefix(64)) == expected.map { Float($0) / 255 })
        // The second is the first in grey.
        #expect(values.prefix(64) == values.suffix(64))
        #expect(input.notes.contains { $0.contains("8×8") })
    }

    @Test func `preprocessing modes are those of the frameworks`() throws {
        let pixel: [Float] = [10, 100, 250]
        func value(_ mode: ImagePreprocessing, _ channel: Int) -> Float {
            mode.convention.value(pixel, channel: channel, of: 3)
        }
        #expect(value(.caffe, 0) == 250 - 103.939 && value(.caffe, 2) == 10 - 123.68)
        #expect(value(.tf, 0) == 10 / 127.5 - 1)
        #expect(value(.unit, 1) == 100 / 255 && value(.raw, 1) == 100 && value(.none, 1) == 100)
        #expect(abs(value(.torch, 2) - (250 / 255 - 0.406) / 0.225) < 1e-6)
    }

    @Test func `channels go where their mode wants them`() throws {
        let model = try model("mobile-like/model.h5")
        let id = try #require(model.graph.inputs.first)
        let shape = try #require(model.graph[id].fact?.shape)
        let channels = try #require(shape.last?.fixedValue)
        let file = try ImageFile(contentsOf: photo)
        for mode in ImagePreprocessing.allCases {
            let tensor = try model.imageInput([file], for: model.graph[id].name, preprocessing: mode).tensor
            let values = try tensor.floats()
            let (height, width) = (tensor.shape[1], tensor.shape[2])
            let source = channels == 1 ? file.picture.grey : file.picture.colour
            let picture = try source.covering(width: width, height: height)
            for position in [0, width * height / 2] {
                let pixel = (0..<channels).map { Float(picture.samples[position * channels + $0]) }
                for channel in 0..<channels {
                    #expect(
                        values[position * channels + channel]
                            == mode.convention.value(pixel, channel: channel, of: channels), "\(mode) \(channel)")
                }
            }
        }
    }

    @Test func `what is assumed is said, and who says the mode hears nothing of it`() throws {
        let model = try model("torch-basic/model.onnx")
        let images = [try ImageFile(contentsOf: photo)]
        #expect(try model.imageInput(images, for: "image").notes.contains { $0.contains("--preprocess") })
        #expect(
            try !model.imageInput(images, for: "image", preprocessing: .raw).notes.contains { $0.contains("--preprocess") })
    }

    @Test func `recognised networks are preprocessed as their convention has it`() throws {
        let model = try model("weights-torch/strided-first.safetensors")
        let name = model.graph[model.graph.inputs[0]].name
        let input = try model.imageInput([ImageFile(contentsOf: photo)], for: name)
        #expect(input.tensor.shape == [1, 3, 224, 224])
        #expect(input.notes.contains { $0.contains("as torch") })
    }

    @Test func `other images, other inputs and other numbers of images are refused`() throws {
        let sequence = try model("conv1d-dilated/model.h5")
        let file = try ImageFile(contentsOf: photo)
        #expect(throws: SkiffError.self) { try sequence.imageInput([file], for: "signal") }
        try withTemporaryFolder { folder in
            try atomicWrite(to: folder + "/a.jpg") { writer throws(CoreError) in try writer.write([0xFF, 0xD8, 0xFF, 0xE0]) }
            #expect(ImageFile.recognizes(folder + "/a.jpg"))
            let error = #expect(throws: SkiffError.self) { try ImageFile(contentsOf: folder + "/a.jpg") }
            #expect(error?.message.contains("JPEG") == true && error?.hint?.contains("PNG") == true)
        }
    }
}
