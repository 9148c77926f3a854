#pragma once

#include <vector>

#include "si/base/threads.hpp"
#include "si/random/draw.hpp"

// Entropic plans between two sets by Sinkhorn's iteration in logarithms.

namespace si {

struct SinkhornSpec {
    double epsilon = 1;  ///< of the cost |x - y|^2 / 2: the sigma^2 of a bridge
    double tolerance = 1e-3;
    Index iterations = 10000;
};

/// The entropic plan between two sets of points, each with equal weights,
///
///     pi_ij = exp((f_i + g_j - |x_i - y_j|^2 / 2) / epsilon) / (n0 n1),
///
/// which is least in E|x - y|^2 / 2 + epsilon KL(pi | independent). (For the cost |x - y|^2 that is
/// a regularisation of 2 epsilon.)
class SinkhornPlan {
  public:
    /// Sinkhorn's iteration on logarithms, from a large epsilon down to the one that is asked for,
    /// until the second marginal is off by `tolerance` in L1; the first is exact after each
    /// iteration. Finite at any epsilon > 0. x is (d, n0), y is (d, n1). Throws Failure::usage for
    /// epsilon <= 0 and Failure::data for points that are none or do not fit together, and for
    /// those whose squares, or squares over epsilon, are no finite numbers.
    ///
    /// With `near`, a plan between other samples of about the same laws at the same epsilon, the
    /// iteration starts from its potential, which is a function of all of space, in the place of a
    /// large epsilon.
    SinkhornPlan(ConstMatrix x, ConstMatrix y, const SinkhornSpec& spec, Threads& threads,
                 const SinkhornPlan* near = nullptr);

    /// The potential g at any points: -epsilon log mean_i exp((f_i - |x_i - y|^2 / 2) / epsilon).
    Vector g_at(ConstMatrix y, Threads& threads) const;

    /// Potentials in the units of the cost. Adding a number to one and taking it from the other
    /// changes nothing; here the mean of g is zero.
    const Vector& f() const { return f_; }
    const Vector& g() const { return g_; }

    Index iterations() const { return iterations_; }
    double marginal_error() const { return error_; }  ///< sum_j |sum_i pi_ij - 1 / n1|
    bool converged() const { return error_ <= spec_.tolerance; }

    /// What follows is said of the plan after its marginals were made exact, by taking from the
    /// columns that have too much and giving it to those that lack (Altschuler, Weed and Rigollet
    /// 2017, Algorithm 2).
    double cost() const { return cost_; }            ///< E|x - y|^2 / 2
    double relative_entropy() const { return kl_; }  ///< KL(pi | independent)
    /// cost + epsilon KL less the value of the dual at (f, g): at least zero, and zero at the
    /// solution.
    double gap() const { return gap_; }
    /// 0 where each point has one partner and 1 for the independent plan:
    /// (H - log max(n0, n1)) / log min(n0, n1) with the entropy H of the plan.
    double spread() const;

    /// Row i of the plan, n1 numbers with sum 1 / n0.
    Vector row(Index i) const;

    /// A partner y for each of `rows`, number k by the k-th number of the address.
    std::vector<Index> partners(const std::vector<Index>& rows, const Address& address, Index first,
                                Threads& threads) const;

  private:
    void require_finite_costs(ConstMatrix x, ConstMatrix y) const;
    void anneal(double coarsest, Threads& threads);
    void iterate(Threads& threads);
    void update_f(double epsilon, Threads& threads);
    void look_at_g(double epsilon, Threads& threads);
    void balance(Threads& threads);

    SinkhornSpec spec_;
    Matrix x_;
    Matrix cost_columns_, cost_rows_;  // (n1, n0) and (n0, n1), centred
    Vector f_, g_, row_shift_, column_shift_, keep_, lack_;
    Vector inner_f_, inner_g_;  // of the centred cost
    Vector sums_;               // what inner_g_ would have to be, over -epsilon
    Index iterations_ = 0;
    double error_ = 0, cost_ = 0, kl_ = 0, gap_ = 0, lacking_ = 0;
};

}  // namespace si
