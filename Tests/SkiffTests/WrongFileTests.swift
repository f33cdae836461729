import Foundation
import Skiff
import SkiffTestSupport
import Testing

/// Files of other kinds, as their own frameworks write them (Fixtures/make/wrong_files.py), and files that are cut.
@Suite struct WrongFileTests {
    static let cases: [(file: String, says: String, hint: String)] = [
        ("state.pth", "is a PyTorch checkpoint,", "torch.load('"),
        ("state-old.pth", "a PyTorch checkpoint (a pickle", "weights_only=True"),
        ("checkpoint.pth.tar", "is a PyTorch checkpoint,", "checkpoint.safetensors'"),
        ("module.pt", "PyTorch checkpoint of a whole module", "if you trust"),
        ("module-old.pt", "of a whole module", "state_dict()"),
        ("script.pt", "a TorchScript archive", "torch.jit.load('"),
        ("exported.pt2", "a program of torch.export", "torch.export.load('"),
        ("saved-model", "is a TensorFlow SavedModel", "tf2onnx.convert --saved-model"),
        ("saved-model/saved_model.pb", "a TensorFlow SavedModel's graph", "ITS-FOLDER"),
        ("saved-model/variables", "holds a TensorFlow checkpoint", "variables.index"),
        ("keras2-saved-model", "a TensorFlow SavedModel of Keras 2", "tf_keras"),
        ("keras2-saved-model/saved_model.pb", "a TensorFlow SavedModel's graph", "tf2onnx"),
        ("variables.index", "a TensorFlow checkpoint", "wrong-files/variables')"),
        ("variables.data-00000-of-00001", "a part of a TensorFlow checkpoint", "wrong-files/variables')"),
        ("slim.ckpt", "a TensorFlow checkpoint", "slim.ckpt')"),
        ("checkpoint", "the list of a folder's TensorFlow checkpoints", "wrong-files')"),
        ("frozen.pb", "a frozen TensorFlow graph", "--graphdef"),
        ("model.tflite", "a TensorFlow Lite model", "--tflite"),
        ("coreml.mlmodel", "a Core ML model", "ONNX"),
        ("coreml-version1.mlmodel", "a Core ML model", "ONNX"),
        ("coreml.mlpackage", "a Core ML package", "ONNX"),
        ("coreml.mlpackage/Data/com.apple.CoreML/model.mlmodel", "a Core ML model", "ONNX"),
        ("openvino.xml", "an OpenVINO model's description", "ONNX"),
        ("openvino.bin", "the weights of an OpenVINO model", "ONNX"),
    ]

    @Test(arguments: 0..<24)
    func `another framework's file is named, with what to do`(index: Int) throws {
        let (file, says, hint) = Self.cases[index]
        let error = #expect(throws: SkiffError.self) { try Model(contentsOf: Fixtures.path("wrong-files/" + file)) }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
    }

    /// No environment here has these frameworks; the bytes follow their documents.
    static let written: [(name: String, bytes: [UInt8], says: String)] = [
        ("resnet-0000.params", [0x12, 1, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [1, 0, 0, 0], "MXNet"),
        ("resnet-symbol.json", Array(#"{"nodes": [], "arg_nodes": [], "heads": []}"#.utf8), "an MXNet network"),
        ("resnet.caffemodel", [0x0A, 9] + Array("ResNet-50".utf8) + [0xA2, 0x06, 4, 0x0A, 2, 0x61, 0x62],
            "a Caffe model"),
        ("resnet.prototxt", Array("name: \"ResNet-50\"\nlayer {\n  name: \"conv1\"\n}\n".utf8), "a Caffe network"),
        ("weights.pkl", [0x80, 4, 0x95] + [UInt8](repeating: 7, count: 20), "a Python pickle"),
        ("model.json", Array(#"{"class_name": "Functional", "config": {"layers": []}}"#.utf8), "a Keras architecture"),
        ("config.json", Array(#"{"architectures": ["ResNetForImageClassification"]}"#.utf8), "a configuration"),
        ("pytorch_model.bin.index.json",
            Array(#"{"weight_map": {"fc.weight": "pytorch_model-00001-of-00002.bin"}}"#.utf8), "a sharded PyTorch"),
        ("resnet50.h5", Array("Entry not found".utf8), "a text that says \"Entry not found\""),
        ("resnet50.mat", Array("MATLAB 5.0 MAT-file, Platform: GLNXA64".utf8), "a MATLAB file"),
        ("error.onnx", Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8),
            "an XML document"),
    ]

    @Test(arguments: 0..<11)
    func `files by their documents' bytes are named`(index: Int) throws {
        let (name, bytes, says) = Self.written[index]
        try withTemporaryFolder { folder in
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
            let error = #expect(throws: SkiffError.self) { try Model(contentsOf: folder + "/" + name) }
            #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        ("keras3-bottleneck/model.h5", "an HDF5 file"), ("mobile-like/model.h5", "an HDF5 file"),
        ("keras3-bottleneck/model.keras", "a zip archive"), ("torch-basic/model.onnx", "an ONNX model"),
        ("safetensors/block.safetensors", "a safetensors file"),
    ])
    func `a cut file says how many bytes there are and how many there should be`(file: String, kind: String) throws {
        let bytes = try Fixtures.bytes(file)
        try withTemporaryFolder { folder in
            let path = folder + "/model"
            for part in [0.1, 0.5, 0.9, 0.999] {
                let length = Int(Double(bytes.count) * part)
                try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
                let error = #expect(throws: SkiffError.self) { try Model(contentsOf: path) }
                let message = error?.message ?? ""
                #expect(message.contains("\(kind) cut off: it has \(length) bytes, expected"), "\(message)")
                let expected = message.split(separator: " ").last.flatMap { Int($0) } ?? 0
                #expect(expected > length && expected <= bytes.count, "\(message)")
            }
        }
    }

    @Test func `a name that a shell could misread is not put into a command`() throws {
        let bytes = try Fixtures.bytes("wrong-files/state.pth")
        try withTemporaryFolder { folder in
            for name in ["it's.pth", "a b.pth", "$(x).pth", "a\nb.pth"] {
                try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
                let error = #expect(throws: SkiffError.self) { try Model(contentsOf: folder + "/" + name) }
                #expect(error?.hint?.contains("torch.load('FILE'") == true, "\(error?.hint ?? "")")
            }
        }
    }
}
