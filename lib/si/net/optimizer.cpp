#include "si/net/optimizer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"

namespace si {
namespace {

struct AdamSpec {
    double lr = 2e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;

    static constexpr auto fields() {
        return std::tuple{
            field("lr", &AdamSpec::lr, "Peak learning rate", kPositive),
            field("beta1", &AdamSpec::beta1, "Decay rate of the mean gradient", kBelowOne),
            field("beta2", &AdamSpec::beta2, "Decay rate of the mean square gradient", kBelowOne),
            field("epsilon", &AdamSpec::epsilon,
                  "Number added to the root mean square, against division by zero", kPositive)};
    }
};

struct AdamWSpec {
    double lr = 2e-3;
    double weight_decay = 0.01;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;

    static constexpr auto fields() {
        return std::tuple{
            field("lr", &AdamWSpec::lr, "Peak learning rate", kPositive),
            field("weight_decay", &AdamWSpec::weight_decay,
                  "Weight decay: each step shrinks parameters by lr times this", kNonNegative),
            field("beta1", &AdamWSpec::beta1, "Decay rate of the mean gradient", kBelowOne),
            field("beta2", &AdamWSpec::beta2, "Decay rate of the mean square gradient", kBelowOne),
            field("epsilon", &AdamWSpec::epsilon,
                  "Number added to the root mean square, against division by zero", kPositive)};
    }
};

/// The constants of one step, bias corrections folded in (Kingma and Ba, arXiv:1412.6980).
struct AdamStep {
    float beta1, beta2, epsilon, rate, correction, shrink, gradient_scale, average_decay;
};

SI_CLONES void adam_block(Index n, float* __restrict w, const float* __restrict gradient,
                          float* __restrict a, float* __restrict m, float* __restrict v,
                          const AdamStep& constants) {
    const AdamStep k = constants;  // a reference might be to a piece of the arrays
    for (Index i = 0; i < n; ++i) {
        const float g = gradient[i] * k.gradient_scale;
        m[i] = k.beta1 * m[i] + (1 - k.beta1) * g;
        v[i] = k.beta2 * v[i] + (1 - k.beta2) * g * g;
        w[i] = k.shrink * w[i] - k.rate * m[i] / (std::sqrt(v[i] * k.correction) + k.epsilon);
        a[i] = w[i] + k.average_decay * (a[i] - w[i]);
    }
}

Update make_adamw(const AdamWSpec& spec) {
    return [spec](const ParameterBlock& block, const UpdateRates& rates) {
        const auto step = static_cast<double>(rates.step);
        const auto rate = static_cast<double>(rates.rate);
        adam_block(block.size, block.parameters, block.gradient, block.average, block.first,
                   block.second,
                   {.beta1 = static_cast<float>(spec.beta1),
                    .beta2 = static_cast<float>(spec.beta2),
                    .epsilon = static_cast<float>(spec.epsilon),
                    .rate = static_cast<float>(rate / (1 - std::pow(spec.beta1, step))),
                    .correction = static_cast<float>(1 / (1 - std::pow(spec.beta2, step))),
                    .shrink = static_cast<float>(1 - rate * spec.weight_decay),
                    .gradient_scale = rates.gradient_scale,
                    .average_decay = rates.average_decay});
    };
}

Update make_adam(const AdamSpec& spec) {
    return make_adamw({.lr = spec.lr,
                       .weight_decay = 0,
                       .beta1 = spec.beta1,
                       .beta2 = spec.beta2,
                       .epsilon = spec.epsilon});
}

double adam_rate(const AdamSpec& spec) { return spec.lr; }
double adamw_rate(const AdamWSpec& spec) { return spec.lr; }

constexpr auto kOptimizers = std::to_array<OptimizerRow>({
    {.name = "adam",
     .summary = "adaptive moments",
     .spec = spec_of<AdamSpec>,
     .make = from_json<make_adam>,
     .rate = from_json<adam_rate>},
    {.name = "adamw",
     .summary = "adam with decoupled weight decay",
     .spec = spec_of<AdamWSpec>,
     .make = from_json<make_adamw>,
     .rate = from_json<adamw_rate>},
});

struct CosineSpec {
    Index warmup = 200;
    double final = 0.0;

    static constexpr auto fields() {
        return std::tuple{
            field("warmup", &CosineSpec::warmup, "Steps of linear warm-up", kNonNegative),
            field("final", &CosineSpec::final, "Final learning rate as a fraction of the peak",
                  kUnit)};
    }
};

Schedule make_cosine(const CosineSpec& spec) {
    return {[spec](Index step, Index steps) {
                const auto warmup = static_cast<double>(spec.warmup);
                const double at = static_cast<double>(step) + 0.5;  // the middle of the step
                if (at < warmup) return at / warmup;
                const double span = std::max(static_cast<double>(steps) - warmup, 1.0);
                const double turn =
                    std::cos(std::numbers::pi * std::min((at - warmup) / span, 1.0));
                return spec.final + (1 - spec.final) * (1 + turn) / 2;
            },
            spec.warmup};
}

Schedule make_constant(const NoSettings&) {
    return {[](Index, Index) { return 1.0; }, 200};
}

constexpr auto kSchedules = std::to_array<ScheduleRow>({
    {"cosine", "linear warm-up, then half a cosine down", spec_of<CosineSpec>,
     from_json<make_cosine>},
    {"constant", "the peak rate throughout", spec_of<NoSettings>, from_json<make_constant>},
});

/// `sum` may be `a`.
SI_CLONES void add(const float* a, const float* b, Index n, float* sum) {
#pragma GCC ivdep
    for (Index i = 0; i < n; ++i) sum[i] = a[i] + b[i];
}

SI_CLONES void add_squares(const float* x, Index n, double* sums) {
    std::array<double, 8> total{};
    std::copy_n(sums, 8, total.begin());
    for (Index i = 0; i + 8 <= n; i += 8) {
        for (Index k = 0; k < 8; ++k) {
            const auto value = static_cast<double>(x[i + k]);
            total[static_cast<std::size_t>(k)] += value * value;
        }
    }
    std::copy_n(total.begin(), 8, sums);
}

}  // namespace

Catalogue<OptimizerRow> optimizers() { return {"optimizer", kOptimizers}; }
Catalogue<ScheduleRow> schedules() { return {"schedule", kSchedules}; }

double squared_norm(const float* x, Index n) {
    std::array<double, 8> sums{};  // eight independent sums let the loop vectorise
    add_squares(x, n, sums.data());
    for (Index i = n / 8 * 8; i < n; ++i)
        sums[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
           ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void sum_in_tree(float* const* parts, Index count, Index n) {
    constexpr Index kPiece = 256;  // partial sums stay in the first-level cache
    require(count <= kMostParts, Failure::internal, "a tree of ", count, " parts");
    alignas(64) std::array<std::array<float, kPiece>, kMostParts / 2> level;
    for (Index first = 0; first < n && count > 1; first += kPiece) {
        const Index size = std::min(kPiece, n - first);
        std::array<const float*, kMostParts> from{};
        for (Index k = 0; k < count; ++k) from[static_cast<std::size_t>(k)] = parts[k] + first;
        for (Index left = count; left > 1; left = (left + 1) / 2) {
            for (Index k = 0; k < left / 2; ++k) {
                const auto at = static_cast<std::size_t>(k);
                float* to = left == 2 ? parts[0] + first : level[at].data();
                add(from[2 * at], from[2 * at + 1], size, to);
                from[at] = to;
            }
            if (left % 2 == 1)
                from[static_cast<std::size_t>(left / 2)] = from[static_cast<std::size_t>(left - 1)];
        }
    }
}

}  // namespace si
