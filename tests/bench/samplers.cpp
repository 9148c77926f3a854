// Error against evaluations for every sampler: exact fields of one-sided models, from targets that
// are narrower than any step to wide ones and a mixture, forward and backward. The figure is the
// largest relative error of a standard deviation over epsilons, against its own of 5000 samples
// (1 %); "refused" where a run said that its steps are too few for one epsilon at least. It is
// what the default was chosen by. Not a test: nothing fails.

#include <cmath>
#include <cstdio>
#include <vector>

#include "si/random/draw.hpp"
#include "support/models.hpp"

using namespace si;

namespace {

constexpr Index kSamples = 5'000;

struct Target {
    const char *name, *field;
    double deviation;
};

constexpr Target kTargets[] = {
    {"N(0, .01^2)", R"({"kind": "gaussian", "mean": [0], "covariance": [[1e-4]]})", 0.01},
    {"N(0, .1^2)", R"({"kind": "gaussian", "mean": [0], "covariance": [[0.01]]})", 0.1},
    {"N(0, 1)", R"({"kind": "gaussian", "mean": [0], "covariance": [[1]]})", 1},
    {"N(0, 5^2)", R"({"kind": "gaussian", "mean": [0], "covariance": [[25]]})", 5},
    {"two of .05 at +-1",
     R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[-1], [1]], "covariances": [[[0.0025]], [[0.0025]]]})",
     1.0012492197250393}};

double deviation_of(const Matrix& x) { return std::sqrt((x.array() - x.mean()).square().mean()); }

/// The largest error over epsilons; negative where one of them is refused.
double error_of(const Target& target, const std::string& sampler, Direction direction) {
    double worst = 0;
    const bool flow = sampler.starts_with("ode");
    for (const char* epsilon : {"0.1", "1", "5"}) {
        const Model model = examples::closed_model(target.field);
        TransportSpec spec;
        const std::string way = sampler.substr(sampler.find(' ') + 1);
        if (flow) {
            spec.ode = Choice<ode_solvers>(way);
        } else if (sampler.starts_with("sde")) {
            spec.sde = Choice<sde_steps>(way);
        } else {
            spec.sampler = Choice<samplers>(way);
        }
        if (!flow) spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
        Matrix start = draw_base(model, 4, 0, kSamples);
        if (direction == Direction::backward) {
            TransportSpec exact;
            exact.ode = Choice<ode_solvers>("dopri5,rtol=1e-9,atol=1e-12");
            start = examples::carry(model, exact, Direction::forward, start).x;
        }
        const double right = direction == Direction::forward ? target.deviation : 1;
        try {
            const Matrix end = examples::carry(model, spec, direction, start).x;
            worst = std::max(worst, std::abs(deviation_of(end) / right - 1));
        } catch (const Error&) {
            return -1;
        }
        if (flow) break;
    }
    return worst;
}

}  // namespace

int main() {
    const std::vector<int> steps{10, 30, 100};
    for (const Target& target : kTargets) {
        for (const Direction direction : {Direction::forward, Direction::backward}) {
            const bool forward = direction == Direction::forward;
            std::printf("%s, %s\n%-24s", target.name, forward ? "forward" : "backward", "  steps");
            for (const int count : steps) std::printf("%10d", count);
            std::printf("\n");
            for (const char* kind : {"multistep", "sde heun", "sde strang", "sde euler-maruyama",
                                     "ode heun", "ode rk4"}) {
                std::printf("  %-22s", kind);
                for (const int count : steps) {
                    const double error = error_of(target, text(kind, ",steps=", count), direction);
                    error < 0 ? std::printf("%10s", "refused") : std::printf("%10.4f", error);
                }
                std::printf("\n");
                std::fflush(stdout);
            }
        }
    }
}
