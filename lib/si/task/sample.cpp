#include "si/task/sample.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/parts.hpp"
#include "si/model/guided.hpp"
#include "si/model/repath.hpp"
#include "si/task/training_data.hpp"

namespace si {
namespace {

std::vector<Index> with_front(std::vector<Index> front, const std::vector<Index>& shape) {
    front.insert(front.end(), shape.begin(), shape.end());
    return front;
}

/// The base of a one-sided model is N(0, I), whatever the data's units.
bool in_base_units(const Model& model, Direction direction) {
    return direction == Direction::backward && model.base_has_no_units();
}

}  // namespace

GoesWithTable StartSpec::goes_with() {
    return {{"guidance", "a label, and --label none is none",
             [](const Asked& asked) { return asked.value("label") != "none"; }},
            {"guidance-interval", "--guidance other than 1",
             [](const Asked& asked) { return asked.value("guidance") != 1.0; }}};
}

Samples read_for(const Model& model, const std::string& file) {
    auto samples = read_samples(file);
    require_dimension(samples.source, samples.dim(), model.dim);
    return samples;
}

DataWriter open_output(const std::string& file, const Provenance& provenance) {
    DataWriter out(file);
    out.attribute("command", provenance.command);
    out.attribute("seed", provenance.seed);
    write_shard(out, provenance.shard, provenance.rows);
    return out;
}

namespace {

/// A model that met the label of every sample has never learned to go without.
void require_learned_without_labels(const Model& model, std::string_view what) {
    require(model.label_dropout != 0.0, Failure::usage, what,
            ": this model was trained with --label-dropout 0, and has not learned to go without "
            "labels");
}

}  // namespace

std::shared_ptr<const Field> field_along(Model& model, const StartSpec& spec) {
    auto field = make_field(model);
    if (spec.path) {
        require(model.one_sided(), Failure::usage,
                "--path: only a one-sided model can change its path after training");
        const Interpolant from(model.interpolant);
        model.interpolant.path = *spec.path;
        field =
            std::make_shared<RepathField>(std::move(field), from, Interpolant(model.interpolant));
    }
    if (spec.guidance == 1) return field;
    require_learned_without_labels(model, "--guidance");
    require(spec.guidance_interval.size() == 2 &&
                spec.guidance_interval[0] <= spec.guidance_interval[1],
            Failure::usage, "--guidance-interval: two times, the first not after the second");
    return std::make_shared<GuidedField>(
        std::move(field),
        Guidance{spec.guidance, {spec.guidance_interval[0], spec.guidance_interval[1]}});
}

namespace {

/// Labels as --label says, those of samples `first` .. first + n - 1.
Eigen::RowVectorXd labels_of(const std::string& word, const Conditions& conditions, Index first,
                             Index n) {
    const Index labels = conditions.labels;
    const auto occurs = [&absent = conditions.absent](Index label) {
        return !std::binary_search(absent.begin(), absent.end(), label);
    };
    if (word == "none") return Eigen::RowVectorXd::Constant(n, static_cast<double>(labels));
    if (word == "each") {
        std::vector<double> present;
        for (Index label = 0; label < labels; ++label) {
            if (occurs(label)) present.push_back(static_cast<double>(label));
        }
        Eigen::RowVectorXd all(n);
        for (Index j = 0; j < n; ++j) {
            all[j] = present[static_cast<std::size_t>((first + j) % std::ssize(present))];
        }
        return all;
    }
    const auto number = parse_integer(word);
    require(number && *number >= 0 && *number < labels, Failure::usage, "--label: one of 0 .. ",
            labels - 1, ", each or none, not '", word, "'");
    require(occurs(*number), Failure::usage, "--label ", *number,
            ": the training set had no sample of it");
    return Eigen::RowVectorXd::Constant(n, static_cast<double>(*number));
}

/// The shape of masks.
std::vector<Index> mask_shape(const std::vector<Index>& shape) {
    return shape.size() == 3 ? std::vector<Index>{shape[1], shape[2]} : shape;
}

/// Numbers that a mask hides are not read, and may be anything, NaN too; all others are refused
/// when they are not finite.
void forget_hidden(const Matrix& masks, Samples& samples) {
    Matrix& x = samples.values;
    for (Index j = 0; j < x.cols(); ++j) {
        for (Index i = 0; i < x.rows(); ++i) {
            if (masks(i % masks.rows(), j) == 0 && !std::isfinite(x(i, j))) x(i, j) = 0;
        }
    }
}

}  // namespace

Matrix masks_for(const Samples& found, const std::vector<Index>& shape, Index n) {
    return in_context(found.source, [&] {
        const Index pixels = count_of(mask_shape(shape)), d = count_of(shape);
        Matrix masks = found.values;
        if (masks.cols() != n && (masks.size() == pixels || masks.size() == d)) {
            masks = Matrix(masks.reshaped().replicate(1, n));
        }
        require(masks.cols() == n, Failure::data, "has ", masks.cols(), " masks for ", n,
                " samples");
        require(masks.rows() == pixels || masks.rows() == d, Failure::data, "masks are ",
                shape_text(found.shape), ", and must be ", shape_text(mask_shape(shape)),
                ", one number per pixel, for samples of ", shape_text(shape));
        for (Index first = pixels; first < masks.rows(); first += pixels) {
            require(masks.middleRows(first, pixels) == masks.topRows(pixels), Failure::data,
                    "a mask must be the same for all channels of an image");
        }
        for (Index j = 0; j < masks.cols(); ++j) {
            for (Index i = 0; i < pixels; ++i) {
                const double value = masks(i, j);
                require(value == 0 || value == 1, Failure::data, "sample ", j + 1, ", number ",
                        i + 1, ": is ", value, ", and must be 0 (hidden) or 1 (known)");
            }
        }
        return Matrix(masks.topRows(pixels));
    });
}

StartingPoints::StartingPoints(const Model& model, const Field& field, const SampleSpec& spec,
                               std::uint64_t seed, const Shard& shard)
    : model_(model), spec_(spec), seed_(seed), conditions_(field.conditions()) {
    require(!model.source || spec.observed || spec.x0 || spec.backward, Failure::usage,
            "this model restores what is observed; give it with --observed FILE");
    if (spec.observed) {
        require(!spec.backward && !spec.x0 && !spec.n, Failure::usage,
                "--observed goes alone, without -n, --x0 and --backward");
        observe(*spec.observed);
    } else if (spec.backward) {
        require(spec.x1.has_value(), Failure::usage, "--backward needs --x1 FILE");
        require(!spec.n && (!spec.x0 || conditions_.start), Failure::usage,
                "--backward goes with --x1 FILE, not with --x0 or -n");
        open(*spec.x1, true);
        if (conditions_.start) open_start();
    } else {
        require(!spec.x1, Failure::usage, "--x1 goes with --backward");
        require(!spec.x0 || !spec.n, Failure::usage, "-n and --x0 exclude each other");
        if (spec.x0) open(*spec.x0, !model.base_has_no_units());
    }
    if (!reader_ && !observed_) {
        require(spec.n.has_value(), Failure::usage, "how many samples? Give -n N, or --x0 FILE");
        all_ = *spec.n;
        require_countable(all_, model.dim);
    }
    part_ = shard.of(all_);
    take_conditions();
}

void StartingPoints::open(const std::string& file, bool in_units) {
    file_.emplace(file);
    reader_.emplace(file_->reader(Passes::one));
    require_dimension(reader_->source(), reader_->dim(), model_.dim);
    in_units_ = in_units;
    all_ = reader_->n();
}

void StartingPoints::open_start() {
    require(spec_.x0.has_value(), Failure::usage,
            "this model is conditioned on x0; --backward needs it too: --x0 FILE");
    start_file_.emplace(*spec_.x0);
    start_reader_.emplace(start_file_->reader(Passes::one));
    require_dimension(start_reader_->source(), start_reader_->dim(), model_.dim);
    require(start_reader_->n() == all_, Failure::data, start_reader_->source(), ": has ",
            start_reader_->n(), " samples, and ", *spec_.x1, " ", all_);
}

void StartingPoints::observe(const std::string& file) {
    corruption_ = model_.corruption();
    require(corruption_ != nullptr, Failure::usage,
            "--observed: this model was not trained to restore (--coupling inpaint, superres, "
            "noise)");
    file_.emplace(file);
    if (corruption_->hides() && file_->has("mask")) file_->let_nonfinite_pass();
    observed_ = file_->samples();
    all_ = observed_->n();
    const auto seen = corruption_->seen_shape();
    if (observed_->shape.size() == 1 && observed_->dim() == count_of(seen)) observed_->shape = seen;
    if (observed_->shape != seen) {
        const auto also = seen == model_.shape ? std::string() : text(", or ", shape_text(seen));
        require(observed_->dim() == model_.dim &&
                    (observed_->shape == model_.shape || observed_->shape.size() == 1 ||
                     model_.shape.size() == 1),
                Failure::data, observed_->source, ": samples are ", shape_text(observed_->shape),
                ", the model wants ", shape_text(model_.shape), also);
    }
    if (!corruption_->hides()) return;
    if (const auto found = file_->find("mask")) {
        masks_ = masks_for(*found, model_.shape, all_);
        forget_hidden(*masks_, *observed_);
        in_context(observed_->source,
                   [&] { require_finite(observed_->values, Failure::data, observed_->type); });
    }
}

Matrix conditions_of_points(const Model& model, const Conditions& conditions,
                            const ConditionWords& words, Index n) {
    require(!conditions.start, Failure::usage,
            "this model is conditioned on the x0 of each path, which points have none of");
    Conditions missing = conditions;
    Matrix given(conditions.rows(), conditions.rows() > 0 ? n : 0);
    if (!words.label.empty()) {
        require(conditions.labels > 0, Failure::usage, "--label: this model has no labels");
        if (words.label == "none") require_learned_without_labels(model, "--label none");
        given.row(0) = labels_of(words.label, conditions, 0, n);
        missing.labels = 0;
    }
    if (missing.rows() == 0) {
        require(!words.given, Failure::usage,
                "--given: goes with labels or conditions that --label does not say");
        return given;
    }
    require(words.given.has_value(), Failure::usage, "this model is conditioned on ",
            missing.labels > 0
                ? text(missing.labels, " labels; give --label K, each or none, or --given FILE")
                : std::string("data; give them with --given FILE, as its dataset condition"));
    const DataFile file(*words.given);
    const Matrix read = conditions_of(file, missing);
    require_as_many(file, read, n);
    given.bottomRows(read.rows()) = read;
    return given;
}

/// What neither --label nor the observations say stands in a file.
void StartingPoints::take_conditions() {
    Conditions missing = conditions_;
    if (!spec_.label.empty()) {
        require(conditions_.labels > 0, Failure::usage, "--label: this model has no labels");
        if (spec_.label == "none") require_learned_without_labels(model_, "--label none");
        labels_of(spec_.label, conditions_, 0, 0);
        missing.labels = 0;
    }
    if (corruption_ || conditions_.start) missing.shape.clear();
    if (missing.rows() == 0) {
        require(!spec_.given, Failure::usage,
                conditions_.labels > 0
                    ? "--given: goes with labels or conditions that --label does not say"
                    : "--given: goes with a model that is conditioned on labels or conditions");
        return;
    }
    const auto& name = spec_.given ? spec_.given : spec_.observed;
    require(name.has_value(), Failure::usage, "this model is conditioned on ",
            missing.labels > 0
                ? text(missing.labels, " labels; give --label K, each or none, or --given FILE")
            : model_.source ? std::string("what is observed; give it with --observed FILE")
                            : std::string("data; give them with --given FILE"));
    std::optional<DataFile> other;
    if (spec_.given) other.emplace(*spec_.given);
    const DataFile& file = other ? *other : *file_;
    from_file_ = conditions_of(file, missing);
    require_as_many(file, from_file_, all_);
}

Start StartingPoints::read(const Columns& some) const {
    const Index first = part_.first + some.first, n = some.count;
    Start start;
    if (observed_) {
        start = restored(first, n);
    } else if (reader_) {
        const Matrix x = reader_->rows(first, n);
        start.x = in_units_ ? model_.transform.from_data(x) : x;
    } else {
        start.x = draw_base(model_, seed_, first, n);
    }
    const Matrix seen = std::move(start.given);
    start.given.resize(conditions_.rows(), conditions_.rows() > 0 ? n : 0);
    Index row = 0;
    if (!spec_.label.empty()) {
        start.given.row(row++) = labels_of(spec_.label, conditions_, first, n);
    }
    if (from_file_.rows() > 0) {
        start.given.middleRows(row, from_file_.rows()) = from_file_.middleCols(first, n);
    }
    if (seen.rows() > 0) start.given.bottomRows(seen.rows()) = seen;
    if (conditions_.start) {
        start.given.bottomRows(model_.dim) =
            start_reader_ ? model_.transform.from_data(start_reader_->rows(first, n)) : start.x;
    }
    return start;
}

/// What begins where observations leave off.
Start StartingPoints::restored(Index first, Index count) const {
    const Matrix x = observed_->values.middleCols(first, count);
    const auto seen_shape = corruption_->seen_shape();
    const bool small = seen_shape != model_.shape && observed_->shape == seen_shape;
    const Matrix placed = model_.transform.from_data(small ? corruption_->placed(x) : x);
    // What is whole is damaged first.
    const bool whole = !small && !masks_ && (corruption_->hides() || seen_shape != model_.shape);
    std::optional<Matrix> mask;
    if (masks_) mask = masks_->middleCols(first, count);
    const Observation seen =
        whole ? corruption_->observe(placed, {seed_, Purpose::mask, 0}, first)
              : in_context(*spec_.observed, [&] { return corruption_->observed(placed, mask); });
    Start start{Matrix(model_.dim, count), seen.given};
    fill_normal({seed_, Purpose::start, 0}, first, start.x);
    start.x = seen.mean + seen.deviation.cwiseProduct(start.x);
    if (corruption_->hides()) {
        start.mask = seen.given.topRows(count_of(mask_shape(model_.shape)));
        if (corruption_->masked()) start.known = x;
    }
    return start;
}

void StartingPoints::finish() const {
    if (reader_) reader_->finish();
    if (start_reader_) start_reader_->finish();
}

TransportedFile::TransportedFile(const std::string& file, const Model& model,
                                 const TransportSpec& spec, const Layout& layout,
                                 const Provenance& provenance)
    : model_(model), spec_(spec), layout_(layout), out_(open_output(file, provenance)) {
    const Index n = layout.n;
    const auto times = std::ssize(spec.trajectory);
    out_.promise("x", n, model.shape);
    if (spec.log_density) out_.promise("log_density", n, {});
    if (times > 0) {
        out_.promise("trajectory", n, with_front({times}, model.shape));
        out_.write_array("time", spec.trajectory, {times});
    }
    out_.promise("nfe", n, {}, ElementType::i64);
    if (layout.labelled) out_.promise("label", n, {}, ElementType::i64);
    if (layout.masked) out_.promise("mask", n, mask_shape(model.shape));
}

void TransportedFile::append(const Start& start, const Transported& part) {
    // What is known beforehand is handed through, as units and back are not exact.
    const auto in_data = [&](const Matrix& y) {
        Matrix x = model_.transform.to_data(y);
        for (Index j = 0; j < start.known.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                if (start.mask(i % start.mask.rows(), j) == 1) x(i, j) = start.known(i, j);
            }
        }
        return x;
    };
    Matrix x = in_base_units(model_, layout_.direction) ? part.x : in_data(part.x);
    // Training's noise on whole numbers is taken away again.
    if (layout_.direction == Direction::forward) model_.dequantize.snap(x);
    out_.append("x", x);
    if (spec_.log_density) {
        const Vector log_density = part.log_density.array() - model_.transform.log_determinant();
        out_.append("log_density", log_density.transpose());
    }
    if (const auto times = std::ssize(part.trajectory); times > 0) {
        Matrix states(times * model_.dim, part.x.cols());
        for (Index k = 0; k < times; ++k) {
            states.middleRows(k * model_.dim, model_.dim) =
                in_data(part.trajectory[static_cast<std::size_t>(k)]);
        }
        out_.append("trajectory", states);
    }
    out_.append("nfe", std::vector<std::int64_t>(part.evaluations.begin(), part.evaluations.end()));
    if (layout_.labelled) {
        std::vector<std::int64_t> labels;
        for (Index j = 0; j < part.x.cols(); ++j) labels.push_back(std::lround(start.given(0, j)));
        out_.append("label", labels);
    }
    if (layout_.masked) out_.append("mask", start.mask);
}

void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance) {
    TransportedFile out(file, model, spec, {.n = result.x.cols(), .direction = direction},
                        provenance);
    out.append({}, result);
    out.commit();
}

namespace {

/// A part of the samples, and what is written of it.
struct Arrived {
    Start start;
    Transported end;

    template <class F>
    void each(const F& f) {
        f(start.given), f(start.mask), f(start.known);
        f(end.x), f(end.log_density), f(end.evaluations);
        for (auto& states : end.trajectory) f(states);
    }
};

}  // namespace

void sample_to(const std::string& file, const Model& model, const Field& field,
               const SampleTask& task, Threads& threads, Progress& progress) {
    const TransportSpec spec = task.transport.resolved(model, field);
    if (spec.chosen().kind() != task.transport.chosen().kind()) {
        progress.note(text("a Schroedinger bridge is carried by its own noise (sampler ",
                           spec.chosen().kind(), "); --ode dopri5 takes its flow instead"));
    }
    const Direction direction = task.points.direction();
    Provenance provenance = task.provenance;
    const StartingPoints points(model, field, task.points, provenance.seed, provenance.shard);
    provenance.rows = points.all();
    std::optional<TransportedFile> out;
    if (ranks().first()) {
        const TransportedFile::Layout layout{.n = points.n(),
                                             .direction = direction,
                                             .labelled = field.conditions().labels > 0,
                                             .masked = points.masked()};
        out.emplace(file, model, spec, layout, provenance);
    }
    const Index states = model.dim * (1 + std::ssize(spec.trajectory));
    Arrived blank;
    blank.end.trajectory.resize(spec.trajectory.size());
    by_ranks(
        parts_of(points.n(), states, threads), blank,
        [&](const Columns& some) {
            PartProgress part(progress, some.first, points.n());
            Arrived made{points.read(some), {}};
            made.end = transport(model, field, spec,
                                 {.x = made.start.x,
                                  .direction = direction,
                                  .seed = provenance.seed,
                                  .first = points.first() + some.first,
                                  .given = made.start.given},
                                 threads, part);
            return made;
        },
        [](Arrived& made, const auto& f) { made.each(f); },
        [&](const Columns&, const Arrived& made) { out->append(made.start, made.end); });
    points.finish();
    if (out) out->commit();
}

}  // namespace si
