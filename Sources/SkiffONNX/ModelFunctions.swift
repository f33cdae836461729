internal import CONNXSchema
internal import SkiffCore

/// The operators that a model defines itself by bodies of nodes (IR 8 on).
struct ModelFunctions {
    private struct Key: Hashable {
        var domain: String
        var name: String
        var overload = ""
    }

    private var bodies: [Key: UnsafePointer<FunctionMessage>] = [:]
    private var indices: [Key: Int] = [:]
    private var names: [String] = []

    /// - Throws: ``ONNXError`` `refused` with the cycle where functions call each other in a circle.
    init(_ model: ModelMessage) throws(ONNXError) {
        let functions = SkiffONNX.messages(model.n_functions, model.functions)
        for function in functions {
            let key = Key(
                domain: OperatorSets.canonical(text(function.pointee.domain)), name: text(function.pointee.name))
            // Overloads of one name are one function here: what one calls, all call.
            let overload = text(function.pointee.overload)
            bodies[Key(domain: key.domain, name: key.name, overload: overload)] = function
            if indices[key] == nil {
                indices[key] = names.count
                names.append(key.name)
            }
        }
        var calls = [[Int]](repeating: [], count: names.count)
        for function in functions {
            let nodes = SkiffONNX.messages(function.pointee.n_node, function.pointee.node)
            guard let caller = index(domain: text(function.pointee.domain), name: text(function.pointee.name)) else { continue }
            calls[caller] += called(by: nodes)
        }
        try checkCycles(calls)
    }

    /// The function that the model defines that operator by; of several the one of that overload.
    func function(domain: String, name: String, overload: String) -> UnsafePointer<FunctionMessage>? {
        bodies[Key(domain: OperatorSets.canonical(domain), name: name, overload: overload)]
    }

    private func index(domain: String, name: String) -> Int? {
        indices[Key(domain: OperatorSets.canonical(domain), name: name)]
    }

    /// The functions that `nodes` call, and the nodes of graphs in their attributes.
    private func called(by nodes: [UnsafePointer<NodeMessage>]) -> [Int] {
        var calls: [Int] = []
        var pending = nodes
        while let node = pending.popLast() {
            if let callee = index(domain: text(node.pointee.domain), name: text(node.pointee.op_type)) {
                calls.append(callee)
            }
            for attribute in SkiffONNX.messages(node.pointee.n_attribute, node.pointee.attribute) {
                var graphs = SkiffONNX.messages(attribute.pointee.n_graphs, attribute.pointee.graphs)
                if let graph = attribute.pointee.g { graphs.append(UnsafePointer(graph)) }
                for graph in graphs { pending += SkiffONNX.messages(graph.pointee.n_node, graph.pointee.node) }
            }
        }
        return calls
    }

    /// Walks the calls without recursion; linear in their number.
    private func checkCycles(_ calls: [[Int]]) throws(ONNXError) {
        var isDone = [Bool](repeating: false, count: calls.count)
        var isOnPath = isDone
        for root in calls.indices where !isDone[root] {
            var path: [(function: Int, next: Int)] = [(root, 0)]
            isOnPath[root] = true
            while let top = path.last {
                guard top.next < calls[top.function].count else {
                    path.removeLast()
                    isOnPath[top.function] = false
                    isDone[top.function] = true
                    continue
                }
                path[path.count - 1].next += 1
                let callee = calls[top.function][top.next]
                if isOnPath[callee] {
                    let cycle = path.drop { $0.function != callee }.prefix(8).map { escaped(names[$0.function]) }
                    throw ONNXError(.refused("functions call each other: \((cycle + [escaped(names[callee])]).joined(separator: " → "))"))
                }
                guard !isDone[callee] else { continue }
                isOnPath[callee] = true
                path.append((callee, 0))
            }
        }
    }
}
