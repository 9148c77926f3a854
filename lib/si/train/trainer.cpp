#include "si/train/trainer.hpp"

#include <cmath>

#include "si/train/clock.hpp"
#include "si/train/session.hpp"
#include "si/train/settle.hpp"

namespace si {
namespace {

/// Above this a start_error() is told; the flow is then off by some tenths.
constexpr double kLargeStartError = 0.2;

/// What was left to the data, in short.
std::string summary(const TrainSpec& spec, Index parameters, bool fills_time) {
    const std::string steps = fills_time ? "as many steps" : text(*spec.steps, " steps");
    return text(spec.net->kind(), " of ", parameters, " parameters, ", steps, " of ", *spec.batch,
                " samples", fills_time ? " as the time allows" : "");
}

/// A session from its first step to its last, with validation, checkpoints and a time limit.
class Training {
  public:
    /// `open_steps`: their number was left to the data, so that it may fill the time.
    Training(Session& session, TrainLimits limits, bool open_steps, Index samples,
             Progress& progress)
        : session_(session),
          limits_(limits),
          progress_(progress),
          weights_(loss_weights(session.spec(), std::ssize(session.prepared().learned))),
          fills_time_(open_steps && limits.max_seconds > 0),
          clock_(limits.max_seconds, session.schedule().fixed,
                 fills_time_ ? most_steps(session.spec(), samples) : *session.spec().steps) {
        require(limits.max_seconds <= 0 || session.schedule().fixed > 1, Failure::usage,
                "--max-time: the pace is measured while the learning rate rises, which it does "
                "not; give --schedule a warmup");
        session_.plan(clock_.steps());
    }

    bool fills_time() const { return fills_time_; }

    /// Goes on from a state that was kept, if there is one. Whether this is a new run.
    bool begin() {
        if (limits_.checkpoints == nullptr) return true;
        if (auto before = limits_.checkpoints->resume()) {
            now_ = std::move(*before);
            session_.stepper().restore(std::move(now_.machine), now_.done);
        } else {
            keep();  // a file that cannot be written is better known before the work
        }
        return now_.done == 0;
    }

    void run() {
        while (now_.done < clock_.steps() && !clock_.over()) step();
        if (now_.done < clock_.steps()) {
            progress_.warn(text("the time was up after ", now_.done, " of ", clock_.steps(),
                                " steps; the learning rate had not come down"));
        }
        if (now_.best_step > 0 && now_.best_step < now_.done - now_.done / 5) {
            progress_.note(text("held-out loss was best at step ", now_.best_step, " of ",
                                now_.done, "; those weights are kept"));
        }
    }

    /// With what is known of how it was made.
    Model model(std::uint64_t seed, Index samples) {
        Model model =
            now_.best_step > 0 ? session_.model(std::move(now_.best_parameters)) : session_.model();
        warn_of_start(model);
        model.about["seed"] = Setting<std::uint64_t>::to_json(seed);
        model.about["samples"] = samples;
        model.about["steps_done"] = now_.done;
        if (now_.best_step > 0) {
            model.about["best"] = {{"step", now_.best_step}, {"validation", now_.best}};
        }
        model.about["history"] = std::move(now_.history);
        return model;
    }

  private:
    void warn_of_start(const Model& model) {
        const double error = model.field.value("start_error", Json()).is_number()
                                 ? model.field["start_error"].get<double>()
                                 : 0;
        if (error <= kLargeStartError) return;
        progress_.warn(text("at t = 0, where E[x0|x_t] is x0, the network is off by ",
                            rounded(error, 2),
                            " deviations of x0, which samplers magnify; train longer, take a "
                            "larger network, or --learn b"));
    }

    /// The sum over the fields, as the objective weighs them.
    double weighed(const Vector& losses) const {
        return losses.dot(Eigen::Map<const Vector>(weights_.data(), std::ssize(weights_)));
    }

    void step() {
        const Losses& losses = session_.step(now_.done);
        ++now_.done;
        now_.form.add(weighed(losses.form));
        now_.square.add(weighed(losses.square));
        const bool last = now_.done == clock_.steps() || clock_.over();
        const bool regular = now_.done % session_.spec().valid_interval == 0;
        if (session_.validates() && (regular || last)) validate();
        clock_.after(now_.done);
        session_.plan(clock_.steps());
        report(regular || last);
        if (limits_.checkpoints != nullptr && !last) answer_request();
    }

    void validate() {
        const Losses losses = session_.validate();
        now_.held_out = weighed(losses.form);
        now_.held_out_square = weighed(losses.square);
        require(std::isfinite(now_.held_out), Failure::check,
                "the loss of the held-out samples is not finite after step ", now_.done);
        // A path that is learned raises the least loss there is, so the last is the best.
        if (now_.held_out < now_.best || session_.spec().learn_path > 0) {
            now_.best = now_.held_out;
            now_.best_step = now_.done;
            now_.best_parameters = session_.stepper().average();
        }
    }

    void report(bool recorded) {
        std::vector<std::pair<std::string_view, double>> figures{{"loss", now_.form.mean()},
                                                                 {"square", now_.square.mean()}};
        const bool validated = std::isfinite(now_.held_out);
        if (validated) figures.emplace_back("validation", now_.held_out);
        const Report report{"train", now_.done, clock_.steps(), "steps", figures};
        progress_.update(report);
        if (!recorded) return;
        progress_.record(report);
        Json entry = {
            {"step", now_.done}, {"loss", now_.form.mean()}, {"square", now_.square.mean()}};
        if (validated) {
            entry["validation"] = now_.held_out;
            entry["validation_square"] = now_.held_out_square;
        }
        now_.history.push_back(std::move(entry));
    }

    void answer_request() {
        const auto request = limits_.checkpoints->request();
        if (request == Checkpoints::Request::none) return;
        keep();
        require(request != Checkpoints::Request::stop, Failure::again, "stopped at step ",
                now_.done, " of ", now_.steps, "; the same command with --resume auto goes on");
    }

    void keep() {
        now_.steps = clock_.steps();
        now_.machine = session_.stepper().state();
        limits_.checkpoints->save(now_);
    }

    Session& session_;
    TrainLimits limits_;
    Progress& progress_;
    std::vector<double> weights_;  // of the losses
    bool fills_time_;
    StepClock clock_;
    TrainState now_;
};

}  // namespace

Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress) {
    const bool open = !spec.steps, chosen_here = open || !spec.net;
    Session session(data, interpolant, std::move(spec), seed, threads);
    Training training(session, limits, open, data.x1().n(), progress);
    if (training.begin() && chosen_here) {
        progress.note(
            summary(session.spec(), session.stepper().parameters().size(), training.fills_time()));
    }
    training.run();
    return training.model(seed, data.x1().n());
}

}  // namespace si
