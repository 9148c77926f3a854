#include "si/net/activation.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "si/base/simd.hpp"

namespace si {
namespace {

// Float versions are branch-free polynomials, good to a few units in the last place, because
// the compiler can vectorise those; the double ones serve as their check and use the C library.

SI_INLINE float exponential(float x) {
    x = x < -87.0F ? -87.0F : x;
    x = x > 88.0F ? 88.0F : x;
    const float shifted = x * 1.44269504F + 0x1.8p23F;  // rounds to an integer
    const float n = shifted - 0x1.8p23F;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;    // Horner, written out: a loop over coefficients keeps the
    p = p * r + 1.3981999507e-3F;  // compiler from vectorising the loop around it
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const auto exponent = (std::bit_cast<std::uint32_t>(shifted) - 0x4B400000U + 127U) << 23;
    return p * std::bit_cast<float>(exponent);
}
SI_INLINE double exponential(double x) { return std::exp(x); }

/// The normal distribution function. Float: Abramowitz and Stegun 7.1.26, error 1.5e-7 / 2.
SI_INLINE float normal_cdf(float x, float density) {
    const float z = std::abs(x);
    const float t = 1.0F / (1.0F + 0.3275911F * 0.70710678F * z);
    float p = 1.061405429F;
    p = p * t - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    const float tail = 0.5F * p * t * (density * 2.50662827F);
    return x > 0 ? 1.0F - tail : tail;
}
SI_INLINE double normal_cdf(double x, double) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

struct Identity {
    template <class T>
    static SI_INLINE void at(T x, T& y, T& slope) {
        y = x, slope = T(1);
    }
};

struct Relu {
    template <class T>
    static SI_INLINE void at(T x, T& y, T& slope) {
        y = x > 0 ? x : T(0), slope = x > 0 ? T(1) : T(0);
    }
};

struct Silu {  // x / (1 + exp(-x))
    template <class T>
    static SI_INLINE void at(T x, T& y, T& slope) {
        const T s = T(1) / (T(1) + exponential(-x));
        y = x * s, slope = s + y * (T(1) - s);
    }
};

struct Gelu {  // x times the normal distribution function
    template <class T>
    static SI_INLINE void at(T x, T& y, T& slope) {
        const T density = exponential(x * x * T(-0.5)) * T(0.398942280401432678);
        const T p = normal_cdf(x, density);
        y = x * p, slope = p + x * density;
    }
};

struct Tanh {
    template <class T>
    static SI_INLINE void at(T x, T& y, T& slope) {
        y = T(1) - T(2) / (exponential(T(2) * x) + T(1)), slope = T(1) - y * y;
    }
};

template <class Function, class T>
SI_INLINE void apply(Index rows, Index columns, const T* __restrict bias, T* __restrict y,
                     T* __restrict slope) {
    for (Index j = 0; j < columns; ++j, y += rows) {
        T ignored{};
        if (slope != nullptr && bias != nullptr) {
            for (Index i = 0; i < rows; ++i) Function::at(y[i] + bias[i], y[i], slope[i]);
        } else if (slope != nullptr) {
            for (Index i = 0; i < rows; ++i) Function::at(y[i], y[i], slope[i]);
        } else if (bias != nullptr) {
            for (Index i = 0; i < rows; ++i) Function::at(y[i] + bias[i], y[i], ignored);
        } else {
            for (Index i = 0; i < rows; ++i) Function::at(y[i], y[i], ignored);
        }
        if (slope != nullptr) slope += rows;
    }
}

// The attribute that clones a function does not work on templates.
SI_CLONES void identity(Index r, Index c, const float* b, float* y, float* s) {
    apply<Identity>(r, c, b, y, s);
}
SI_CLONES void relu(Index r, Index c, const float* b, float* y, float* s) {
    apply<Relu>(r, c, b, y, s);
}
SI_CLONES void silu(Index r, Index c, const float* b, float* y, float* s) {
    apply<Silu>(r, c, b, y, s);
}
SI_CLONES void gelu(Index r, Index c, const float* b, float* y, float* s) {
    apply<Gelu>(r, c, b, y, s);
}
SI_CLONES void tanh(Index r, Index c, const float* b, float* y, float* s) {
    apply<Tanh>(r, c, b, y, s);
}

template <class Function>
void in_double(Index rows, Index columns, const double* bias, double* y, double* slope) {
    apply<Function>(rows, columns, bias, y, slope);
}

constexpr auto kActivations = std::to_array<Activation>({
    {"silu", "x / (1 + exp(-x)), smooth", spec_of<NoSettings>, 1.6, silu, in_double<Silu>},
    {"gelu", "x times the normal distribution function", spec_of<NoSettings>, 1.6, gelu,
     in_double<Gelu>},
    {"relu", "max(x, 0)", spec_of<NoSettings>, 1.4142135623730951, relu, in_double<Relu>},
    {"tanh", "hyperbolic tangent", spec_of<NoSettings>, 1.0, tanh, in_double<Tanh>},
    {"none", "x itself", spec_of<NoSettings>, 1.0, identity, in_double<Identity>},
});

SI_CLONES void sine_cosine_float(Index rows, Index columns, const float* x, float* y) {
    for (Index j = 0; j < columns; ++j, x += rows, y += 2 * rows) {
        for (Index i = 0; i < rows; ++i) {
            const float shifted = x[i] * 0.636619772F + 0x1.8p23F;  // nearest quarter turn
            const float n = shifted - 0x1.8p23F;
            const auto quadrant = std::bit_cast<std::uint32_t>(shifted) & 3U;
            const float r = (x[i] - n * 1.5703125F) - n * 4.8382679e-4F, q = r * r;
            const float s =
                r + r * q * (-1.6666654611e-1F + q * (8.3321608736e-3F - q * 1.9515295891e-4F));
            const float c = 1.0F - 0.5F * q +
                            q * q *
                                (4.166664568298827e-2F +
                                 q * (-1.388731625493765e-3F + q * 2.443315711809948e-5F));
            const bool swap = (quadrant & 1U) != 0;
            const float sine = swap ? c : s, cosine = swap ? s : c;
            y[i] = quadrant >= 2 ? -sine : sine;
            y[rows + i] = quadrant == 1 || quadrant == 2 ? -cosine : cosine;
        }
    }
}

}  // namespace

Catalogue<Activation> activations() { return {"activation", kActivations}; }

template <>
void sine_cosine<float>(Index rows, Index columns, const float* x, float* y) {
    sine_cosine_float(rows, columns, x, y);
}

template <>
void sine_cosine<double>(Index rows, Index columns, const double* x, double* y) {
    for (Index j = 0; j < columns; ++j, x += rows, y += 2 * rows) {
        for (Index i = 0; i < rows; ++i) {
            y[i] = std::sin(x[i]);
            y[rows + i] = std::cos(x[i]);
        }
    }
}

}  // namespace si
