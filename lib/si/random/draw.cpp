#include "si/random/draw.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"
#include "si/random/philox.hpp"

namespace si {
namespace {

constexpr int kLanes = 16;  // counters that go through the rounds together

struct Lanes {
    alignas(64) std::array<std::uint32_t, kLanes> c0, c1, c2, c3;
};

SI_INLINE void philox_lanes(Lanes& lanes, std::uint64_t seed) {
    auto key0 = static_cast<std::uint32_t>(seed);
    auto key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < kLanes; ++i) {
            const std::uint64_t even = std::uint64_t{0xD2511F53} * lanes.c0[i];
            const std::uint64_t odd = std::uint64_t{0xCD9E8D57} * lanes.c2[i];
            lanes.c0[i] = static_cast<std::uint32_t>(odd >> 32) ^ lanes.c1[i] ^ key0;
            lanes.c2[i] = static_cast<std::uint32_t>(even >> 32) ^ lanes.c3[i] ^ key1;
            lanes.c1[i] = static_cast<std::uint32_t>(odd);
            lanes.c3[i] = static_cast<std::uint32_t>(even);
        }
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
}

/// The top 52 bits of a word as the middle of one of 2^52 cells of (0, 1). Setting the
/// exponent bits by hand vectorises where a conversion from 64-bit integers does not.
SI_INLINE double unit_interval(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t word = (std::uint64_t{high} << 32 | low) >> 12;
    return std::bit_cast<double>(std::uint64_t{0x3FF0000000000000} | word) - (1.0 - 0x1p-53);
}

/// -2 log(u) for u in (0, 1): exponent apart, then log m = 2 artanh((m - 1) / (m + 1)) for m
/// in [sqrt(1/2), sqrt(2)); the series ends below 1e-17.
SI_INLINE double minus_two_log(double u) {
    constexpr double ln2 = 0.6931471805599453094;
    const auto bits = std::bit_cast<std::uint64_t>(u) + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
    const auto exponent =
        std::bit_cast<double>(std::uint64_t{0x4330000000000000} | (bits >> 52)) - 0x1p52 - 1023.0;
    const double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD);
    const double s = (m - 1) / (m + 1), q = s * s;
    double p = 1.0 / 19;
    for (const double c :
         {1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3}) {
        p = p * q + c;
    }
    return -2 * (exponent * ln2 + 2 * (s + s * q * p));
}

/// cos and sin of 2 pi u: the nearest quarter turn apart, Taylor series on an eighth.
SI_INLINE void turn(double u, double& cosine, double& sine) {
    const double shifted = 4 * u + 0x1.8p52;  // rounds to the nearest integer
    const double quarter = shifted - 0x1.8p52;
    const auto quadrant = std::bit_cast<std::uint64_t>(shifted) & 3;
    const double r = (4 * u - quarter) * 1.5707963267948966192, q = r * r;
    double s = -1.0 / 1307674368000.0;  // 15!
    for (const double c : {1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0, -1.0 / 5040.0,
                           1.0 / 120.0, -1.0 / 6.0}) {
        s = s * q + c;
    }
    s = r + r * q * s;
    double c = 1.0 / 20922789888000.0;  // 16!
    for (const double k : {-1.0 / 87178291200.0, 1.0 / 479001600.0, -1.0 / 3628800.0, 1.0 / 40320.0,
                           -1.0 / 720.0, 1.0 / 24.0, -0.5}) {
        c = c * q + k;
    }
    c = 1 + q * c;
    const bool swap = (quadrant & 1) != 0;
    const double x = swap ? s : c, y = swap ? c : s;
    cosine = quadrant == 1 || quadrant == 2 ? -x : x;
    sine = quadrant >= 2 ? -y : y;
}

struct Pairs {
    alignas(64) std::array<double, kLanes> first, second;
};

SI_CLONES void uniform_lanes(Lanes& lanes, std::uint64_t seed, Pairs& out) {
    philox_lanes(lanes, seed);
    for (int i = 0; i < kLanes; ++i) {
        out.first[i] = unit_interval(lanes.c0[i], lanes.c1[i]);
        out.second[i] = unit_interval(lanes.c2[i], lanes.c3[i]);
    }
}

SI_CLONES void normal_lanes(Lanes& lanes, std::uint64_t seed, Pairs& out) {
    philox_lanes(lanes, seed);
    for (int i = 0; i < kLanes; ++i) {
        const double radius = std::sqrt(minus_two_log(unit_interval(lanes.c0[i], lanes.c1[i])));
        double cosine = 0, sine = 0;
        turn(unit_interval(lanes.c2[i], lanes.c3[i]), cosine, sine);
        out.first[i] = radius * cosine;
        out.second[i] = radius * sine;
    }
}

/// Counter of block `block` of a sample: 2^32 blocks, 2^56 samples, 2^32 steps, 2^8 purposes.
PhiloxBlock counter(const Address& address, Index sample, std::uint32_t block) {
    const auto s = static_cast<std::uint64_t>(sample);
    return {block, static_cast<std::uint32_t>(s), address.step,
            static_cast<std::uint32_t>(s >> 32) << 8 | static_cast<std::uint32_t>(address.purpose)};
}

/// Each block of four words makes two numbers; lanes are filled across blocks and columns.
template <class Transform>
void fill(const Address& address, Index first, MatrixRef out, const Transform& transform) {
    const Index blocks = (out.rows() + 1) / 2, total = blocks * out.cols();
    Lanes lanes;
    Pairs pairs;
    for (Index begin = 0; begin < total; begin += kLanes) {
        const int used = static_cast<int>(std::min<Index>(kLanes, total - begin));
        Index column = begin / blocks, block = begin % blocks;
        for (int i = 0; i < used; ++i) {
            const auto c = counter(address, first + column, static_cast<std::uint32_t>(block));
            lanes.c0[i] = c[0];
            lanes.c1[i] = c[1];
            lanes.c2[i] = c[2];
            lanes.c3[i] = c[3];
            if (++block == blocks) block = 0, ++column;
        }
        for (int i = used; i < kLanes; ++i)
            lanes.c0[i] = lanes.c1[i] = lanes.c2[i] = lanes.c3[i] = 0;
        transform(lanes, address.seed, pairs);
        column = begin / blocks, block = begin % blocks;
        for (int i = 0; i < used; ++i) {
            out(2 * block, column) = pairs.first[i];
            if (2 * block + 1 < out.rows()) out(2 * block + 1, column) = pairs.second[i];
            if (++block == blocks) block = 0, ++column;
        }
    }
}

}  // namespace

void fill_uniform(const Address& address, Index first, MatrixRef out) {
    fill(address, first, out, uniform_lanes);
}

void fill_normal(const Address& address, Index first, MatrixRef out) {
    fill(address, first, out, normal_lanes);
}

std::uint64_t random_word(const Address& address, Index sample) {
    const auto block = philox(
        counter(address, sample, 0),
        {static_cast<std::uint32_t>(address.seed), static_cast<std::uint32_t>(address.seed >> 32)});
    return std::uint64_t{block[0]} << 32 | block[1];
}

Permutation::Permutation(const Address& address, Index n)
    : address_(address), n_(static_cast<std::uint64_t>(n)) {
    require(n > 0, Failure::internal, "a permutation needs at least one element");
    const auto bits = static_cast<int>(std::bit_width(n_ - 1));
    half_bits_ = std::max(1, (bits + 1) / 2);
}

Index Permutation::operator()(Index i) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    auto value = static_cast<std::uint64_t>(i);
    do {
        std::uint64_t left = value >> half_bits_, right = value & mask;
        for (std::uint64_t round = 0; round < 6; ++round) {
            const auto word = random_word(address_, static_cast<Index>(right << 4 | round));
            left ^= word & mask;
            std::swap(left, right);
        }
        value = left << half_bits_ | right;
    } while (value >= n_);  // the domain is at most four times n, so a walk is short
    return static_cast<Index>(value);
}

}  // namespace si
