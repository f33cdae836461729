extension FusedProduct {
    /// `Convolution 3×3 + bias + add + ReLU`.
    func text(window: String, hasAddend: Bool) -> String {
        var text =
            switch kind {
            case .convolution: "Convolution \(window)"
            case .matrix: "matrix product"
            }
        if scale != nil { text += " + scale" }
        if shift != nil { text += " + bias" }
        if hasAddend { text += " + add" }
        switch (lower, upper) {
        case (0, .infinity): text += " + ReLU"
        case (0, 6): text += " + ReLU6"
        case (-.infinity, .infinity): break
        default: text += " + clip"
        }
        return text
    }
}
