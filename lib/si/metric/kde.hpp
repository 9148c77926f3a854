#pragma once

#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Kernel density estimates, and KL between them with the sign that arXiv:2303.08797 misprints.

namespace si {

/// A Gaussian kernel density estimate of samples in a few dimensions, with Scott's bandwidth:
/// kernels N(0, n^(-2/(d+4)) C) around each of n samples with covariance C.
class KernelDensity {
  public:
    /// `samples` is (d, n) with n > d. Throws Failure::data when their covariance is singular.
    explicit KernelDensity(ConstMatrix samples);

    /// log density at each column of x (d, m); finite however far. Costs n m d operations.
    Vector log_density(ConstMatrix x, Threads& threads) const;

  private:
    Matrix root_;    // lower Cholesky factor of a kernel's covariance
    Matrix points_;  // (n, d): samples in units of it, a column a coordinate
    double log_norm_;
};

/// KL(rho | rho^) between the densities that kernels estimate from `reference` and `samples`, as
/// the mean over `probes` of log rho - log rho^ + (rho^/rho - 1), all terms of which are positive
/// (arXiv:2303.08797 section 7.2, where the last sign is misprinted). `probes` are further samples
/// of the reference.
Estimate kernel_divergence(ConstMatrix reference, ConstMatrix samples, ConstMatrix probes,
                           Threads& threads);

}  // namespace si
