#include "si/train/path_learner.hpp"

#include <cmath>

namespace si {

PathLearner::PathLearner(InterpolantSpec spec, double rate) : spec_(std::move(spec)), rate_(rate) {
    require(spec_.path.row().mode != nullptr, Failure::usage, "path ", spec_.path.kind(),
            " has no coefficients to learn; --path fourier has");
    const Json settings = spec_.path.settings();
    const auto alpha = settings.at("alpha").get<std::vector<double>>(),
               beta = settings.at("beta").get<std::vector<double>>();
    const auto count = static_cast<Index>(std::max(alpha.size(), beta.size()));
    require(count > 0, Failure::usage,
            "give the coefficients to start from, as in --path fourier,alpha=0:0:0,beta=0:0:0");
    coefficients_ = first_ = second_ = Vector::Zero(2 * count);
    for (std::size_t k = 0; k < alpha.size(); ++k) coefficients_[static_cast<Index>(k)] = alpha[k];
    for (std::size_t k = 0; k < beta.size(); ++k)
        coefficients_[count + static_cast<Index>(k)] = beta[k];
}

void PathLearner::add(const Batch& batch, double sign, ConstMatrix b, ConstMatrix pulled,
                      Eigen::Ref<Vector> gradient) const {
    const auto mode = spec_.path.row().mode;
    const Index count = size() / 2;
    for (Index j = 0; j < b.cols(); ++j) {
        const double pull0 = sign * pulled.col(j).dot(batch.x0().col(j)),
                     push0 = sign * b.col(j).dot(batch.x0().col(j)),
                     pull1 = pulled.col(j).dot(batch.x1().col(j)),
                     push1 = b.col(j).dot(batch.x1().col(j));
        for (Index k = 0; k < count; ++k) {
            const auto [value, slope] = mode(k, batch.t[j]);
            gradient[k] += pull0 * value - push0 * slope;
            gradient[count + k] += pull1 * value - push1 * slope;
        }
    }
}

void PathLearner::update(const Vector& gradient, double fraction) {
    constexpr double kFirst = 0.9, kSecond = 0.999, kEps = 1e-12;
    ++steps_;
    first_ = kFirst * first_ + (1 - kFirst) * gradient;
    second_ = kSecond * second_ + (1 - kSecond) * gradient.cwiseAbs2();
    const auto n = static_cast<double>(steps_);
    const double c1 = 1 - std::pow(kFirst, n), c2 = 1 - std::pow(kSecond, n);
    coefficients_.array() +=
        fraction * rate_ * (first_.array() / c1) / ((second_.array() / c2).sqrt() + kEps);
}

Vector PathLearner::state() const {
    Vector all(3 * size());
    all << coefficients_, first_, second_;
    return all;
}

void PathLearner::restore(const Vector& state, Index steps) {
    coefficients_ = state.head(size());
    first_ = state.segment(size(), size());
    second_ = state.tail(size());
    steps_ = steps;
}

InterpolantSpec PathLearner::spec() const {
    const Index count = size() / 2;
    const auto list = [](const auto& part) {
        return std::vector<double>(part.begin(), part.end());
    };
    Json path = spec_.path.json();
    path["alpha"] = list(coefficients_.head(count));
    path["beta"] = list(coefficients_.tail(count));
    InterpolantSpec spec = spec_;
    spec.path = Choice<paths>::from_json(path);
    return spec;
}

}  // namespace si
