#include <limits>

#include "si/energy/rows.hpp"

namespace si {
namespace {

/// Beyond this (sigma/r)^6 a pair has no density: its square would overflow.
constexpr double kMostPower = 1e150;

class LennardJones : public PointFunction {
  public:
    explicit LennardJones(const LennardJonesSpec& spec)
        : spec_(spec), strength_(4 * spec.epsilon * (spec.pairs == "twice" ? 2 : 1)) {}

    void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const override {
        for (Index j = 0; j < x.cols(); ++j) {
            values[j] = spec_.oscillator / 2 * x.col(j).squaredNorm();
            if (gradients != nullptr) gradients->col(j) = spec_.oscillator * x.col(j);
            values[j] += all_pairs(x, j, gradients);
        }
    }

  private:
    double all_pairs(ConstMatrix x, Index j, Matrix* gradients) const {
        const Index space = x.rows() / spec_.particles;
        const double sigma2 = spec_.sigma * spec_.sigma;
        double sum = 0;
        if (strength_ == 0) return sum;
        for (Index a = 0; a < spec_.particles; ++a) {
            for (Index b = 0; b < a; ++b) {
                double square = 0;
                for (Index k = 0; k < space; ++k) {
                    const double apart = x(a * space + k, j) - x(b * space + k, j);
                    square += apart * apart;
                }
                const double ratio = sigma2 / square, power = ratio * ratio * ratio;
                if (!(power <= kMostPower)) return std::numeric_limits<double>::infinity();
                sum += strength_ * (power * power - power);
                if (gradients == nullptr) continue;
                // dU/dr over r
                const double slope = strength_ * (6 * power - 12 * power * power) / square;
                for (Index k = 0; k < space; ++k) {
                    const double apart = x(a * space + k, j) - x(b * space + k, j);
                    (*gradients)(a * space + k, j) += slope * apart;
                    (*gradients)(b * space + k, j) -= slope * apart;
                }
            }
        }
        return sum;
    }

    LennardJonesSpec spec_;
    double strength_;  ///< of a pair, 4 epsilon as often as it counts
};

}  // namespace

MadeFunction make_lennard_jones(const LennardJonesSpec& spec, const SampleShape& shape) {
    const Index d = dimension_of(shape), n = spec.particles;
    require(n > 0, Failure::usage, "how many particles? Give particles=N");
    const bool fits = d % n == 0 && (shape.size() == 1 || shape.front() == n);
    require(fits, Failure::usage, "particles: the ", d, " numbers of a sample are not those of ", n,
            " particles");
    return std::make_unique<LennardJones>(spec);
}

}  // namespace si
