#include "si/flow/likelihood.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/flow/median.hpp"
#include "si/flow/over_chunks.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/solver/sampler.hpp"

namespace si {
namespace {

constexpr Rule kProbes{[](double v) { return v >= 1 && v <= 1 << 20; }, "from 1 to 1048576"};

struct HutchinsonSpec {
    Index probes = 1;
    std::string law = "rademacher";

    static constexpr auto fields() {
        return std::tuple{
            field("probes", &HutchinsonSpec::probes,
                  "Probes per sample; with 2 or more, each sample has a standard error", kProbes),
            field("law", &HutchinsonSpec::law,
                  "Distribution of a probe: random signs or normal numbers", one_of(+[] {
                      return std::vector<std::string>{"rademacher", "gaussian"};
                  }))};
    }
};

Divergence exact(const NoSettings&) { return {}; }

Divergence hutchinson(const HutchinsonSpec& spec) { return {spec.probes, spec.law == "gaussian"}; }

constexpr auto kTraces = std::to_array<TraceRow>({
    {"exact", "the trace, by one backward pass per dimension", spec_of<NoSettings>,
     from_json<exact>},
    {"hutchinson", "an unbiased estimate, by one backward pass per probe", spec_of<HutchinsonSpec>,
     from_json<hutchinson>},
});

/// The way from the end where points are evaluated to the other one, whose density is known.
class Way {
  public:
    Way(const Model& model, const Field& field, End end) : end_(end), base_(model.base_density()) {
        check_request(field, Vector(0), Matrix(model.dim, 0), kB | kDivB);
        if (end == End::target) {
            require(base_ || (field.available() & kLogRho) != 0, Failure::usage,
                    "this model has no log-density: its base is known by its samples only");
            require(!base_ || !base_->is_point(), Failure::usage,
                    "this model has no log-density here: its base is a point");
        } else {
            require((field.available() & kLogRho) != 0, Failure::usage,
                    "the density of this model's target is not known, so there is none at t = 0: "
                    "that takes a target in closed form");
        }
        flow_ = ends(field.span(kB | kDivB));
    }

    /// Where b and div b are to be had.
    double from() const { return flow_[0]; }
    double to() const { return flow_[1]; }
    std::array<double, 2> ends(std::array<double, 2> span) const {
        if (end_ == End::base) return span;
        return {span[1], span[0]};
    }

    /// log rho at the other end.
    Vector log_density(Evaluator& evaluate, ConstMatrix x) const {
        if (end_ == End::target && base_) return base_->log_density(x);
        // A bridge in closed form knows the density that it starts with.
        FieldValues values;
        evaluate(Vector::Constant(x.cols(), to()), x, kLogRho, values);
        return values.log_rho;
    }

  private:
    End end_;
    std::optional<GaussianMixture> base_;
    std::array<double, 2> flow_{};
};

// The flow of (x, l), dx/dt = b and dl/dt = div b, is velocity(). Whichever way it goes, l ends as
// log rho(x) at the start minus log rho(X) at the end.

/// The drift of (x, l_1 .. l_K, j): l_k takes probe k of column j. Each column carries its own
/// number j, because solvers drop finished columns.
Drift with_probes(Evaluator& evaluate, Index dim, const Matrix& probes, FieldValues& values) {
    return [&evaluate, dim, &probes, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const Index last = x.rows() - 1;
        Matrix own(probes.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) own.col(j) = probes.col(std::lround(x(last, j)));
        Matrix quadratic(last - dim, x.cols());
        evaluate.probe(t, x.topRows(dim), own, values, quadratic);
        dx.topRows(dim) = values.b;
        dx.middleRows(dim, last - dim) = quadratic;
        dx.row(last).setZero();
    };
}

Matrix draw_probes(const Divergence& divergence, std::uint64_t seed, Index first, Index dim,
                   Index n) {
    Matrix probes(divergence.probes * dim, n);
    for (Index k = 0; k < divergence.probes; ++k) {
        const Address address{seed, Purpose::probe, static_cast<std::uint32_t>(k)};
        Matrix one(dim, n);
        if (divergence.gaussian) {
            fill_normal(address, first, one);
        } else {
            fill_uniform(address, first, one);
            one = (one.array() < 0.5).select(Matrix::Constant(dim, n, -1), 1.0);
        }
        probes.middleRows(k * dim, dim) = one;
    }
    return probes;
}

struct MeanAndError {
    double mean, error;  ///< error is of the mean
};

/// Sums in order, so that the place of a column in memory does not matter.
MeanAndError mean_and_error(const Vector& values) {
    const auto count = static_cast<double>(values.size());
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    const double mean = sum / count;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {mean, count > 1 ? std::sqrt(squares / (count - 1) / count) : 0};
}

/// What paths with these logarithms of w rho_end say of one point.
void reduce(const Vector& log_weights, bool bound, Index i, LogDensities& out) {
    const auto count = static_cast<double>(log_weights.size());
    const double largest = log_weights.maxCoeff();
    const Vector weights = (log_weights.array() - largest).exp();
    const auto [mean, error] = mean_and_error(weights);
    const double relative = error / mean;  // of the mean
    out.log_density[i] = largest + std::log(mean);
    out.standard_error[i] = relative;
    out.relative_sd[i] = relative * std::sqrt(count);
    // (sum w)^2 / sum w^2, by the variance.
    out.effective_paths[i] = count / (1 + (count - 1) * relative * relative);
    const auto plain = mean_and_error(log_weights);
    out.log_weight_sd[i] = plain.error * std::sqrt(count);
    if (bound) {
        out.log_density[i] = plain.mean;
        out.standard_error[i] = plain.error;
    }
}

/// Half of the points at least are worse than these bounds: then so is their mean. The few paths
/// of a point seldom meet the largest weights, so what relative error these would have is taken
/// from the spread of their logarithms, as for normal ones: E w^2 / (E w)^2 = exp(variance).
void warn_of_uneven_weights(const LogDensities& all, Index paths, Progress& progress) {
    if (paths < 2 || all.effective_paths.size() == 0) return;
    const auto count = static_cast<double>(paths);
    const double effective = median(all.effective_paths), sd = median(all.log_weight_sd);
    if (effective / count >= 0.1 && std::sqrt(std::expm1(sd * sd) / count) <= 0.5) return;
    progress.warn(
        text("the weights of paths are too uneven to be trusted: half of the samples "
             "have an effective number below ",
             std::round(10 * effective) / 10, " of ", paths,
             ", and logarithms that differ by more than ", std::round(10 * sd) / 10,
             "; take more --paths, another --estimator or a smaller --epsilon"));
}

/// Warns unless log-densities of the first points with half the steps are the same to anybody who
/// looks: to 0.05 nats, beyond 3 standard errors of the differences.
template <class Compute>
void warn_of_few_steps(const Vector& log_density, SdeLogDensitySpec spec, const Points& points,
                       Progress& progress, const Compute& compute) {
    const Index some = log_density.size();
    if (spec.steps < 2 || some == 0) return;
    spec.steps /= 2;
    const LogDensities coarse = compute(spec, points);
    const auto [mean, error] = mean_and_error(log_density - coarse.log_density);
    if (std::abs(mean) <= 0.05 + 3 * error) return;
    progress.warn(text("the steps are too few: with half as many the log-density of the first ",
                       some, " samples is ", mean > 0 ? "lower" : "higher", " by ",
                       std::abs(std::round(100 * mean) / 100),
                       "; take more --sde steps, or an --epsilon that vanishes where the score is "
                       "not known"));
}

/// Paths of one point get numbers of their own, this many at most, so that more paths are the
/// old ones and others.
constexpr Index kMostPaths = Index{1} << 24;

/// The points of one chunk on their paths.
class Paths {
  public:
    Paths(const Way& way, const Field& field, const SdeLogDensitySpec& spec, const Epsilon& epsilon,
          const Points& points, Evaluator& evaluate)
        : way_(way),
          spec_(spec),
          epsilon_(epsilon),
          points_(points),
          evaluate_(evaluate),
          dim_(field.dim()),
          noisy_(way.ends(field.span(spec.estimator.row().want | kB | kS))),
          weigh_(spec.estimator.make()),
          one_step_(rk4_steps(1)) {}

    void evaluate(const Columns& columns, LogDensities& out) {
        evaluations_ = 0;
        given_ = columns_of(points_.given, columns);
        const SampleConditions here(evaluate_, given_);
        Matrix state = Matrix::Zero(dim_ + 1, columns.count);
        state.topRows(dim_) = points_.x.middleCols(columns.first, columns.count);
        state = bridge(way_.from(), noisy_[0], std::move(state));
        const Index opening = evaluations_;
        Matrix log_weights(spec_.paths, columns.count);
        for (const Columns& some : chunks(spec_.paths, kChunk)) {
            evaluations_ = opening;  // the same for all paths
            log_weights.middleRows(some.first, some.count) =
                follow(state, points_.first + columns.first, some);
        }
        for (Index j = 0; j < columns.count; ++j) {
            reduce(log_weights.col(j), spec_.estimator.row().bound, columns.first + j, out);
            out.evaluations[columns.first + j] = opening + spec_.paths * (evaluations_ - opening);
        }
    }

  private:
    /// (x, l) by one step of the flow, where there is a way to go.
    Matrix bridge(double from, double to, Matrix state) {
        if (from == to) return state;
        auto leg = one_step_(velocity(evaluate_, dim_, values_), {from, to}, std::move(state));
        evaluations_ += 4;
        return std::move(leg.x);
    }

    /// log w rho_end of paths `some` (count, n) of each column of `start`. The paths of a column
    /// stand side by side.
    Matrix follow(const Matrix& start, Index first, const Columns& some) {
        const Index n = start.cols(), count = some.count;
        Matrix state(dim_ + 1, n * count);
        for (Index j = 0; j < n; ++j) {
            state.middleCols(j * count, count) = start.col(j).replicate(1, count);
        }
        const Increments increments = [&](Index step, MatrixRef out) {
            const Address address{points_.seed, Purpose::paths, static_cast<std::uint32_t>(step)};
            for (Index j = 0; j < n; ++j) {
                fill_normal(address, (first + j) * kMostPaths + some.first,
                            out.middleCols(j * count, count));
            }
        };
        Matrix given(given_.rows(), given_.rows() > 0 ? n * count : 0);
        for (Index j = 0; j < n && given.rows() > 0; ++j) {
            given.middleCols(j * count, count) = given_.col(j).replicate(1, count);
        }
        const SampleConditions here(evaluate_, std::move(given));
        Matrix x = state.topRows(dim_);
        const auto weights =
            weigh_({evaluate_, epsilon_, increments, noisy_[0], noisy_[1], spec_.steps}, x);
        evaluations_ += weights.evaluations;
        state.topRows(dim_) = x;
        state.row(dim_) += weights.log_weight.transpose();
        state = bridge(noisy_[1], way_.to(), std::move(state));
        const Vector logs =
            way_.log_density(evaluate_, state.topRows(dim_)) + state.row(dim_).transpose();
        return Eigen::Map<const Matrix>(logs.data(), count, n);
    }

    const Way& way_;
    const SdeLogDensitySpec& spec_;
    const Epsilon& epsilon_;
    const Points& points_;
    Evaluator& evaluate_;
    Index dim_;
    std::array<double, 2> noisy_;  ///< where the SDE runs
    WeighPaths weigh_;
    OdeSolve one_step_;
    FieldValues values_;
    Matrix given_;           ///< of the points of this chunk
    Index evaluations_ = 0;  ///< of one path
};

}  // namespace

Catalogue<TraceRow> traces() { return {"divergence", kTraces}; }

LogDensities ode_log_density(const Model& model, const Field& field, const OdeLogDensitySpec& spec,
                             const Points& points, Threads& threads, Progress& progress) {
    const Way way(model, field, points.end);
    const OdeSolve solve = spec.ode.make();
    const Divergence divergence = spec.divergence.make();
    const Index d = model.dim, n = points.x.cols(), probes = divergence.probes;
    LogDensities all{
        Vector(n), Vector(probes > 1 ? n : 0), {}, {}, {}, decltype(LogDensities::evaluations)(n)};
    check_given(field, points.given, n);
    over_chunks(field, n, field.together(kChunk), threads, progress, "likelihood",
                [&](const Columns& columns, Evaluator& evaluate) {
                    const auto range = Eigen::seqN(columns.first, columns.count);
                    const SampleConditions here(evaluate, columns_of(points.given, columns));
                    FieldValues values;
                    Matrix drawn;
                    Drift drift = velocity(evaluate, d, values);
                    Matrix state = Matrix::Zero(d + 1 + probes, columns.count);
                    state.topRows(d) = points.x.middleCols(columns.first, columns.count);
                    if (probes > 0) {
                        drawn = draw_probes(divergence, points.seed, points.first + columns.first,
                                            d, columns.count);
                        state.row(d + probes) = Eigen::RowVectorXd::LinSpaced(
                            columns.count, 0, static_cast<double>(columns.count - 1));
                        drift = with_probes(evaluate, d, drawn, values);
                    }
                    const auto result = solve(drift,
                                              {.from = way.from(),
                                               .to = way.to(),
                                               .unmeasured_rows = probes > 0 ? 1 : 0,
                                               .on_compaction = here.on_compaction()},
                                              std::move(state));
                    here.all();
                    all.log_density(range) = way.log_density(evaluate, result.x.topRows(d));
                    for (Index j = 0; j < columns.count; ++j) {
                        const Index i = columns.first + j;
                        const auto [mean, error] =
                            mean_and_error(result.x.col(j).segment(d, std::max<Index>(1, probes)));
                        all.log_density[i] += mean;
                        if (probes > 1) all.standard_error[i] = error;
                        all.evaluations[i] = result.evaluations[j];
                    }
                });
    return all;
}

LogDensities path_log_density(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                              const Epsilon& epsilon, const Points& points, Threads& threads,
                              Progress& progress) {
    const Way way(model, field, points.end);
    check_request(field, Vector(0), Matrix(model.dim, 0), spec.estimator.row().want);
    require(spec.paths > 0 && spec.paths <= kMostPaths, Failure::usage, "paths: must be from 1 to ",
            kMostPaths, ", are ", spec.paths);
    require(spec.steps > 0, Failure::usage, "steps: must be positive, are ", spec.steps);
    const Index n = points.x.cols();
    check_given(field, points.given, n);
    LogDensities all{Vector(n), Vector(n), Vector(n),
                     Vector(n), Vector(n), decltype(LogDensities::evaluations)(n)};
    over_chunks(field, n, std::max<Index>(1, field.together(kChunk) / spec.paths), threads,
                progress, "likelihood", [&](const Columns& columns, Evaluator& evaluator) {
                    Paths(way, field, spec, epsilon, points, evaluator).evaluate(columns, all);
                });
    if (spec.paths < 2) all.standard_error.resize(0);
    return all;
}

void judge_paths(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                 const Epsilon& epsilon, const EvaluatedPaths& paths, Threads& threads,
                 Progress& progress) {
    if (!spec.estimator.row().bound) warn_of_uneven_weights(paths.all, spec.paths, progress);
    if (spec.estimator.row().exact_steps) return;
    warn_of_few_steps(paths.log_density, spec, paths.first, progress,
                      [&](const SdeLogDensitySpec& how, const Points& where) {
                          return path_log_density(model, field, how, epsilon, where, threads,
                                                  progress);
                      });
}

LogDensities sde_log_density(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                             const Epsilon& epsilon, const Points& points, Threads& threads,
                             Progress& progress) {
    LogDensities all = path_log_density(model, field, spec, epsilon, points, threads, progress);
    const Index some = std::min(kPointsJudged, points.x.cols());
    const Matrix x = points.x.leftCols(some);
    judge_paths(model, field, spec, epsilon,
                {.all = all,
                 .first = {.x = x,
                           .end = points.end,
                           .seed = points.seed,
                           .first = points.first,
                           .given = columns_of(points.given, {0, some})},
                 .log_density = all.log_density.head(some)},
                threads, progress);
    return all;
}

}  // namespace si
