#include "si/random/draw.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"
#include "si/random/philox.hpp"
#include "si/random/philox_lanes.hpp"

namespace si {
namespace {

#ifdef SI_VERSIONS
SI_TARGET("avx512f") void philox_lanes(Lanes& lanes, std::uint64_t seed) {
    philox_avx512(lanes, seed);
}
SI_TARGET("avx2") void philox_lanes(Lanes& lanes, std::uint64_t seed) { philox_avx2(lanes, seed); }
#endif
SI_TARGET("default") void philox_lanes(Lanes& lanes, std::uint64_t seed) {
    philox_baseline(lanes, seed);
}

// The transforms work on packs of numbers, in double precision and without branches; coefficients
// are written out, because a loop over them keeps compilers from doing several numbers at once.
constexpr int kPack = 8;
using Pack __attribute__((vector_size(8 * kPack), may_alias)) = double;
using Bits __attribute__((vector_size(8 * kPack))) = std::uint64_t;

/// The top 52 bits of a word as the middle of one of 2^52 cells of (0, 1). Setting the
/// exponent bits by hand needs no conversion from 64-bit integers.
SI_INLINE void unit_interval(const Bits& high, const Bits& low, Pack& u) {
    const Bits word = (high << 32 | low) >> 12;
    u = std::bit_cast<Pack>(0x3FF0000000000000 | word) - (1.0 - 0x1p-53);
}

/// -2 log(u) for u in (0, 1): exponent apart, then log m = 2 artanh((m - 1) / (m + 1)) for m
/// in [sqrt(1/2), sqrt(2)); the series ends below 1e-17.
SI_INLINE void minus_two_log(const Pack& u, Pack& result) {
    constexpr double ln2 = 0.6931471805599453094;
    const Bits bits = std::bit_cast<Bits>(u) + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
    const Pack exponent = std::bit_cast<Pack>(0x4330000000000000 | (bits >> 52)) - 0x1p52 - 1023.0;
    const Pack m = std::bit_cast<Pack>((bits & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD);
    const Pack s = (m - 1.0) / (m + 1.0), q = s * s;
    Pack p = (1.0 / 19) * q + 1.0 / 17;
    p = p * q + 1.0 / 15;
    p = p * q + 1.0 / 13;
    p = p * q + 1.0 / 11;
    p = p * q + 1.0 / 9;
    p = p * q + 1.0 / 7;
    p = p * q + 1.0 / 5;
    p = p * q + 1.0 / 3;
    result = -2.0 * (exponent * ln2 + 2.0 * (s + s * q * p));
}

/// cos and sin of 2 pi u: the nearest quarter turn apart, Taylor series on an eighth.
SI_INLINE void turn(const Pack& u, Pack& cosine, Pack& sine) {
    const Pack shifted = 4.0 * u + 0x1.8p52;  // rounds to the nearest integer
    const Pack quarter = shifted - 0x1.8p52;
    const Bits quadrant = std::bit_cast<Bits>(shifted) & 3;
    const Pack r = (4.0 * u - quarter) * 1.5707963267948966192, q = r * r;
    Pack s = (-1.0 / 1307674368000.0) * q + 1.0 / 6227020800.0;  // 15!, 13!
    s = s * q + -1.0 / 39916800.0;
    s = s * q + 1.0 / 362880.0;
    s = s * q + -1.0 / 5040.0;
    s = s * q + 1.0 / 120.0;
    s = s * q + -1.0 / 6.0;
    s = r + r * q * s;
    Pack c = (1.0 / 20922789888000.0) * q + -1.0 / 87178291200.0;  // 16!, 14!
    c = c * q + 1.0 / 479001600.0;
    c = c * q + -1.0 / 3628800.0;
    c = c * q + 1.0 / 40320.0;
    c = c * q + -1.0 / 720.0;
    c = c * q + 1.0 / 24.0;
    c = c * q + -0.5;
    c = 1.0 + q * c;
    const Bits swap = -(quadrant & 1);  // all bits or none
    const Bits x = (std::bit_cast<Bits>(s) & swap) | (std::bit_cast<Bits>(c) & ~swap),
               y = (std::bit_cast<Bits>(c) & swap) | (std::bit_cast<Bits>(s) & ~swap);
    const Bits turned = (quadrant ^ quadrant << 1) & 2;  // quadrants 1 and 2
    cosine = std::bit_cast<Pack>(x ^ turned << 62);
    sine = std::bit_cast<Pack>(y ^ (quadrant & 2) << 62);
}

struct Pairs {
    alignas(64) std::array<double, kLanes> first, second;
};

SI_INLINE void load(const std::uint32_t* from, Bits& to) {
    for (int i = 0; i < kPack; ++i) to[i] = from[i];
}

SI_CLONES void uniform_lanes(const Lanes& lanes, Pairs& out) {
    for (int at = 0; at < kLanes; at += kPack) {
        Bits c0, c1, c2, c3;
        load(&lanes.c0[at], c0), load(&lanes.c1[at], c1);
        load(&lanes.c2[at], c2), load(&lanes.c3[at], c3);
        unit_interval(c0, c1, *reinterpret_cast<Pack*>(&out.first[at]));
        unit_interval(c2, c3, *reinterpret_cast<Pack*>(&out.second[at]));
    }
}

SI_CLONES void normal_lanes(const Lanes& lanes, Pairs& out) {
    Pairs turns;
    for (int at = 0; at < kLanes; at += kPack) {
        Bits c0, c1, c2, c3;
        load(&lanes.c0[at], c0), load(&lanes.c1[at], c1);
        load(&lanes.c2[at], c2), load(&lanes.c3[at], c3);
        Pack u, v;
        unit_interval(c0, c1, u);
        unit_interval(c2, c3, v);
        minus_two_log(u, *reinterpret_cast<Pack*>(&out.first[at]));
        turn(v, *reinterpret_cast<Pack*>(&turns.first[at]),
             *reinterpret_cast<Pack*>(&turns.second[at]));
    }
    for (int i = 0; i < kLanes; ++i) {
        const double radius = std::sqrt(out.first[i]);
        out.first[i] = radius * turns.first[i];
        out.second[i] = radius * turns.second[i];
    }
}

/// Six rounds of a Feistel network on `half_bits` + `half_bits` bits, for kLanes values at once;
/// a round adds a word of the address that the right half names.
struct Halves {
    alignas(64) std::array<std::uint64_t, kLanes> left, right;
};

SI_CLONES void open_round(const Address& address, std::uint64_t round, const Halves& halves,
                          Lanes& lanes) {
    for (int i = 0; i < kLanes; ++i) {
        const std::uint64_t sample = halves.right[i] << 4 | round;
        lanes.c0[i] = 0;
        lanes.c1[i] = static_cast<std::uint32_t>(sample);
        lanes.c2[i] = address.step;
        lanes.c3[i] = static_cast<std::uint32_t>(sample >> 32) << 8 |
                      static_cast<std::uint32_t>(address.purpose);
    }
}

SI_CLONES void close_round(std::uint64_t mask, const Lanes& lanes, Halves& halves) {
    for (int i = 0; i < kLanes; ++i) {
        const std::uint64_t word = std::uint64_t{lanes.c0[i]} << 32 | lanes.c1[i];
        const std::uint64_t mixed = halves.left[i] ^ (word & mask);
        halves.left[i] = halves.right[i];
        halves.right[i] = mixed;
    }
}

void feistel_lanes(const Address& address, int half_bits, std::uint64_t* values) {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
    Halves halves;
    for (int i = 0; i < kLanes; ++i) {
        halves.left[i] = values[i] >> half_bits;
        halves.right[i] = values[i] & mask;
    }
    Lanes lanes;
    for (std::uint64_t round = 0; round < 6; ++round) {
        open_round(address, round, halves, lanes);
        philox_lanes(lanes, address.seed);
        close_round(mask, lanes, halves);
    }
    for (int i = 0; i < kLanes; ++i) values[i] = halves.left[i] << half_bits | halves.right[i];
}

/// Counter of block `block` of a sample: 2^32 blocks, 2^56 samples, 2^32 steps, 2^8 purposes.
PhiloxBlock counter(const Address& address, Index sample, std::uint32_t block) {
    const auto s = static_cast<std::uint64_t>(sample);
    return {block, static_cast<std::uint32_t>(s), address.step,
            static_cast<std::uint32_t>(s >> 32) << 8 | static_cast<std::uint32_t>(address.purpose)};
}

/// kLanes blocks of one column from `block` on: numbers 2 block, 2 block + 1, ...
SI_CLONES void number_blocks(const PhiloxBlock& start, Lanes& lanes) {
    for (int i = 0; i < kLanes; ++i) {
        lanes.c0[i] = start[0] + static_cast<std::uint32_t>(i);
        lanes.c1[i] = start[1];
        lanes.c2[i] = start[2];
        lanes.c3[i] = start[3];
    }
}

SI_CLONES void interleave(const Pairs& pairs, double* out) {
    for (int i = 0; i < kLanes; ++i) {
        out[2 * i] = pairs.first[i];
        out[2 * i + 1] = pairs.second[i];
    }
}

/// Each block of four words makes two numbers. Lanes are filled along long columns; what is left
/// of them, and short ones, share lanes with their neighbours.
template <class Transform>
void fill(const Address& address, Index first, MatrixRef out, const Transform& transform) {
    const Index blocks = (out.rows() + 1) / 2, whole = out.rows() / (2 * kLanes) * kLanes;
    Lanes lanes;
    Pairs pairs;
    for (Index j = 0; j < out.cols() && whole > 0; ++j) {
        double* const column = out.col(j).data();
        for (Index block = 0; block < whole; block += kLanes) {
            number_blocks(counter(address, first + j, static_cast<std::uint32_t>(block)), lanes);
            philox_lanes(lanes, address.seed);
            transform(lanes, pairs);
            interleave(pairs, column + 2 * block);
        }
    }
    std::array<double*, kLanes> places{};  // of the two numbers
    std::array<bool, kLanes> both{};
    int used = 0;
    const auto run = [&] {
        for (int i = used; i < kLanes; ++i)
            lanes.c0[i] = lanes.c1[i] = lanes.c2[i] = lanes.c3[i] = 0;
        philox_lanes(lanes, address.seed);
        transform(lanes, pairs);
        for (int i = 0; i < used; ++i) {
            places[i][0] = pairs.first[i];
            if (both[i]) places[i][1] = pairs.second[i];
        }
        used = 0;
    };
    for (Index j = 0; j < out.cols() && whole < blocks; ++j) {
        const auto c = counter(address, first + j, 0);
        double* const column = out.col(j).data();
        for (Index block = whole; block < blocks; ++block) {
            lanes.c0[used] = static_cast<std::uint32_t>(block);
            lanes.c1[used] = c[1];
            lanes.c2[used] = c[2];
            lanes.c3[used] = c[3];
            places[used] = column + 2 * block;
            both[used] = 2 * block + 1 < out.rows();
            if (++used == kLanes) run();
        }
    }
    if (used > 0) run();
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

void Permutation::range(Index first, Index count, Index* out) const {
    std::array<std::uint64_t, kLanes> values{};
    std::array<Index, kLanes> place{};  // in `out`; -1 for a lane with nothing left to do
    Index next = 0, open = 0;
    const auto refill = [&](std::size_t lane) {
        place[lane] = next < count ? next : -1;
        values[lane] = next < count ? static_cast<std::uint64_t>(first + next) : 0;
        if (next < count) ++next, ++open;
    };
    for (std::size_t lane = 0; lane < kLanes; ++lane) refill(lane);
    while (open > 0) {
        feistel_lanes(address_, half_bits_, values.data());
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            if (place[lane] < 0 || values[lane] >= n_) continue;
            out[place[lane]] = static_cast<Index>(values[lane]);
            --open;
            refill(lane);
        }
    }
}

}  // namespace si
