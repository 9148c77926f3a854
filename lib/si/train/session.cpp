#include "si/train/session.hpp"

#include "si/train/held_out_errors.hpp"

namespace si {

Session::Session(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
                 std::uint64_t seed, Threads& threads)
    : threads_(threads),
      all_(prepare(data, interpolant, std::move(spec), seed)),
      graph_(
          in_context("--net", [&] { return NetworkField::graph(all_->field, all_->model.shape); })),
      stepper_(graph_, all_->learned, all_->source, all_->spec, seed, threads),
      pairs_(all_->source.draw, *all_->spec.batch, threads.count() == 1),
      schedule_(all_->spec.schedule.make()),
      steps_(*all_->spec.steps) {}

const Losses& Session::step(Index step) { return this->step(step, pairs_.at(step)); }

const Losses& Session::step(Index step, const Pairs& pairs) {
    return stepper_.step(step, pairs, schedule_.factor(step, steps_));
}

const Losses& Session::rehearse(Index step) { return stepper_.step(step, pairs_.at(step), 0); }

Losses Session::validate() {
    const Validation& held_out = all_->validation;
    return stepper_.evaluate(held_out.source, held_out.pairs, held_out.size);
}

Model Session::model(Eigen::VectorXf parameters) {
    Model& model = all_->model;
    TrainSpec& spec = all_->spec;
    spec.steps = steps_;
    model.parameters = std::move(parameters);
    model.interpolant = stepper_.setup().interpolant.spec();
    model.field = Json{{"kind", "network"}};
    model.field.update(write_spec(all_->field));
    model.label_dropout = spec.label_dropout;
    model.about["training"] = write_spec(spec);
    if (const auto error = start_error(*all_); error && *error > 0) {
        all_->field.start_error = error;
        model.field.update(write_spec(all_->field));
    }
    if (spec.errors) model.errors = estimate_errors(*all_, threads_);
    return std::move(model);
}

}  // namespace si
