#include "si/energy/hamiltonian.hpp"

#include <cmath>

#include "si/random/draw.hpp"

namespace si {
namespace {

/// Coordinates beyond this are those of a state that ran away.
constexpr double kFar = 1e100;

/// The step of one chain, found by dual averaging.
class StepSize {
  public:
    explicit StepSize(double first) { restart(first); }

    void restart(double first) {
        aim_ = std::log(10 * first);
        log_ = std::log(first);
        average_ = 0;
        excess_ = 0;
        turn_ = 0;
    }

    void learn(double probability) {
        constexpr double kWanted = 0.8, kGamma = 0.05, kBegin = 10, kForget = 0.75;
        ++turn_;
        const auto t = static_cast<double>(turn_);
        excess_ += (kWanted - probability - excess_) / (t + kBegin);
        log_ = aim_ - std::sqrt(t) / kGamma * excess_;
        const double weight = std::pow(t, -kForget);
        average_ = weight * log_ + (1 - weight) * average_;
    }

    double now() const { return std::exp(log_); }
    double settled() const { return turn_ > 0 ? std::exp(average_) : now(); }

  private:
    double aim_ = 0, log_ = 0, average_ = 0, excess_ = 0;
    Index turn_ = 0;
};

/// All chains, one a column, that move together.
class Chains {
  public:
    Chains(const ScalarPotential& potential, Index dim, const HamiltonianSpec& spec)
        : potential_(potential), spec_(spec), scales_(Vector::Ones(dim)) {
        begin(dim);
        steps_.assign(static_cast<std::size_t>(spec.chains), StepSize(0.1));
    }

    const Matrix& points() const { return x_; }

    /// The scales of the coordinates from now on.
    void rescale(const Vector& scales) {
        scales_ = scales;
        for (StepSize& step : steps_) step.restart(0.1);
    }

    /// One move of every chain: probabilities that they were accepted.
    Vector move(std::uint32_t turn, bool learning) {
        const Index d = x_.rows(), c = x_.cols();
        Matrix momentum(d, c), chance(2, c);
        fill_normal({spec_.seed, Purpose::noise, turn}, 0, momentum);
        fill_uniform({spec_.seed, Purpose::inside, turn}, 0, chance);
        Vector step(c);
        for (Index j = 0; j < c; ++j) {
            const StepSize& of = steps_[static_cast<std::size_t>(j)];
            step[j] = (learning ? of.now() : of.settled()) * (0.9 + 0.2 * chance(1, j));
        }
        Matrix y = x_, slope = slope_, start = momentum;
        Vector energy = energy_;
        std::vector<bool> away(static_cast<std::size_t>(c), false);
        for (Index leap = 0; leap < spec_.leaps; ++leap) {
            momentum -= scales_.asDiagonal() * slope * (step / 2).asDiagonal();
            y += scales_.asDiagonal() * momentum * step.asDiagonal();
            // A state that ran away is asked for nothing more, and refused.
            for (Index j = 0; j < c; ++j) {
                if (y.col(j).cwiseAbs().maxCoeff() < kFar) continue;
                y.col(j) = x_.col(j);
                away[static_cast<std::size_t>(j)] = true;
            }
            energy = potential_.values(y, slope);
            momentum -= scales_.asDiagonal() * slope * (step / 2).asDiagonal();
        }
        Vector probability(c);
        for (Index j = 0; j < c; ++j) {
            const double change = energy_[j] - energy[j] +
                                  (start.col(j).squaredNorm() - momentum.col(j).squaredNorm()) / 2;
            const bool lost = std::isnan(change) || away[static_cast<std::size_t>(j)];
            probability[j] = lost ? 0 : std::min(1.0, std::exp(change));
            if (learning) steps_[static_cast<std::size_t>(j)].learn(probability[j]);
            if (!(chance(0, j) < probability[j])) continue;
            x_.col(j) = y.col(j);
            slope_.col(j) = slope.col(j);
            energy_[j] = energy[j];
        }
        return probability;
    }

  private:
    void begin(Index dim) {
        constexpr std::uint32_t kTries = 1000;
        x_.resize(dim, spec_.chains);
        fill_normal({spec_.seed, Purpose::start, 0}, 0, x_);
        energy_ = potential_.values(x_, slope_);
        for (std::uint32_t turn = 1; turn < kTries && !energy_.allFinite(); ++turn) {
            Matrix other(dim, spec_.chains);
            fill_normal({spec_.seed, Purpose::start, turn}, 0, other);
            for (Index j = 0; j < spec_.chains; ++j) {
                if (!std::isfinite(energy_[j])) x_.col(j) = other.col(j);
            }
            energy_ = potential_.values(x_, slope_);
        }
        require(energy_.allFinite(), Failure::check, potential_.name(),
                ": has no density at any of ", kTries, " points of N(0, I), where chains begin");
    }

    const ScalarPotential& potential_;
    const HamiltonianSpec& spec_;
    Vector scales_;
    Matrix x_, slope_;
    Vector energy_;
    std::vector<StepSize> steps_;
};

/// Gelman and Rubin's ratio of the spread of all chains to that within them.
Vector disagreement_of(const Matrix& x, Index chains) {
    const Index d = x.rows(), each = x.cols() / chains;
    if (chains < 2 || each < 2) return Vector::Ones(d);
    Vector within = Vector::Zero(d);
    Matrix means(d, chains);
    for (Index c = 0; c < chains; ++c) {
        const auto some = x.middleCols(c * each, each);
        means.col(c) = some.rowwise().mean();
        within +=
            (some.colwise() - Vector(means.col(c))).array().square().rowwise().mean().matrix();
    }
    within /= static_cast<double>(chains);
    const Vector centre = means.rowwise().mean();
    const Vector between = (means.colwise() - centre).array().square().rowwise().mean().matrix();
    return ((within + between).array() / within.array()).sqrt().matrix();
}

}  // namespace

HamiltonianSamples sample_potential(const ScalarPotential& potential, Index dim,
                                    const HamiltonianSpec& spec, Progress& progress) {
    require(potential.has_gradient(), Failure::usage, potential.name(),
            ": has no gradient, which chains follow");
    Chains chains(potential, dim, spec);
    std::uint32_t turn = 0;
    // Scales from the second quarter of the burn-in; the other half finds the step for them.
    Vector sum = Vector::Zero(dim), squares = Vector::Zero(dim);
    Index seen = 0;
    const Index each = (spec.n + spec.chains - 1) / spec.chains, all = spec.burn + each * spec.thin;
    const auto report = [&] { progress.update({"move", turn, all, "move", {}}); };
    for (Index k = 0; k < spec.burn; ++k, ++turn) {
        chains.move(turn, true);
        if (4 * k >= spec.burn && 2 * k < spec.burn) {
            sum += chains.points().rowwise().sum();
            squares += chains.points().array().square().rowwise().sum().matrix();
            seen += spec.chains;
        }
        if (2 * (k + 1) == spec.burn || 2 * (k + 1) == spec.burn + 1) {
            const Vector mean = sum / static_cast<double>(seen);
            const Vector variance =
                squares / static_cast<double>(seen) - mean.array().square().matrix();
            if (seen > 10 && (variance.array() > 0).all()) chains.rescale(variance.cwiseSqrt());
        }
        report();
    }
    HamiltonianSamples out{Matrix(dim, each * spec.chains), {}, 0, {}};
    for (Index k = 0; k < each; ++k) {
        for (Index move = 0; move < spec.thin; ++move, ++turn) {
            out.acceptance += chains.move(turn, false).mean();
            report();
        }
        for (Index c = 0; c < spec.chains; ++c) {
            out.x.col(c * each + k) = chains.points().col(c);
        }
    }
    out.acceptance /= static_cast<double>(each * spec.thin);
    out.disagreement = disagreement_of(out.x, spec.chains);
    for (Index i = 0; i < spec.n; ++i) out.chain.push_back(i / each);
    out.x.conservativeResize(Eigen::NoChange, spec.n);
    return out;
}

}  // namespace si
