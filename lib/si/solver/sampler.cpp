#include "si/solver/sampler.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/solver/equal_steps.hpp"
#include "si/solver/sde_stepper.hpp"

namespace si {
namespace {

/// A span of times in the order of travel.
std::array<double, 2> in_order(Direction direction, std::array<double, 2> span) {
    return direction == Direction::forward ? span : std::array{span[1], span[0]};
}

// ode: along dx/dt = b.

class OdeStepper : public Stepper {
  public:
    OdeStepper(OdeSolve solve, const Carried& carried)
        : solve_(std::move(solve)), carried_(carried) {}

    std::array<double, 2> ends() const override {
        const unsigned want = carried_.log_density ? kB | kDivB : kB;
        return in_order(carried_.direction, carried_.field.span(want));
    }

    std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) override {
        const auto [first, last] = ends();
        TimeInterval leg = interval;
        leg.whole = std::abs(last - first);
        leg.on_compaction = carried_.conditions.on_compaction();
        auto result = solve_(velocity(carried_.evaluate, carried_.field.dim(), values_), leg,
                             std::move(state));
        carried_.conditions.all();
        count(result);
        state = std::move(result.x);
        return std::move(result.at_stops);
    }

  private:
    OdeSolve solve_;
    Carried carried_;
    FieldValues values_;
};

Sampler ode(const NoSettings&, const SamplerSpec& spec, const Model&) {
    const OdeSolve solve = spec.ode.value_or("dopri5").make();
    return {kB, [solve](const Carried& carried) {
                return std::make_unique<OdeStepper>(solve, carried);
            }};
}

// sde: along dx = (b +- epsilon s) dt + sqrt(2 epsilon) dW.

Sampler sde(const NoSettings&, const SamplerSpec& spec, const Model& model) {
    const SdeSolve steps = spec.sde.value_or("heun").make();
    const Epsilon epsilon = spec.epsilon.value_or(EpsilonChoice{}).make(epsilon_context(model));
    const Final last = spec.final.value_or("ode").make();
    return {vanishes(epsilon) ? kB : kB | kS, [=](const Carried& carried) {
                return std::make_unique<SdeStepper>(steps, epsilon, last, carried);
            }};
}

// denoise: x_s = alpha(s) E[x0|x_t] + beta(s) E[x1|x_t] + gamma(s) E[z|x_t], which is E[x_s|x_t]
// where x_t is given (arXiv:2303.08797 (5.14)). First order, and regular wherever those means are;
// from t = 0 the first step is (5.14)'s start corrected by the mean of x1.

unsigned means_of(const Setup& setup) {
    return kX0 | kX1 | (setup.interpolant.has_latent() ? kEta : 0U);
}

class MeansStepper : public Stepper {
  public:
    MeansStepper(Index steps, const Carried& carried)
        : steps_(steps), carried_(carried), want_(means_of(carried.setup)) {
        from_ = in_order(carried.direction, carried.field.span(want_))[0];
    }

    std::array<double, 2> ends() const override { return in_order(carried_.direction, {0, 1}); }

    std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) override {
        const auto [first, end] = ends();
        count(state.cols(), 0);
        std::vector<Matrix> states;
        TimeInterval rest = interval;
        if (ahead(interval.from, from_)) states = open(rest, state);
        const TimeInterval whole{first, end};
        double now = rest.from;
        auto stop = rest.stops.begin();
        const auto pass_to = [&](double next) {
            look(now, state);
            for (; stop != rest.stops.end() && !ahead(next, *stop) && !same_time(*stop, next);
                 ++stop) {
                states.push_back(same_time(*stop, now) ? state : mean_at(*stop));
            }
            state = mean_at(next);
            now = next;
            for (; stop != rest.stops.end() && same_time(*stop, now); ++stop) {
                states.push_back(state);
            }
        };
        for (; stop != rest.stops.end() && same_time(*stop, now); ++stop) states.push_back(state);
        for (Index k = 1; k <= steps_; ++k) {
            const double next = step_time(whole, steps_, static_cast<double>(k));
            if (same_time(now, next) || same_time(next, rest.to)) continue;
            if (ahead(now, next) && ahead(next, rest.to)) pass_to(next);
        }
        if (ahead(now, rest.to)) pass_to(rest.to);
        return states;
    }

  private:
    /// Whether `b` comes after `a` on the way.
    bool ahead(double a, double b) const {
        return carried_.direction == Direction::forward ? b > a : b < a;
    }

    /// One step of the flow to where the means are to be had; shortens `rest` by it.
    std::vector<Matrix> open(TimeInterval& rest, Matrix& state) {
        TimeInterval leg{rest.from, ahead(rest.to, from_) ? rest.to : from_};
        while (!rest.stops.empty() && !ahead(leg.to, rest.stops.front())) {
            leg.stops.push_back(rest.stops.front());
            rest.stops.erase(rest.stops.begin());
        }
        auto result = rk4_steps(1)(velocity(carried_.evaluate, carried_.field.dim(), values_), leg,
                                   std::move(state));
        count(result);
        state = std::move(result.x);
        rest.from = leg.to;
        return std::move(result.at_stops);
    }

    void look(double t, const Matrix& state) {
        carried_.evaluate(Vector::Constant(state.cols(), t), state, want_, values_);
        count(state.cols(), 1);
    }

    Matrix mean_at(double t) const {
        const auto c = carried_.setup.interpolant.at(t);
        Matrix x = c.alpha() * values_.x0 + c.beta() * values_.x1;
        if ((want_ & kEta) != 0) x += c.gamma * values_.eta;
        return x;
    }

    Index steps_;
    Carried carried_;
    unsigned want_;
    double from_;  ///< where the means are to be had
    FieldValues values_;
};

using MeansSpec = EqualStepsSpec<100>;

Sampler denoise(const MeansSpec& settings, const SamplerSpec& spec, const Model& model) {
    require(!spec.sampler || !spec.denoise, Failure::usage,
            "--denoise N and --sampler denoise,steps=N are the same; give one of them");
    const Index steps = spec.denoise.value_or(settings.steps);
    return {means_of(model.setup()), [steps](const Carried& carried) {
                return std::make_unique<MeansStepper>(steps, carried);
            }};
}

constexpr auto kSamplers = std::to_array<SamplerRow>({
    {.name = "ode",
     .summary = "the flow dx = b dt",
     .spec = spec_of<NoSettings>,
     .takes = "ode",
     .flow = true,
     .make = from_json<ode>},
    {.name = "sde",
     .summary = "the diffusion dx = (b + epsilon s) dt + sqrt(2 epsilon) dW",
     .spec = spec_of<NoSettings>,
     .takes = "sde epsilon final",
     .noisy = true,
     .make = from_json<sde>},
    {.name = "denoise",
     .summary = "steps of E[x_s|x_t], as DDIM does",
     .spec = spec_of<MeansSpec>,
     .takes = "denoise",
     .make = from_json<denoise>},
});

struct FinalSpec {
    double length = 0;
    static constexpr auto fields() {
        return std::tuple{
            field("length", &FinalSpec::length,
                  "Length of the last step in time; at least the part where the score is not known",
                  kBelowOne)};
    }
};

template <FinalStep Step>
Final final_step(const FinalSpec& spec) {
    return {Step, spec.length};
}

constexpr auto kFinals = std::to_array<FinalRow>({
    {.name = "ode",
     .summary = "a Runge-Kutta step of the ODE",
     .spec = spec_of<FinalSpec>,
     .make = from_json<final_step<FinalStep::ode>>},
    {.name = "euler",
     .summary = "an Euler step of the ODE",
     .spec = spec_of<FinalSpec>,
     .make = from_json<final_step<FinalStep::euler>>},
    {.name = "mean",
     .summary = "an Euler step of the SDE, without its noise",
     .spec = spec_of<FinalSpec>,
     .make = from_json<final_step<FinalStep::mean>>},
    {.name = "denoise",
     .summary = "E[x1|x_t], or backward E[x0|x_t]: Tweedie's formula",
     .aliases = "tweedie",
     .spec = spec_of<FinalSpec>,
     .make = from_json<final_step<FinalStep::denoise>>},
    {.name = "none",
     .summary = "stop before the end",
     .spec = spec_of<FinalSpec>,
     .make = from_json<final_step<FinalStep::none>>},
});

bool takes(const SamplerRow& row, std::string_view option) {
    const auto taken = split(row.takes, ' ');
    return std::find(taken.begin(), taken.end(), option) != taken.end();
}

/// Options that choose a sampler, where --sampler is not given.
struct Chooser {
    std::string_view option, sampler;
};
constexpr auto kChoosers =
    std::to_array<Chooser>({{"denoise", "denoise"}, {"sde", "sde"}, {"epsilon", "sde"}});

/// A sampler and the options that choose it, but for one: "the sampler sde (--sde or --epsilon)".
std::string with_choosers(std::string_view sampler, std::string_view but) {
    std::vector<std::string> options;
    for (const Chooser& one : kChoosers) {
        if (one.sampler == sampler && one.option != but) options.push_back(text("--", one.option));
    }
    return text("the sampler ", sampler,
                options.empty() ? "" : text(" (", join(options, " or "), ")"));
}

/// What an option goes with, where the run uses a sampler that does not take it.
std::string company_of(std::string_view option, const SamplerRow& used) {
    const auto taker = std::find_if(kSamplers.begin(), kSamplers.end(),
                                    [&](const SamplerRow& row) { return takes(row, option); });
    require(taker != kSamplers.end(), Failure::internal, "no sampler takes --", option);
    return text(with_choosers(taker->name, option), "; this run uses ",
                with_choosers(used.name, option));
}

/// The name of the sampler that is asked for.
std::string name_asked(const Asked& asked) {
    const Json& sampler = asked.value("sampler");
    if (!sampler.is_null()) return sampler.at("kind").get<std::string>();
    for (const Chooser& one : kChoosers) {
        if (!asked.value(one.option).is_null()) return std::string(one.sampler);
    }
    return std::string(kSamplers.front().name);
}

}  // namespace

Catalogue<SamplerRow> samplers() { return {"sampler", kSamplers}; }

Catalogue<FinalRow> finals() { return {"final step", kFinals}; }

void Stepper::count(Index n, Index each) {
    if (evaluations_.size() == 0) evaluations_.setZero(n), rejected_.setZero(n);
    evaluations_.array() += static_cast<int>(each);
}

void Stepper::count(const OdeResult& result) {
    count(result.evaluations.size(), 0);
    evaluations_ += result.evaluations;
    rejected_ += result.rejected;
}

Choice<samplers> SamplerSpec::chosen() const {
    Json values = write_spec(*this);
    std::vector<std::string> given;
    for (const auto& [name, value] : values.items()) {
        if (!value.is_null()) given.push_back(name);
    }
    const Asked asked(std::move(values), std::move(given));
    const GoesWithTable table = goes_with();
    if (const auto* useless = first_useless(table, asked)) {
        throw Error(Failure::usage, text("--", useless->name(), useless->refusal()));
    }
    return sampler ? *sampler : Choice<samplers>(name_asked(asked));
}

GoesWithTable SamplerSpec::goes_with() {
    GoesWithTable table;
    for_each_field<SamplerSpec>([&](const auto& f) {
        if (f.name == "sampler") return;
        for (const SamplerRow& row : kSamplers) {
            if (takes(row, f.name)) continue;
            table.push_back({std::string(f.name), company_of(f.name, row),
                             [&row](const Asked& asked) { return name_asked(asked) != row.name; }});
        }
    });
    return table;
}

Sampler SamplerSpec::make(const Model& model) const { return chosen().make(*this, model); }

Drift velocity(Evaluator& evaluate, Index dim, FieldValues& values) {
    return [&evaluate, dim, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const bool divergence = x.rows() > dim;
        evaluate(t, x.topRows(dim), divergence ? kB | kDivB : kB, values);
        dx.topRows(dim) = values.b;
        if (divergence) dx.row(dim) = values.div_b.transpose();
    };
}

}  // namespace si
