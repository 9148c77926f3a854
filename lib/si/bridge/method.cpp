#include "si/bridge/method.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "si/base/lists.hpp"
#include "si/base/moments.hpp"
#include "si/bridge/gaussian.hpp"
#include "si/bridge/light_fit.hpp"
#include "si/bridge/max_min.hpp"
#include "si/bridge/network_methods.hpp"
#include "si/bridge/neural_max_min.hpp"
#include "si/coupling/sinkhorn.hpp"

namespace si {
namespace {

/// The model of a pair of potentials. Its log-mass costs K0 K1 d^3, and is left out when that is
/// out of proportion: then the model has no log-density.
Model model_of(const BridgeTask& task, const Potential& forward, const Potential& backward) {
    Model model;
    model.dim = task.x0.rows();
    model.shape = task.shape;
    model.interpolant.gamma =
        Choice<gammas>::from_json({{"kind", "brownian"}, {"a", task.noise.epsilon}});
    model.base = "samples";
    model.independent = false;
    model.transform = Transform::identity(model.dim);
    model.field = {
        {"kind", "bridge"}, {"forward", forward.to_json()}, {"backward", backward.to_json()}};
    const auto work = static_cast<double>(forward.size()) * static_cast<double>(backward.size()) *
                      std::pow(static_cast<double>(model.dim), 3);
    if (work < 2e10 && !forward.has_points() && !backward.has_points()) {
        if (const auto mass = log_mass(forward, backward)) model.field["log_mass"] = *mass;
    }
    return model;
}

Json gaussian_to_json(const GaussianLaw& law) {
    Json rows = Json::array();
    for (Index i = 0; i < law.mean.size(); ++i) {
        rows.push_back(as_list(law.covariance.row(i).transpose()));
    }
    return {{"kind", "gaussian"}, {"mean", as_list(law.mean)}, {"covariance", std::move(rows)}};
}

Model gaussian(const NoSettings&, const BridgeTask& task, Threads&, Progress&) {
    const auto start = GaussianLaw::of(task.x0), end = GaussianLaw::of(task.x1);
    const GaussianBridge bridge(start, end, task.noise.epsilon);
    Model model = model_of(task, bridge.forward(), bridge.backward());
    model.base = Choice<bases>::from_json(gaussian_to_json(start));
    model.about["bridge"] = {{"cost", bridge.cost()},
                             {"relative_entropy", bridge.relative_entropy()},
                             {"value", bridge.value()}};
    return model;
}

/// Potentials of both ends by `fit`, one apart from the other.
template <class Spec, class Fit>
Model light(const Spec& spec, const BridgeTask& task, Threads& threads, Progress& progress,
            const Fit& fit) {
    // One map for both sides keeps what is near and what is far.
    const Vector shift = (task.x0.rowwise().mean() + task.x1.rowwise().mean()) / 2;
    const double variance =
        (variance_per_coordinate(task.x0) + variance_per_coordinate(task.x1)) / 2;
    const double scale = variance > 0 ? std::sqrt(variance) : 1;
    const Matrix y0 = (task.x0.colwise() - shift) / scale, y1 = (task.x1.colwise() - shift) / scale;
    const double epsilon = task.noise.epsilon / (scale * scale);
    std::vector<Potential> potentials(
        2, Potential(1, Vector::Zero(1), Matrix::Zero(1, 1), {Matrix::Ones(1, 1), {}}));
    std::mutex mutex;
    Index done = 0;
    const auto stepped = [&] {
        const std::lock_guard lock(mutex);
        progress.update({"fit", ++done, 2 * spec.steps, "steps", {}});
    };
    threads.for_each(2, [&](Index side, int) {
        const auto fitted = side == 0 ? fit(y0, y1, epsilon, spec, task.seed, 0, stepped)
                                      : fit(y1, y0, epsilon, spec, task.seed, 1, stepped);
        potentials[static_cast<std::size_t>(side)] = fitted.moved(scale, shift, task.noise.epsilon);
    });
    return model_of(task, potentials[0], potentials[1]);
}

Model lightsb(const LightSpec& spec, const BridgeTask& task, Threads& threads, Progress& progress) {
    return light(spec, task, threads, progress, fit_light);
}

Model lightsbm(const LightMatchingSpec& spec, const BridgeTask& task, Threads& threads,
               Progress& progress) {
    return light(spec, task, threads, progress, fit_matching);
}

struct SinkhornBridgeSpec {
    Index points = 4096;
    double tolerance = 1e-3;
    Index iterations = 10000;
    static constexpr auto fields() {
        return std::tuple{
            field("points", &SinkhornBridgeSpec::points,
                  "Largest number of samples per set; the model holds them", kPositive),
            field("tolerance", &SinkhornBridgeSpec::tolerance,
                  "Largest error of the marginals, in L1", kPositive),
            field("iterations", &SinkhornBridgeSpec::iterations, "Largest number of iterations",
                  kPositive)};
    }
};

Potential of_points(const Vector& potential, const Matrix& points, double epsilon) {
    // exp((g - |x - y|^2 / 2) / e) up to what x alone decides: see Potential with S = 0.
    Vector weights =
        potential / epsilon - points.colwise().squaredNorm().transpose() / (2 * epsilon);
    weights.array() -= weights.mean();
    return {epsilon, std::move(weights), points, {Matrix::Zero(1, points.cols()), {}}};
}

Model sinkhorn(const SinkhornBridgeSpec& spec, const BridgeTask& task, Threads& threads,
               Progress& progress) {
    const Index n0 = std::min(spec.points, task.x0.cols());
    const Index n1 = std::min(spec.points, task.x1.cols());
    const auto some = [&](const Matrix& x, Index n, std::uint32_t side) -> Matrix {
        if (n == x.cols()) return x;
        const Permutation order({task.seed, Purpose::fit, side}, x.cols());
        std::vector<Index> rows;
        for (Index j = 0; j < n; ++j) rows.push_back(order(j));
        return x(Eigen::all, rows);
    };
    const Matrix x0 = some(task.x0, n0, 0), x1 = some(task.x1, n1, 1);
    const SinkhornPlan plan(x0, x1, {task.noise.epsilon, spec.tolerance, spec.iterations}, threads);
    if (!plan.converged()) {
        progress.warn(text("Sinkhorn's iteration did not converge: the marginals are off by ",
                           rounded(plan.marginal_error(), 3), " after ", plan.iterations(),
                           " iterations; take more of them, or more noise"));
    }
    Model model = model_of(task, of_points(plan.g(), x1, task.noise.epsilon),
                           of_points(plan.f(), x0, task.noise.epsilon));
    model.about["bridge"] = {{"points", {n0, n1}},
                             {"iterations", plan.iterations()},
                             {"marginal_error", plan.marginal_error()},
                             {"cost", plan.cost()},
                             {"relative_entropy", plan.relative_entropy()},
                             {"duality_gap", plan.gap()},
                             {"spread", plan.spread()}};
    return model;
}

struct InterpolantBridgeSpec {
    Index modes = 4;
    static constexpr auto fields() {
        return std::tuple{field("modes", &InterpolantBridgeSpec::modes,
                                "Number of sines in alpha, and in beta", kPositive)};
    }
};

Model interpolant(const InterpolantBridgeSpec& spec, const BridgeTask& task, Threads&, Progress&) {
    const auto start = GaussianLaw::of(task.x0), end = GaussianLaw::of(task.x1);
    const GaussianBridge reference(start, end, task.noise.epsilon);  // refuses singular ones
    const auto best = least_action(start, end, task.noise.epsilon, spec.modes);
    Model model;
    model.dim = task.x0.rows();
    model.shape = task.shape;
    model.interpolant = best.interpolant;
    model.base = Choice<bases>::from_json(gaussian_to_json(start));
    model.transform = Transform::identity(model.dim);
    model.field = gaussian_to_json(end);
    model.about["bridge"] = {{"action", best.action},
                             {"initial_action", best.initial_action},
                             {"value", reference.value()}};
    return model;
}

std::string_view suitable(const BridgeTask& task, Progress& progress) {
    constexpr Index kMostDimensions = 512, kMostPoints = 20000;
    const double variance =
        (variance_per_coordinate(task.x0) + variance_per_coordinate(task.x1)) / 2;
    const Index most = std::max(task.x0.cols(), task.x1.cols());
    const auto take = [&](std::string_view name, const std::string& why) {
        progress.note(text("method ", name, ": ", why));
        return name;
    };
    if (task.pairs) return take("sf2m", "the samples are pairs");
    if (task.x0.rows() > kMostDimensions) {
        return take("sf2m", text("more than ", kMostDimensions, " dimensions"));
    }
    if (task.noise.epsilon >= variance && most <= kMostPoints) {
        return take("sinkhorn", text("sigma^2 is above the variance of the data, ",
                                     rounded(variance, 3), ", so that plain samples do"));
    }
    return take("lightsb", text("sigma^2 is ", rounded(task.noise.epsilon / variance, 2),
                                " of the variance of the data, in ", task.x0.rows(),
                                task.x0.rows() == 1 ? " dimension" : " dimensions"));
}

Model automatic(const NoSettings&, const BridgeTask& task, Threads& threads, Progress& progress) {
    return Choice<bridge_methods>(suitable(task, progress)).make(task, threads, progress);
}

constexpr auto kMethods = std::to_array<BridgeRow>({
    {.name = "auto",
     .summary = "lightsb; sinkhorn if sigma is large; sf2m for pairs; prints the reason",
     .spec = spec_of<NoSettings>,
     .takes_pairs = true,
     .make = from_json<automatic>,
     .choose = suitable},
    {.name = "gaussian",
     .summary = "closed form, between Gaussians with the moments of the samples",
     .spec = spec_of<NoSettings>,
     .regular = true,
     .make = from_json<gaussian>},
    {.name = "lightsb",
     .summary = "potentials that are Gaussian mixtures, fitted by descent",
     .spec = spec_of<LightSpec>,
     .make = from_json<lightsb>},
    {.name = "lightsbm",
     .summary = "the same potentials, fitted by matching drifts on pairs of any coupling",
     .spec = spec_of<LightMatchingSpec>,
     .make = from_json<lightsbm>},
    {.name = "sinkhorn",
     .summary = "between the samples themselves, by Sinkhorn's iteration; trains no network",
     .spec = spec_of<SinkhornBridgeSpec>,
     .make = from_json<sinkhorn>},
    {.name = "sf2m",
     .summary = "networks for drift and denoiser, on entropic or given pairs",
     .spec = spec_of<Sf2mSpec>,
     .takes_pairs = true,
     .make = from_json<sf2m_bridge>},
    {.name = "otcfm",
     .summary = "a network for the flow without noise, on optimally matched pairs",
     .spec = spec_of<NetworkBridgeSpec>,
     .takes_pairs = true,
     .noiseless = true,
     .make = from_json<otcfm_bridge>},
    {.name = "cfm",
     .summary = "a network for the flow without noise, on independent or given pairs",
     .spec = spec_of<LearningSpec>,
     .takes_pairs = true,
     .noiseless = true,
     .make = from_json<cfm_bridge>},
    {.name = "reflow",
     .summary = "cfm, repeated on the pairs that its flow makes, for straighter paths",
     .spec = spec_of<ReflowSpec>,
     .takes_pairs = true,
     .noiseless = true,
     .make = from_json<reflow_bridge>},
    {.name = "dsbm",
     .summary =
         "iterated Markovian fitting: networks on pairs made by the bridge of the last round",
     .spec = spec_of<DsbmSpec>,
     .make = from_json<dsbm_bridge>},
    {.name = "interpolant",
     .summary = "least action over paths alpha x0 + beta x1 + gamma z, between Gaussians with the "
                "moments of "
                "the samples",
     .spec = spec_of<InterpolantBridgeSpec>,
     .regular = true,
     .make = from_json<interpolant>},
    {.name = "neural-interpolant",
     .summary = "least action over general paths between independent x0 and x1, by networks",
     .spec = spec_of<MaxMinSpec>,
     .make = from_json<max_min_bridge>},
});

}  // namespace

double BridgeNoise::sigma() const { return std::sqrt(epsilon); }

std::string BridgeNoise::conventions() const {
    return text(
        "noise: sigma = ", rounded(sigma(), 6), ", epsilon = sigma^2 = ", rounded(epsilon, 6),
        " (of |x-y|^2/2), regularisation of |x-y|^2 = 2 sigma^2 = ", rounded(regularisation(), 6),
        ", epsilon of si-sample = sigma^2/2 = ", rounded(diffusion(), 6));
}

Catalogue<BridgeRow> bridge_methods() { return {"method", kMethods}; }

Choice<bridge_methods> chosen_method(const Choice<bridge_methods>& method, const BridgeTask& task,
                                     Progress& progress) {
    const auto choose = method.row().choose;
    return choose == nullptr ? method : Choice<bridge_methods>(choose(task, progress));
}

void require_fits(const Choice<bridge_methods>& method, const BridgeTask& task) {
    const auto& row = method.row();
    require(task.x0.rows() == task.x1.rows(), Failure::data, "the samples have ", task.x0.rows(),
            " and ", task.x1.rows(), " coordinates");
    require(task.x0.cols() >= 2 && task.x1.cols() >= 2, Failure::data,
            "a bridge needs at least 2 samples of each side; there are ", task.x0.cols(), " and ",
            task.x1.cols());
    for (const Matrix* side : {&task.x0, &task.x1}) {
        require(std::isfinite(side->squaredNorm()), Failure::data,
                "the samples are so large that their variance is not a number");
    }
    require(!task.pairs || task.x0.cols() == task.x1.cols(), Failure::data,
            "pairs need as many samples on both sides; there are ", task.x0.cols(), " and ",
            task.x1.cols());
    require(!task.pairs || row.takes_pairs, Failure::usage, "--pairs: method ", row.name,
            " finds its own pairs; use sf2m or cfm");
}

Model make_bridge(const Choice<bridge_methods>& asked, const BridgeTask& task, Threads& threads,
                  Progress& progress) {
    require_fits(asked, task);
    const bool noisy = !asked.row().noiseless;
    if (noisy) progress.note(task.noise.conventions());
    const auto method = chosen_method(asked, task, progress);
    Model model = method.make(task, threads, progress);
    model.bridge = noisy;
    Json& about = model.about["bridge"];
    about["method"] = method.json();
    if (noisy) about["sigma"] = task.noise.sigma();
    model.about["seed"] = Setting<std::uint64_t>::to_json(task.seed);
    model.about["samples"] = {task.x0.cols(), task.x1.cols()};
    return model;
}

}  // namespace si
