#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "si/base/progress.hpp"
#include "si/base/spec.hpp"
#include "si/base/threads.hpp"

// The task of `si-plot report`: one page about a model and its data.

namespace si {

/// What a report is made of, beside its model and data.
struct ReportSpec {
    Index n = 0, score = 0;
    std::optional<std::string> x0, training;

    static constexpr auto fields() {
        return std::tuple{
            field("n", &ReportSpec::n,
                  "Samples to draw from the model; 0 means 1000, or 100 in more than 32 dimensions",
                  kNonNegative),
            field("score", &ReportSpec::score,
                  "Number of samples of the data, from the first, for the cross-entropy and for "
                  "the map back to the base; 0 means as many as -n",
                  kNonNegative),
            field("x0", &ReportSpec::x0,
                  "Starting points at t = 0, for a model between two data sets")
                .value("FILE"),
            field("training", &ReportSpec::training,
                  "Draw the curves from this log of si-train --log, instead of the history in the "
                  "model")
                .value("FILE")};
    }
};

/// A page of HTML, for people who have not seen the model before: what it is, how it was trained,
/// its samples beside the data, its score, and how far it can be trusted. What a model cannot do is
/// said on the page. Equal inputs give equal bytes. Throws when the model or the data cannot be
/// read, and Failure::data when they do not fit each other.
std::string report(const std::string& model_file, const std::string& data_file,
                   const ReportSpec& spec, std::uint64_t seed, Threads& threads,
                   Progress& progress);

}  // namespace si
