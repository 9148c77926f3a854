#include "si/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "si/flow/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/machine.hpp"

namespace si {
namespace {

/// Singular targets are kept this far off the ends.
constexpr double kTimeMargin = 1e-4;

Vector mean_of(const Matrix& x) { return x.rowwise().mean(); }

Vector variance_of(const Matrix& x, const Vector& mean) {
    return (x.colwise() - mean).array().square().rowwise().mean();
}

/// One set of data is whitened coordinate by coordinate. Two are brought to a common centre and
/// one common scale, so that distances between them keep their meaning.
Transform standardization(const TrainData& data, const TrainSpec& spec) {
    const Index d = data.x1.rows();
    if (spec.standardize == "none") return Transform::identity(d);
    const double w = spec.dequantize;
    const Vector mean1 = (mean_of(data.x1).array() + w / 2).matrix();
    const Vector variance1 = (variance_of(data.x1, mean_of(data.x1)).array() + w * w / 12).matrix();
    Transform transform = Transform::identity(d);
    if (data.x0) {
        const Vector mean0 = mean_of(*data.x0);
        const double variance = (variance1 + variance_of(*data.x0, mean0)).mean() / 2;
        transform.shift = (mean0 + mean1) / 2;
        if (variance > 0) transform.scale.setConstant(std::sqrt(variance));
    } else {
        transform.shift = mean1;
        for (Index i = 0; i < d; ++i) {  // a constant coordinate keeps its scale
            if (variance1[i] > 0) transform.scale[i] = std::sqrt(variance1[i]);
        }
    }
    return transform;
}

void check_data(const TrainData& data) {
    const Index d = data.x1.rows();
    const auto same = [&](const Matrix& x, std::string_view name) {
        require(x.size() == 0 || x.rows() == d, Failure::data, name, " has ", x.rows(),
                " coordinates, the training data have ", d);
    };
    require(data.x1.cols() >= 2, Failure::data, "training needs at least 2 samples, there are ",
            data.x1.cols());
    same(data.valid1, "the held-out data");
    if (data.x0) same(*data.x0, "x0");
    if (data.valid0) same(*data.valid0, "the held-out x0");
}

/// Decides the number of steps from the pace of the first ones.
class Clock {
  public:
    Clock(double limit, Index fixed, Index steps)
        : limit_(limit),
          start_(now()),
          from_(std::min<Index>(20, fixed / 2)),
          plan_at_(fixed),
          steps_(steps) {}

    Index steps() const { return steps_; }
    bool over() const { return limit_ > 0 && now() - start_ > limit_; }

    void after(Index done) {
        if (limit_ <= 0) return;
        if (done == from_) paced_from_ = now();
        if (done != plan_at_ || done >= steps_) return;
        const double pace = (now() - paced_from_) / static_cast<double>(done - from_);
        const double left = 0.95 * limit_ - (now() - start_);  // the rest covers what is uneven
        const auto more = static_cast<Index>(std::max(left, 0.0) / std::max(pace, 1e-9));
        steps_ = std::min(steps_, std::max(done + more, done + 1));
    }

  private:
    static double now() {
        using clock = std::chrono::steady_clock;
        return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
    }
    double limit_, start_, paced_from_ = 0;
    Index from_, plan_at_, steps_;
};

/// The held-out samples as a batch source, with fixed pairs, times and noise.
struct Validation {
    BatchSource source;
    Pairs pairs;
    Index size = 0;

    /// Few held-out samples are used several times, at different t and z; of many, the first.
    void take(Index n1, Index n0, bool independent) {
        constexpr Index kLeast = 4096, kMost = 8192;
        size = n1 < kLeast ? (kLeast + n1 - 1) / n1 * n1 : std::min(n1, kMost);
        for (Index i = 0; i < size; ++i) {
            pairs.x1.push_back(i % n1);
            // A shift that grows from one round to the next keeps x0 and x1 apart.
            if (n0 > 0) pairs.x0.push_back(independent ? (i + i / n1 + n0 / 2) % n0 : i % n0);
        }
    }
};

Matrix without(const Matrix& x, const std::vector<Index>& rows) { return x(Eigen::all, rows); }

}  // namespace

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    const auto split = [&](Matrix& x, Matrix& held, std::uint32_t set) {
        const Index n = x.cols();
        const auto count =
            std::min<Index>(static_cast<Index>(fraction * static_cast<double>(n)), 10'000);
        const Permutation order({seed, Purpose::split, set}, n);
        std::vector<Index> kept, out;
        for (Index i = 0; i < n; ++i) (i < count ? out : kept).push_back(order(i));
        held = without(x, out);
        x = without(x, kept);
    };
    // Sets of equal size may be paired, so they are split alike.
    const bool alike = data.x0 && data.x0->cols() == data.x1.cols();
    split(data.x1, data.valid1, 0);
    if (data.x0) {
        data.valid0.emplace();
        split(*data.x0, *data.valid0, alike ? 0 : 1);
    }
}

Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress) {
    check_data(data);
    Model model;
    model.dim = data.x1.rows();
    model.shape = data.shape;
    model.interpolant = interpolant;
    if (data.x0) model.base = "samples";
    model.transform = standardization(data, spec);
    const Setup setup = model.setup();
    const auto learned = parse_learned(spec.learn);

    const Matrix x1 = model.transform.from_data(data.x1);
    const Matrix x0 = data.x0 ? model.transform.from_data(*data.x0) : Matrix();
    const Matrix valid1 =
        data.valid1.size() > 0 ? model.transform.from_data(data.valid1) : Matrix();
    const Matrix valid0 = data.valid0 ? model.transform.from_data(*data.valid0) : Matrix();

    BatchSource source;
    source.setup = setup;
    source.x1 = &x1;
    source.x0 = data.x0 ? &x0 : nullptr;
    source.draw = spec.coupling.make(CouplingData{x0.cols(), x1.cols(), seed});
    source.time = spec.time.make();
    const auto range = regular_times(setup, learned, kTimeMargin);
    source.first_time = range[0];
    source.last_time = range[1];
    if (spec.dequantize > 0) source.dequantize = spec.dequantize / model.transform.scale.array();
    source.seed = seed;

    const bool independent = spec.coupling.row().independent;
    Validation validation{source, {}, 0};
    validation.source.x1 = &valid1;
    validation.source.x0 = data.x0 ? &valid0 : nullptr;
    if (valid1.cols() > 0) validation.take(valid1.cols(), valid0.cols(), independent);

    NetworkFieldSpec field{.learn = spec.learn, .net = spec.net, .mean0 = {}, .mean1 = {}};
    if (independent) {
        const auto as_list = [](const Vector& v) {
            return std::vector<double>(v.begin(), v.end());
        };
        const Vector noise =
            source.dequantize.size() > 0 ? Vector(source.dequantize / 2) : Vector::Zero(model.dim);
        field.mean1 = as_list(mean_of(x1) + noise);
        field.mean0 = as_list(data.x0 ? mean_of(x0) : Vector::Zero(model.dim));
    }
    const Graph graph = NetworkField::graph(field, model.dim);
    Machine machine(graph, learned, source, spec, seed, threads);
    const Schedule schedule = spec.schedule.make();
    Clock clock(limits.max_seconds, schedule.fixed, spec.steps);

    Json history = Json::array();
    double best = std::numeric_limits<double>::infinity(), held_out = best, running = 0,
           running_weight = 0;
    Index best_step = 0, done = 0;
    while (done < clock.steps() && !clock.over()) {
        const Losses losses = machine.step(done, schedule.factor(done, clock.steps()));
        ++done;
        running += 0.02 * (losses.form.sum() - running);
        running_weight += 0.02 * (1 - running_weight);
        std::vector<std::pair<std::string_view, double>> figures{
            {"loss", running / running_weight}};
        const bool last = done == clock.steps() || clock.over();
        if (validation.size > 0 && (done % spec.valid_interval == 0 || last)) {
            const Losses scores =
                machine.evaluate(validation.source, validation.pairs, validation.size);
            held_out = scores.form.sum();
            if (held_out < best) {
                best = held_out;
                best_step = done;
                model.parameters = machine.average;
            }
        }
        clock.after(done);
        if (std::isfinite(held_out)) figures.emplace_back("validation", held_out);
        const Report report{"train", done, clock.steps(), "steps", figures};
        progress.update(report);
        if (done % spec.valid_interval == 0 || last) {
            progress.record(report);
            Json entry = {{"step", done}, {"loss", running / running_weight}};
            if (std::isfinite(held_out)) entry["validation"] = held_out;
            history.push_back(std::move(entry));
        }
    }
    if (best_step == 0) model.parameters = machine.average;
    if (done < clock.steps()) {
        progress.warn(text("the time was up after ", done, " of ", clock.steps(),
                           " steps; the learning rate had not come down"));
    }
    if (best_step > 0 && best_step < done - done / 5) {
        progress.note(text("held-out loss was best at step ", best_step, " of ", done,
                           "; those weights are kept"));
    }

    spec.steps = clock.steps();
    model.field = Json{{"kind", "network"}};
    model.field.update(write_spec(field));
    model.about["training"] = write_spec(spec);
    model.about["seed"] = Setting<std::uint64_t>::to_json(seed);
    model.about["samples"] = data.x1.cols();
    model.about["steps_done"] = done;
    if (best_step > 0) model.about["best"] = {{"step", best_step}, {"validation", best}};
    model.about["history"] = std::move(history);
    return model;
}

}  // namespace si
