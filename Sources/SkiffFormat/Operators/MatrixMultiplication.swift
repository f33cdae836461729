internal import SkiffGraph

extension Dense: StoredAttributes {
    static var blank: Dense { Dense() }
    mutating func code(_ coder: inout AttributeCoder) {}
}

extension Gemm: StoredAttributes {
    static var blank: Gemm { Gemm(alpha: 1, beta: 1, transposesA: false, transposesB: false) }

    mutating func code(_ coder: inout AttributeCoder) throws(FormatError) {
        try coder.real("alpha", &alpha)
        try coder.real("beta", &beta)
        try coder.flag("transposesA", &transposesA)
        try coder.flag("transposesB", &transposesB)
    }
}

extension MatrixMultiplication: StoredAttributes {
    static var blank: MatrixMultiplication { MatrixMultiplication() }
    mutating func code(_ coder: inout AttributeCoder) {}
}
