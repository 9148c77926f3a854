#pragma once

#include <string>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/spec.hpp"
#include "si/base/threads.hpp"

namespace si {

struct KernelSpec {
    std::vector<Index> coordinates{1, 2};
    Index most = 50000;
    static constexpr auto fields() {
        return std::tuple{
            field("coordinates", &KernelSpec::coordinates,
                  "Coordinates to look at, counting from 1", kPositive),
            field("most", &KernelSpec::most, "Largest number of samples a density", kPositive)};
    }
};

/// {"kl", "stderr", "floor", "floor_stderr", "n"}: KL of kernel estimates, from a third of the
/// reference to the samples, probed by another third, and the same with the last third in the
/// place of the samples. Throws Failure::data when files do not fit together.
Json kernel_report(const std::string& samples, const std::string& reference, const KernelSpec& spec,
                   Threads& threads);

}  // namespace si
