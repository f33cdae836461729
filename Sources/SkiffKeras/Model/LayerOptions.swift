internal import SkiffCore
internal import SkiffGraph

/// The `config` object of a layer, with typed access. A key of the wrong type is an error that names it.
struct LayerOptions: Sendable {
    var object: JSONObject
    /// First number of the Keras version that wrote the file.
    var major: Int
    /// Whether the model computed with Theano, which walks kernels backwards and pads them alike on both sides.
    var isTheano = false
    /// The layout of layers that do not say theirs.
    var usualLayout = Layout.channelsLast

    /// The value of the first of `keys` that is there and not null.
    subscript(_ keys: String...) -> JSONValue? { value(keys)?.value }

    private func value(_ keys: [String]) -> (key: String, value: JSONValue)? {
        for key in keys {
            if let value = object[key], !value.isNull { return (key, value) }
        }
        return nil
    }

    private func wrong(_ key: String, _ expected: String, _ found: JSONValue) -> KerasError {
        KerasError(.configuration(key: key, expected: expected, found: String(found.text().prefix(80))))
    }

    func integer(_ keys: String..., default fallback: Int? = nil) throws(KerasError) -> Int {
        guard let (key, value) = value(keys) else {
            guard let fallback else { throw KerasError(.missing("configuration \"\(keys.first ?? "")\"")) }
            return fallback
        }
        if let number = value.intValue { return number }
        if let only = value.arrayValue, only.count == 1, let number = only[0].intValue { return number }
        throw wrong(key, "a whole number", value)
    }

    func real(_ keys: String..., default fallback: Double? = nil) throws(KerasError) -> Double {
        guard let (key, value) = value(keys) else {
            guard let fallback else { throw KerasError(.missing("configuration \"\(keys.first ?? "")\"")) }
            return fallback
        }
        guard let number = numbers(value)?.first else { throw wrong(key, "a number", value) }
        return number
    }

    /// A number, or a list of numbers nested to any depth, flattened.
    func reals(_ key: String) throws(KerasError) -> [Double]? {
        guard let (key, value) = value([key]) else { return nil }
        guard let numbers = numbers(value) else { throw wrong(key, "numbers", value) }
        return numbers
    }

    private func numbers(_ value: JSONValue) -> [Double]? {
        if let number = value.doubleValue { return [number] }
        // NumPy values are written as objects that hold them.
        if let inner = value["value"] ?? value["config"]?["value"] { return numbers(inner) }
        guard let elements = value.arrayValue, !elements.isEmpty else { return nil }
        var result: [Double] = []
        for element in elements {
            guard let inner = numbers(element) else { return nil }
            result += inner
        }
        return result
    }

    func flag(_ keys: String..., default fallback: Bool) throws(KerasError) -> Bool {
        guard let (key, value) = value(keys) else { return fallback }
        guard let flag = value.boolValue ?? value.intValue.map({ $0 != 0 }) else {
            throw wrong(key, "true or false", value)
        }
        return flag
    }

    func text(_ keys: String..., default fallback: String? = nil) throws(KerasError) -> String {
        guard let (key, value) = value(keys) else {
            guard let fallback else { throw KerasError(.missing("configuration \"\(keys.first ?? "")\"")) }
            return fallback
        }
        guard let text = value.stringValue else { throw wrong(key, "text", value) }
        return text
    }

    /// A list of whole numbers.
    func integers(_ key: String) throws(KerasError) -> [Int]? {
        guard let (key, value) = value([key]) else { return nil }
        if let one = value.intValue { return [one] }
        var result: [Int] = []
        for element in value.arrayValue ?? [.null] {
            guard let number = element.intValue else { throw wrong(key, "whole numbers", value) }
            result.append(number)
        }
        return result
    }

    /// One positive number per spatial axis; a single number counts for all.
    func extents(_ keys: String..., axes: Int, default fallback: Int? = nil) throws(KerasError) -> [Int] {
        guard let (key, value) = value(keys) else {
            guard let fallback else { throw KerasError(.missing("configuration \"\(keys.first ?? "")\"")) }
            return [Int](repeating: fallback, count: axes)
        }
        guard let numbers = try integers(key), numbers.allSatisfy({ $0 > 0 && $0 <= Limits.extent }) else {
            throw wrong(key, "positive whole numbers", value)
        }
        if numbers.count == 1 { return [Int](repeating: numbers[0], count: axes) }
        guard numbers.count == axes else { throw wrong(key, "\(axes) whole numbers", value) }
        return numbers
    }

    /// Elements before and after each spatial axis: a number, one per axis, or a pair per axis.
    func margins(_ key: String, axes: Int) throws(KerasError) -> (before: [Int], after: [Int]) {
        guard let value = object[key] else { throw KerasError(.missing("configuration \"\(key)\"")) }
        let valid = { (number: Int) in number >= 0 && number <= Limits.extent }
        if let number = value.intValue, valid(number) {
            let same = [Int](repeating: number, count: axes)
            return (same, same)
        }
        let elements = value.arrayValue ?? []
        let numbers = elements.compactMap(\.intValue)
        if numbers.count == elements.count, numbers.allSatisfy(valid) {
            if axes == 1, numbers.count == 2 { return ([numbers[0]], [numbers[1]]) }
            if numbers.count == axes { return (numbers, numbers) }
            // Keras 1: top, bottom, left, right.
            if axes == 2, numbers.count == 4 { return ([numbers[0], numbers[2]], [numbers[1], numbers[3]]) }
        }
        let pairs = elements.compactMap { $0.arrayValue?.compactMap(\.intValue) }
        guard pairs.count == axes, pairs.allSatisfy({ $0.count == 2 && $0.allSatisfy(valid) }) else {
            throw wrong(key, "elements before and after \(axes) axes", value)
        }
        return (pairs.map { $0[0] }, pairs.map { $0[1] })
    }

    /// `data_format`; Keras 1 calls it `dim_ordering`, and leaves it out of some layers.
    func layout() throws(KerasError) -> Layout {
        let usual = usualLayout == .channelsFirst ? "channels_first" : "channels_last"
        let text = try text("data_format", "dim_ordering", default: usual)
        switch text {
        case "channels_last", "tf": return .channelsLast
        case "channels_first", "th": return .channelsFirst
        default:
            throw KerasError(
                .configuration(key: "data_format", expected: "channels_last or channels_first", found: text))
        }
    }
}
