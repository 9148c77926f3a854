#pragma once

#include <functional>
#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

// Optimisers and schedules of the learning rate as tables, elementwise so that any thread may do
// any block.

namespace si {

/// A contiguous piece of the flat vectors of training.
struct ParameterBlock {
    Index size = 0;
    float* parameters = nullptr;
    const float* gradient = nullptr;
    float* average = nullptr;  ///< exponential moving average of the parameters
    float* first = nullptr;    ///< the optimiser's own state, zero before the first step
    float* second = nullptr;
};

/// What changes from step to step.
struct UpdateRates {
    Index step = 1;            ///< counted from 1
    float rate = 0;            ///< learning rate
    float gradient_scale = 1;  ///< multiplies the gradient: clipping
    float average_decay = 0;   ///< average = decay average + (1 - decay) parameters
};

/// One update of a block, elementwise, so that blocks can be done on any threads.
using Update = std::function<void(const ParameterBlock& block, const UpdateRates& rates)>;

struct OptimizerRow {
    std::string_view name, summary;
    SpecInfo spec;
    Update (*make)(const Json& settings);
    double (*rate)(const Json& settings);  ///< peak learning rate
};

Catalogue<OptimizerRow> optimizers();

/// The learning rate at a step (from 0) as a fraction of its peak. The first `fixed` steps do
/// not depend on the total number of steps, so a run may decide its length while they last.
struct Schedule {
    std::function<double(Index step, Index steps)> factor;
    Index fixed = 0;
};

struct ScheduleRow {
    std::string_view name, summary;
    SpecInfo spec;
    Schedule (*make)(const Json& settings);
};

Catalogue<ScheduleRow> schedules();

/// Sum of squares in double, in a fixed order.
double squared_norm(const float* x, Index n);

/// Most parts of sum_in_tree().
inline constexpr Index kMostParts = 16;

/// parts[0][i] becomes parts[0][i] + ... + parts[count-1][i] for i < n, by pairs in a fixed tree.
void sum_in_tree(float* const* parts, Index count, Index n);

}  // namespace si
