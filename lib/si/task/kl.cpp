#include "si/task/kl.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/lists.hpp"
#include "si/density/degenerate.hpp"
#include "si/density/mixture.hpp"
#include "si/flow/transport.hpp"
#include "si/io/model_file.hpp"
#include "si/metric/likelihood_ratio.hpp"

namespace si {
namespace {

/// The target of an exact model in a file, in the units of the data.
KnownDensity target_of(const std::string& file) {
    const Model model = read_model(file);
    const auto field = make_field(model);
    require(field->known().target != nullptr, Failure::usage, file,
            ": the target of this model is not a Gaussian mixture (see si-data exact)");
    const KnownDensity target = known_density(*field->known().target);
    const Transform transform = model.transform;
    return {model.dim,
            [=](std::uint64_t seed, Index first, MatrixRef out) {
                target.sample(seed, first, out);
                out = transform.to_data(out);
            },
            [=](ConstMatrix x) {
                const Vector own = target.log_density(transform.from_data(x));
                return Vector(own.array() - transform.log_determinant());
            }};
}

/// log densities of both laws at samples of one of them, in the units of the data.
struct Both {
    Vector truth, model;
    Eigen::Matrix<Index, Eigen::Dynamic, 1> evaluations;
};

/// One model with one way to its log-density.
class Flow {
  public:
    Flow(const Model& model, const KlSpec& spec, std::uint64_t seed, Threads& threads,
         Progress& progress)
        : model_(model),
          spec_(spec),
          seed_(seed),
          threads_(threads),
          progress_(progress),
          field_(make_field(model)) {}

    Both at_truth(const KnownDensity& truth) const {
        Matrix x(model_.dim, spec_.n);
        truth.sample(seed_, 0, x);
        const Vector log_truth = truth.log_density(x);
        require(log_truth.allFinite(), Failure::check,
                "the truth has a sample where its density is zero");
        auto found = densities(model_.transform.from_data(x));
        return {log_truth, in_data_units(found.log_density), std::move(found.evaluations)};
    }

    TransportSpec along(bool log_density) const {
        TransportSpec along;
        along.ode = spec_.ode;
        along.log_density = log_density;
        return along;
    }

    /// With the trace, samples have their log-density from the way there; probes would share the
    /// numbers of one sample, so theirs comes from the way back.
    Both at_model(const KnownDensity& truth) const {
        const bool exact = spec_.divergence.make().probes == 0;
        const auto made = transport(model_, *field_, along(exact),
                                    {.x = draw_base(model_, seed_, 0, spec_.n), .seed = seed_},
                                    threads_, progress_);
        const Vector log_truth = truth.log_density(model_.transform.to_data(made.x));
        if (exact) {
            return {log_truth, in_data_units(made.log_density), made.evaluations.cast<Index>()};
        }
        auto found = densities(made.x);
        return {log_truth, in_data_units(found.log_density),
                found.evaluations + made.evaluations.cast<Index>()};
    }

  private:
    LogDensities densities(ConstMatrix x) const {
        return ode_log_density(model_, *field_, spec_, {.x = x, .seed = seed_}, threads_,
                               progress_);
    }
    Vector in_data_units(const Vector& log_density) const {
        require(log_density.allFinite(), Failure::check,
                "a log-density of the model is not finite");
        return log_density.array() - model_.transform.log_determinant();
    }

    const Model& model_;
    const KlSpec& spec_;
    std::uint64_t seed_;
    Threads& threads_;
    Progress& progress_;
    std::shared_ptr<const Field> field_;
};

Json said(double value) {
    if (std::isfinite(value)) return value;
    return value > 0 ? "infinite" : "minus infinite";
}

void put(Json& report, const std::string& name, const Estimate& estimate) {
    report[name] = said(estimate.value);
    report[name + "_stderr"] = finite_or_null(estimate.error);
}

double rounded(double value) { return std::round(1000 * value) / 1000; }

/// Fewer effective samples than this, and a sum of weights hangs on a few of them.
constexpr double kFewest = 100;

std::vector<std::string> warnings_of(const ImportanceWeights& weights, double outside,
                                     double ess_of_truth, const Model& model, const KlSpec& spec) {
    std::vector<std::string> list;
    if (outside > 0) {
        list.push_back(text("the truth has density zero at a part ", rounded(outside),
                            " of the model's samples: KL(model | truth) is infinite, and their "
                            "weights are zero"));
    }
    const double least = std::min(weights.effective, ess_of_truth);
    if (least < std::min(kFewest, static_cast<double>(spec.n) / 2)) {
        list.push_back(text("the model's ", spec.n, " samples are worth only ",
                            std::round(10 * least) / 10,
                            " of the truth: log_z, ess and the controlled estimates cannot be "
                            "trusted"));
    }
    const auto [log_z, error] = weights.log_mean;
    if (std::isfinite(log_z) && std::abs(log_z) > 5 * error + 0.01) {
        list.push_back(text("log_z is ", rounded(log_z),
                            ", not 0: the model's samples miss a part "
                            "of the truth, or few of them have nearly all of the weight; ess is "
                            "too large"));
    }
    if (!model.no_density.empty()) list.push_back(doubtful_densities(model.no_density));
    if (spec.divergence.make().probes > 0) {
        list.emplace_back(
            "log-densities from probes have errors of their own, which bias ess, log_z and the "
            "controlled estimates");
    }
    return list;
}

}  // namespace

KnownDensity true_density(const std::string& truth) {
    const auto name = truth.substr(0, truth.find(','));
    return name.find_first_of("./") == std::string::npos ? known_density(Choice<generators>(truth))
                                                         : target_of(truth);
}

Json kl_report(const Model& model, const KnownDensity& truth, const KlSpec& spec,
               std::uint64_t seed, Threads& threads, Progress& progress) {
    require(model.dim == truth.dim, Failure::usage, "the model has dimension ", model.dim,
            ", the truth ", truth.dim);
    const Flow flow(model, spec, seed, threads, progress);
    const Both there = flow.at_truth(truth), here = flow.at_model(truth);
    const Vector log_ratio = there.truth - there.model, log_weights = here.truth - here.model;

    const Estimate outside = mean_of((!log_weights.array().isFinite()).cast<double>());
    const auto weights = importance_weights(log_weights);
    const auto forward = ratio_divergence(log_ratio, outside);
    const auto reverse = ratio_divergence(-log_weights);
    const auto n = static_cast<double>(spec.n);
    const double ess_of_truth = n * n / std::exp(log_ratio.maxCoeff()) /
                                (log_ratio.array() - log_ratio.maxCoeff()).exp().sum();

    Json report{{"n", spec.n}};
    put(report, "kl", forward.plain);
    put(report, "kl_controlled", forward.controlled);
    put(report, "reverse_kl", reverse.plain);
    put(report, "reverse_kl_controlled", reverse.controlled);
    put(report, "outside", outside);
    report["ess"] = weights.effective;
    report["ess_of_truth"] = ess_of_truth;
    put(report, "log_z", weights.log_mean);
    report["nfe"] = (there.evaluations + here.evaluations).cast<double>().mean();
    report["method"] = text("ode ", spelled(spec.ode.json()), ", ", spelled(spec.divergence.json()),
                            " divergence");
    report["seed"] = seed;
    const auto warnings = warnings_of(weights, outside.value, ess_of_truth, model, spec);
    report["warnings"] = warnings;
    for (const auto& sentence : warnings) progress.warn(sentence);
    return report;
}

}  // namespace si
