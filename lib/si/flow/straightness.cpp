#include "si/flow/straightness.hpp"

#include <cmath>

namespace si {
namespace {

constexpr Index kIntervals = 64;

double error_of(const Vector& values) {
    const auto n = static_cast<double>(values.size());
    if (n < 2) return 0;
    return std::sqrt((values.array() - values.mean()).square().sum() / (n * (n - 1)));
}

}  // namespace

Straightness straightness(const Model& model, const Field& field, ConstMatrix start,
                          Threads& threads, Progress& progress, const Matrix& given) {
    TransportSpec spec;
    spec.ode = "dopri5,rtol=1e-6,atol=1e-6";
    const auto [from, to] = field.span(kB);
    for (Index k = 0; k <= kIntervals; ++k) {
        const double u = static_cast<double>(k) / static_cast<double>(kIntervals);
        spec.trajectory.push_back(k == kIntervals ? to : from + u * (to - from));
    }
    const auto path =
        transport(model, field, spec, {.x = start, .given = given}, threads, progress);
    Transform linear = model.transform;
    linear.shift.setZero();
    const auto evaluate = field.evaluator();
    const SampleConditions here(*evaluate, given);
    const Index n = start.cols();
    Vector energy = Vector::Zero(n);
    FieldValues values;
    for (Index k = 0; k <= kIntervals; ++k) {
        const auto at = static_cast<std::size_t>(k);
        (*evaluate)(Vector::Constant(n, spec.trajectory[at]), path.trajectory[at], kB, values);
        const double weight = k == 0 || k == kIntervals ? 1 : k % 2 == 1 ? 4 : 2;
        energy += weight * linear.to_data(values.b).colwise().squaredNorm().transpose();
    }
    energy *= (to - from) / (3 * static_cast<double>(kIntervals));
    const Vector displacement = linear.to_data(path.x - start).colwise().squaredNorm().transpose();
    const Vector excess = energy - displacement;
    return {energy.mean(),          error_of(energy), displacement.mean(),
            error_of(displacement), excess.mean(),    error_of(excess)};
}

}  // namespace si
