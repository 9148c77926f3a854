#include "si/net/activation.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "si/base/simd.hpp"
#include "si/net/pack.hpp"

namespace si {
namespace {

// Float versions are branch-free polynomials, good to a few units in the last place, on packs of
// numbers: left to themselves, compilers turn the ends of a clamp into branches, and then divide
// once for each. The double ones serve as their check and use the C library.

/// The normal distribution function. Float: Abramowitz and Stegun 7.1.26, error 1.5e-7 / 2.
SI_INLINE void normal_cdf(const Pack& x, const Pack& density, Pack& result) {
    const Pack z = x < 0.0F ? -x : x;
    const Pack t = 1.0F / (1.0F + 0.3275911F * 0.70710678F * z);
    Pack p = t * 1.061405429F - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    const Pack tail = 0.5F * p * t * (density * 2.50662827F);
    result = x > 0.0F ? 1.0F - tail : tail;
}
SI_INLINE void normal_cdf(double x, double, double& result) {
    result = std::erfc(-x / std::numbers::sqrt2) / 2;
}

struct Identity {
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        y = x, slope = T{} + Element<T>(1);
    }
};

struct Relu {
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        slope = x > Element<T>(0) ? T{} + Element<T>(1) : T{}, y = x > Element<T>(0) ? x : T{};
    }
};

struct Silu {  // x / (1 + exp(-x))
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        T e;
        exponential(-x, e);
        const T s = Element<T>(1) / (Element<T>(1) + e), z = x * s;
        slope = s + z * (Element<T>(1) - s), y = z;
    }
};

struct Gelu {  // x times the normal distribution function
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        T e, p;
        exponential(x * x * Element<T>(-0.5), e);
        const T density = e * Element<T>(0.398942280401432678);
        normal_cdf(x, density, p);
        slope = p + x * density, y = x * p;
    }
};

struct GeluTanh {  // x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        // Beyond 10 it is x or 0 to the last bit, and the cube might overflow.
        const T most = T{} + Element<T>(10), least = T{} - Element<T>(10);
        const T below = x < most ? x : most, z = below > least ? below : least, q = z * z;
        constexpr auto kTwice = Element<T>(1.59576912160573071);
        T e;
        exponential(z * (q * Element<T>(0.044715) + Element<T>(1)) * -kTwice, e);
        const T s = Element<T>(1) / (Element<T>(1) + e);
        const T rest = e * s;  // 1 - s, without its cancellation
        slope = s + z * s * rest * kTwice * (q * Element<T>(3 * 0.044715) + Element<T>(1));
        y = (x > least ? x : least) * s;
    }
};

struct Tanh {
    template <class T>
    static SI_INLINE void at(const T& x, T& y, T& slope) {
        T e;
        exponential(Element<T>(2) * x, e);
        const T z = Element<T>(1) - Element<T>(2) / (e + Element<T>(1));
        slope = Element<T>(1) - z * z, y = z;
    }
};

template <class Function>
SI_INLINE void column(Index rows, const float* __restrict bias, float* __restrict y,
                      float* __restrict slope) {
    Pack x, value, derivative;
    Index i = 0;
    for (; i + kPack <= rows; i += kPack) {
        x = *reinterpret_cast<const LoosePack*>(y + i);
        if (bias != nullptr) x += *reinterpret_cast<const LoosePack*>(bias + i);
        Function::at(x, value, derivative);
        *reinterpret_cast<LoosePack*>(y + i) = value;
        if (slope != nullptr) *reinterpret_cast<LoosePack*>(slope + i) = derivative;
    }
    if (i == rows) return;
    const Index left = rows - i;
    x = Pack{};
    for (Index k = 0; k < left; ++k) x[k] = bias == nullptr ? y[i + k] : y[i + k] + bias[i + k];
    Function::at(x, value, derivative);
    for (Index k = 0; k < left; ++k) y[i + k] = value[k];
    if (slope == nullptr) return;
    for (Index k = 0; k < left; ++k) slope[i + k] = derivative[k];
}

template <class Function>
SI_INLINE void apply(Index rows, Index columns, const float* bias, float* y, float* slope) {
    if (slope != nullptr && bias != nullptr) {
        for (Index j = 0; j < columns; ++j, y += rows, slope += rows) {
            column<Function>(rows, bias, y, slope);
        }
    } else {
        for (Index j = 0; j < columns; ++j, y += rows) {
            column<Function>(rows, bias, y, slope);
            if (slope != nullptr) slope += rows;
        }
    }
}

/// Without a slope there is nothing but the bias to add.
SI_INLINE void add_bias(Index rows, Index columns, const float* bias, float* y) {
    for (Index j = 0; j < columns && bias != nullptr; ++j, y += rows) {
        for (Index i = 0; i < rows; ++i) y[i] += bias[i];
    }
}

// The attribute that clones a function does not work on templates.
SI_CLONES void identity(Index r, Index c, const float* b, float* y, float* s) {
    s == nullptr ? add_bias(r, c, b, y) : apply<Identity>(r, c, b, y, s);
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
SI_CLONES void gelu_tanh(Index r, Index c, const float* b, float* y, float* s) {
    apply<GeluTanh>(r, c, b, y, s);
}
SI_CLONES void tanh(Index r, Index c, const float* b, float* y, float* s) {
    apply<Tanh>(r, c, b, y, s);
}

template <class Function>
void in_double(Index rows, Index columns, const double* bias, double* y, double* slope) {
    for (Index j = 0; j < columns; ++j, y += rows) {
        for (Index i = 0; i < rows; ++i) {
            double derivative = 0;
            Function::at(bias == nullptr ? y[i] : y[i] + bias[i], y[i], derivative);
            if (slope != nullptr) slope[j * rows + i] = derivative;
        }
    }
}

constexpr auto kActivations = std::to_array<Activation>({
    {.name = "silu",
     .summary = "x / (1 + exp(-x)), smooth",
     .spec = spec_of<NoSettings>,
     .gain = 1.6,
     .in_float = silu,
     .in_double = in_double<Silu>},
    {.name = "gelu",
     .summary = "x times the normal distribution function",
     .spec = spec_of<NoSettings>,
     .gain = 1.6,
     .in_float = gelu,
     .in_double = in_double<Gelu>},
    {.name = "gelu-tanh",
     .summary = "gelu with its distribution function by a tanh, as transformers have it",
     .spec = spec_of<NoSettings>,
     .gain = 1.6,
     .in_float = gelu_tanh,
     .in_double = in_double<GeluTanh>},
    {.name = "relu",
     .summary = "max(x, 0)",
     .spec = spec_of<NoSettings>,
     .gain = 1.4142135623730951,
     .in_float = relu,
     .in_double = in_double<Relu>},
    {.name = "tanh",
     .summary = "hyperbolic tangent",
     .spec = spec_of<NoSettings>,
     .gain = 1.0,
     .in_float = tanh,
     .in_double = in_double<Tanh>},
    {.name = "none",
     .summary = "x itself",
     .spec = spec_of<NoSettings>,
     .gain = 1.0,
     .in_float = identity,
     .in_double = in_double<Identity>},
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
