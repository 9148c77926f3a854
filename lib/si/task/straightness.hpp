#pragma once

#include <cstdint>
#include <string>

#include "si/base/json.hpp"
#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/task/sample.hpp"

// How straight the paths of a model's flow are: what si-info straightness prints.

namespace si {

/// straightness() of the flow from the points that `spec` says, 1000 draws of the base where it
/// says nothing: {"n", "energy", "energy_stderr", "displacement", "displacement_stderr", "excess",
/// "excess_stderr"}, in the units of the data. Throws as StartingPoints and field_along().
Json straightness_report(const std::string& model_file, const StartSpec& spec, std::uint64_t seed,
                         Threads& threads, Progress& progress);

}  // namespace si
