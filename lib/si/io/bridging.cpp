#include "si/io/bridging.hpp"

#include <cmath>

#include "si/bridge/draw_bridge.hpp"
#include "si/bridge/gaussian.hpp"
#include "si/flow/transport.hpp"
#include "si/io/model_file.hpp"
#include "si/io/sampling.hpp"
#include "si/io/training_data.hpp"

namespace si {
namespace {

std::vector<std::int64_t> as_integers(const std::vector<Index>& rows) {
    return {rows.begin(), rows.end()};
}

void require_alike(const Samples& x0, const Samples& x1) {
    require(x0.dim() == x1.dim(), Failure::data, x1.source, ": samples have ", x1.dim(),
            x1.dim() == 1 ? " coordinate" : " coordinates", ", those of ", x0.source, " ",
            x0.dim());
}

/// The truth that a pair file was drawn from.
KnownBridge known_bridge(const std::string& file) {
    std::optional<std::string> truth, epsilon, seed;
    for (const auto& [name, value] : DataFile(file).attributes()) {
        if (name == "truth") truth = value;
        if (name == "epsilon") epsilon = value;
        if (name == "seed") seed = value;
    }
    require(truth && epsilon && seed, Failure::data, file,
            ": has no known bridge; make a pair by si-bridge bench make");
    return in_file(file, [&] {
        return Choice<truths>(*truth).make(Setting<double>::from_text(*epsilon),
                                           Setting<std::uint64_t>::from_text(*seed));
    });
}

/// Where a model takes points: by its plan when it has one, else along its SDE.
class Ends {
  public:
    Ends(const std::string& file, const BridgeScoreSpec& spec, std::uint64_t seed, Threads& threads,
         Progress& progress)
        : model_(read_model(file)),
          field_(make_field(model_)),
          bridge_(dynamic_cast<const BridgeField*>(field_.get())),
          spec_(spec),
          seed_(seed),
          threads_(threads),
          progress_(progress) {
        require(bridge_ == nullptr || model_.transform.is_identity(), Failure::data, file,
                ": a bridge is in the units of the data, without a transform");
    }

    const Model& model() const { return model_; }
    const BridgeField* bridge() const { return bridge_; }

    /// `set` tells apart draws of one seed.
    Matrix draw(ConstMatrix x0, std::uint32_t set) const {
        const Index n = x0.cols();
        if (bridge_ == nullptr) {
            TransportSpec along;
            along.sde = Choice<sde_steps>(text("heun,steps=", spec_.steps));
            along.epsilon = {Choice<epsilons>("bridge")};
            return model_.transform.to_data(transport(model_, *field_, along, Direction::forward,
                                                      model_.transform.from_data(x0), seed_ + set,
                                                      0, threads_, progress_)
                                                .x);
        }
        Matrix x1(x0.rows(), n);
        const auto cut = chunks(n, 256);
        threads_.for_each(std::ssize(cut), [&](Index k, int) {
            const Columns& part = cut[static_cast<std::size_t>(k)];
            Matrix uniform(1, part.count), normal(x0.rows(), part.count);
            fill_uniform({seed_, Purpose::noise, 2 * set}, part.first, uniform);
            fill_normal({seed_, Purpose::noise, 2 * set + 1}, part.first, normal);
            for (Index j = 0; j < part.count; ++j) {
                x1.col(part.first + j) =
                    bridge_->forward().draw(x0.col(part.first + j), uniform(0, j), normal.col(j));
            }
        });
        return x1;
    }

  private:
    Model model_;
    std::shared_ptr<const Field> field_;
    const BridgeField* bridge_;
    BridgeScoreSpec spec_;
    std::uint64_t seed_;
    Threads& threads_;
    Progress& progress_;
};

/// Moments of `samples` ends of each point, all drawn at once. `law` draws ends of given points.
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
    fill_uniform({seed, Purpose::check, 30}, 0, uniform);
    fill_normal({seed, Purpose::check, 31}, 0, normal);
    for (Index j = 0; j < x0.cols(); ++j) {
        x1.col(j) = truth.forward.draw(x0.col(j), uniform(0, j), normal.col(j));
    }
    return x1;
}

}  // namespace

BridgeNoise NoiseSpec::noise() const {
    require(sigma.has_value() != epsilon.has_value(), Failure::usage,
            sigma ? "--sigma and --epsilon exclude each other: epsilon is sigma^2"
                  : "how much noise? Give --sigma S, or --epsilon E (= sigma^2)");
    return {sigma ? *sigma * *sigma : *epsilon};
}

BridgeTask read_task(const std::string& x0, const std::string& x1, const BridgeSpec& spec,
                     std::uint64_t seed) {
    const auto noise = spec.noise();
    auto start = read_samples(x0), end = read_samples(x1);
    require_alike(start, end);
    return {std::move(start.values), std::move(end.values), end.shape, noise, spec.pairs, seed};
}

Json couple(const std::string& x0, const std::string& x1, const CoupleSpec& spec,
            const std::string& command, std::uint64_t seed, const std::string& output,
            Threads& threads, Progress& progress) {
    const auto start = read_samples(x0), end = read_samples(x1);
    require_alike(start, end);
    const auto matching = spec.plan.make(start.values, end.values, seed, threads);
    if (!matching.converged) {
        progress.warn(text("Sinkhorn's iteration did not converge: the marginals were off by ",
                           rounded(matching.marginal_error, 3), " after ", matching.iterations,
                           " iterations, before they were made exact"));
    }
    const Json report{{"plan", spelled(spec.plan.json())},
                      {"n0", start.n()},
                      {"n1", end.n()},
                      {"pairs", matching.x0.size()},
                      {"cost", matching.cost},
                      {"spread", matching.spread},
                      {"duality_gap", matching.gap},
                      {"iterations", matching.iterations},
                      {"marginal_error", matching.marginal_error}};
    DataWriter out(output);
    out.attribute("command", command);
    out.attribute("seed", seed);
    out.attribute("report", report.dump());
    out.write("x0", start.values(Eigen::all, matching.x0), start.shape);
    out.write("x1", end.values(Eigen::all, matching.x1), end.shape);
    out.write("index0", as_integers(matching.x0));
    out.write("index1", as_integers(matching.x1));
    out.commit();
    return report;
}

void draw_paths(const std::string& model_file, const DrawSpec& spec, const std::string& command,
                std::uint64_t seed, const std::string& output, Threads& threads) {
    const Model model = read_model(model_file);
    const auto field = make_field(model);
    const auto* bridge = dynamic_cast<const BridgeField*>(field.get());
    require(bridge != nullptr, Failure::usage, model_file,
            ": has no plan in closed form; si-sample runs it");
    const auto& file = spec.backward ? spec.x1 : spec.x0;
    require(file && !(spec.backward ? spec.x0 : spec.x1), Failure::usage,
            spec.backward ? "--backward needs --x1 FILE, and no --x0"
                          : "where do paths start? Give --x0 FILE, or --backward --x1 FILE");
    const auto direction = spec.backward ? Direction::backward : Direction::forward;
    const Matrix start = model.transform.from_data(read_for(model, *file).values);
    const auto paths = draw_bridge(*bridge, direction, start, spec.trajectory, seed, threads);
    TransportSpec along;
    along.trajectory = spec.trajectory;
    write_transported(output, model, along, direction, paths, {.command = command, .seed = seed});
}

void write_pair(const std::string& file, const Choice<truths>& truth, const PairSpec& spec,
                const std::string& command, std::uint64_t seed) {
    const KnownBridge known = truth.make(spec.epsilon, seed);
    const Index d = known.start.dim();
    Matrix x0(d, spec.n), x1(d, spec.n), other(d, spec.n);
    known.sample(seed, 0, 0, x0, other);
    known.sample(seed, 1, 0, other, x1);
    DataWriter out(file);
    out.attribute("command", command);
    out.attribute("seed", seed);
    out.attribute("truth", spelled(truth.json()));
    out.attribute("epsilon", text(spec.epsilon));
    out.write("x0", x0, {d});
    out.write("x1", x1, {d});
    out.commit();
}

Json score_bridge(const std::string& model, const std::string& pair, const BridgeScoreSpec& spec,
                  std::uint64_t seed, Threads& threads, Progress& progress) {
    const KnownBridge truth = known_bridge(pair);
    const Index d = truth.start.dim();
    const Ends ends(model, spec, seed, threads, progress);
    require_dimension(pair, d, ends.model().dim);

    // Fresh samples, by sets that no training data are from.
    Matrix x0(d, spec.n), x1(d, spec.n), start(d, spec.n), again(d, spec.n);
    truth.sample(seed, 2, 0, x0, x1);
    truth.sample(seed, 3, 0, start, again);
    const auto target = GaussianLaw::of(x1);
    const double variance = target.covariance.trace();
    Matrix points(d, spec.points), unused(d, spec.points);
    truth.sample(seed, 4, 0, points, unused);

    const auto score = [&](const ConditionalLaw& law) {
        return conditional_score(truth, points, variance, law, threads);
    };
    const auto bures = [&](const Matrix& x) {
        const auto law = GaussianLaw::of(x);
        return 100 * half_bures(target.mean, target.covariance, law.mean, law.covariance) /
               (variance / 2);
    };
    const bool exact = ends.bridge() != nullptr;
    const Score own =
        exact
            ? score([&](Index, const Vector& x) { return ends.bridge()->forward().conditional(x); })
            : score(sampled(points, spec.samples, [&](ConstMatrix x) { return ends.draw(x, 1); }));
    const Score floor = score(
        sampled(points, spec.samples, [&](ConstMatrix x) { return draw_truth(truth, x, seed); }));
    const Score independent = score([&](Index, const Vector&) {
        return Potential::Conditional{target.mean, target.covariance};
    });
    return {{"cbw2_uvp", own.value},
            {"cbw2_uvp_stderr", own.error},
            {"exact_moments", exact},
            {"cbw2_uvp_floor", floor.value},
            {"cbw2_uvp_independent", independent.value},
            {"bw2_uvp", bures(ends.draw(start, 2))},
            {"bw2_uvp_floor", bures(again)},
            {"points", spec.points},
            {"samples", spec.samples},
            {"n", spec.n}};
}

}  // namespace si
