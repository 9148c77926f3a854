#include "si/task/straightness.hpp"

#include "si/flow/straightness.hpp"
#include "si/io/model_file.hpp"

namespace si {

Json straightness_report(const std::string& model_file, const StartSpec& spec, std::uint64_t seed,
                         Threads& threads, Progress& progress) {
    auto model = read_model(model_file);
    SampleSpec samples{spec};
    const auto field = field_along(model, samples);
    if (!samples.n && !samples.x0 && !samples.observed) samples.n = 1000;
    const StartingPoints points(model, *field, samples, seed);
    const auto start = points.read({0, points.n()});
    const auto s = straightness(model, *field, start.x, threads, progress, start.given);
    return {{"n", start.x.cols()},
            {"energy", s.energy},
            {"energy_stderr", s.energy_error},
            {"displacement", s.displacement},
            {"displacement_stderr", s.displacement_error},
            {"excess", s.excess},
            {"excess_stderr", s.excess_error}};
}

}  // namespace si
