#pragma once

#include <optional>
#include <string>

#include "si/task/sample.hpp"
#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// The task of `si-train --dump-batch`: one training batch with its targets, as a file.

namespace si {

/// Writes the first batch of a training run: /t (n), /x0, /x1, /xt and /z as far as there is one,
/// and for each learned field the regression target, /target_b and so on, all in the model's
/// coordinates (those of the data with --standardize none). Where every z is used with both signs,
/// /xt_mirrored and /target_b_mirrored are for -z.
///
/// `given` is a file with /t, /x0, /x1 or /z, of spec.batch samples, that take the place of those
/// drawn. Throws Failure::data when they do not fit.
void write_batch(const std::string& file, const std::optional<std::string>& given,
                 const TrainData& data, const InterpolantSpec& interpolant, const TrainSpec& asked,
                 const Provenance& provenance);

}  // namespace si
