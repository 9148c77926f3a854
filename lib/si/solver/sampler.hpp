#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "si/base/goes_with.hpp"
#include "si/model/model.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/solver/ode.hpp"
#include "si/solver/sde.hpp"

// Samplers: ways to carry samples along a model from one time to another. A row of the table makes
// steppers; transport, roll-outs and searches are loops over them. A new way is one row.

namespace si {

enum class Direction { forward, backward };

/// A span of times in the order of travel.
inline std::array<double, 2> in_order(Direction direction, std::array<double, 2> span) {
    return direction == Direction::forward ? span : std::array{span[1], span[0]};
}

/// Samples under way along the fields of one model: a chunk of them, on one thread. What a stepper
/// is made with must outlive it.
struct Carried {
    const Setup& setup;
    const Field& field;
    Evaluator& evaluate;
    const SampleConditions& conditions;
    Direction direction = Direction::forward;
    Noise noise = {};
    bool log_density = false;  ///< the last row of the state is the integral of div b
};

/// Carries a state (d, n) from one time to another, in legs that follow one another: legs that end
/// on its steps draw the random numbers of one that is as long as all of them.
class Stepper {
  public:
    virtual ~Stepper() = default;

    /// Where the way begins and ends, in the order of travel: inside of [0, 1] where the fields
    /// break down at an end.
    virtual std::array<double, 2> ends() const = 0;

    /// Moves the state along the interval, which begins where the last leg ended, and returns the
    /// states at its stops. Throws Failure::check when the state leaves the finite numbers.
    virtual std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) = 0;

    /// Of the field, for each sample so far, and adaptive steps that were tried again.
    const Eigen::VectorXi& evaluations() const { return evaluations_; }
    const Eigen::VectorXi& rejected() const { return rejected_; }

  protected:
    /// `each` evaluations of all n samples.
    void count(Index n, Index each);
    void count(const OdeResult& result);

    Eigen::VectorXi evaluations_, rejected_;
};

/// A sampler with its settings, for one model.
struct Sampler {
    unsigned want = 0;  ///< what the field must answer
    std::function<std::unique_ptr<Stepper>(const Carried&)> stepper;
};

struct SamplerSpec;

struct SamplerRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// Names of the options of SamplerSpec that it takes, with one space between. All others are
    /// refused.
    std::string_view takes;
    bool flow = false;        ///< deterministic along b: a log-density can go with it
    bool noisy = false;       ///< paths from one point differ
    bool equal_steps = true;  ///< its steps, unless they adapt, are equal in time
    bool by_plan = false;     ///< for bridges whose plan is known in closed form alone
    /// Throws Failure::usage when the model does not have what it takes.
    Sampler (*make)(const Json& settings, const SamplerSpec& spec, const Model& model);
};

/// How samples are carried. The first row is what is taken when nothing is said.
Catalogue<SamplerRow> samplers();

/// How a path ends where the score does, `length` before its end.
enum class FinalStep { ode, euler, mean, denoise, none };

struct Final {
    FinalStep step = FinalStep::ode;
    double length = 0;
};

struct FinalRow {
    std::string_view name, summary, aliases;
    SpecInfo spec;
    Final (*make)(const Json& settings);
};

Catalogue<FinalRow> finals();

/// Which sampler, and how. An option that is not given has the default of the row that takes it;
/// one that is given and that the row does not take is an error.
struct SamplerSpec {
    std::optional<Choice<samplers>> sampler;
    std::optional<Choice<ode_solvers>> ode;
    std::optional<Choice<sde_steps>> sde;
    std::optional<EpsilonChoice> epsilon;
    std::optional<Choice<finals>> final;
    std::optional<Index> denoise;

    /// The row that is asked for: by --sampler, by --denoise, by --sde, by --epsilon alone, or else
    /// the first. Throws Failure::usage when an option is given that it does not take.
    Choice<samplers> chosen() const;
    /// The same for a model, with what goes without saying said: a Schroedinger bridge is carried
    /// by its own SDE, by its plan where that is known, unless something else is asked for; and the
    /// noise of an SDE is its own.
    SamplerSpec resolved(const Model& model, const Field& field) const;
    /// The sampler for a model. Throws as chosen() and SamplerRow::make do.
    Sampler make(const Model& model) const;

    /// What chosen() refuses.
    static GoesWithTable goes_with();

    static constexpr auto fields() {
        return std::tuple{
            field(
                "sampler", &SamplerSpec::sampler,
                "Method that carries samples; --ode, --sde, --epsilon and --denoise choose it too")
                .value("SAMPLER,..."),
            field("ode", &SamplerSpec::ode, "Solver of dx = b dt; dopri5 by default")
                .value("SOLVER,..."),
            field(
                "sde", &SamplerSpec::sde,
                "Use the SDE dx = (b + epsilon s) dt + sqrt(2 epsilon) dW instead, with this kind "
                "of step")
                .value("STEP,..."),
            field("epsilon", &SamplerSpec::epsilon,
                  "Noise of the SDE; by default 1, and for a Schroedinger bridge its own"),
            field("final", &SamplerSpec::final,
                  "Last step of an SDE, over times where the score is not known"),
            field("denoise", &SamplerSpec::denoise,
                  "Use this many steps of E[x_s|x_t] instead, as DDIM does", kStepCount)
                .value("STEPS")};
    }
};

/// dx/dt = b; with one row more than the field has, d(last row)/dt = div b.
Drift velocity(Evaluator& evaluate, Index dim, FieldValues& values);

}  // namespace si
