internal import SkiffCore
internal import SkiffGraph

/// Order and factors of operands, layers that only one side has, interpolation, and local response normalization.
enum OperationExperiments {
    static func experiments(at site: Site) -> [Experiment] {
        var result = missingLayer(site) + missingBias(site)
        switch site.node.operator {
        case .concatenation: result += orders(site, .operandOrder)
        case .binary(let binary): result += arithmetic(binary, site)
        case .variadic(let variadic): result += arithmetic(variadic, site)
        case .resize(let resize): result += resampling(resize, site)
        case .upsampling(let upsampling): result += resampling(upsampling, site)
        case .convolutionTranspose(let convolution): result += shifts(convolution, site)
        case .transpose(let transpose): result += orders(transpose, site)
        case .localResponseNormalization(let normalization): result += local(normalization, site)
        default: break
        }
        return result
    }

    private static func missingLayer(_ site: Site) -> [Experiment] {
        switch site.node.operator {
        case .identity, .cast, .unary, .clip, .parametricReLU, .softmax: return []
        default: break
        }
        guard let input = site.shape(ofInput: 0), input == site.outputShape, site.node.outputs.count == 1 else { return [] }
        let others = Set(site.node.inputs.indices.dropFirst())
        var experiment = site.experiment(
            .missingLayer, rank: 1, "the layer", found: "it", expected: "missing",
            edit: Edit(operators: [site.id: .identity(Identity())], removed: others.isEmpty ? [:] : [site.id: others]))
        experiment.form = site.node.operator.kind.rawValue
        return [experiment]
    }

    private static func missingBias(_ site: Site) -> [Experiment] {
        switch site.node.operator {
        case .convolution, .convolutionTranspose, .dense, .gemm: break
        default: return []
        }
        guard site.weight(2) != nil else { return [] }
        return [
            site.experiment(
                .missingBias, rank: 0.3, "bias", found: "it", expected: "missing", edit: Edit(removed: [site.id: [2]]))
        ]
    }

    private static func orders(_ site: Site, _ kind: Explanation.Kind) -> [Experiment] {
        let count = site.node.inputs.count
        guard count > 1 else { return [] }
        let own = Array(0..<count)
        var list = count <= 4 ? permutations(own) : [own.reversed()]
        if count > 4 {
            for place in 0..<count - 1 {
                var order = own
                order.swapAt(place, place + 1)
                list.append(order)
            }
        }
        return list.compactMap { order in
            guard order != own else { return nil }
            return site.experiment(
                kind, rank: 0.5, "operands in order", found: listText(own), expected: listText(order),
                edit: Edit(orders: [site.id: order]))
        }
    }

    private static func arithmetic(_ binary: Binary, _ site: Site) -> [Experiment] {
        var result: [Experiment] = []
        switch binary.kind {
        case .subtract, .divide, .power: result += orders(site, .operandOrder)
        default: break
        }
        let kinds: [Binary.Kind] = [.add, .subtract, .multiply, .divide]
        guard kinds.contains(binary.kind) else { return result }
        for kind in kinds where kind != binary.kind {
            result.append(
                site.replacing(
                    .operation, rank: 1, "operation", found: binary.kind.rawValue, expected: kind.rawValue,
                    .binary(Binary(kind))))
        }
        for kind in [Variadic.Kind.maximum, .minimum, .mean] {
            result.append(
                site.replacing(
                    .operation, rank: 1.2, "operation", found: binary.kind.rawValue, expected: kind.rawValue,
                    .variadic(Variadic(kind))))
        }
        result += onlyOperand(site)
        return result
    }

    private static func arithmetic(_ variadic: Variadic, _ site: Site) -> [Experiment] {
        var result = onlyOperand(site)
        for kind in Variadic.Kind.allCases where kind != variadic.kind {
            result.append(
                site.replacing(
                    .operation, rank: 1, "operation", found: variadic.kind.rawValue, expected: kind.rawValue,
                    .variadic(Variadic(kind))))
        }
        return result
    }

    /// One of two operands alone: a shortcut that is missing. The first one alone is a missing layer.
    private static func onlyOperand(_ site: Site) -> [Experiment] {
        guard site.node.inputs.count == 2, let second = site.shape(ofInput: 1), second == site.outputShape else { return [] }
        return [
            site.experiment(
                .missingLayer, rank: 1, "the first operand", found: "it", expected: "missing",
                edit: Edit(operators: [site.id: .identity(Identity())], orders: [site.id: [1]]))
        ]
    }

    private static func resampling(_ resize: Resize, _ site: Site) -> [Experiment] {
        var modes: [(Resize.Mode, String)] = Resize.Rounding.allCases.map { (.nearest($0), "nearest, \($0.rawValue)") }
        modes += [(.linear, "linear"), (.cubic(coefficient: -0.75), "cubic of -0.75"), (.cubic(coefficient: -0.5), "cubic of -0.5")]
        var result: [Experiment] = []
        for (mode, name) in modes {
            for coordinates in Resize.Coordinates.allCases where coordinates != .tfCropAndResize {
                guard mode != resize.mode || coordinates != resize.coordinates else { continue }
                var other = resize
                (other.mode, other.coordinates) = (mode, coordinates)
                let isOneChange = mode == resize.mode || coordinates == resize.coordinates
                result.append(
                    site.replacing(
                        .resampling, rank: isOneChange ? 0.5 : 1, "resampling",
                        found: "\(modes.first { $0.0 == resize.mode }?.1 ?? "its own") at \(resize.coordinates.rawValue)",
                        expected: "\(name) at \(coordinates.rawValue)", .resize(other)))
            }
        }
        var other = resize
        other.antialias.toggle()
        result.append(
            site.replacing(
                .resampling, rank: 1, "antialias", found: resize.antialias ? "1" : "0", expected: resize.antialias ? "0" : "1",
                .resize(other)))
        return result
    }

    private static func resampling(_ upsampling: Upsampling, _ site: Site) -> [Experiment] {
        Upsampling.Interpolation.allCases.compactMap { interpolation in
            guard interpolation != upsampling.interpolation else { return nil }
            var other = upsampling
            other.interpolation = interpolation
            return site.replacing(
                .resampling, rank: 0.5, "resampling", found: upsampling.interpolation.rawValue,
                expected: interpolation.rawValue, .upsampling(other))
        }
    }

    /// A transposed convolution whose output begins elsewhere in the full one.
    private static func shifts(_ convolution: ConvolutionTranspose, _ site: Site) -> [Experiment] {
        guard let input = site.shape(ofInput: 0), let output = site.wantedShape, let weight = site.shape(ofInput: 1),
            input.count == output.count, weight.count == input.count, input.count > 2
        else { return [] }
        let first = convolution.layout.firstSpatialAxis
        let kernel = convolution.kernelOrder.spatialExtents(weight)
        var choices: [[(before: Int, after: Int, added: Int)]] = []
        var own: [Int] = []
        for axis in kernel.indices {
            let span = (kernel[axis] - 1) * convolution.window.dilations[axis] + 1
            let full = (input[first + axis] - 1) * convolution.window.strides[axis] + span
            let cut = full - output[first + axis]
            own.append(
                convolution.resolvedPadding(axis: axis, extent: input[first + axis], kernel: kernel[axis]).before)
            choices.append((0..<max(span, 1)).compactMap { before in
                let after = cut - before
                if after >= 0 { return (before, after, 0) }
                return -after < convolution.window.strides[axis] ? (before, 0, -after) : nil
            })
        }
        guard let least = choices.map(\.count).min(), least > 0 else { return [] }
        return (0..<least).compactMap { index in
            let sides = choices.map { $0[index] }
            guard sides.map(\.before) != own else { return nil }
            var other = convolution
            other.outputShape = nil
            other.window.padding = .explicit(before: sides.map(\.before), after: sides.map(\.after))
            other.outputPadding = sides.map(\.added)
            return site.replacing(
                .padding, rank: 0.5, "first element of the full output", found: listText(own),
                expected: listText(sides.map(\.before)), .convolutionTranspose(other))
        }
    }

    private static func orders(_ transpose: Transpose, _ site: Site) -> [Experiment] {
        guard let input = site.shape(ofInput: 0), let output = site.outputShape, input.count <= 5 else { return [] }
        let own = transpose.permutation ?? Array(input.indices.reversed())
        return permutations(Array(input.indices)).compactMap { order in
            guard order != own, order.map({ input[$0] }) == output else { return nil }
            return site.replacing(
                .flattenOrder, rank: 0.5, "order of axes", found: listText(own), expected: listText(order),
                .transpose(Transpose(permutation: order)))
        }
    }

    private static func local(_ own: LocalResponseNormalization, _ site: Site) -> [Experiment] {
        var result: [Experiment] = []
        func keep(_ parameter: String, _ found: String, _ expected: String, _ other: LocalResponseNormalization) {
            guard other != own else { return }
            result.append(
                site.replacing(
                    .epsilon, rank: 1, parameter, found: found, expected: expected, .localResponseNormalization(other)))
        }
        for factor in [Float(own.size), 1 / Float(own.size)] {
            var other = own
            other.alpha *= factor
            keep("alpha", shortText(own.alpha), shortText(other.alpha), other)
        }
        for bias: Float in [1, 2, 0] {
            var other = own
            other.bias = bias
            keep("bias", shortText(own.bias), shortText(bias), other)
        }
        for beta: Float in [0.5, 0.75, 1] {
            var other = own
            other.beta = beta
            keep("beta", shortText(own.beta), shortText(beta), other)
        }
        return result
    }
}
