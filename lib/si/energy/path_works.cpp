#include "si/energy/path_works.hpp"

#include <cmath>
#include <limits>

#include "si/flow/over_chunks.hpp"

namespace si {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

/// The drift of the flow and the score on the grid, in the coordinates of the model.
class GridFields {
  public:
    GridFields(const WorkChain& chain, Evaluator& evaluator)
        : chain_(chain),
          evaluator_(evaluator),
          flow_(chain.field.span(kB)),
          both_(chain.field.span(kB | kS)) {}

    /// b and s of all columns at a time.
    void operator()(double t, ConstMatrix y, Matrix& b, Matrix& s) {
        const double inside = std::clamp(t, both_[0], both_[1]);
        const ScalarPotential* end = t == 0 ? &chain_.a : t == 1 ? &chain_.b : nullptr;
        const bool by_potential = inside != t && end != nullptr && end->has_gradient();
        if (inside == t || !by_potential) {
            ask(inside, y, kB | kS);
            s = values_.s;
            b = values_.b;
            if (inside == t) return;
        } else {
            s = score_of(*end, t == 0, y);
        }
        const double near = std::clamp(t, flow_[0], flow_[1]);
        ask(near, y, kB);
        b = values_.b;
    }

    Index evaluations() const { return evaluations_; }

  private:
    void ask(double t, ConstMatrix y, unsigned want) {
        evaluator_(Vector::Constant(y.cols(), t), y, want, values_);
        ++evaluations_;
    }

    /// Minus the gradient of a potential with respect to the model's coordinates.
    Matrix score_of(const ScalarPotential& potential, bool start, ConstMatrix y) const {
        const Model& model = chain_.model;
        const bool plain = start && model.base_has_no_units();
        Matrix gradients;
        potential.values(plain ? Matrix(y) : model.transform.to_data(y), gradients);
        if (plain) return -gradients;
        if (model.transform.factor) return -(model.transform.factor->transpose() * gradients);
        return -(model.transform.scale.asDiagonal() * gradients);
    }

    const WorkChain& chain_;
    Evaluator& evaluator_;
    std::array<double, 2> flow_, both_;
    FieldValues values_;
    Index evaluations_ = 0;
};

/// Samples of one end in the coordinates of the model, and back.
struct Coordinates {
    const Model& model;
    bool plain;  ///< this end has no units

    Coordinates(const Model& of, bool start) : model(of), plain(start && of.base_has_no_units()) {}
    Matrix inside(ConstMatrix x) const { return plain ? Matrix(x) : model.transform.from_data(x); }
    Matrix outside(ConstMatrix y) const { return plain ? Matrix(y) : model.transform.to_data(y); }
    /// log |det dx/dy|, by which a density in y is larger.
    double log_volume() const { return plain ? 0 : model.transform.log_determinant(); }
};

void require_density(const Vector& energies, std::string_view name, const std::string& source,
                     Index first) {
    for (Index j = 0; j < energies.size(); ++j) {
        require(energies[j] != kNone, Failure::data, source, ": sample ", first + j + 1,
                " has no density under its own potential, ", name);
    }
}

std::vector<double> epsilons_on(const WorkChain& chain) {
    std::vector<double> all;
    for (Index i = 0; i <= chain.steps; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(chain.steps);
        const double e = chain.epsilon(t);
        require(e > 0 && std::isfinite(e), Failure::usage, "--epsilon: is ", e, " at t = ", t,
                ", and works need noise at every time; a constant has it");
        all.push_back(e);
    }
    return all;
}

/// One chunk of columns along the chain.
class Walk {
  public:
    Walk(const WorkChain& chain, const std::vector<double>& epsilons, Direction direction,
         Evaluator& evaluator, const Increments& increments)
        : chain_(chain),
          epsilons_(epsilons),
          forward_(direction == Direction::forward),
          fields_(chain, evaluator),
          increments_(increments) {}

    /// Moves y, and returns the sum over steps of A.
    Vector operator()(Matrix& y) {
        const Index d = y.rows(), n = y.cols();
        const double h = 1 / static_cast<double>(chain_.steps), sign = forward_ ? 1 : -1;
        Vector log_ratio = Vector::Zero(n);
        Matrix b, s, there_b, there_s, noise(d, n), back;
        fields_(time(0), y, b, s);
        for (Index k = 0; k < chain_.steps; ++k) {
            const double here = epsilon(k), there = epsilon(k + 1);
            increments_(k, noise);
            back = y;
            y += h * (sign * b + here * s) + std::sqrt(2 * here * h) * noise;
            require(y.allFinite(), Failure::check, "a state is not finite at t = ", time(k + 1),
                    "; take more --steps or less --epsilon");
            fields_(time(k + 1), y, there_b, there_s);
            // What the reversed kernel would have to draw to come back.
            back -= y + h * (-sign * there_b + there * there_s);
            const double change = static_cast<double>(d) / 2 * std::log(here / there);
            for (Index j = 0; j < n; ++j) {
                log_ratio[j] += noise.col(j).squaredNorm() / 2 -
                                back.col(j).squaredNorm() / (4 * there * h) + change;
            }
            std::swap(b, there_b);
            std::swap(s, there_s);
        }
        return log_ratio;
    }

    Index evaluations() const { return fields_.evaluations(); }

  private:
    Index place(Index k) const { return forward_ ? k : chain_.steps - k; }
    double time(Index k) const {
        return static_cast<double>(place(k)) / static_cast<double>(chain_.steps);
    }
    double epsilon(Index k) const { return epsilons_[static_cast<std::size_t>(place(k))]; }

    const WorkChain& chain_;
    const std::vector<double>& epsilons_;
    bool forward_;
    GridFields fields_;
    const Increments& increments_;
};

}  // namespace

PathWorks works_of_paths(const WorkChain& chain, Direction direction, ConstMatrix x,
                         const std::string& source, std::uint64_t seed, Threads& threads,
                         Progress& progress) {
    const Model& model = chain.model;
    const bool forward = direction == Direction::forward;
    const auto epsilons = epsilons_on(chain);
    const Coordinates own(model, forward), other(model, !forward);
    const ScalarPotential &here = forward ? chain.a : chain.b, &there = forward ? chain.b : chain.a;
    PathWorks all{Vector(x.cols()), Matrix(x.rows(), x.cols()), here.values(x), Vector(x.cols())};
    require_density(all.start_energy, here.name(), source, 0);
    std::vector<Index> evaluations(static_cast<std::size_t>(x.cols()), 0);
    const auto run = [&](const Columns& columns, Evaluator& evaluator) {
        const auto range = Eigen::seqN(columns.first, columns.count);
        const Noise noise = noise_of(seed, columns.first);
        // Paths of the two directions have random numbers of their own.
        Walk walk(chain, epsilons, direction, evaluator, forward ? noise.increments : noise.inside);
        Matrix y = own.inside(x.middleCols(columns.first, columns.count));
        const Vector log_ratio = walk(y);
        const Matrix end = other.outside(y);
        const Vector energy = there.values(end, columns.first);
        all.ends.middleCols(columns.first, columns.count) = end;
        all.end_energy(range) = energy;
        all.a(range) = all.start_energy(range) - energy + log_ratio;
        all.a(range).array() += other.log_volume() - own.log_volume();
        evaluations[static_cast<std::size_t>(columns.first)] = walk.evaluations();
    };
    over_chunks(chain.field, x.cols(), chain.field.together(kChunk), threads, progress, "path",
                run);
    if (!evaluations.empty()) all.evaluations = evaluations.front();
    return all;
}

PathWorks works_at_rest(const ScalarPotential& own, const ScalarPotential& other, ConstMatrix x,
                        const std::string& source) {
    PathWorks all{Vector(), x, own.values(x), other.values(x)};
    require_density(all.start_energy, own.name(), source, 0);
    all.a = all.start_energy - all.end_energy;
    return all;
}

}  // namespace si
