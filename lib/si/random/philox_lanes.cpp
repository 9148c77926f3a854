#include "si/random/philox_lanes.hpp"

#include "si/random/philox.hpp"

#ifdef SI_VERSIONS
#include <immintrin.h>
#endif

namespace si {

// Philox keeps 32-bit words in 64-bit lanes where there is a product of the lower halves of such:
// what stands in the upper halves is then never read.
#ifdef SI_VERSIONS
SI_TARGET("avx512f") void philox_avx512(Lanes& lanes, std::uint64_t seed) {
    const __m512i even = _mm512_set1_epi64(0xD2511F53), odd = _mm512_set1_epi64(0xCD9E8D57);
    __m512i c0[2], c1[2], c2[2], c3[2];
    const auto load = [](const std::uint32_t* from) SI_TARGET("avx512f") {
        return _mm512_cvtepu32_epi64(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
    };
    const auto store = [](__m512i v, std::uint32_t* to) SI_TARGET("avx512f") {
        _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi64_epi32(v));
    };
    for (int h = 0; h < 2; ++h) {
        c0[h] = load(&lanes.c0[8 * h]), c1[h] = load(&lanes.c1[8 * h]);
        c2[h] = load(&lanes.c2[8 * h]), c3[h] = load(&lanes.c3[8 * h]);
    }
    auto key0 = static_cast<std::uint32_t>(seed);
    auto key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const __m512i k0 = _mm512_set1_epi64(key0), k1 = _mm512_set1_epi64(key1);
        for (int h = 0; h < 2; ++h) {
            const __m512i a = _mm512_mul_epu32(c0[h], even), b = _mm512_mul_epu32(c2[h], odd);
            c0[h] = _mm512_xor_si512(_mm512_srli_epi64(b, 32), _mm512_xor_si512(c1[h], k0));
            c2[h] = _mm512_xor_si512(_mm512_srli_epi64(a, 32), _mm512_xor_si512(c3[h], k1));
            c1[h] = b;
            c3[h] = a;
        }
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    for (int h = 0; h < 2; ++h) {
        store(c0[h], &lanes.c0[8 * h]), store(c1[h], &lanes.c1[8 * h]);
        store(c2[h], &lanes.c2[8 * h]), store(c3[h], &lanes.c3[8 * h]);
    }
}

SI_TARGET("avx2") void philox_avx2(Lanes& lanes, std::uint64_t seed) {
    const __m256i even = _mm256_set1_epi64x(0xD2511F53), odd = _mm256_set1_epi64x(0xCD9E8D57);
    for (int h = 0; h < kLanes; h += 4) {
        const auto load = [](const std::uint32_t* from) SI_TARGET("avx2") {
            return _mm256_cvtepu32_epi64(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
        };
        __m256i c0 = load(&lanes.c0[h]), c1 = load(&lanes.c1[h]), c2 = load(&lanes.c2[h]),
                c3 = load(&lanes.c3[h]);
        auto key0 = static_cast<std::uint32_t>(seed);
        auto key1 = static_cast<std::uint32_t>(seed >> 32);
        for (int round = 0; round < 10; ++round) {
            const __m256i a = _mm256_mul_epu32(c0, even), b = _mm256_mul_epu32(c2, odd);
            c0 = _mm256_xor_si256(_mm256_srli_epi64(b, 32),
                                  _mm256_xor_si256(c1, _mm256_set1_epi64x(key0)));
            c2 = _mm256_xor_si256(_mm256_srli_epi64(a, 32),
                                  _mm256_xor_si256(c3, _mm256_set1_epi64x(key1)));
            c1 = b;
            c3 = a;
            key0 += 0x9E3779B9U;
            key1 += 0xBB67AE85U;
        }
        const auto store = [](__m256i v, std::uint32_t* to) SI_TARGET("avx2") {
            const __m256i low = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
            _mm_store_si128(reinterpret_cast<__m128i*>(to),
                            _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(v, low)));
        };
        store(c0, &lanes.c0[h]), store(c1, &lanes.c1[h]);
        store(c2, &lanes.c2[h]), store(c3, &lanes.c3[h]);
    }
}
#endif

void philox_baseline(Lanes& lanes, std::uint64_t seed) {
    const PhiloxKey key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
    for (int i = 0; i < kLanes; ++i) {
        const auto block = philox({lanes.c0[i], lanes.c1[i], lanes.c2[i], lanes.c3[i]}, key);
        lanes.c0[i] = block[0];
        lanes.c1[i] = block[1];
        lanes.c2[i] = block[2];
        lanes.c3[i] = block[3];
    }
}

}  // namespace si
