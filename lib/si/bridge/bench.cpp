#include "si/bridge/bench.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "si/base/linear.hpp"
#include "si/bridge/end_moments.hpp"
#include "si/coupling/plan.hpp"
#include "si/flow/over_chunks.hpp"
#include "si/flow/transport.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

/// Numbers of the sets that a truth is drawn as; a pair file holds 0 and 1.
constexpr std::uint32_t kTarget = 2, kAgain = 3, kPoints = 4;

constexpr std::string_view kSde = "sde";

std::vector<double> spread_times(Index count, double first, double step) {
    std::vector<double> times;
    for (Index k = 0; k < count; ++k) times.push_back(first + static_cast<double>(k) * step);
    return times;
}

/// Paths of a model from t = 0: by its plan when it has one, else along its SDE, or its flow when
/// it has no noise. In the units of the data.
class Paths {
  public:
    Paths(const Model& model, const BridgeBenchSpec& spec, std::uint64_t seed, Threads& threads,
          Progress& progress)
        : model_(model),
          field_(make_field(model)),
          bridge_(field_->known().plan),
          spec_(spec),
          seed_(seed),
          threads_(threads),
          progress_(progress) {
        require(bridge_ == nullptr || model_.transform.is_identity(), Failure::data,
                "a bridge is in the units of the data, without a transform");
        require(!spec.steps || runs() == kSde, Failure::usage,
                "--steps: goes with a model that runs as an SDE; this one runs by its ", runs());
    }

    const BridgeField* bridge() const { return bridge_; }
    bool has_noise() const {
        return (field_->available() & kU) != 0 && model_.setup().noise_at_start() > 0;
    }
    std::string_view runs() const {
        return bridge_ != nullptr ? "plan" : has_noise() ? kSde : "flow";
    }

    /// `set` tells apart runs of one seed. States are in the coordinates of the model.
    Transported run(ConstMatrix x0, const std::vector<double>& times, std::uint32_t set) const {
        const std::uint64_t seed = random_word({seed_, Purpose::check, 30}, set);
        TransportSpec along;
        along.trajectory = times;
        if (bridge_ != nullptr) {
            along.sampler = Choice<samplers>("plan");
        } else if (has_noise()) {
            along.sampler = Choice<samplers>(text("multistep,steps=", spec_.step_count()));
            along.epsilon = EpsilonChoice{"bridge"};
        }
        const Matrix start = model_.transform.from_data(x0);
        return transport(
            model_, *field_, along,
            {.x = start, .seed = seed, .given = with_start(field_->conditions(), {}, start)},
            threads_, progress_);
    }

    Matrix in_data_units(ConstMatrix x) const { return model_.transform.to_data(x); }
    Matrix ends(ConstMatrix x0, std::uint32_t set) const {
        return in_data_units(run(x0, {}, set).x);
    }

    /// Gaussian laws with the moments of paths from x0 at these times.
    std::vector<GaussianLaw> laws(ConstMatrix x0, const std::vector<double>& times,
                                  std::uint32_t set) const;

    /// Its flow is that of all samples: not so where each has its own.
    bool has_flow() const { return !field_->conditions().start; }

    /// Means of |u|^2 (0 without noise) and |b|^2 (0 without a flow) at the states of a time, of
    /// paths from x0.
    std::array<double, 2> squares(double t, const Matrix& x, ConstMatrix x0) const {
        const unsigned want = (has_noise() ? kU : 0U) | (has_flow() ? kB : 0U);
        const Index n = x.cols();
        const Matrix given = with_start(field_->conditions(), {}, model_.transform.from_data(x0));
        Vector of_u = Vector::Zero(n), of_b = Vector::Zero(n);
        over_chunks(*field_, n, kChunk, threads_, progress_, "energy",
                    [&](const Columns& part, Evaluator& evaluate) {
                        FieldValues out;
                        const SampleConditions here(evaluate, columns_of(given, part));
                        evaluate(Vector::Constant(part.count, t),
                                 x.middleCols(part.first, part.count), want, out);
                        to_data_coordinates(model_, want, out);
                        const auto range = Eigen::seqN(part.first, part.count);
                        if ((want & kB) != 0) of_b(range) = out.b.colwise().squaredNorm();
                        if ((want & kU) != 0) of_u(range) = out.u.colwise().squaredNorm();
                    });
        return {of_u.mean(), of_b.mean()};
    }

  private:
    const Model& model_;
    std::shared_ptr<const Field> field_;
    const BridgeField* bridge_;
    const BridgeBenchSpec& spec_;
    std::uint64_t seed_;
    Threads& threads_;
    Progress& progress_;
};

/// Moments of samples that come in parts.
class LawMoments {
  public:
    void add(ConstMatrix x) {
        if (n_ == 0) sum_.setZero(x.rows()), squares_.setZero(x.rows(), x.rows());
        if (n_ == 0) origin_ = x.col(0);
        const Matrix from = x.colwise() - origin_;
        sum_ += from.rowwise().sum();
        squares_ += from * from.transpose();
        n_ += static_cast<double>(x.cols());
    }
    GaussianLaw law() const {
        const Vector mean = sum_ / n_;
        return {origin_ + mean, squares_ / n_ - mean * mean.transpose()};
    }

  private:
    double n_ = 0;
    Vector origin_, sum_;  // squares are taken about a point near all, against cancellation
    Matrix squares_;
};

std::vector<GaussianLaw> Paths::laws(ConstMatrix x0, const std::vector<double>& times,
                                     std::uint32_t set) const {
    constexpr Index kBlock = 2048;  // all times of more paths at once would fill the memory
    std::vector<LawMoments> moments(times.size());
    const auto cut = chunks(x0.cols(), kBlock);
    for (std::size_t block = 0; block < cut.size(); ++block) {
        const auto there = run(x0.middleCols(cut[block].first, cut[block].count), times,
                               set + static_cast<std::uint32_t>(block));
        for (std::size_t k = 0; k < times.size(); ++k) {
            moments[k].add(in_data_units(there.trajectory[k]));
        }
    }
    std::vector<GaussianLaw> laws;
    for (const LawMoments& at : moments) laws.push_back(at.law());
    return laws;
}

/// The states of the truth between pairs of its ends, and their moments.
std::vector<GaussianLaw> laws_between(ConstMatrix x0, ConstMatrix x1, double epsilon,
                                      const std::vector<double>& times, std::uint64_t seed) {
    std::vector<GaussianLaw> laws;
    Matrix normal(x0.rows(), x0.cols());
    for (std::size_t k = 0; k < times.size(); ++k) {
        const double t = times[k];
        fill_normal({seed, Purpose::check, static_cast<std::uint32_t>(100 + k)}, 0, normal);
        laws.push_back(
            GaussianLaw::of((1 - t) * x0 + t * x1 + std::sqrt(epsilon * t * (1 - t)) * normal));
    }
    return laws;
}

/// Mean over times of what two families of laws are apart, both ways to measure it.
struct Divergences {
    double full = 0, diagonal = 0;
    Divergences(const std::vector<GaussianLaw>& found, const std::vector<GaussianLaw>& exact) {
        const auto count = static_cast<double>(found.size());
        for (std::size_t k = 0; k < found.size(); ++k) {
            full += gaussian_kl(found[k], exact[k]) / count;
            diagonal += diagonal_kl(found[k], exact[k]) / count;
        }
    }
};

std::vector<GaussianLaw> laws_of(const EndMoments& moments, const std::vector<double>& times) {
    std::vector<GaussianLaw> laws;
    for (const double t : times) laws.push_back(moments.at(t));
    return laws;
}

/// Gaussian laws with the moments of `samples` ends of each point, all drawn at once by `draw`.
template <class Draw>
ConditionalLaw sampled(ConstMatrix points, Index samples, const Draw& draw) {
    const Matrix starts =
        points.replicate(samples, 1).reshaped(points.rows(), points.cols() * samples);
    return [ends = Matrix(draw(starts)), samples](Index j, const Vector&) {
        const auto law = GaussianLaw::of(ends.middleCols(j * samples, samples));
        return Potential::Conditional{law.mean, law.covariance};
    };
}

Matrix draw_truth(const KnownBridge& truth, ConstMatrix x0, std::uint64_t seed) {
    Matrix x1(x0.rows(), x0.cols()), uniform(1, x0.cols()), normal(x0.rows(), x0.cols());
    fill_uniform({seed, Purpose::check, 40}, 0, uniform);
    fill_normal({seed, Purpose::check, 41}, 0, normal);
    for (Index j = 0; j < x0.cols(); ++j) {
        x1.col(j) = truth.forward.draw(x0.col(j), uniform(0, j), normal.col(j));
    }
    return x1;
}

double w2(ConstMatrix a, ConstMatrix b) { return std::sqrt(2 * match_exactly(a, b).cost); }

/// "w2" against the first columns of `target`, and the energies, from as many starts.
Json transport_errors(const Paths& paths, ConstMatrix x0, ConstMatrix target) {
    constexpr Index kTimes = 50;  // midpoints
    const auto times = spread_times(kTimes, 0.5 / kTimes, 1.0 / kTimes);
    const Index n = std::min(x0.cols(), target.cols());
    const auto there = paths.run(x0.leftCols(n), times, 1);
    double path = 0, flow = 0;
    for (Index k = 0; k < kTimes; ++k) {
        const auto at = static_cast<std::size_t>(k);
        const auto [of_u, of_b] = paths.squares(times[at], there.trajectory[at], x0.leftCols(n));
        path += of_u / kTimes;
        flow += of_b / kTimes;
    }
    return {{"w2", w2(paths.in_data_units(there.x), target.leftCols(n))},
            {"path_energy", paths.has_noise() ? Json(path) : Json()},
            {"flow_energy", paths.has_flow() ? Json(flow) : Json()},
            {"transport", n}};
}

/// 2 e KL(bridge | Brownian motion from its start) = 2 e E[log phi_1(x1) - log phi_0(x0)], which is
/// the energy of its drift (Girsanov).
double energy_of(const KnownBridge& truth, ConstMatrix x0, ConstMatrix x1) {
    Potential::Value at_end, at_start;
    double sum = 0;
    for (Index j = 0; j < x0.cols(); ++j) {
        truth.forward(1, x1.col(j), at_end);
        sum += at_end.log_phi;
    }
    for (Index j = 0; j < x0.cols(); ++j) {
        truth.forward(0, x0.col(j), at_start);
        sum -= at_start.log_phi;
    }
    return 2 * truth.forward.epsilon() * sum / static_cast<double>(x0.cols());
}

/// Of the flow of a Gaussian bridge, x' = m' + (A + e S^-1 / 2) (x - m).
double flow_energy_of(const EndMoments& moments) {
    const GaussianBridge bridge(moments.start, moments.end, moments.epsilon);
    constexpr int kTimes = 1000;
    const Index d = moments.start.mean.size();
    double sum = 0;
    for (int k = 0; k < kTimes; ++k) {
        const double t = (k + 0.5) / kTimes;
        const Matrix s = bridge.at(t).covariance;
        const Matrix slope =
            bridge.drift_matrix(t) +
            Cholesky(s).solve(Matrix(Matrix::Identity(d, d))) * (moments.epsilon / 2);
        sum += (slope * s).cwiseProduct(slope).sum();
    }
    return (moments.end.mean - moments.start.mean).squaredNorm() + sum / kTimes;
}

/// Fresh samples of a truth, by sets that no training data are from.
struct TruthSamples {
    Matrix x0, x1;        ///< (d, spec.path_count()), pairs
    Matrix start, again;  ///< (d, spec.path_count()), other pairs
    Matrix points;        ///< (d, spec.point_count()), where conditional laws begin
    GaussianLaw target;   ///< the moments of x1

    TruthSamples(const KnownBridge& truth, const BridgeBenchSpec& spec, std::uint64_t seed) {
        const Index d = truth.start.dim();
        for (Matrix* some : {&x0, &x1, &start, &again}) some->resize(d, spec.path_count());
        truth.sample(seed, kTarget, 0, x0, x1);
        truth.sample(seed, kAgain, 0, start, again);
        points.resize(d, spec.point_count());
        Matrix unused(d, points.cols());
        truth.sample(seed, kPoints, 0, points, unused);
        target = GaussianLaw::of(x1);
    }
};

/// The errors of the paths of a model against a truth, a section of the report from each function.
class TruthBench {
  public:
    TruthBench(const Paths& paths, const KnownBridge& truth, const BridgeBenchSpec& spec,
               std::uint64_t seed, Threads& threads)
        : paths_(paths),
          truth_(truth),
          spec_(spec),
          seed_(seed),
          threads_(threads),
          drawn_(truth, spec, seed),
          first_{truth.start.mean(), truth.start.covariance()},
          moments_(gaussian() ? EndMoments::of(first_, truth.forward)
                              : EndMoments::of(drawn_.x0, drawn_.x1, truth.forward.epsilon())) {}

    /// "cbw2_uvp" and what it is compared with.
    Json conditionals() const {
        const GaussianLaw& target = drawn_.target;
        const auto* bridge = paths_.bridge();
        const Index samples = paths_.has_noise() ? spec_.end_count() : 1;
        const auto ends = [&](ConstMatrix x) { return paths_.ends(x, 2); };
        const ConditionalError own =
            bridge != nullptr
                ? error_of([&](Index, const Vector& x) { return bridge->forward().conditional(x); })
                : error_of(sampled(drawn_.points, samples, ends));
        const ConditionalError floor =
            error_of(sampled(drawn_.points, spec_.end_count(),
                             [&](ConstMatrix x) { return draw_truth(truth_, x, seed_); }));
        const ConditionalError independent = error_of([&](Index, const Vector&) {
            return Potential::Conditional{target.mean, target.covariance};
        });
        return {{"cbw2_uvp", own.value},
                {"cbw2_uvp_stderr", own.error},
                {"exact_moments", bridge != nullptr},
                {"cbw2_uvp_floor", floor.value},
                {"cbw2_uvp_independent", independent.value}};
    }

    /// "bw2_uvp" and "kl_*", from the laws of x_t.
    Json marginals() const {
        const auto times = spread_times(21, 0, 0.05);
        const auto exact = laws_of(moments_, times);
        const auto* bridge = paths_.bridge();
        const bool closed = bridge != nullptr && bridge->forward().size() == 1;
        constexpr std::uint32_t kMany = 1000;  // sets from here on are one for each block of paths
        const auto found = closed ? laws_of(EndMoments::of(first_, bridge->forward()), times)
                                  : paths_.laws(drawn_.start, times, kMany);
        const auto fresh =
            laws_between(drawn_.start, drawn_.again, truth_.forward.epsilon(), times, seed_);
        const Divergences kl(found, exact), kl_floor(fresh, exact),
            kl_independent(laws_of(moments_.independent(), times), exact);
        return {{"bw2_uvp", unexplained(found.back())},
                {"bw2_uvp_floor", unexplained(fresh.back())},
                {"kl_full", kl.full},
                {"kl_full_floor", kl_floor.full},
                {"kl_full_independent", kl_independent.full},
                {"kl_diagonal", kl.diagonal},
                {"kl_diagonal_floor", kl_floor.diagonal},
                {"kl_diagonal_independent", kl_independent.diagonal},
                {"exact_kl", closed}};
    }

    /// "*_true".
    Json energies() const {
        return {{"path_energy_true", energy_of(truth_, drawn_.x0, drawn_.x1)},
                {"flow_energy_true", gaussian() ? Json(flow_energy_of(moments_)) : Json()}};
    }

    /// transport_errors() with their floor.
    Json transport() const {
        const Index n = std::min(spec_.transport, spec_.path_count());
        Json report = transport_errors(paths_, drawn_.start.leftCols(n), drawn_.x1.leftCols(n));
        report["w2_floor"] = w2(drawn_.again.leftCols(n), drawn_.x1.leftCols(n));
        return report;
    }

  private:
    bool gaussian() const { return truth_.start.size() == 1 && truth_.forward.size() == 1; }

    ConditionalError error_of(const ConditionalLaw& law) const {
        return conditional_error(truth_, drawn_.points, drawn_.target.covariance.trace(), law,
                                 threads_);
    }

    /// The squared Bures-Wasserstein distance of a law from the target, in percent of the variance
    /// of the target.
    double unexplained(const GaussianLaw& law) const {
        const GaussianLaw& target = drawn_.target;
        return 100 * half_bures(target.mean, target.covariance, law.mean, law.covariance) /
               (target.covariance.trace() / 2);
    }

    const Paths& paths_;
    const KnownBridge& truth_;
    const BridgeBenchSpec& spec_;
    std::uint64_t seed_;
    Threads& threads_;
    TruthSamples drawn_;
    GaussianLaw first_;   ///< of x0
    EndMoments moments_;  ///< of the truth: in closed form, or of x0 and x1
};

}  // namespace

Json bench_against(const Model& model, const KnownBridge& truth, const BridgeBenchSpec& spec,
                   std::uint64_t seed, Threads& threads, Progress& progress) {
    const Index d = truth.start.dim();
    require(model.dim == d, Failure::data, "the known bridge has dimension ", d, ", the model ",
            model.dim);
    const Paths paths(model, spec, seed, threads, progress);
    const TruthBench bench(paths, truth, spec, seed, threads);
    Json report{{"runs", paths.runs()}};
    report.update(bench.conditionals());
    report.update(bench.marginals());
    report.update(bench.energies());
    report.update(Json{
        {"points", spec.point_count()}, {"samples", spec.end_count()}, {"n", spec.path_count()}});
    report.update(bench.transport());
    return report;
}

Json bench_between(const Model& model, ConstMatrix x0, ConstMatrix x1, const BridgeBenchSpec& spec,
                   std::uint64_t seed, Threads& threads, Progress& progress) {
    for (const auto& [name, value] :
         {std::pair{"--points", spec.points}, std::pair{"--samples", spec.samples},
          std::pair{"-n", spec.n}}) {
        require(!value, Failure::usage, name,
                ": goes with a pair of si-bridge bench make, whose bridge is known");
    }
    const Index n = std::min({spec.transport, x0.cols(), x1.cols() / 2});
    require(n > 0, Failure::data, "a score needs at least 1 sample at t = 0 and 2 at t = 1");
    require(x0.rows() == model.dim, Failure::data, "the samples have dimension ", x0.rows(),
            ", the model ", model.dim);
    const Paths paths(model, spec, seed, threads, progress);
    Json report{{"runs", paths.runs()}};
    report.update(transport_errors(paths, x0.leftCols(n), x1.leftCols(n)));
    report["w2_floor"] = w2(x1.middleCols(n, n), x1.leftCols(n));
    return report;
}

}  // namespace si
