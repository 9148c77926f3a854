#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "si/density/written.hpp"
#include "si/interpolant/fields.hpp"
#include "si/interpolant/interpolant.hpp"

// Schroedinger bridges between the laws that two potentials make, in closed form.

namespace si {

/// A solution of the heat equation, phi_t(x) = E[phi_1(x + sigma sqrt(1 - t) xi)], whose end is a
/// Gaussian mixture times a fixed factor (Korotin, Gushchin and Burnaev, arXiv:2310.01174),
///
///     phi_1(y) ~ exp(|y|^2 / (2 e)) sum_k exp(a_k) N(y; r_k, e S_k),      e = sigma^2.
///
/// Conditional on x at t = 0, the bridge that it drives ends in component k with weight
/// exp(a_k + (x' S_k x + 2 r_k' x) / (2 e)), and there in N(r_k + S_k x, e S_k). With
/// Q_k = t S_k + (1 - t) I, up to one constant,
///
///     log phi_t = log sum_k exp l_k
///     l_k = a_k - log|Q_k| / 2
///           + (x' (S_k - I) Q_k^-1 x + 2 r_k' Q_k^-1 x - t r_k' Q_k^-1 r_k) / (2 e)
///     p = softmax(l),      g_k = Q_k^-1 (r_k + (S_k - I) x)
///     e grad log phi_t = sum_k p_k g_k
///     e lap log phi_t = sum_k p_k tr((S_k - I) Q_k^-1)
///                       + (sum_k p_k |g_k|^2 - |sum_k p_k g_k|^2) / e
///
/// all of it regular on [0, 1] when S_k is positive definite. S_k = 0 is a point r_k, which phi_t
/// has in the place of a Gaussian: then it ends before t = 1. Immutable.
class Potential {
  public:
    /// How the matrices S_k are given: numbers (1, K), diagonals (d, K), or K of them in full.
    struct Shapes {
        Matrix values;             ///< eigenvalues: (1, K) or (d, K), zero or more
        std::vector<Matrix> axes;  ///< eigenvectors of each, as columns; empty when diagonal
    };

    /// `log_weights` (K), `centers` (d, K). Throws Failure::data when they do not fit together, for
    /// numbers that are not finite and negative eigenvalues.
    Potential(double epsilon, Vector log_weights, Matrix centers, Shapes shapes);

    Index dim() const { return centers_.rows(); }
    Index size() const { return log_weights_.size(); }
    double epsilon() const { return epsilon_; }
    const Vector& log_weights() const { return log_weights_; }
    const Matrix& centers() const { return centers_; }
    /// Some S_k is singular, so that phi_1 has no density.
    bool has_points() const { return has_points_; }
    Matrix shape(Index k) const;  ///< S_k in full

    /// What is asked of it at one point and time.
    struct Value {
        double log_phi = 0;
        Vector drift;    ///< e grad log phi_t
        double div = 0;  ///< of that
        // Memory that the next call uses again.
        double of_time = -1;
        Matrix inverse_q, y, pull;
        Vector half_log_det, logs, squares, traces;
        Vector turned;
    };

    /// At t in [0, 1], or t < 1 when it has points; else Failure::usage.
    void operator()(double t, const Vector& x, Value& out) const;

    /// Mean and covariance of the end given x at t = 0: what the plan says of a point.
    struct Conditional {
        Vector mean;
        Matrix covariance;
    };
    Conditional conditional(const Vector& x) const;
    /// Weights of the components for that, and one of its samples from uniform and normal numbers.
    Vector conditional_weights(const Vector& x) const;
    Vector draw(const Vector& x, double uniform, const Vector& normal) const;

    /// The same of scale x + shift, whose noise is scale sigma. `epsilon` is its square, which
    /// multiplying would round.
    Potential moved(double scale, const Vector& shift, double epsilon) const;

    /// {"log_weights", "centers", "shapes"}.
    Json to_json() const;

  private:
    friend std::optional<double> log_mass(const Potential& forward, const Potential& backward);
    void prepare(double t, Value& out) const;
    Vector times_shape(Index k, const Vector& x) const;  ///< S_k x

    double epsilon_;
    Vector log_weights_;
    Matrix centers_;
    Shapes shapes_;
    bool has_points_ = false, one_number_ = false;
    // By rows, a component each, so that loops run over components: (K, d).
    Matrix eigenvalues_, offset_, slope_;
    Vector constants_;
};

/// log of the integral of phi_t phi^_t, where phi^ runs backward: the same at all t. Nothing when
/// it is infinite.
std::optional<double> log_mass(const Potential& forward, const Potential& backward);

/// The bridge dX = sigma dW, seen from both ends: rho_t = phi_t phi^_t for any two potentials,
/// where `backward` is one in 1 - t. It is the Schroedinger bridge between its own ends rho_0 and
/// rho_1 (Leonard 2014, Theorem 2.8). With path linear and gamma^2 = sigma^2 t (1 - t),
///
///     u = e grad log phi           drift of the bridge,            w = -e grad log phi^
///     b = (u + w) / 2              s = (u - w) / e
///     E[x1|x_t] = x + (1 - t) u    E[x0|x_t] = x - t w             v = E[x1 - x0|x_t]
///     eta = -gamma s               log rho = log phi + log phi^ - log mass
class BridgeField : public Field {
  public:
    /// `log_mass` gives log rho its constant; without it there is none.
    BridgeField(Potential forward, Potential backward, std::optional<double> log_mass);

    Index dim() const override { return forward_.dim(); }
    KnownEnds known() const override { return {.plan = this}; }
    unsigned available() const override;

    /// All of [0, 1], less 1e-3 at an end that is made of points. u needs the end at t = 1 only and
    /// w that at t = 0.
    std::array<double, 2> span(unsigned want) const override;
    std::unique_ptr<Evaluator> evaluator() const override;

    const Potential& forward() const { return forward_; }
    const Potential& backward() const { return backward_; }

  private:
    friend class BridgeEvaluator;
    Potential forward_, backward_;
    std::optional<double> log_mass_;
};

struct PotentialSpec {
    std::vector<double> log_weights;
    NumberRows centers;
    std::vector<WrittenCovariance> shapes;

    static constexpr auto fields() {
        return std::tuple{
            field("log_weights", &PotentialSpec::log_weights, "a_k, one for each component"),
            field("centers", &PotentialSpec::centers, "r_k, one row per component"),
            field("shapes", &PotentialSpec::shapes,
                  "S_k: for each component a matrix, a list of variances or one variance; or one "
                  "number for all; 0 makes points")};
    }
};

template <>
struct Setting<PotentialSpec> {
    static std::string value() { return "POTENTIAL"; }
    static PotentialSpec from_text(std::string_view word) { refuse("a JSON object", word); }
    static PotentialSpec from_json(const Json& node) { return read_spec<PotentialSpec>(node); }
    static Json to_json(const PotentialSpec& v) { return write_spec(v); }
};

struct BridgeFieldSpec {
    PotentialSpec forward, backward;
    std::optional<double> log_mass;

    static constexpr auto fields() {
        return std::tuple{
            field("forward", &BridgeFieldSpec::forward, "Potential at t = 1"),
            field("backward", &BridgeFieldSpec::backward, "Potential at t = 0"),
            field(
                "log_mass", &BridgeFieldSpec::log_mass,
                "Logarithm of the integral of their product; without it the model has no density")};
    }
};

/// Throws Failure::data unless the interpolant has path linear and gamma brownian.
std::shared_ptr<const BridgeField> make_bridge_field(const BridgeFieldSpec& spec,
                                                     const Interpolant& interpolant, Index dim);

}  // namespace si
