#include "si/train/trainer.hpp"

#include <cmath>

#include "si/base/clock.hpp"
#include "si/base/ranks.hpp"
#include "si/model/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/held_out_errors.hpp"
#include "si/train/pairs_ahead.hpp"
#include "si/train/preparation.hpp"
#include "si/train/settle.hpp"
#include "si/train/stepper.hpp"

namespace si {
namespace {

/// Decides the number of steps from the pace of the first ones.
class Clock {
  public:
    Clock(double limit, Index fixed, Index steps)
        : limit_(limit),
          start_(seconds_now()),
          from_(std::min<Index>(20, fixed / 2)),
          plan_at_(fixed),
          steps_(steps) {}

    Index steps() const { return steps_; }
    bool over() const { return limit_ > 0 && ranks().agree(seconds_now() - start_ > limit_); }

    void after(Index done) {
        if (limit_ <= 0) return;
        if (done == from_) paced_from_ = seconds_now();
        if (done != plan_at_ || done >= steps_) return;
        const double pace = (seconds_now() - paced_from_) / static_cast<double>(done - from_);
        const double spent = seconds_now() - start_;
        const double left = 0.95 * limit_ - spent;  // the rest covers what is uneven
        const auto more = static_cast<Index>(std::max(left, 0.0) / std::max(pace, 1e-9));
        steps_ = ranks().agree(std::min(steps_, std::max(done + more, done + 1)));
    }

  private:
    double limit_, start_, paced_from_ = 0;
    Index from_, plan_at_, steps_;
};

/// What was left to the data, in short.
std::string summary(const TrainSpec& spec, Index parameters, bool fills_time) {
    const std::string steps = fills_time ? "as many steps" : text(*spec.steps, " steps");
    return text(spec.net->kind(), " of ", parameters, " parameters, ", steps, " of ", *spec.batch,
                " samples", fills_time ? " as the time allows" : "");
}

Matrix without(const Matrix& x, const std::vector<Index>& rows) { return x(Eigen::all, rows); }

}  // namespace

bool pairs_in_blocks(const CouplingRow& coupling) {
    return coupling.every_row() && !coupling.by_distance() && coupling.made_by_model() == nullptr;
}

std::vector<Index> held_out_rows(Index n, double fraction, std::uint64_t seed, std::uint32_t set,
                                 Index most) {
    const auto count = std::min(static_cast<Index>(fraction * static_cast<double>(n)), most);
    std::vector<Index> rows(static_cast<std::size_t>(count));
    Permutation({seed, Purpose::split, set}, n).range(0, count, rows.data());
    return rows;
}

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    const auto split = [&](Matrix& x, Matrix& held, std::uint32_t set) {
        const Index n = x.cols();
        const auto out = held_out_rows(n, fraction, seed, set);
        const Index count = std::ssize(out);
        std::vector<Index> kept(static_cast<std::size_t>(n - count));
        Permutation({seed, Purpose::split, set}, n).range(count, n - count, kept.data());
        held = without(x, out);
        x = without(x, kept);
    };
    // Sets of equal size may be paired, so they are split alike.
    const bool alike = data.x0 && data.x0->cols() == data.x1.cols();
    split(data.x1, data.valid1, 0);
    if (data.given.size() > 0) split(data.given, data.valid_given, 0);
    if (data.beside1.size() > 0) split(data.beside1, data.valid_beside1, 0);
    if (data.x0) {
        data.valid0.emplace();
        split(*data.x0, *data.valid0, alike ? 0 : 1);
    }
    if (data.beside0.size() > 0) split(data.beside0, data.valid_beside0, alike ? 0 : 1);
}

Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress) {
    const bool open = !spec.steps, free = open || !spec.net;
    const auto all = prepare(data, interpolant, std::move(spec), seed);
    spec = all->spec;
    const Validation& validation = all->validation;
    Model& model = all->model;
    const Graph graph =
        in_context("--net", [&] { return NetworkField::graph(all->field, model.shape); });
    TrainStepper machine(graph, all->learned, all->source, spec, seed, threads);
    PairsAhead pairs(all->source.draw, *spec.batch, threads.count() == 1);
    const auto weights = loss_weights(spec, std::ssize(all->learned));
    const Eigen::Map<const Vector> weight(weights.data(), std::ssize(weights));
    const Schedule schedule = spec.schedule.make();
    require(limits.max_seconds <= 0 || schedule.fixed > 1, Failure::usage,
            "--max-time: the pace is measured while the learning rate rises, which it does not; "
            "give --schedule a warmup");
    const bool fills_time = open && limits.max_seconds > 0;
    Clock clock(limits.max_seconds, schedule.fixed,
                fills_time ? most_steps(spec, data.n1()) : *spec.steps);

    TrainState now;
    const auto keep = [&] {
        now.steps = clock.steps();
        now.machine = machine.state();
        limits.checkpoints->save(now);
    };
    if (limits.checkpoints != nullptr) {
        if (auto before = limits.checkpoints->resume()) {
            now = std::move(*before);
            machine.restore(std::move(now.machine), now.done);
        } else {
            keep();  // a file that cannot be written is better known before the work
        }
    }
    if (free && now.done == 0) {
        progress.note(summary(spec, machine.parameters.size(), fills_time));
    }
    while (now.done < clock.steps() && !clock.over()) {
        const Losses& losses =
            machine.step(now.done, pairs.at(now.done), schedule.factor(now.done, clock.steps()));
        ++now.done;
        now.form.add(losses.form.dot(weight));
        now.square.add(losses.square.dot(weight));
        std::vector<std::pair<std::string_view, double>> figures{{"loss", now.form.mean()},
                                                                 {"square", now.square.mean()}};
        const bool last = now.done == clock.steps() || clock.over();
        const bool regular = now.done % spec.valid_interval == 0;
        if (validation.size > 0 && (regular || last)) {
            const Losses scores =
                machine.evaluate(validation.source, validation.pairs, validation.size);
            now.held_out = scores.form.dot(weight);
            now.held_out_square = scores.square.dot(weight);
            // A path that is learned raises the least loss there is, so the last is the best.
            if (now.held_out < now.best || spec.learn_path > 0) {
                now.best = now.held_out;
                now.best_step = now.done;
                now.best_parameters = machine.average;
            }
        }
        clock.after(now.done);
        const bool validated = std::isfinite(now.held_out);
        if (validated) figures.emplace_back("validation", now.held_out);
        const Report report{"train", now.done, clock.steps(), "steps", figures};
        progress.update(report);
        if (regular || last) {
            progress.record(report);
            Json entry = {
                {"step", now.done}, {"loss", now.form.mean()}, {"square", now.square.mean()}};
            if (validated) {
                entry["validation"] = now.held_out;
                entry["validation_square"] = now.held_out_square;
            }
            now.history.push_back(std::move(entry));
        }
        if (limits.checkpoints == nullptr || last) continue;
        const auto request = limits.checkpoints->request();
        if (request == Checkpoints::Request::none) continue;
        keep();
        require(request != Checkpoints::Request::stop, Failure::again, "stopped at step ", now.done,
                " of ", now.steps, "; the same command with --resume auto goes on");
    }
    if (now.done < clock.steps()) {
        progress.warn(text("the time was up after ", now.done, " of ", clock.steps(),
                           " steps; the learning rate had not come down"));
    }
    if (now.best_step > 0 && now.best_step < now.done - now.done / 5) {
        progress.note(text("held-out loss was best at step ", now.best_step, " of ", now.done,
                           "; those weights are kept"));
    }

    model.parameters = now.best_step > 0 ? now.best_parameters : machine.average;
    model.interpolant = machine.setup().interpolant.spec();
    spec.steps = clock.steps();
    model.field = Json{{"kind", "network"}};
    model.field.update(write_spec(all->field));
    model.about["training"] = write_spec(spec);
    model.dequantize = spec.dequantize;
    model.label_dropout = spec.label_dropout;
    model.about["seed"] = Setting<std::uint64_t>::to_json(seed);
    model.about["samples"] = data.n1();
    model.about["steps_done"] = now.done;
    if (now.best_step > 0) {
        model.about["best"] = {{"step", now.best_step}, {"validation", now.best}};
    }
    model.about["history"] = std::move(now.history);
    if (spec.errors) model.errors = estimate_errors(*all, threads);
    return std::move(model);
}

}  // namespace si
