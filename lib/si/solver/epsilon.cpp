#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "si/solver/sde.hpp"

namespace si {
namespace {

struct ConstantSpec {
    double value = 1;
    static constexpr auto fields() {
        return std::tuple{field("value", &ConstantSpec::value, "Value of epsilon", kNonNegative)};
    }
};

Epsilon constant(const ConstantSpec& spec, const EpsilonContext&) {
    return [spec](double) { return spec.value; };
}

struct TaperSpec {
    double value = 1;
    double width = 0.05;
    static constexpr auto fields() {
        return std::tuple{
            field("value", &TaperSpec::value, "Value of epsilon between the ends", kNonNegative),
            field("width", &TaperSpec::width, "Length of time of the rise and of the fall",
                  kPositive)};
    }
};

Epsilon taper(const TaperSpec& spec, const EpsilonContext&) {
    return [spec](double t) {
        const double near = std::min({t, 1 - t, spec.width}) / spec.width;
        return spec.value * near;
    };
}

Epsilon sine(const ConstantSpec& spec, const EpsilonContext&) {
    return [spec](double t) {
        return spec.value * std::pow(std::sin(std::numbers::pi * std::min(t, 1 - t)), 2);
    };
}

Epsilon linear(const ConstantSpec& spec, const EpsilonContext&) {
    return [spec](double t) { return spec.value * (1 - t); };
}

Epsilon decreasing(const ConstantSpec& spec, const EpsilonContext&) {
    return [spec](double t) {
        return spec.value / 4 * std::pow(std::cos(std::numbers::pi * t) + 1, 2);
    };
}

Epsilon sigma(const ConstantSpec& spec, const EpsilonContext& context) {
    return [spec, setup = context.setup](double t) {
        const auto c = setup.interpolant.at(t);
        return spec.value * (setup.one_sided() ? c.alpha() : c.gamma);
    };
}

Epsilon of_bridge(const NoSettings&, const EpsilonContext& context) {
    const double value = context.setup.interpolant.at(0).gamma_gamma_dot;
    require(value > 0, Failure::usage,
            "epsilon bridge needs gamma to start like a square root, as brownian does");
    return [value](double) { return value; };
}

struct OptimalSpec {
    bool constant = false;
    double cap = 10;
    static constexpr auto fields() {
        return std::tuple{field("constant", &OptimalSpec::constant,
                                "Use the best constant instead of the best function of time"),
                          field("cap", &OptimalSpec::cap, "Largest value of epsilon", kPositive)};
    }
};

double ratio(double b, double s) { return s > 0 ? std::sqrt(b / s) : 1; }

/// Straight lines between the times of a grid.
double interpolated(const std::vector<double>& t, const std::vector<double>& values, double at) {
    const auto after = std::upper_bound(t.begin(), t.end(), at);
    if (after == t.begin()) return values.front();
    if (after == t.end()) return values.back();
    const auto k = static_cast<std::size_t>(after - t.begin());
    const double u = (at - t[k - 1]) / (t[k] - t[k - 1]);
    return (1 - u) * values[k - 1] + u * values[k];
}

/// An estimate that its noise hides is taken to be as large as that noise.
std::vector<double> above_noise(std::vector<double> values, const std::vector<double>& noise) {
    for (std::size_t k = 0; k < noise.size(); ++k) values[k] = std::max(values[k], noise[k]);
    return values;
}

/// KL <= (1/epsilon) dL_b + epsilon dL_s is least at sqrt(dL_b / dL_s) (arXiv:2303.08797 (2.49)),
/// and so is its integrand at each time.
Epsilon from_errors(const OptimalSpec& spec, const FieldErrors& errors) {
    const auto count = errors.t.size();
    const auto b = above_noise(errors.b, errors.b_stderr),
               s = above_noise(errors.s, errors.s_stderr);
    if (spec.constant) {
        const double value = std::min(ratio(std::accumulate(b.begin(), b.end(), 0.0),
                                            std::accumulate(s.begin(), s.end(), 0.0)),
                                      spec.cap);
        return [value](double) { return value; };
    }
    std::vector<double> values(count);
    for (std::size_t k = 0; k < count; ++k) values[k] = std::min(ratio(b[k], s[k]), spec.cap);
    return [t = errors.t, values](double at) { return interpolated(t, values, at); };
}

Epsilon of_one_network(const Setup& setup) {
    return [interpolant = setup.interpolant](double t) {
        return epsilon_of_one_network(interpolant.at(t));
    };
}

Epsilon optimal(const OptimalSpec& spec, const EpsilonContext& context) {
    if (context.setup.one_sided() && !spec.constant) {
        return [cap = spec.cap, best = of_one_network(context.setup)](double t) {
            return std::min(best(t), cap);
        };
    }
    require(!context.errors.t.empty(), Failure::usage,
            "epsilon optimal needs a model with estimates of its errors in b and s; si-train makes "
            "them with --errors (or give a number)");
    return from_errors(spec, context.errors);
}

struct CappedSpec {
    double value = 1;
    double cap = 10;
    static constexpr auto fields() {
        return std::tuple{field("value", &CappedSpec::value, "Factor", kNonNegative),
                          field("cap", &CappedSpec::cap,
                                "Largest value of epsilon, which grows towards t = 0", kPositive)};
    }
};

/// The noise with which the reverse of a score-based diffusion goes along the path.
Epsilon sbdm(const CappedSpec& spec, const EpsilonContext& context) {
    require(context.setup.one_sided(), Failure::usage,
            "epsilon sbdm is for one-sided interpolants");
    return [spec, best = of_one_network(context.setup)](double t) {
        return spec.value == 0 ? 0 : std::min(spec.value * best(t), spec.cap);
    };
}

struct KlSpec {
    double eta = 0;
    double cap = 10;
    static constexpr auto fields() {
        return std::tuple{
            field("eta", &KlSpec::eta, "Cost of noise; above 0, noise is weighed against errors",
                  kNonNegative),
            field("cap", &KlSpec::cap, "Largest value of epsilon, which grows towards t = 0",
                  kPositive)};
    }
};

/// With w = 2 epsilon and the error L of b at t, the bound on KL has the integrand (L / 2 w) (1 + w
/// / W)^2, least at W = 2 of_one_network() (arXiv:2401.08740, section 2.3). Plus eta w it is least
/// at w^-2 = W^-2 + 2 eta / L: W where eta is 0, sqrt(L / 2 eta) where W is infinite.
Epsilon kl(const KlSpec& spec, const EpsilonContext& context) {
    require(context.setup.one_sided(), Failure::usage, "epsilon kl is for one-sided interpolants");
    if (spec.eta == 0) return optimal({.constant = false, .cap = spec.cap}, context);
    require(!context.errors.t.empty(), Failure::usage,
            "epsilon kl with eta needs a model with estimates of its errors; si-train makes them "
            "with --errors");
    return [spec, best = of_one_network(context.setup), t = context.errors.t,
            errors = above_noise(context.errors.b, context.errors.b_stderr)](double at) {
        const double w = 2 * best(at), loss = interpolated(t, errors, at);
        if (w == 0 || loss == 0) return 0.0;
        return std::min(0.5 / std::sqrt(1 / (w * w) + 2 * spec.eta / loss), spec.cap);
    };
}

constexpr auto kEpsilons = std::to_array<EpsilonRow>({
    {"constant", "the same at all times", spec_of<ConstantSpec>, from_json<constant>},
    {"taper", "constant, decreasing to zero at both ends", spec_of<TaperSpec>, from_json<taper>},
    {"sine", "value sin^2(pi t), zero at both ends", spec_of<ConstantSpec>, from_json<sine>},
    {"sigma", "proportional to the noise in x_t: gamma, or alpha of a one-sided model",
     spec_of<ConstantSpec>, from_json<sigma>},
    {"bridge",
     "(gamma gamma')(0), which is sigma^2 / 2: the noise of the Brownian bridges along the path",
     spec_of<NoSettings>, from_json<of_bridge>},
    {"sbdm", "value times the noise of a score-based diffusion along the path: 1 / t for vp",
     spec_of<CappedSpec>, from_json<sbdm>},
    {"linear", "value (1 - t)", spec_of<ConstantSpec>, from_json<linear>},
    {"decreasing", "value (cos(pi t) + 1)^2 / 4", spec_of<ConstantSpec>, from_json<decreasing>},
    {"kl", "minimises the bound on KL for a model with one network; eta also penalises noise",
     spec_of<KlSpec>, from_json<kl>},
    {"optimal", "minimises the bound on KL", spec_of<OptimalSpec>, from_json<optimal>},
});

}  // namespace

double epsilon_of_one_network(const Coefficients& c) {
    if (c.beta() <= 0) return std::numeric_limits<double>::infinity();
    return std::max(c.alpha() * c.alpha() * c.beta_dot() / c.beta() - c.alpha_alpha_dot(), 0.0);
}

Catalogue<EpsilonRow> epsilons() { return {"epsilon", kEpsilons}; }

bool vanishes(const Epsilon& epsilon) {
    constexpr int kProbes = 64;
    for (int i = 0; i <= kProbes; ++i) {
        if (epsilon(static_cast<double>(i) / kProbes) != 0) return false;
    }
    return true;
}

EpsilonChoice Setting<EpsilonChoice>::from_text(std::string_view word) {
    if (parse_real(word)) return {Choice<epsilons>(text("constant,value=", word))};
    return {Choice<epsilons>(word)};
}

EpsilonChoice Setting<EpsilonChoice>::from_json(const Json& node) {
    if (node.is_number())
        return {Choice<epsilons>::from_json({{"kind", "constant"}, {"value", node}})};
    return {Choice<epsilons>::from_json(node)};
}

}  // namespace si
