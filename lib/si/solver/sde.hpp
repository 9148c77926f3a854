#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "si/model/model.hpp"
#include "si/random/draw.hpp"
#include "si/solver/ode.hpp"

// The noise epsilon(t) of an SDE and the steps that integrate it, each as a table.

namespace si {

/// The size of the noise, epsilon(t) >= 0, chosen after training: the marginals rho(t) are the
/// same for all (arXiv:2303.08797, Corollary 2.3).
using Epsilon = std::function<double(double t)>;

/// What an epsilon may be made from.
struct EpsilonContext {
    Setup setup;
    FieldErrors errors;
};

inline EpsilonContext epsilon_context(const Model& model) { return {model.setup(), model.errors}; }

struct EpsilonRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// Throws Failure::usage when the model does not have what it takes.
    Epsilon (*make)(const Json& settings, const EpsilonContext& context);
};

/// constant, taper, sine, sigma, bridge, sbdm, linear, decreasing, kl, optimal. A plain number on a
/// command line is that constant.
Catalogue<EpsilonRow> epsilons();

/// The epsilon for which the bound on KL is least (arXiv:2303.08797 (2.49)) where one network makes
/// b and s of a one-sided interpolant: the errors are proportional, b^ - b = c (s^ - s), and this
/// is c = alpha^2 beta' / beta - alpha alpha'. It is 1/t for path vp, (1 - t)/t for linear, half
/// the noise rate for sit-vp; infinite where beta is 0.
double epsilon_of_one_network(const Coefficients& c);

/// True when epsilon is zero at all times: then there is no score and no noise in the SDE.
bool vanishes(const Epsilon& epsilon);

/// A choice of epsilons() that also reads "0.5".
struct EpsilonChoice {
    Choice<epsilons> choice{"constant"};
    Epsilon make(const EpsilonContext& context) const { return choice.make(context); }
};
template <>
struct Setting<EpsilonChoice> {
    static std::string value() { return "E|KIND,..."; }
    static EpsilonChoice from_text(std::string_view word);
    static EpsilonChoice from_json(const Json& node);
    static Json to_json(const EpsilonChoice& v) { return v.choice.json(); }
};
template <>
struct SettingRows<EpsilonChoice> {
    static constexpr std::vector<RowInfo> (*rows)() = [] { return epsilons().info(); };
};

/// Standard normals for the increments: (d, n) for number `index`.
using Increments = std::function<void(Index index, MatrixRef out)>;

/// The random numbers of an SDE: those of its steps, one or more increments each, and for states
/// that are wanted inside of a step those that tell how far the noise has come by then.
struct Noise {
    Increments increments;
    Increments inside = {};  ///< needed where an interval has stops
};

/// The noise of samples first, first + 1, ... of a run.
Noise noise_of(std::uint64_t seed, Index first);

/// The last steps of an SDE when they were too long for its drift, so that x is too wide.
struct Unresolved {
    double from;    ///< time at which they begin
    double enough;  ///< about how many steps on the whole interval would do
};

struct SdeResult {
    Matrix x;
    std::vector<Matrix> at_stops;
    Index steps = 0, evaluations = 0;
    Index increments = 0;  ///< drawn in all: where the next leg goes on
    std::optional<Unresolved> unresolved = {};
};

/// Throws Failure::check, with what to do, when there are such steps.
void require_resolved(const std::optional<Unresolved>& part);

/// dx = drift dt + sqrt(2 epsilon) dW along the interval, forward or backward in time (then dt
/// is negative and the noise enters all the same). A step that draws several increments draws
/// numbers that follow one another, so a path is a function of its address. States inside of a
/// step see Brownian motion that ends in the step's increments (to 2^-12 of the step), so they have
/// the right law together with each other and with the step.
using SdeSolve =
    std::function<SdeResult(const Drift& drift, const Epsilon& epsilon, const Noise& noise,
                            const TimeInterval& interval, Matrix x)>;

struct SdeRow {
    std::string_view name, summary;
    SpecInfo spec;
    int weak_order;  ///< for additive noise
    SdeSolve (*make)(const Json& settings);
};

/// Kinds of steps, all of equal length.
Catalogue<SdeRow> sde_steps();

}  // namespace si
