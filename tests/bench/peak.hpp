#pragma once

#include <algorithm>
#include <cstdint>

#include <time.h>

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)  // GCC 12 warns of its own header
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

// What one core can do at most: multiply-adds on registers alone, by the widest instructions
// that it has.

namespace peak {

/// Seconds of processor time of this thread: what others on the same core take is left out.
inline double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds of processor time of all threads of this process.
inline double process_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline volatile float sink;  // what is written here cannot be left out

#if defined(__x86_64__)
__attribute__((target("avx512f"))) inline void fma_avx512(long rounds) {
    __m512 sums[24];  // latency 4, two a cycle: 8 would do, more hide everything else
    for (auto& sum : sums) sum = _mm512_set1_ps(1);
    const __m512 a = _mm512_set1_ps(0.999F), b = _mm512_set1_ps(0.001F);
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
        for (int k = 0; k < 24; ++k) sums[k] = _mm512_fmadd_ps(sums[k], a, b);
    }
    float total = 0;
    for (const auto& sum : sums) total += _mm512_reduce_add_ps(sum);
    sink = total;
}

__attribute__((target("avx2,fma"))) inline void fma_avx2(long rounds) {
    __m256 sums[12];
    for (auto& sum : sums) sum = _mm256_set1_ps(1);
    const __m256 a = _mm256_set1_ps(0.999F), b = _mm256_set1_ps(0.001F);
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
        for (int k = 0; k < 12; ++k) sums[k] = _mm256_fmadd_ps(sums[k], a, b);
    }
    float total = 0;
    for (const auto& sum : sums) total += _mm256_cvtss_f32(sum);
    sink = total;
}

inline void fma_sse(long rounds) {
    __m128 sums[12];
    for (auto& sum : sums) sum = _mm_set1_ps(1);
    const __m128 a = _mm_set1_ps(0.999F), b = _mm_set1_ps(0.001F);
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
        for (int k = 0; k < 12; ++k) sums[k] = _mm_add_ps(_mm_mul_ps(sums[k], a), b);
    }
    float total = 0;
    for (const auto& sum : sums) total += _mm_cvtss_f32(sum);
    sink = total;
}

#if defined(__GNUC__) && !defined(__clang__)
#define SI_PEAK_BF16
__attribute__((target("avx512f,avx512bf16"))) inline void dot_bf16(long rounds) {
    __m512 sums[24];
    for (auto& sum : sums) sum = _mm512_set1_ps(1);
    const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.1F), _mm512_set1_ps(0.2F));
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
        for (int k = 0; k < 24; ++k) sums[k] = _mm512_dpbf16_ps(sums[k], a, a);
    }
    float total = 0;
    for (const auto& sum : sums) total += _mm512_reduce_add_ps(sum);
    sink = total;
}
#endif
#endif

/// One kind of peak: `run(rounds)` does `flops` operations a round.
struct Kind {
    const char* name;
    void (*run)(long rounds);
    double flops;
};

inline Kind float32() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return {"AVX-512", fma_avx512, 24 * 16 * 2};
    if (__builtin_cpu_supports("avx2")) return {"AVX2", fma_avx2, 12 * 8 * 2};
    return {"SSE2", fma_sse, 12 * 4 * 2};
#else
    return {"scalar",
            [](long rounds) {
                float sums[16] = {};
                for (long i = 0; i < rounds; ++i) {
                    for (float& sum : sums) sum = sum * 0.999F + 0.001F;
                }
                float total = 0;
                for (const float sum : sums) total += sum;
                sink = total;
            },
            16 * 2};
#endif
}

/// `run` is null where there is none.
inline Kind bf16() {
#ifdef SI_PEAK_BF16
    if (__builtin_cpu_supports("avx512bf16")) return {"AVX-512 BF16", dot_bf16, 24 * 32 * 2};
#endif
    return {"none", nullptr, 0};
}

/// Floating-point operations a second of processor time, over about `seconds`.
inline double rate(const Kind& kind, double seconds = 0.01) {
    static long rounds = 10'000;
    for (;;) {
        const double start = thread_seconds();
        kind.run(rounds);
        const double taken = thread_seconds() - start;
        if (taken > seconds / 2) return kind.flops * static_cast<double>(rounds) / taken;
        rounds *= 2;
    }
}

}  // namespace peak
