#include "si/solver/sampler.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/solver/equal_steps.hpp"
#include "si/solver/means_stepper.hpp"
#include "si/solver/plan_stepper.hpp"
#include "si/solver/sde_stepper.hpp"

namespace si {
namespace {

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

// denoise and multistep: by the means of the ends and the latent.

using MeansSpec = EqualStepsSpec<100>;

Sampler denoise(const MeansSpec& settings, const SamplerSpec& spec, const Model& model) {
    require(!spec.sampler || !spec.denoise, Failure::usage,
            "--denoise N and --sampler denoise,steps=N are the same; give one of them");
    const Index steps = spec.denoise.value_or(settings.steps);
    return {means_of(model.setup()), [steps](const Carried& carried) {
                return std::make_unique<MeansStepper>(equal_times(steps, carried.direction),
                                                      carried);
            }};
}

Sampler multistep(const MultistepSpec& settings, const SamplerSpec& spec, const Model& model) {
    const Setup setup = model.setup();
    require(setup.one_sided() || setup.interpolant.has_latent(), Failure::usage,
            "the sampler multistep needs a latent (--gamma) or a one-sided model; --sde heun runs "
            "wherever there is a score");
    const Epsilon epsilon = spec.epsilon.value_or(EpsilonChoice{}).make(epsilon_context(model));
    const auto clock = std::make_shared<const MultistepClock>(setup.interpolant, settings);
    return {means_of(setup), [=](const Carried& carried) {
                return std::make_unique<MultistepStepper>(settings, epsilon, clock, carried);
            }};
}

// plan: by the plan of a bridge in closed form.

Sampler plan(const NoSettings&, const SamplerSpec&, const Model&) {
    return {0, [](const Carried& carried) {
                const BridgeField* bridge = carried.field.known().plan;
                require(bridge != nullptr, Failure::usage,
                        "the sampler plan needs a bridge in closed form, as si-bridge --method "
                        "gaussian and lightsb make");
                return std::make_unique<PlanStepper>(*bridge, carried);
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
    {.name = "multistep",
     .summary = "the diffusion by the means of x0, x1 and z, of second order, which cannot blow up "
                "where an end is narrow",
     .spec = spec_of<MultistepSpec>,
     .takes = "epsilon",
     .noisy = true,
     .equal_steps = false,
     .make = from_json<multistep>},
    {.name = "plan",
     .summary = "ends by the plan of a bridge in closed form, and Brownian bridges between: exact",
     .spec = spec_of<NoSettings>,
     .takes = "",
     .noisy = true,
     .equal_steps = false,
     .by_plan = true,
     .make = from_json<plan>},
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
    std::to_array<Chooser>({{"denoise", "denoise"}, {"sde", "sde"}, {"epsilon", "multistep"}});

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
    const auto chooser = std::find_if(kChoosers.begin(), kChoosers.end(),
                                      [&](const Chooser& one) { return one.option == option; });
    const auto wanted = chooser == kChoosers.end() ? taker->name : chooser->sampler;
    return text(with_choosers(wanted, option), "; this run uses ",
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

SamplerSpec SamplerSpec::resolved(const Model& model, const Field& field) const {
    SamplerSpec all = *this;
    const bool plan = field.known().plan != nullptr;
    if (!(model.bridge || plan) || !(model.setup().noise_at_start() > 0)) return all;
    if (write_spec(*this) == write_spec(SamplerSpec{})) {
        all.sampler = Choice<samplers>(plan ? "plan" : "multistep");
    }
    if (!all.epsilon && takes(all.chosen().row(), "epsilon")) all.epsilon = EpsilonChoice{"bridge"};
    return all;
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
