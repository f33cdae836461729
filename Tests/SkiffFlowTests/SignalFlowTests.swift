import SkiffCore
import SkiffEngine
@testable import SkiffFlow
import SkiffGraph
import SkiffInspect
import Testing

/// Networks whose numbers are worked out by hand: x is [[1, 2], [3, 4]].
@Suite struct SignalFlowTests {
    private func near(_ left: Double?, _ right: Double, _ tolerance: Double = 1e-6) -> Bool {
        left.map { abs($0 - right) <= tolerance * max(1, abs(right)) } ?? false
    }

    @Test func ratioIsOpenWhereTheShortcutIsZero() {
        #expect(SignalFlow.Block(block: 0, shortcutRMS: 0, branchRMS: 1, cosine: nil).ratio == nil)
        #expect(SignalFlow.Block(block: 0, shortcutRMS: 2, branchRMS: 1, cosine: nil).ratio == 0.5)
    }

    /// x + x·diag(2, −1): the branch is [[2, −2], [6, −4]], the sum [[3, 0], [9, 0]].
    @Test func `One block by hand`() throws {
        var sketch = try FlowGraph()
        let sum = try sketch.add(sketch.product(sketch.input, [2, 0, 0, -1]), sketch.input)
        let graph = try sketch.finished(sketch.product(sum, [1, 0, 0, 1]))
        let flow = try flow(graph)
        let block = try #require(flow.blocks.first)
        #expect(flow.blocks.count == 1 && flow.samples == 2)
        #expect(near(block.shortcutRMS, 7.5.squareRoot()) && near(block.branchRMS, 15.0.squareRoot()))
        #expect(near(block.cosine, 0) && near(block.sumRMS, 22.5.squareRoot()))
        #expect(near(block.sampleRatios?.lowerBound, 1.6.squareRoot()))
        #expect(near(block.sampleRatios?.upperBound, (52.0 / 25).squareRoot()))
        // Without the branch the output is x, whose second score is the larger one.
        #expect(near(block.lesion?.outputChange, (60.0 / 90).squareRoot()))
        #expect(block.lesion?.top1Agreement == 0)
        #expect(flow.classes == SignalFlow.Classes(output: "y0", count: 2, decisions: 2, isPerPosition: false))
    }

    /// A projected shortcut counts as it is added: 3·x, and the branch is [[2, 4], [6, 8]], along it.
    @Test func `A projection is part of the shortcut`() throws {
        var sketch = try FlowGraph()
        let branch = try sketch.product(sketch.relu(sketch.product(sketch.input, [1, 0, 0, 1])), [2, 0, 0, 2])
        let sum = try sketch.add(sketch.product(sketch.input, [3, 0, 0, 3]), branch)
        let flow = try flow(sketch.finished(sketch.product(sum, [1, 0, 0, 1])))
        let block = try #require(flow.blocks.first)
        #expect(near(block.shortcutRMS, 3 * 7.5.squareRoot()) && near(block.ratio, 2.0 / 3) && near(block.cosine, 1))
        #expect(near(block.lesion?.outputChange, 0.4) && block.lesion?.top1Agreement == 1)
    }

    /// Sum(x, x·diag(2, −1), [1, 1]): the branch is all but the shortcut, the constant included.
    @Test func `All else that is added is the branch`() throws {
        for isNested in [false, true] {
            var sketch = try FlowGraph()
            let branch = try sketch.product(sketch.input, [2, 0, 0, -1])
            let other = try sketch.product(sketch.input, [0, 1, 1, 0])
            let sum = isNested
                ? try sketch.add(sketch.add(sketch.input, branch), other)
                : try sketch.sum([branch, sketch.input, other])
            // The branch is [[2, −2], [6, −4]] + [[2, 1], [4, 3]] = [[4, −1], [10, −1]].
            let block = try #require(try flow(sketch.finished(sketch.product(sum, [1, 0, 0, 1]))).blocks.first)
            #expect(near(block.shortcutRMS, 7.5.squareRoot()))
            #expect(near(block.branchRMS, 29.5.squareRoot()))
            // 4 − 2 + 30 − 4
            #expect(near(block.cosine, 28 / (30.0.squareRoot() * 118.0.squareRoot())))
        }
        var sketch = try FlowGraph()
        let branch = try sketch.product(sketch.input, [2, 0, 0, -1])
        let sum = try sketch.sum([sketch.weight([1, 1], [2]), branch, sketch.input])
        let block = try #require(try flow(sketch.finished(sketch.product(sum, [1, 0, 0, 1]))).blocks.first)
        // [[3, −1], [7, −3]], and the sum is [[4, 1], [10, 1]].
        #expect(near(block.branchRMS, 17.0.squareRoot()))
        #expect(near(block.lesion?.outputChange, (68.0 / 118).squareRoot()))
    }

    @Test func `The sum may be an output, and others may lie in front of it`() throws {
        var sketch = try FlowGraph()
        let first = try sketch.product(sketch.input, [1, 0, 0, 1])
        let sum = try sketch.add(first, sketch.product(first, [2, 0, 0, -1]))
        let flow = try flow(sketch.finished(first, sum))
        let block = try #require(flow.blocks.first)
        #expect(near(block.lesion?.outputChange, (60.0 / 90).squareRoot()))
        // y0 is a matrix product, and nothing changes it.
        #expect(block.lesion?.top1Agreement == 1)
    }

    @Test func `A branch of zeros changes nothing, a shortcut of zeros has no ratio`() throws {
        var sketch = try FlowGraph()
        let sum = try sketch.add(sketch.input, sketch.product(sketch.input, [0, 0, 0, 0]))
        let graph = try sketch.finished(sketch.product(sum, [1, 0, 0, 1]))
        let whole = try #require(try flow(graph).blocks.first)
        #expect(whole.ratio == 0 && whole.cosine == nil && whole.lesion?.outputChange == 0)
        let zero = try #require(try flow(graph, [0, 0, 0, 0]).blocks.first)
        #expect(zero.ratio == nil && zero.sampleRatios == nil && zero.lesion?.outputChange == 0)
    }

    private func deep(_ blocks: Int, endsInSoftmax: Bool = true) throws -> Graph {
        var sketch = try FlowGraph()
        var value = sketch.input
        for index in 0..<blocks {
            let turn: [Float] = index % 2 == 0 ? [0.1, 0.2, -0.3, 0.1] : [-0.2, 0.1, 0.1, 0.3]
            value = try sketch.add(value, sketch.product(sketch.relu(value), turn))
        }
        let scores = try sketch.product(value, [1, 0.5, -0.5, 1])
        return try sketch.finished(endsInSoftmax ? sketch.softmax(scores) : scores)
    }

    @Test func `Lesions can be limited, and it is said`() throws {
        let graph = try deep(9)
        let none = try flow(graph, lesions: .none)
        #expect(none.blocks.count == 9 && none.blocks.allSatisfy { $0.lesion == nil } && none.classes == nil)
        let three = try flow(graph, lesions: .most(3))
        #expect(three.blocks.filter { $0.lesion != nil }.map(\.block) == [0, 4, 8])
        #expect(three.omission?.contains("3 of 9") == true)
        let few = try flow(graph, lesions: .within(seconds: 0))
        #expect(few.blocks.filter { $0.lesion != nil }.map(\.block) == [0, 8])
        #expect(few.omission?.contains("every 8th") == true)
        let all = try flow(graph, lesions: .within(seconds: 1e6))
        #expect(all.omission == nil && all.blocks.allSatisfy { $0.lesion != nil })
    }

    /// x + x·diag(2, −1) is [[3, 0], [9, 0]]; its rows less their means are ±1.5 and ±4.5, those of x ∓0.5.
    @Test func `Scores in front of a Softmax are measured without their mean`() throws {
        var sketch = try FlowGraph()
        let sum = try sketch.add(sketch.product(sketch.input, [2, 0, 0, -1]), sketch.input)
        let graph = try sketch.finished(sketch.softmax(sketch.product(sum, [1, 0, 0, 1])))
        let lesion = try #require(try flow(graph).blocks.first?.lesion)
        #expect(near(lesion.scoreChange, (58.0 / 45).squareRoot()) && lesion.change == lesion.scoreChange)
        #expect(lesion.top1Agreement == 0)
        // Probabilities of the first class are σ(3) and σ(9), then σ(−1) twice.
        let (before, after) = ([0.952_574_13, 0.999_876_61], 0.268_941_42)
        let change = before.reduce(0) { $0 + 2 * ($1 - after) * ($1 - after) }
        let whole = before.reduce(0) { $0 + $1 * $1 + (1 - $1) * (1 - $1) }
        #expect(near(lesion.outputChange, (change / whole).squareRoot()))
    }

    @Test func `Threads and runs change nothing`() throws {
        let graph = try deep(5)
        let elements = (0..<24).map { Float($0 * 7 % 11) - 5 }
        let one = try flow(graph, elements, threads: 1)
        #expect(try flow(graph, elements, threads: 2).blocks == one.blocks)
        let cut = try flow(graph, elements, runs: 3)
        #expect(cut.samples == 12 && cut.classes == one.classes)
        for (left, right) in zip(cut.blocks, one.blocks) {
            #expect(near(left.shortcutRMS, right.shortcutRMS) && near(left.branchRMS, right.branchRMS))
            #expect(near(left.cosine, right.cosine ?? 0) && left.sampleRatios == right.sampleRatios)
            #expect(near(left.lesion?.outputChange, right.lesion?.outputChange ?? 0))
            #expect(left.lesion?.top1Agreement == right.lesion?.top1Agreement)
        }
    }

    @Test func `Lesions are those of the reference evaluator`() throws {
        // Scores and no probabilities, of which one would be nearly all.
        let graph = try deep(7, endsInSoftmax: false)
        let inspection = Inspection(of: graph, format: "test")
        let inputs = ["x": try Tensor(floats: rows, shape: [2, 2])]
        let lesions = try referenceLesions(graph, inspection, inputs)
        let whole = try Evaluator(graph).run(inputs, precision: .double).mapValues { try $0.doubles() }
        for block in try flow(graph).blocks {
            let expected = change(whole, lesions[block.block] ?? [:])
            #expect(expected > 0.001 && near(block.lesion?.outputChange, expected, 1e-5))
        }
    }

    @Test func `The text says what was measured`() throws {
        let graph = try deep(3)
        let inspection = Inspection(of: graph, format: "test")
        let text = try flow(graph).text(inspection, width: 100)
        #expect(text.hasPrefix("Signal flow  rows\n"))
        let words = ["shortcut", "branch", "ratio", "cosine", "scores", "outputs", "top-1", "Missed most", "2 samples"]
        for word in words {
            #expect(text.replacing("\n ", with: "").contains(word))
        }
        #expect(!text.contains("\u{1B}") && text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        let narrow = try flow(graph).text(inspection, width: 40)
        #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 44 })
    }
}
