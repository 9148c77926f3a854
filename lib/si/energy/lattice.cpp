#include "si/energy/rows.hpp"

namespace si {
namespace {

/// sum over sites of sum over directions of (phi_{x+mu} - phi_x)^2 + m2 phi^2 + lambda phi^4, plus
/// the umbrella. On a direction of two sites a pair is two bonds.
class Phi4 : public PointFunction {
  public:
    Phi4(const Phi4Spec& spec, Index sites) : spec_(spec) {
        Index stride = 1;
        for (std::size_t k = spec.lattice.size(); k-- > 0;) {
            const Index size = spec.lattice[k];
            std::vector<Index> next(static_cast<std::size_t>(sites));
            for (Index i = 0; i < sites; ++i) {
                const bool last = i / stride % size == size - 1;
                next[static_cast<std::size_t>(i)] = last ? i - (size - 1) * stride : i + stride;
            }
            next_.push_back(std::move(next));
            stride *= size;
        }
    }

    void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const override {
        const auto sites = static_cast<double>(x.rows());
        for (Index j = 0; j < x.cols(); ++j) {
            const auto phi = x.col(j).array();
            const auto squares = phi.square();
            const double off = phi.mean() - spec_.centre;
            double sum = (spec_.m2 * squares + spec_.lambda * squares.square()).sum() +
                         spec_.umbrella / 2 * off * off;
            if (gradients != nullptr) {
                gradients->col(j) = (2 * spec_.m2 * phi + 4 * spec_.lambda * squares * phi +
                                     spec_.umbrella * off / sites)
                                        .matrix();
            }
            for (const auto& next : next_) sum += bonds(x, j, next, gradients);
            values[j] = sum;
        }
    }

  private:
    static double bonds(ConstMatrix x, Index j, const std::vector<Index>& next, Matrix* gradients) {
        double sum = 0;
        for (Index i = 0; i < x.rows(); ++i) {
            const Index other = next[static_cast<std::size_t>(i)];
            const double difference = x(other, j) - x(i, j);
            sum += difference * difference;
            if (gradients == nullptr) continue;
            (*gradients)(other, j) += 2 * difference;
            (*gradients)(i, j) -= 2 * difference;
        }
        return sum;
    }

    Phi4Spec spec_;
    std::vector<std::vector<Index>> next_;  ///< a list of neighbours for each direction
};

}  // namespace

MadeFunction make_phi4(const Phi4Spec& spec, const SampleShape& shape) {
    require(!spec.lattice.empty(), Failure::usage, "give the lattice: lattice=16:16");
    const Index d = dimension_of(shape);
    SampleShape plain = shape;
    if (plain.size() == spec.lattice.size() + 1 && plain.front() == 1) plain.erase(plain.begin());
    const bool fits = plain == spec.lattice || plain.size() == 1;
    require(dimension_of(spec.lattice) == d && fits, Failure::usage,
            "lattice: its sites are not the ", d, " numbers of a sample");
    return std::make_unique<Phi4>(spec, d);
}

}  // namespace si
