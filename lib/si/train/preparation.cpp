#include "si/train/preparation.hpp"

#include <cmath>
#include <mutex>

#include "si/base/lists.hpp"
#include "si/base/remarks.hpp"
#include "si/density/degenerate.hpp"
#include "si/train/objective.hpp"
#include "si/train/settle.hpp"

namespace si {
namespace {

/// Singular targets are kept this far off the ends.
constexpr double kTimeMargin = 1e-4;

Moments moments_of(const Matrix& x, const std::optional<StoredSet>& stored) {
    return stored ? stored->moments : si::moments_of(x);
}

/// Means and standard deviations, also of numbers whose squares a double does not hold.
struct Spread {
    Vector mean, deviation;
};

bool is_safe(double square) { return square > 1e-290 && square < 1e290; }

Spread spread_of(const Moments& moments, const Matrix& x) {
    Spread spread{moments.mean, moments.variance.cwiseSqrt()};
    for (Index i = 0; i < x.rows(); ++i) {
        const double largest = x.cols() > 0 ? x.row(i).cwiseAbs().maxCoeff() : 0;
        if (is_safe(moments.variance[i]) || largest == 0) continue;
        int exponent = 0;
        std::frexp(largest, &exponent);
        const Eigen::ArrayXd scaled =
            x.row(i).array().unaryExpr([&](double value) { return std::ldexp(value, -exponent); });
        const double mean = scaled.mean();
        spread.mean[i] = std::ldexp(mean, exponent);
        spread.deviation[i] = std::ldexp(std::sqrt((scaled - mean).square().mean()), exponent);
    }
    return spread;
}

/// The root of a square that is the sum of the mean squares of some parts.
double root_of(double square, std::initializer_list<Vector> parts) {
    if (is_safe(square)) return std::sqrt(square);
    double largest = 0, sum = 0;
    for (const Vector& part : parts) largest = std::max(largest, part.cwiseAbs().maxCoeff());
    if (!(largest > 0) || !std::isfinite(largest)) return largest;
    for (const Vector& part : parts) sum += (part / largest).array().square().mean();
    return largest * std::sqrt(sum);
}

/// The coordinates that get noise: those whose numbers are whole steps apart.
Grid grid_of(const TrainData& data, double step) {
    if (data.grid) return *data.grid;
    GridSearch search(step, data.shape.size() > 1);
    search.add(data.x1().samples);
    search.add(data.x1().valid);
    return search.found();
}

/// One set of data is whitened coordinate by coordinate. Two ends in the same units are brought
/// to a common centre and one common scale, so that distances between them keep their meaning.
/// So are the pixels of images, in which a neighbourhood means something.
Transform standardization(const TrainData& data, const TrainSpec& spec, const Grid& noise,
                          const std::optional<Moments>& start) {
    const Index d = data.dim();
    if (spec.standardize == "none") return Transform::identity(d);
    const Eigen::ArrayXd w = noise.widths(d).array();
    const Moments target = moments_of(data.x1().samples, data.x1().stored);
    const Spread spread = spread_of(target, data.x1().samples);
    const Vector mean1 = (spread.mean.array() + w / 2).matrix();
    const Vector variance1 = (target.variance.array() + w * w / 12).matrix();
    const Vector deviation1 = (spread.deviation.array().square() + w * w / 12).sqrt().matrix();
    Transform transform = Transform::identity(d);
    // Coordinates that are constant but for rounding keep their scale.
    const auto take_scale = [](double mean, double deviation, auto&& scale) {
        if (!is_rounding(mean, deviation)) scale.setConstant(deviation);
    };
    if (start) {
        const double variance = (variance1 + start->variance).mean() / 2;
        const Vector deviation0 = start->variance.cwiseSqrt();
        transform.shift = (start->mean + mean1) / 2;
        take_scale(transform.shift.cwiseAbs().maxCoeff(),
                   root_of(variance, {deviation1 / std::sqrt(2.0), deviation0 / std::sqrt(2.0)}),
                   transform.scale);
    } else if (spec.net->row().images || spec.coupling.row().made_from_x1() != nullptr) {
        const double mean = mean1.mean();
        const double variance = variance1.mean() + (mean1.array() - mean).square().mean();
        transform.shift.setConstant(mean);
        take_scale(mean, root_of(variance, {deviation1, mean1.array() - mean}), transform.scale);
    } else {
        transform.shift = mean1;
        for (Index i = 0; i < d; ++i) {
            const double deviation =
                is_safe(variance1[i]) ? std::sqrt(variance1[i]) : spread.deviation[i];
            take_scale(mean1[i], deviation, transform.scale.segment(i, 1));
        }
    }
    return transform;
}

/// A density of the data's coordinates in the model's.
Json in_model_coordinates(const GaussianMixture& density, const Transform& transform) {
    const Vector inverse = transform.scale.cwiseInverse();
    if (density.is_point()) {
        return {{"kind", "point"}, {"at", as_list(transform.from_data(density.means().front()))}};
    }
    std::vector<Vector> means;
    std::vector<Matrix> covariances;
    for (Index k = 0; k < density.size(); ++k) {
        const auto at = static_cast<std::size_t>(k);
        means.emplace_back(transform.from_data(density.means()[at]));
        covariances.emplace_back(inverse.asDiagonal() * density.covariances()[at] *
                                 inverse.asDiagonal());
    }
    Json base{{"kind", "mixture"}};
    base.update(GaussianMixture(as_list(density.weights()), means, covariances).to_json());
    return base;
}

/// Decides the base and the coordinates of the model.
void choose_coordinates(const TrainData& data, const TrainSpec& spec, Model& model) {
    if (data.teacher) {
        model.base = data.teacher->base;
        model.transform = data.teacher->transform;
        return;
    }
    if (data.x0().sampled() || Interpolant(model.interpolant).mirror()) {
        require(!spec.base.row().units, Failure::usage,
                "--base: x0 has samples, which are its law");
        model.base = spec.given_start() ? "given" : "samples";
        std::optional<Moments> start;
        if (data.x0().sampled()) start = moments_of(data.x0().samples, data.x0().stored);
        model.transform = standardization(data, spec, model.dequantize, start);
        return;
    }
    if (spec.coupling.row().made_from_x1() != nullptr) {
        require(!spec.base.row().units, Failure::usage, "--base: this coupling makes x0 from x1");
        model.base = "samples";
        model.source = spec.coupling;
        model.transform = standardization(data, spec, model.dequantize, {});
        return;
    }
    const auto density = in_context("--base", [&] { return spec.base.make(model.dim); });
    require(density.has_value(), Failure::usage, "--base: give the samples, with --x0");
    if (!spec.base.row().units) {
        model.transform = standardization(data, spec, model.dequantize, {});
    } else if (density->size() == 1 && !density->is_point()) {
        model.transform =
            Transform::whitening(density->means().front(), density->covariances().front());
    } else {
        std::optional<Moments> start;
        if (!density->is_point()) start = {density->mean(), density->covariance().diagonal()};
        model.transform = standardization(data, spec, model.dequantize, start);
        model.base = Choice<bases>::from_json(in_model_coordinates(*density, model.transform));
    }
}

void check_data(const TrainData& data, const TrainSpec& spec, const Interpolant& interpolant) {
    const auto middle = interpolant.at(0.5);
    require(!middle.weights.isZero() || interpolant.has_latent(), Failure::usage, "--path ",
            interpolant.spec().path.kind(),
            ": nothing is left of either end at t = 1/2; it needs a latent (--gamma sine-squared)");
    const Index d = data.dim();
    const auto same = [&](const Matrix& x, std::string_view name) {
        require(x.size() == 0 || x.rows() == d, Failure::data, name, " has ", x.rows(),
                " coordinates, the training data have ", d);
    };
    require(std::ssize(data.ends) == interpolant.ends(), Failure::usage, "this path joins ",
            interpolant.ends(), " ends, and there are ", data.ends.size());
    require(data.x1().n() >= 2, Failure::data, "training needs at least 2 samples, there are ",
            data.x1().n());
    same(data.x1().valid, "the held-out data");
    for (std::size_t k = 0; k + 1 < data.ends.size(); ++k) {
        same(data.ends[k].samples, text("x", k));
        same(data.ends[k].valid, text("the held-out x", k));
    }
    require(!data.x0().sampled() || !interpolant.mirror(), Failure::usage,
            "path mirror goes from the data to the data; leave --x0 out");
    for (const EndData& end : data.ends) {
        require(end.beside.rows() == data.x1().beside.rows() &&
                    end.valid_beside.rows() == data.x1().valid_beside.rows(),
                Failure::data,
                "what counts beside x0 and x1 in their coupling does not fit together");
    }
    if (!spec.given_start()) return;
    require(data.x0().sampled(), Failure::usage,
            "--condition x0: there are no samples of it; give --x0 FILE");
    require(Setup{interpolant}.noise_at_start() > 0, Failure::usage,
            "--condition x0: from a given point only a latent leads to different x1; give --gamma "
            "brownian");
    require(data.conditions.shape.empty(), Failure::usage,
            "--condition: x0 and condition exclude each other");
}

/// The mean of a set in the model's coordinates.
Vector mean_inside(const Matrix& inside, const std::optional<StoredSet>& stored,
                   const Transform& transform) {
    if (stored) return transform.from_data(stored->moments.mean);
    return inside.rowwise().mean();
}

void fill_field(const TrainData& data, const TrainSpec& spec, bool independent, Preparation& all) {
    const auto& source = all.source;
    all.field = {.learn = spec.learn,
                 .net = *spec.net,
                 .labels = source.conditions.labels,
                 .condition = source.conditions.shape,
                 .masked = source.conditions.masked};
    if (!source.conditions.absent.empty()) all.field.absent = source.conditions.absent;
    if (!source.conditions.shift.empty()) {
        all.field.condition_shift = source.conditions.shift;
        all.field.condition_scale = source.conditions.scale;
    }
    // The mean of x1 is another one for every condition; next to t = 0 it will do.
    if (!independent || (source.conditions.rows() > 0 && !magnifies(source.setup, all.learned))) {
        return;
    }
    const Transform& transform = all.model.transform;
    Vector mean1 = mean_inside(all.x1().samples, data.x1().stored, transform);
    if (source.dequantize.size() > 0) mean1 += source.dequantize / 2;
    all.field.mean1 = as_list(mean1);
    const auto base = all.model.base_density();
    all.field.mean0 =
        as_list(base ? base->mean() : mean_inside(all.x0().samples, data.x0().stored, transform));
}

/// Conditions become of mean 0 and variance 1 for the network, number by number; images a channel.
void standardize_conditions(const Matrix& given, const Matrix& x, Conditions& conditions) {
    if (conditions.numbers() == 0) return;
    const Index first = conditions.labels > 0 ? 1 : 0;
    const Index lists =
        conditions.shape.size() == 3 ? conditions.shape.front() : conditions.numbers();
    const Index each = conditions.numbers() / lists;
    for (Index k = 0; k < lists; ++k) {
        const auto some = given.middleRows(first + k * each, each).array();
        const double mean = some.mean();
        const double largest = (some - mean).abs().maxCoeff();
        // Scaled by the largest first, or squares of very small numbers would be 0.
        const double deviation =
            largest > 0 ? largest * std::sqrt(((some - mean) / largest).square().mean()) : 0;
        const bool constant = !(deviation > 1e-12 * std::abs(mean));
        if (constant) {
            doubt(text("/condition: ", each > 1 ? "channel " : "column ", k + 1,
                       " is constant, and says nothing"));
        }
        conditions.shift.push_back(mean);
        conditions.scale.push_back(constant ? 1 : deviation);
        for (Index i = 0; each == 1 && i < x.rows() && x.cols() == given.cols(); ++i) {
            if ((x.row(i).array() != some).any()) continue;
            doubt(text("/condition: column ", k + 1, " is a copy of column ", i + 1,
                       " of the samples"));
        }
    }
}

/// What the data say of x1, and what a coupling that makes x0 from it leaves to be seen.
void add_conditions(const TrainData& data, const TrainSpec& spec, Preparation& all) {
    BatchSource& source = all.source;
    source.conditions = data.conditions;
    source.label_dropout = spec.label_dropout;
    if (data.given.rows() > 0) {
        all.given = data.given;
        all.valid_given = data.valid_given;
        source.given = &all.given;
        if (data.given.cols() > 0 && !all.model.given_start()) {
            standardize_conditions(data.given, data.x1().samples, source.conditions);
        }
    }
    if (all.model.given_start()) {
        source.conditions.shape = all.model.shape;
        source.conditions.start = true;
    }
    source.corruption = all.model.corruption();
    if (!source.corruption) return;
    require(all.learned.size() == 1 && all.learned.front()->flag == kB, Failure::usage,
            "--coupling: where x0 is made from x1, --learn b is what there is");
    const auto shape = source.corruption->given_shape();
    if (shape.empty()) return;
    require(data.conditions.shape.empty(), Failure::usage,
            "--coupling: this one makes its own conditions, and the data have some too");
    source.conditions.shape = shape;
    source.conditions.masked = source.corruption->masked();
}

/// The pairs of a coupling that does not look at the samples, with their samples.
DrawPairs draw_from_blocks(const TrainData& data, const Transform& transform, const TrainSpec& spec,
                           std::uint64_t seed) {
    const CouplingRow& coupling = spec.coupling.row();
    require(pairs_in_blocks(coupling), Failure::usage, "coupling '", coupling.name,
            "' needs all samples in memory");
    CouplingData numbers{.seed = seed};
    for (const EndData& end : data.ends) numbers.ends.push_back({.n = end.n()});
    spec.coupling.make(numbers);  // which looks at them
    struct Sets {
        explicit Sets(Transform to_model) : transform(std::move(to_model)) {}
        std::mutex mutex;
        Transform transform;
        std::vector<std::optional<BlockDrawer>> ends;
    };
    const auto sets = std::make_shared<Sets>(transform);
    for (const EndData& end : data.ends) {
        auto& drawer = sets->ends.emplace_back();
        const bool apart = coupling.independent() && &end == &data.x0();
        if (end.stored)
            drawer.emplace(*end.stored, seed, apart ? Purpose::pairing : Purpose::order);
    }
    return [sets](Index step, Index batch) {
        const std::lock_guard lock(sets->mutex);
        Pairs pairs(sets->ends.size());
        Matrix drawn;
        for (std::size_t k = 0; k < sets->ends.size(); ++k) {
            if (!sets->ends[k]) continue;
            sets->ends[k]->draw(step, batch, pairs.ends[k].rows, drawn);
            pairs.ends[k].samples = sets->transform.from_data(drawn);
        }
        return pairs;
    };
}

/// What a coupling sees of one side: x, or x with what counts beside it, in the model's units.
const Matrix& as_seen(const Matrix& x, const Matrix& beside, double unit, Matrix& both) {
    if (beside.rows() == 0) return x;
    both.resize(x.rows() + beside.rows(), x.cols());
    both << x, beside / unit;
    return both;
}

/// Pairs of samples that are all in memory, as the coupling sees them: `seen` are those of each
/// end, null for one that is a density.
DrawPairs draw_pairs(const std::vector<const Matrix*>& seen, const Preparation& all,
                     std::uint64_t seed) {
    CouplingData data{.seed = seed, .unit = all.model.transform.scale[0]};
    for (const Matrix* x : seen) data.ends.push_back({x == nullptr ? 0 : x->cols(), x});
    return all.spec.coupling.make(data);
}

/// The held-out samples as a batch source of their own, after that of training.
void take_validation(const TrainData& data, bool independent, std::uint64_t seed,
                     Preparation& all) {
    Validation& validation = all.validation;
    validation.source = all.source;
    std::vector<Index> counts;
    for (std::size_t k = 0; k < all.ends.size(); ++k) {
        counts.push_back(all.ends[k].valid.cols());
        validation.source.ends[k] = data.ends[k].sampled() ? &all.ends[k].valid : nullptr;
    }
    if (all.source.given != nullptr) validation.source.given = &all.valid_given;
    if (all.x1().valid.cols() == 0) return;
    validation.take(counts, independent);
    if (!all.spec.coupling.row().by_distance()) return;
    std::vector<const Matrix*> seen;
    for (std::size_t k = 0; k < all.ends.size(); ++k) {
        Preparation::End& end = all.ends[k];
        const Matrix& x = as_seen(end.valid, data.ends[k].valid_beside,
                                  all.model.transform.scale[0], end.valid_seen);
        seen.push_back(data.ends[k].sampled() ? &x : nullptr);
    }
    validation.pairs = draw_pairs(seen, all, seed)(0, validation.size);
}

/// The samples of all ends in the coordinates of the model.
void take_inside(const TrainData& data, const Transform& transform, Preparation& all) {
    const auto inside = [&](const Matrix& x) {
        return x.size() > 0 ? transform.from_data(x) : Matrix(x.rows(), x.cols());
    };
    for (const EndData& end : data.ends) {
        all.ends.push_back({.samples = inside(end.samples), .valid = inside(end.valid)});
        require(all.ends.back().samples.allFinite(), Failure::data,
                "the samples are so large that their spread is not a number");
    }
}

/// Without a latent, and where x0 is not normal and drawn apart from x1, x_t is a function of its
/// ends, whose loss says nothing of the score: it would be trained to 0.
void require_scores_exist(const Setup& setup, std::span<const Quantity* const> learned) {
    if (setup.one_sided() || setup.interpolant.has_latent()) return;
    for (const Quantity* row : learned) {
        require(row->flag != kS && row->flag != kEta, Failure::usage, "--learn ", row->name,
                ": there is no latent z to learn it from; give one (--gamma brownian), or take the "
                "base normal with the coupling independent; --learn b is enough for the flow");
    }
}

}  // namespace

void Validation::take(const std::vector<Index>& counts, bool independent) {
    constexpr Index kLeast = 4096, kMost = 8192;
    const Index n1 = counts.back();
    size = n1 < kLeast ? (kLeast + n1 - 1) / n1 * n1 : std::min(n1, kMost);
    pairs = Pairs(counts.size());
    for (Index i = 0; i < size; ++i) {
        pairs.x1().rows.push_back(i % n1);
        for (std::size_t k = 0; k + 1 < counts.size(); ++k) {
            const Index n = counts[k];
            // A shift that grows from one round to the next keeps the ends apart.
            const Index shift = independent && n > 0 ? i / n1 + n / 2 : 0;
            if (n > 0) pairs.ends[k].rows.push_back((i + shift) % n);
        }
    }
}

bool magnifies(const Setup& setup, std::span<const Quantity* const> learned) {
    return setup.one_sided() && std::all_of(learned.begin(), learned.end(), [](const auto* row) {
               return (row->flag & (kS | kEta | kX0)) != 0;
           });
}

std::unique_ptr<Preparation> prepare(const TrainData& data, const InterpolantSpec& interpolant,
                                     TrainSpec open, std::uint64_t seed) {
    const Interpolant made(interpolant);
    check_data(data, open, made);
    auto all = std::make_unique<Preparation>();
    all->spec = settled(std::move(open), data);
    const TrainSpec& spec = all->spec;
    Model& model = all->model;
    model.dim = data.dim();
    model.shape = data.shape.empty() ? std::vector<Index>{model.dim} : data.shape;
    model.interpolant = interpolant;
    if (spec.dequantize > 0) model.dequantize = grid_of(data, spec.dequantize);
    choose_coordinates(data, spec, model);
    require(model.transform.shift.allFinite() && model.transform.scale.allFinite(), Failure::data,
            "the samples are so large or so small that their spread is not a number");
    model.no_density = data.no_density;
    model.trained_on = data.checksums;
    const bool independent = spec.coupling.row().independent() && !made.mirror();
    model.independent = independent;
    all->learned = in_context("--learn", [&] { return parse_learned(spec.learn); });

    take_inside(data, model.transform, *all);

    BatchSource& source = all->source;
    source.setup = model.setup();
    source.mirror = made.mirror();
    for (std::size_t k = 0; k < all->ends.size(); ++k) {
        source.ends[k] = data.ends[k].sampled() ? &all->ends[k].samples : nullptr;
    }
    if (const auto base = model.base_density(); base && !base->is_standard_normal()) {
        source.base = base;
    }
    add_conditions(data, spec, *all);
    require_scores_exist(source.setup, all->learned);
    if (data.x1().stored) {
        source.draw = draw_from_blocks(data, model.transform, spec, seed);
    } else {
        std::vector<const Matrix*> seen;
        for (std::size_t k = 0; k < all->ends.size(); ++k) {
            Preparation::End& end = all->ends[k];
            const Matrix& x =
                as_seen(end.samples, data.ends[k].beside, model.transform.scale[0], end.seen);
            seen.push_back(data.ends[k].sampled() ? &x : nullptr);
        }
        source.draw = draw_pairs(seen, *all, seed);
    }
    source.time = spec.time.make();
    const auto range = regular_times(source.setup, all->learned, kTimeMargin);
    source.first_time = range[0];
    source.last_time = range[1];
    if (spec.dequantize > 0) {
        require(!model.transform.factor, Failure::usage,
                "--dequantize goes with the base N(0, I) only");
        source.dequantize =
            model.dequantize.widths(model.dim).array() / model.transform.scale.array();
    }
    source.seed = seed;

    take_validation(data, independent, seed, *all);
    fill_field(data, spec, independent, *all);
    return all;
}

}  // namespace si
