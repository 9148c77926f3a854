#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/types.hpp"
#include "si/random/draw.hpp"

// Gaussian mixtures: samples, log-densities and moments, stable in high dimensions.

namespace si {

/// A mixture of K >= 1 Gaussians in d dimensions, rho(x) = sum_k w_k N(x; m_k, C_k). Immutable.
class GaussianMixture {
  public:
    /// Weights are positive and sum to 1 within 1e-9 (then normalised); covariances are
    /// symmetric within 1e-9 of their largest entry, and positive definite. Throws
    /// Failure::data with a JSON pointer: "/covariances/1: not positive definite".
    GaussianMixture(const std::vector<double>& weights, std::vector<Vector> means,
                    std::vector<Matrix> covariances);

    /// N(0, I). It takes no memory of d x d numbers, and time of d a column, until somebody asks
    /// for covariances() or factors().
    static GaussianMixture standard_normal(Index dim);

    /// A single point, as a base to start from: one component with covariance 0. It has samples
    /// and moments, and no density: log_density() and score() throw Failure::usage. Throws
    /// Failure::data unless `at` is finite and not empty.
    static GaussianMixture point(const Vector& at);

    Index dim() const { return means_.front().size(); }
    Index size() const { return weights_.size(); }
    const Vector& weights() const { return weights_; }
    const std::vector<Vector>& means() const { return means_; }
    const std::vector<Matrix>& covariances() const { return full().covariances; }
    /// Lower Cholesky factor L_k of each covariance, C_k = L_k L_k^T.
    const std::vector<Matrix>& factors() const { return full().factors; }

    /// log rho at each column of x (d, n). Finite however far x lies. Here as in score(), the
    /// answer for a column does not depend on the others, bit for bit.
    Vector log_density(ConstMatrix x) const;

    /// grad log rho at each column of x (d, n).
    Matrix score(ConstMatrix x) const;

    /// Fills out (d, n) with samples `first`, `first` + 1, ... of the address. The address is
    /// used up: numbers drawn from it elsewhere are not independent of these samples.
    void sample(const Address& address, Index first, MatrixRef out) const;

    /// Mean and covariance of the whole mixture.
    Vector mean() const;
    Matrix covariance() const;

    /// True for exactly N(0, I) as a single component.
    bool is_standard_normal() const { return is_standard_normal_; }

    /// True for what point() makes.
    bool is_point() const { return is_point_; }

    /// {"weights", "means", "covariances"}, covariances in full: the settings of "mixture",
    /// which takes no point.
    Json to_json() const;

    /// The same components in the same order, number for number.
    friend bool operator==(const GaussianMixture& a, const GaussianMixture& b);

  private:
    /// Of every component. Those of N(0, I) are filled in when they are asked for.
    struct Full {
        std::vector<Matrix> covariances, factors;
        std::once_flag once;
    };

    GaussianMixture() = default;
    void check_points(ConstMatrix x) const;
    const Full& full() const;

    Vector weights_;
    std::vector<Vector> means_;
    std::shared_ptr<Full> full_ = std::make_shared<Full>();  // of all copies
    Vector log_norms_;                                       // log w_k - log det(2 pi C_k) / 2
    bool is_point_ = false, is_standard_normal_ = false;
};

/// The lower Cholesky factor of a covariance. Throws Failure::data unless it is square,
/// finite, symmetric within 1e-9 of its largest entry, and positive definite.
Matrix cholesky(const Matrix& covariance);

/// log det(2 pi C) / 2 from the lower Cholesky factor of C.
double half_log_det_2pi(const Matrix& factor);

/// log sum_k exp(a_k) without overflow or underflow.
double log_sum_exp(ConstVector a);

}  // namespace si
