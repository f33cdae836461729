/* Functions of mathematics, `wide`: in double for both element types. Float's round once at the end, so they err by
   little more than half a unit in the last place; double's are libm's, lane by lane, as the reference evaluator's. */

typedef double wide __attribute__((ext_vector_type(SKIFF_LANES), aligned(sizeof(double))));
typedef int64_t wide_bits __attribute__((ext_vector_type(SKIFF_LANES), aligned(sizeof(double))));


SKIFF_INLINE wide widened(vector x) { return __builtin_convertvector(x, wide); }
SKIFF_INLINE vector rounded(wide x) { return __builtin_convertvector(x, vector); }
SKIFF_INLINE wide number(double x) { return (wide)x; }
SKIFF_INLINE wide wide_larger(wide x, wide y) { return ((x > y) | (x != x)) ? x : y; }
SKIFF_INLINE wide wide_smaller(wide x, wide y) { return ((x < y) | (x != x)) ? x : y; }

#if SKIFF_ELEMENT_BYTES == 8

#define SKIFF_EACH_LANE(function)                                                                                      \
    static wide wide_##function(wide x) {                                                                              \
        wide y;                                                                                                        \
        for (int lane = 0; lane < SKIFF_LANES; lane++) y[lane] = function(x[lane]);                                    \
        return y;                                                                                                      \
    }

SKIFF_EACH_LANE(exp)
SKIFF_EACH_LANE(expm1)
SKIFF_EACH_LANE(log)
SKIFF_EACH_LANE(log1p)
SKIFF_EACH_LANE(tanh)
SKIFF_EACH_LANE(erf)
SKIFF_EACH_LANE(erfc)

#else

SKIFF_INLINE wide wide_multiply_add(wide left, wide right, wide sum) {
#if SKIFF_FUSED
    return __builtin_elementwise_fma(left, right, sum);
#else
    return left * right + sum;
#endif
}

/* Highest power first. */
#define SKIFF_POLYNOMIAL(x, ...)                                                                                       \
    ({                                                                                                                 \
        static const double coefficients[] = {__VA_ARGS__};                                                            \
        enum { terms = sizeof(coefficients) / sizeof(coefficients[0]) };                                               \
        wide sum = number(coefficients[0]);                                                                            \
        SKIFF_UNROLL for (int term = 1; term < terms; term++)                                                          \
            sum = wide_multiply_add(sum, x, number(coefficients[term]));                                               \
        sum;                                                                                                           \
    })

/* e^x as (1 + rest) * scale: x = k ln 2 + r, |r| <= ln 2 / 2, scale = 2^k, and rest = e^r - 1 by its series, whose next
   term is below 3e-13 of it. |x| is below 709. */
SKIFF_INLINE wide exponential_parts(wide x, wide *scale) {
    const double magic = 0x1.8p52;
    wide shifted = x * 0x1.71547652b82fep+0 + magic;
    wide k = shifted - magic;
    wide r = wide_multiply_add(k, number(-0x1.62e42fefa39efp-1), x);
    wide_bits bits;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits << 52) + 0x3ff0000000000000;
    memcpy(scale, &bits, sizeof(bits));
    wide series = SKIFF_POLYNOMIAL(r, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                   1.0 / 24, 1.0 / 6, 0.5);
    return wide_multiply_add(series, r * r, r);
}

/* Keeps the exponent of the result in range; what leaves it is beyond float's by far. NaN stays. */
SKIFF_INLINE wide exponential_range(wide x) {
    x = x > 708.0 ? number(708.0) : x;
    return x < -708.0 ? number(-708.0) : x;
}

SKIFF_INLINE wide wide_exp(wide x) {
    wide scale, rest = exponential_parts(exponential_range(x), &scale);
    wide y = wide_multiply_add(rest, scale, scale);
    y = x > 708.0 ? number(INFINITY) : y;
    return x < -708.0 ? number(0.0) : y;
}

SKIFF_INLINE wide wide_expm1(wide x) {
    wide scale, rest = exponential_parts(exponential_range(x), &scale);
    wide y = wide_multiply_add(rest, scale, scale - 1.0);
    return x > 708.0 ? number(INFINITY) : y;
}

/* x = 2^k m, m between sqrt 1/2 and sqrt 2, log m = 2 artanh s, s = (m - 1) / (m + 1), |s| <= 0.172; the next term of
   the series is below 2e-14 of it. Positive floats are normal doubles. */
SKIFF_INLINE wide wide_log(wide x) {
    wide_bits bits;
    memcpy(&bits, &x, sizeof(bits));
    wide_bits above = bits - 0x3fe6a09e667f3bcd; /* the square root of one half */
    wide_bits exponent = above >> 52;
    bits -= exponent << 52;
    wide m;
    memcpy(&m, &bits, sizeof(m));
    /* Small whole numbers become doubles by a sum that keeps them in the low bits. */
    wide_bits shifted = exponent + 0x4338000000000000;
    wide k;
    memcpy(&k, &shifted, sizeof(k));
    k -= 0x1.8p52;
    wide s = (m - 1.0) / (m + 1.0), square = s * s;
    wide series = SKIFF_POLYNOMIAL(square, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3);
    wide y = wide_multiply_add(k, number(0x1.62e42fefa39efp-1), wide_multiply_add(series * square, s, 2.0 * s));
    y = x > 0x1.fffffep127 * 0x1p100 ? x : y; /* infinity */
    y = x == 0.0 ? number(-INFINITY) : y;
    return ((x < 0.0) | (x != x)) ? number(NAN) : y;
}

/* For x from 0 to 1: what 1 + x loses is put back. */
SKIFF_INLINE wide wide_log1p(wide x) {
    wide sum = x + 1.0;
    return wide_log(sum) + (x - (sum - 1.0)) / sum;
}

SKIFF_INLINE wide wide_tanh(wide x) {
    wide inner = x > 20.0 ? number(20.0) : x;
    inner = inner < -20.0 ? number(-20.0) : inner;
    wide power = wide_expm1(inner * 2.0);
    return __builtin_elementwise_copysign(power / (power + 2.0), x);
}

/* erfc x = e^(-x^2) f(t) / (1 + 2x), t = (x - 3.75) / (x + 3.75), for x >= 0; f is a Chebyshev fit, 1.2e-10 off. */
SKIFF_INLINE wide error_tail(wide x) {
    x = x > 30.0 ? number(30.0) : x;
    wide t = (x - 3.75) / (x + 3.75);
    wide fit = SKIFF_POLYNOMIAL(t, -6.58741633833278069e-6, 0.0000185211504744115664, 0.0000451046533717804054,
                                 -0.000284310519092072695, 0.000298459566157503173, 0.00175115448385246878,
                                 -0.00974846550716952307, 0.0283641069671754253, -0.0586930092276428254,
                                 0.0923039370126043996, -0.108803965852252664, 0.0822767740535349909,
                                 0.00358541643829325461, -0.140240599538063036, 1.23751263083782758);
    return wide_exp(-(x * x)) * fit / (x * 2.0 + 1.0);
}

SKIFF_INLINE wide wide_erfc(wide x) {
    wide tail = error_tail(__builtin_elementwise_abs(x));
    return x < 0.0 ? 2.0 - tail : tail;
}

/* Below 1 an odd polynomial, 4e-11 off. */
SKIFF_INLINE wide wide_erf(wide x) {
    wide square = x * x;
    wide near = x * SKIFF_POLYNOMIAL(square, -9.66704457148699642e-6, 0.00011265959025606609, -0.000848408040553510629,
                                     0.0052210318078580228, -0.0268654307276702429, 0.112837824952368445,
                                     -0.376126384680287104, 1.12837916706154342);
    wide far = __builtin_elementwise_copysign(1.0 - error_tail(__builtin_elementwise_abs(x)), x);
    return square < 1.0 ? near : far;
}

#endif

SKIFF_INLINE wide wide_sigmoid(wide x) { return 1.0 / (1.0 + wide_exp(-x)); }

SKIFF_INLINE wide wide_softplus(wide x) {
    return wide_larger(x, number(0.0)) + wide_log1p(wide_exp(-__builtin_elementwise_abs(x)));
}
