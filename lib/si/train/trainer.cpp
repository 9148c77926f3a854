#include "si/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "si/flow/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/errors.hpp"
#include "si/train/machine.hpp"
#include "si/train/pairs_ahead.hpp"
#include "si/train/preparation.hpp"

namespace si {
namespace {

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

/// A mean over about the last 50 steps.
class Running {
  public:
    void add(double value) {
        sum_ += 0.02 * (value - sum_);
        weight_ += 0.02 * (1 - weight_);
    }
    double mean() const { return sum_ / weight_; }

  private:
    double sum_ = 0, weight_ = 0;
};

Matrix without(const Matrix& x, const std::vector<Index>& rows) { return x(Eigen::all, rows); }

}  // namespace

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    const auto split = [&](Matrix& x, Matrix& held, std::uint32_t set) {
        const Index n = x.cols();
        const auto count =
            std::min<Index>(static_cast<Index>(fraction * static_cast<double>(n)), 10'000);
        const Permutation order({seed, Purpose::split, set}, n);
        std::vector<Index> out(static_cast<std::size_t>(count)),
            kept(static_cast<std::size_t>(n - count));
        order.range(0, count, out.data());
        order.range(count, n - count, kept.data());
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
    const auto all = prepare(data, interpolant, spec, seed);
    const Validation& validation = all->validation;
    Model& model = all->model;
    const Graph graph = NetworkField::graph(all->field, model.dim);
    Machine machine(graph, all->learned, all->source, spec, seed, threads);
    PairsAhead pairs(all->source.draw, spec.batch, threads.count() == 1);
    const auto weights = loss_weights(spec, std::ssize(all->learned));
    const Eigen::Map<const Vector> weight(weights.data(), std::ssize(weights));
    const Schedule schedule = spec.schedule.make();
    Clock clock(limits.max_seconds, schedule.fixed, spec.steps);

    Json history = Json::array();
    double best = std::numeric_limits<double>::infinity(), held_out = best, held_out_square = best;
    Running form, square;
    Index best_step = 0, done = 0;
    while (done < clock.steps() && !clock.over()) {
        const Losses& losses =
            machine.step(done, pairs.at(done), schedule.factor(done, clock.steps()));
        ++done;
        form.add(losses.form.dot(weight));
        square.add(losses.square.dot(weight));
        std::vector<std::pair<std::string_view, double>> figures{{"loss", form.mean()},
                                                                 {"square", square.mean()}};
        const bool last = done == clock.steps() || clock.over();
        if (validation.size > 0 && (done % spec.valid_interval == 0 || last)) {
            const Losses scores =
                machine.evaluate(validation.source, validation.pairs, validation.size);
            held_out = scores.form.dot(weight);
            held_out_square = scores.square.dot(weight);
            // A path that is learned raises the least loss there is, so the last is the best.
            if (held_out < best || spec.learn_path > 0) {
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
            Json entry = {{"step", done}, {"loss", form.mean()}, {"square", square.mean()}};
            if (std::isfinite(held_out)) {
                entry["validation"] = held_out;
                entry["validation_square"] = held_out_square;
            }
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

    model.interpolant = machine.setup().interpolant.spec();
    spec.steps = clock.steps();
    model.field = Json{{"kind", "network"}};
    model.field.update(write_spec(all->field));
    model.about["training"] = write_spec(spec);
    model.about["seed"] = Setting<std::uint64_t>::to_json(seed);
    model.about["samples"] = data.x1.cols();
    model.about["steps_done"] = done;
    if (best_step > 0) model.about["best"] = {{"step", best_step}, {"validation", best}};
    model.about["history"] = std::move(history);
    if (spec.errors) model.about["errors"] = errors_to_json(estimate_errors(*all, threads));
    return std::move(model);
}

}  // namespace si
