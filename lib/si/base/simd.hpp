#pragma once

// SI_CLONES: compiles a function several times, for AVX-512, AVX2 and the baseline, and picks
// one when the program starts. Loops inside must be plain enough for the compiler to vectorise;
// what they call must be SI_INLINE. Sanitizers do not survive the resolver, clang has none.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define SI_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SI_CLONES
#endif

// SI_VERSIONS: a function is written several times, with SI_TARGET("avx512f") and the like and
// SI_TARGET("default"), for what the compiler does not find by itself.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define SI_VERSIONS
#define SI_TARGET(name) __attribute__((target(name)))
#else
#define SI_TARGET(name)
#endif

#define SI_INLINE inline __attribute__((always_inline))
