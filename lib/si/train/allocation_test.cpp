#include <atomic>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "si/model/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"

// Counts what this program takes from the heap, where the C library lets us stand in its way.

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SI_COUNTS_MEMORY
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef SI_COUNTS_MEMORY
#endif
#endif

#ifdef SI_COUNTS_MEMORY

namespace {
std::atomic<long> taken = 0;
}

extern "C" {
void* __libc_malloc(std::size_t size) noexcept;  // NOLINT(readability-identifier-naming)
void* malloc(std::size_t size) noexcept {
    ++taken;
    return __libc_malloc(size);
}
}

using namespace si;

TEST_CASE("a training step takes no memory but for its pairs") {
    for (const char* learn : {"b", "b,s"}) {
        for (const int workers : {1}) {
            CAPTURE(std::string(learn));
            CAPTURE(workers);
            TrainData data;
            data.x1().samples.resize(3, 900);
            fill_normal({21, Purpose::data, 0}, 0, data.x1().samples);
            data.shape = {3};
            TrainSpec spec;
            spec.learn = learn;
            spec.net = "mlp,width=40,depth=3";
            spec.batch = 700;
            const auto all = prepare(data, InterpolantSpec{}, spec, 1);
            // Pairs are drawn beforehand, so that nothing else is left to count.
            const Pairs pairs = all->source.draw(0, *spec.batch);
            NetworkFieldSpec field;
            field.net = *spec.net;
            const Graph graph = NetworkField::graph(field, {3});
            Threads threads(workers);
            TrainStepper machine(graph, all->learned, all->source, all->spec, 1, threads);
            for (Index step = 0; step < 20; ++step) machine.step(step, pairs, 1);
            const long before = taken;
            for (Index step = 20; step < 30; ++step) machine.step(step, pairs, 1);
            CHECK(taken - before == 0);
        }
    }
}

#endif
