#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/model/network_field.hpp"

// The loop over chunks of samples on all threads, which every evaluation of a model goes
// through.

namespace si {

/// Runs body(columns, evaluator) over the columns 0 .. n-1 in chunks of `size`, on all threads,
/// each with an evaluator of its own.
template <class Body>
void over_chunks(const Field& field, Index n, Index size, Threads& threads, Progress& progress,
                 std::string_view task, const Body& body) {
    const auto cut = chunks(n, size);
    std::vector<std::unique_ptr<Evaluator>> evaluators(static_cast<std::size_t>(threads.count()));
    std::atomic<Index> done = 0;
    threads.for_each(std::ssize(cut), [&](Index k, int worker) {
        auto& evaluator = evaluators[static_cast<std::size_t>(worker)];
        if (!evaluator) evaluator = field.evaluator();
        const Columns& columns = cut[static_cast<std::size_t>(k)];
        body(columns, *evaluator);
        const Index now = done += columns.count;
        if (worker == 0) progress.update({task, now, n, "rows", {}});
    });
}

}  // namespace si
