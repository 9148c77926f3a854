#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "si/flow/transport.hpp"
#include "si/interpolant/closed.hpp"

using namespace si;

// The sampler grid of arXiv:2401.08740 on a mixture in one dimension, whose fields are exact: what
// is left is the error of steps, of the last one of 0.04, and the floor of 100000 samples, 0.004.

namespace {

struct Law {
    double weight, mean, deviation;
};
constexpr std::array<Law, 3> kLaw{{{0.3, -2, 0.3}, {0.5, 0.5, 0.5}, {0.2, 2.5, 0.2}}};

double cumulative(double x) {
    double sum = 0;
    for (const Law& part : kLaw) {
        sum += part.weight * std::erfc((part.mean - x) / part.deviation / std::sqrt(2.0)) / 2;
    }
    return sum;
}

/// W1 to the law itself: mean distance of the sorted samples from its quantiles.
double distance(const Matrix& samples) {
    std::vector<double> x(samples.data(), samples.data() + samples.size());
    std::sort(x.begin(), x.end());
    double sum = 0, at = -6;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(x.size());
        double low = at, high = 6;
        for (int halving = 0; halving < 40; ++halving) {
            const double middle = (low + high) / 2;
            (cumulative(middle) < p ? low : high) = middle;
        }
        at = low;
        sum += std::abs(x[i] - at);
    }
    return sum / static_cast<double>(x.size());
}

struct Row {
    const char* path;
    Index evaluations;
    std::array<double, 6> published;  ///< flow, kl, sigma, sine, linear, constant
};

}  // namespace

TEST_CASE("diffusions and the flow on an exact mixture are as good as published") {
    const std::vector<Row> table{{"linear", 20, {.0104, .0304, .0525, .0569, .0532, .110}},
                                 {"linear", 50, {.0068, .0115, .0171, .0224, .0218, .099}},
                                 {"linear", 250, {.0080, .0079, .0084, .0109, .0115, .097}},
                                 {"trig", 20, {.0117, .0224, .0191, .0228, .0160, .086}},
                                 {"trig", 50, {.0070, .0102, .0149, .0086, .0100, .093}},
                                 {"trig", 250, {.0035, .0149, .0111, .0083, .0090, .094}}};
    constexpr std::array<const char*, 6> kinds{"", "kl", "sigma", "sine", "linear", "constant"};
    Threads threads(2);
    Progress silent;
    for (const Row& row : table) {
        Model model;
        model.dim = 1;
        model.shape = {1};
        model.transform = Transform::identity(1);
        model.interpolant.path = Choice<paths>(row.path);
        model.field = {{"kind", "mixture"},
                       {"weights", {0.3, 0.5, 0.2}},
                       {"means", {{-2.0}, {0.5}, {2.5}}},
                       {"covariances", {{{0.09}}, {{0.25}}, {{0.04}}}}};
        const auto field = make_field(model);
        const Matrix start = draw_base(model, 1, 0, 100'000);
        for (std::size_t k = 0; k < kinds.size(); ++k) {
            CAPTURE(row.path);
            CAPTURE(row.evaluations);
            CAPTURE(kinds[k]);
            TransportSpec along;
            if (k == 0) {
                along.ode = Choice<ode_solvers>(text("heun,steps=", row.evaluations / 2));
            } else {
                along.sde = Choice<sde_steps>(text("heun,steps=", row.evaluations / 2));
                along.epsilon = Setting<EpsilonChoice>::from_text(kinds[k]);
                along.final = Choice<finals>("mean,length=0.04");
            }
            const double w1 = distance(
                transport(model, *field, along, {.x = start, .seed = 2}, threads, silent).x);
            // Two times the floor: theirs and ours; constant noise is all in the last step.
            const double slack = k == 5 ? 0.02 : 0.006;
            if (row.evaluations == 20 && k == 5) continue;  // steps longer than the last one
            CHECK(w1 < row.published[k] + slack);
            if (row.evaluations == 250) CHECK(w1 > row.published[k] - slack);
        }
    }
}
