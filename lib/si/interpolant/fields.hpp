#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/times.hpp"
#include "si/base/types.hpp"

// The interface of all fields: b, v, s, eta, conditional means, divergences and densities at
// points and times, whether by a network or in closed form.

namespace si {

class BridgeField;
class GaussianMixture;
class Interpolant;

/// What can be asked of a model at a point x and a time t; flags to be or-ed together.
/// Times run from 0 (base) to 1 (target); signs are those of arXiv:2303.08797:
/// eta = E[z | x_t], s = grad log rho = -eta / gamma, b = v - gamma gamma' s.
enum Want : unsigned {
    kB = 1,         ///< velocity b = E[d/dt x_t | x_t] (2.10)
    kV = 2,         ///< E[d/dt I | x_t] (2.28): b without the latent's part
    kS = 4,         ///< score, grad log rho(t, x) (2.14)
    kEta = 8,       ///< denoiser E[z | x_t] (2.17); of a one-sided model z is x0
    kX0 = 16,       ///< E[x0 | x_t] (4.3)
    kX1 = 32,       ///< E[x1 | x_t] (4.3)
    kDivB = 64,     ///< divergence of b
    kDivS = 128,    ///< divergence of s
    kLogRho = 256,  ///< log rho(t, x), where it is known in closed form
    kU = 512,       ///< b + e s with e = (gamma gamma')(0): regular at t = 0 for all x0 (Thm 3.1)
    kW = 1024,      ///< the same with e = (gamma gamma')(1): regular at t = 1 for all x1
};

/// The answers: (d, n) for fields, (n) for numbers; those not asked for are left alone.
struct FieldValues {
    Matrix b, v, s, eta, x0, x1, u, w;
    Vector div_b, div_s, log_rho;
};

/// How an answer follows a change of coordinates x = shift + A y.
enum class Turns {
    as_point,        ///< shift + A f
    as_base_point,   ///< likewise, where the base has the units of the data
    as_velocity,     ///< A f
    as_gradient,     ///< A^-T f
    not_at_all,      ///< eta is a property of z, and div b of the flow
    as_log_density,  ///< f - log |det A|
    unknown          ///< div s does not tell what it would be
};

/// One thing that can be asked: its flag, its name in messages and files, and where its answer is.
struct Answer {
    Want flag;
    std::string_view name;
    Matrix FieldValues::*field;   ///< either a column for each point,
    Vector FieldValues::*number;  ///< or a number for each
    Turns turns;
};

/// All of them: the only list of flags, names and members.
std::span<const Answer> answers();

/// The row of one flag.
const Answer& answer_of(Want flag);

/// What a field knows in closed form beside its answers; what is not known is null. It belongs to
/// the field, in the field's coordinates.
struct KnownEnds {
    const GaussianMixture* base = nullptr;  ///< the density of x0
    const GaussianMixture* target =
        nullptr;  ///< that of x1; independent of x0, or with path mirror x0 itself
    const Interpolant* interpolant = nullptr;  ///< by which the two are joined
    const BridgeField* plan = nullptr;         ///< how x0 and x1 go together in a bridge
};

/// What the fields of a model are conditioned on beside x and t: a label, then numbers. All of a
/// sample's stand in one column, the label first.
struct Conditions {
    Index labels = 0;                ///< a label is 0 .. labels - 1, or `labels`: none is given
    std::vector<Index> shape;        ///< of the numbers; {} is none
    bool masked = false;             ///< they are 1 where x is known and does not move, else 0
    bool start = false;              ///< they are the x0 that the sample starts from
    std::vector<Index> absent = {};  ///< labels that no sample of the training set had, in order
    /// Networks see (number - shift) / scale: one of each for a number, or for a channel of images;
    /// empty: they see numbers as they are.
    std::vector<double> shift = {}, scale = {};

    /// What networks see of conditions (rows(), n) in the units of the data.
    Matrix seen(ConstMatrix given) const;

    Index numbers() const;
    Index rows() const { return (labels > 0 ? 1 : 0) + numbers(); }
};

/// Evaluates the fields of one model. It owns scratch memory, so each thread has its own.
class Evaluator {
  public:
    virtual ~Evaluator() = default;

    /// What the columns of the calls that follow are conditioned on, for a field that has
    /// conditions(): one column for each of theirs.
    virtual void condition(ConstMatrix given) { static_cast<void>(given); }

    /// Column j of `x` (d, n) is taken at time `t`[j] in [0, 1]; a time has as many numbers as
    /// the field's time_rows() says. The answer for a column does
    /// not depend on the other columns, nor on where it stands, bit for bit.
    /// Throws Failure::usage when something asked for is not available.
    virtual void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) = 0;

    /// out.b, and for each of K probes e the number e^T (grad b) e, which has the mean div b over
    /// random e of covariance I (Hutchinson). `probes` (K d, n) holds the probes of a column one
    /// under the other, `quadratic` (K, n) takes the answers. A field in closed form knows div b
    /// and answers that: a probe without noise.
    virtual void probe(const Times& t, ConstMatrix x, ConstMatrix probes, FieldValues& out,
                       MatrixRef quadratic);

    /// The field `of` (b, v, s, eta, x0, x1, u or w) in `out`, and the product J^T r of its
    /// transposed Jacobian J = df/dx with a vector for each point: `r` and `product` are (d, n).
    /// That is the gradient of f(x) . r, which guidance by a reward needs. Networks answer by one
    /// backward pass; a field in closed form that has no rule of its own by central differences,
    /// to about 9 digits, with 2 d evaluations for each point.
    virtual void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                           MatrixRef product);
};

/// The time-dependent fields of a model. Immutable, shared by all threads.
class Field {
  public:
    virtual ~Field() = default;

    virtual Index dim() const = 0;

    /// T, how many numbers a time of it has: see Times.
    virtual Index time_rows() const { return 1; }

    virtual Conditions conditions() const { return {}; }

    /// What it knows beside its answers.
    virtual KnownEnds known() const { return {}; }

    /// Samples that are best worked on together: `most`, or fewer of large ones.
    virtual Index together(Index most) const { return most; }

    /// The flags that an evaluator can answer, at times inside (0, 1).
    virtual unsigned available() const = 0;

    /// The part of [0, 1] on which `want` can be answered: a solver stays inside.
    virtual std::array<double, 2> span(unsigned want) const {
        static_cast<void>(want);
        return {0, 1};
    }

    /// It refers to this field, which must outlive it.
    virtual std::unique_ptr<Evaluator> evaluator() const = 0;
};

/// The names of flags, as in "b, div_b".
std::string names_of(unsigned want);

/// What every evaluator asks first: Failure::usage for flags that the field has not and times
/// outside [0, 1], Failure::data when points and times do not fit the field.
void check_request(const Field& field, const Times& t, ConstMatrix x, unsigned want);

/// Gives the members of `out` that `want` names room for n points in `dim` dimensions.
void make_room(FieldValues& out, unsigned want, Index dim, Index n);

}  // namespace si
