#include "si/train/preparation.hpp"

#include <cmath>
#include <mutex>

#include "si/base/lists.hpp"
#include "si/train/objective.hpp"
#include "si/train/settle.hpp"

namespace si {
namespace {

/// Singular targets are kept this far off the ends.
constexpr double kTimeMargin = 1e-4;

Moments moments_of(const Matrix& x, const std::optional<StoredSet>& stored) {
    return stored ? stored->moments : si::moments_of(x);
}

/// One set of data is whitened coordinate by coordinate. Two ends in the same units are brought
/// to a common centre and one common scale, so that distances between them keep their meaning.
/// So are the pixels of images, in which a neighbourhood means something.
Transform standardization(const TrainData& data, const TrainSpec& spec,
                          const std::optional<Moments>& start) {
    const Index d = data.x1.rows();
    if (spec.standardize == "none") return Transform::identity(d);
    const double w = spec.dequantize;
    const Moments target = moments_of(data.x1, data.stored1);
    const Vector mean1 = (target.mean.array() + w / 2).matrix();
    const Vector variance1 = (target.variance.array() + w * w / 12).matrix();
    Transform transform = Transform::identity(d);
    if (start) {
        const double variance = (variance1 + start->variance).mean() / 2;
        transform.shift = (start->mean + mean1) / 2;
        if (variance > 0) transform.scale.setConstant(std::sqrt(variance));
    } else if (spec.net->row().images || spec.coupling.row().made_from_x1() != nullptr) {
        const double mean = mean1.mean();
        const double variance = variance1.mean() + (mean1.array() - mean).square().mean();
        transform.shift.setConstant(mean);
        if (variance > 0) transform.scale.setConstant(std::sqrt(variance));
    } else {
        transform.shift = mean1;
        for (Index i = 0; i < d; ++i) {  // a constant coordinate keeps its scale
            if (variance1[i] > 0) transform.scale[i] = std::sqrt(variance1[i]);
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
    if (data.x0 || Interpolant(model.interpolant).mirror()) {
        require(!spec.base.row().units, Failure::usage,
                "--base: x0 has samples, which are its law");
        model.base = spec.given_start() ? "given" : "samples";
        std::optional<Moments> start;
        if (data.x0) start = moments_of(*data.x0, data.stored0);
        model.transform = standardization(data, spec, start);
        return;
    }
    if (spec.coupling.row().made_from_x1() != nullptr) {
        require(!spec.base.row().units, Failure::usage, "--base: this coupling makes x0 from x1");
        model.base = "samples";
        model.source = spec.coupling;
        model.transform = standardization(data, spec, {});
        return;
    }
    const auto density = in_context("--base", [&] { return spec.base.make(model.dim); });
    require(density.has_value(), Failure::usage, "--base: give the samples, with --x0");
    if (!spec.base.row().units) {
        model.transform = standardization(data, spec, {});
    } else if (density->size() == 1 && !density->is_point()) {
        model.transform =
            Transform::whitening(density->means().front(), density->covariances().front());
    } else {
        std::optional<Moments> start;
        if (!density->is_point()) start = {density->mean(), density->covariance().diagonal()};
        model.transform = standardization(data, spec, start);
        model.base = Choice<bases>::from_json(in_model_coordinates(*density, model.transform));
    }
}

void check_data(const TrainData& data, const TrainSpec& spec, const Interpolant& interpolant) {
    const Index d = data.x1.rows();
    const auto same = [&](const Matrix& x, std::string_view name) {
        require(x.size() == 0 || x.rows() == d, Failure::data, name, " has ", x.rows(),
                " coordinates, the training data have ", d);
    };
    require(data.n1() >= 2, Failure::data, "training needs at least 2 samples, there are ",
            data.n1());
    same(data.valid1, "the held-out data");
    if (data.x0) same(*data.x0, "x0");
    if (data.valid0) same(*data.valid0, "the held-out x0");
    require(!data.x0 || !interpolant.mirror(), Failure::usage,
            "path mirror goes from the data to the data; leave --x0 out");
    require(data.beside0.rows() == data.beside1.rows() &&
                data.valid_beside0.rows() == data.valid_beside1.rows(),
            Failure::data, "what counts beside x0 and x1 in their coupling does not fit together");
    if (!spec.given_start()) return;
    require(data.x0.has_value(), Failure::usage,
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
    // The mean of x1 is another one for every condition.
    if (!independent || source.conditions.rows() > 0) return;
    const Transform& transform = all.model.transform;
    Vector mean1 = mean_inside(all.x1, data.stored1, transform);
    if (source.dequantize.size() > 0) mean1 += source.dequantize / 2;
    all.field.mean1 = as_list(mean1);
    const auto base = all.model.base_density();
    all.field.mean0 = as_list(base ? base->mean() : mean_inside(all.x0, data.stored0, transform));
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
    spec.coupling.make(CouplingData{data.n0(), data.n1(), seed});  // which looks at their numbers
    struct Sets {
        Sets(Transform to_model, BlockDrawer drawer)
            : transform(std::move(to_model)), x1(std::move(drawer)) {}
        std::mutex mutex;
        Transform transform;
        BlockDrawer x1;
        std::optional<BlockDrawer> x0;
    };
    const auto sets =
        std::make_shared<Sets>(transform, BlockDrawer(*data.stored1, seed, Purpose::order));
    if (data.stored0) {
        const Purpose order = coupling.independent() ? Purpose::pairing : Purpose::order;
        sets->x0.emplace(*data.stored0, seed, order);
    }
    return [sets](Index step, Index batch) {
        const std::lock_guard lock(sets->mutex);
        Pairs pairs;
        Matrix drawn;
        sets->x1.draw(step, batch, pairs.x1, drawn);
        pairs.samples1 = sets->transform.from_data(drawn);
        if (!sets->x0) return pairs;
        sets->x0->draw(step, batch, pairs.x0, drawn);
        pairs.samples0 = sets->transform.from_data(drawn);
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

/// Pairs of samples that are all in memory, as the coupling sees them.
DrawPairs draw_pairs(const Matrix& x0, const Matrix& x1, const Preparation& all,
                     std::uint64_t seed) {
    const Matrix* known0 = all.source.x0 != nullptr ? &x0 : nullptr;
    return all.spec.coupling.make(
        CouplingData{x0.cols(), x1.cols(), seed, known0, &x1, all.model.transform.scale[0]});
}

/// The held-out samples as a batch source of their own, after that of training.
void take_validation(const TrainData& data, bool independent, std::uint64_t seed,
                     Preparation& all) {
    Validation& validation = all.validation;
    validation.source = all.source;
    validation.source.x1 = &all.valid1;
    validation.source.x0 = data.x0 ? &all.valid0 : nullptr;
    if (all.source.given != nullptr) validation.source.given = &all.valid_given;
    if (all.valid1.cols() == 0) return;
    validation.take(all.valid1.cols(), all.valid0.cols(), independent);
    if (!all.spec.coupling.row().by_distance()) return;
    const double unit = all.model.transform.scale[0];
    const Matrix& x0 = as_seen(all.valid0, data.valid_beside0, unit, all.valid_seen0);
    const Matrix& x1 = as_seen(all.valid1, data.valid_beside1, unit, all.valid_seen1);
    validation.pairs = draw_pairs(x0, x1, all, seed)(0, validation.size);
}

}  // namespace

void Validation::take(Index n1, Index n0, bool independent) {
    constexpr Index kLeast = 4096, kMost = 8192;
    size = n1 < kLeast ? (kLeast + n1 - 1) / n1 * n1 : std::min(n1, kMost);
    for (Index i = 0; i < size; ++i) {
        pairs.x1.push_back(i % n1);
        // A shift that grows from one round to the next keeps x0 and x1 apart.
        if (n0 > 0) pairs.x0.push_back(independent ? (i + i / n1 + n0 / 2) % n0 : i % n0);
    }
}

std::unique_ptr<Preparation> prepare(const TrainData& data, const InterpolantSpec& interpolant,
                                     TrainSpec open, std::uint64_t seed) {
    const Interpolant made(interpolant);
    check_data(data, open, made);
    auto all = std::make_unique<Preparation>();
    all->spec = settled(std::move(open), data);
    const TrainSpec& spec = all->spec;
    Model& model = all->model;
    model.dim = data.x1.rows();
    model.shape = data.shape.empty() ? std::vector<Index>{model.dim} : data.shape;
    model.interpolant = interpolant;
    choose_coordinates(data, spec, model);
    require(model.transform.shift.allFinite() && model.transform.scale.allFinite(), Failure::data,
            "the samples are so large that their variance is not a number");
    const bool independent = spec.coupling.row().independent() && !made.mirror();
    model.independent = independent;
    all->learned = in_context("--learn", [&] { return parse_learned(spec.learn); });

    const auto inside = [&](const Matrix& x) {
        return x.size() > 0 ? model.transform.from_data(x) : Matrix(x.rows(), x.cols());
    };
    all->x1 = inside(data.x1);
    all->valid1 = inside(data.valid1);
    if (data.x0) all->x0 = inside(*data.x0);
    if (data.valid0) all->valid0 = inside(*data.valid0);

    BatchSource& source = all->source;
    source.setup = model.setup();
    source.mirror = made.mirror();
    source.x1 = &all->x1;
    source.x0 = data.x0 ? &all->x0 : nullptr;
    if (const auto base = model.base_density(); base && !base->is_standard_normal()) {
        source.base = base;
    }
    add_conditions(data, spec, *all);
    if (data.stored1) {
        source.draw = draw_from_blocks(data, model.transform, spec, seed);
    } else {
        const double unit = model.transform.scale[0];
        const Matrix& x0 = as_seen(all->x0, data.beside0, unit, all->seen0);
        const Matrix& x1 = as_seen(all->x1, data.beside1, unit, all->seen1);
        source.draw = draw_pairs(x0, x1, *all, seed);
    }
    source.time = spec.time.make();
    const auto range = regular_times(source.setup, all->learned, kTimeMargin);
    source.first_time = range[0];
    source.last_time = range[1];
    if (spec.dequantize > 0) {
        require(!model.transform.factor, Failure::usage,
                "--dequantize goes with the base N(0, I) only");
        source.dequantize = spec.dequantize / model.transform.scale.array();
    }
    source.seed = seed;

    take_validation(data, independent, seed, *all);
    fill_field(data, spec, independent, *all);
    return all;
}

}  // namespace si
