#include "si/random/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include "si/random/philox.hpp"
#include "si/random/philox_lanes.hpp"

using namespace si;

// Published answers of the Random123 distribution (kat_vectors).
static_assert(philox({0, 0, 0, 0}, {0, 0}) ==
              PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

TEST_CASE("Philox is the same on every instruction set, to the bit") {
    using Many = void (*)(Lanes&, std::uint64_t);
    std::vector<Many> versions{philox_baseline};
#ifdef SI_VERSIONS
    if (__builtin_cpu_supports("avx2") != 0) versions.push_back(philox_avx2);
    if (__builtin_cpu_supports("avx512f") != 0) versions.push_back(philox_avx512);
#endif
    // Counters and keys with high and low bits, which the next ones are made of.
    PhiloxBlock counter{0xffffffff, 0, 0x80000001, 0x7fffffff};
    PhiloxKey key{0xffffffff, 0x80000000};
    for (int round = 0; round < 100; ++round) {
        Lanes start{};
        std::array<PhiloxBlock, kLanes> wanted{};
        for (std::size_t i = 0; i < kLanes; ++i) {
            start.c0[i] = counter[0], start.c1[i] = counter[1];
            start.c2[i] = counter[2], start.c3[i] = counter[3];
            counter = wanted[i] = philox(counter, key);
        }
        for (std::size_t k = 0; k < versions.size(); ++k) {
            Lanes lanes = start;
            versions[k](lanes, std::uint64_t{key[1]} << 32 | key[0]);
            for (std::size_t i = 0; i < kLanes; ++i) {
                CAPTURE(k);
                CAPTURE(i);
                CHECK(PhiloxBlock{lanes.c0[i], lanes.c1[i], lanes.c2[i], lanes.c3[i]} == wanted[i]);
            }
        }
        key = {counter[1], counter[2]};
    }
}

TEST_CASE("a normal is Box and Muller of the published bits") {
    const std::uint64_t seed = 0x0123456789abcdef;
    const Address address{seed, Purpose::latent, 77};
    Matrix out(5, 3);
    fill_normal(address, 1000, out);
    for (Index j = 0; j < 3; ++j) {
        for (Index block = 0; block < 3; ++block) {
            const auto bits =
                philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(1000 + j), 77,
                        static_cast<std::uint32_t>(Purpose::latent)},
                       {0x89abcdef, 0x01234567});
            const auto unit = [](std::uint32_t high, std::uint32_t low) {
                const auto word = (std::uint64_t{high} << 32 | low) >> 12;
                return (static_cast<double>(word) + 0.5) * 0x1p-52;
            };
            const double radius = std::sqrt(-2 * std::log(unit(bits[0], bits[1])));
            const double angle = 2 * std::numbers::pi * unit(bits[2], bits[3]);
            CHECK(out(2 * block, j) == doctest::Approx(radius * std::cos(angle)).epsilon(1e-13));
            if (2 * block + 1 < 5) {
                CHECK(out(2 * block + 1, j) ==
                      doctest::Approx(radius * std::sin(angle)).epsilon(1e-13));
            }
        }
    }
}

TEST_CASE("a column depends on its address alone") {
    for (const Index rows : {1, 2, 3, 64, 101}) {
        CAPTURE(rows);
        const Address address{5, Purpose::base, 9};
        Matrix all(rows, 40), part(rows, 7);
        fill_normal(address, 100, all);
        fill_normal(address, 113, part);
        CHECK(all.middleCols(13, 7) == part);
        fill_normal({6, Purpose::base, 9}, 113, part);
        CHECK(all.middleCols(13, 7) != part);
        fill_normal({5, Purpose::noise, 9}, 113, part);
        CHECK(all.middleCols(13, 7) != part);
        fill_normal({5, Purpose::base, 10}, 113, part);
        CHECK(all.middleCols(13, 7) != part);
    }
}

TEST_CASE("moments and distribution are those of the law") {
    const Index n = 200'000;  // numbers; moments within 5 standard errors
    Matrix u(2, n / 2), z(2, n / 2);
    fill_uniform({1, Purpose::data, 0}, 0, u);
    fill_normal({1, Purpose::data, 1}, 0, z);
    const double root = std::sqrt(static_cast<double>(n));
    CHECK(u.minCoeff() > 0);
    CHECK(u.maxCoeff() < 1);
    CHECK(std::abs(u.mean() - 0.5) < 5 * std::sqrt(1.0 / 12) / root);
    CHECK(std::abs(z.mean()) < 5 / root);
    CHECK(std::abs(z.array().square().mean() - 1) < 5 * std::sqrt(2.0) / root);
    CHECK(std::abs(z.array().cube().mean()) < 5 * std::sqrt(15.0) / root);
    CHECK(std::abs(z.array().pow(4).mean() - 3) < 5 * std::sqrt(96.0) / root);
    CHECK(std::abs((z.row(0).array() * z.row(1).array()).mean()) < 5 * std::sqrt(2.0) / root);

    // Kolmogorov-Smirnov: sqrt(n) D exceeds 2.6 with probability 2 exp(-2 * 2.6^2) = 3e-6.
    std::vector<double> sorted(z.data(), z.data() + n);
    std::sort(sorted.begin(), sorted.end());
    double distance = 0;
    for (Index i = 0; i < n; ++i) {
        const double p = std::erfc(-sorted[static_cast<std::size_t>(i)] / std::numbers::sqrt2) / 2;
        distance = std::max(distance,
                            std::abs(p - (static_cast<double>(i) + 0.5) / static_cast<double>(n)));
    }
    CHECK(distance * root < 2.6);
}

TEST_CASE("a permutation is one, and looks shuffled") {
    for (const Index n : {1, 2, 3, 5, 64, 1000, 4097}) {
        CAPTURE(n);
        const Permutation p({3, Purpose::order, 1}, n);
        std::vector<Index> seen;
        double displacement = 0;
        for (Index i = 0; i < n; ++i) {
            seen.push_back(p(i));
            displacement += static_cast<double>(p(i)) * static_cast<double>(i);
        }
        std::vector<Index> at_once(static_cast<std::size_t>(n - n / 3));
        p.range(n / 3, n - n / 3, at_once.data());
        CHECK(std::equal(at_once.begin(), at_once.end(), seen.begin() + n / 3));
        std::sort(seen.begin(), seen.end());
        for (Index i = 0; i < n; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
        if (n >= 1000) {
            // sum i p(i) of a random permutation: mean n (n-1)^2 / 4, variance ~ n^5 / 144.
            const auto m = static_cast<double>(n);
            CHECK(std::abs(displacement - m * (m - 1) * (m - 1) / 4) <
                  5 * std::sqrt(std::pow(m, 5) / 144));
        }
    }
}
