#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

// Potentials: scalar functions of a point that a user names. They are the energies of states, the
// logarithms of importance weights and the rewards of a search.

namespace si {

/// What the values of a row of the table are.
enum class Nature {
    energy,           ///< U = -log of an unnormalised density: low is likely
    log_probability,  ///< high is likely
    neutral           ///< as it stands: an energy where one is asked for, a reward where one is
};

/// What values are wanted for. An energy as a reward is minus itself, and so is a log-probability
/// as an energy.
enum class Meaning { energy, reward };

/// A function of points as a row of the table makes it: before units and signs. Immutable, shared
/// by threads.
class PointFunction {
  public:
    virtual ~PointFunction() = default;
    virtual bool has_gradient() const { return true; }
    /// Values (n) at the columns of x (d, n), and where `gradients` is not null their gradients (d,
    /// n). A column's answer does not depend on the others, bit for bit.
    virtual void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const = 0;
};

/// Settings of every row.
struct ValueUnits {
    double kt = 1, offset = 0;
    static constexpr auto fields() {
        return std::tuple{field("kt", &ValueUnits::kt,
                                "k T in the units of the value, which is divided by it", kPositive),
                          field("offset", &ValueUnits::offset, "Added to the value after that")};
    }
};

struct PotentialRow {
    std::string_view name, summary;
    SpecInfo spec;
    Nature nature;
    /// For samples of a shape, whose product is their dimension. Throws Failure::usage when the
    /// settings do not fit it.
    std::unique_ptr<const PointFunction> (*make)(const Json& settings,
                                                 const std::vector<Index>& shape);
};

/// gaussian, mixture, phi4, lennard-jones, double-well, many-well, expression.
Catalogue<PotentialRow> potentials();

/// A potential for samples of one shape, with its units and its sign.
class ScalarPotential {
  public:
    /// Throws Failure::usage or Failure::data when the settings do not fit the samples.
    ScalarPotential(const Choice<potentials>& choice, const std::vector<Index>& shape,
                    Meaning meaning = Meaning::energy);

    bool has_gradient() const { return function_->has_gradient(); }

    /// U (n) at the columns of x (d, n), or the reward. An energy may be +inf, which is no density,
    /// a reward -inf, which is never chosen. Throws Failure::data for all else that is not finite:
    /// "lennard-jones: sample 17, at (0.1, 0.2): is nan". `first` samples came before these.
    Vector values(ConstMatrix x, Index first = 0) const;

    /// The same with its gradients (d, n), which are 0 where the value is infinite.
    Vector values(ConstMatrix x, Matrix& gradients, Index first = 0) const;

    /// The name of its row.
    const std::string& name() const { return name_; }

  private:
    void finish(ConstMatrix x, Vector& values, Matrix* gradients, Index first) const;

    std::string name_;
    Meaning meaning_;
    double factor_ = 1, offset_ = 0;
    std::unique_ptr<const PointFunction> function_;
};

}  // namespace si
