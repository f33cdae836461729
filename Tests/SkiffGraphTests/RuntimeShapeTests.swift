import SkiffCore
import SkiffGraph
import Testing

@Suite("Shapes that ONNX Runtime and Keras computed")
struct RuntimeShapeTests {
    @Test("Every shape rule gives the runtime's shapes, and refuses what it refuses")
    func agreesWithRuntimes() throws {
        let cases = try ShapeRuleCase.all()
        #expect(cases.count > 1000)
        for rule in cases {
            let found: [SymbolicShape?]?
            do {
                found = try rule.inferred()
            } catch let error as GraphError {
                #expect(rule.outputs == nil, "\(rule): \(error)")
                continue
            }
            #expect(found == rule.outputs?.map { SymbolicShape($0) }, "\(rule)")
        }
    }
}
