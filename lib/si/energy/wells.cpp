#include "si/energy/rows.hpp"

namespace si {
namespace {

/// A double well along every `period`-th coordinate, from the first on; x^2/2 along the others.
/// Period 0 is the first one alone.
class Wells : public PointFunction {
  public:
    Wells(const WellSpec& spec, Index period) : spec_(spec), period_(period) {}

    void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const override {
        for (Index j = 0; j < x.cols(); ++j) {
            double sum = 0;
            for (Index i = 0; i < x.rows(); ++i) {
                const double y = x(i, j), square = y * y;
                const bool well = period_ == 0 ? i == 0 : i % period_ == 0;
                sum += well ? spec_.quartic * square * square + spec_.quadratic * square +
                                  spec_.linear * y
                            : square / 2;
                if (gradients == nullptr) continue;
                (*gradients)(i, j) =
                    well ? 4 * spec_.quartic * square * y + 2 * spec_.quadratic * y + spec_.linear
                         : y;
            }
            values[j] = sum;
        }
    }

  private:
    WellSpec spec_;
    Index period_;
};

}  // namespace

MadeFunction make_double_well(const WellSpec& spec, const SampleShape&) {
    return std::make_unique<Wells>(spec, 0);
}

MadeFunction make_many_well(const WellSpec& spec, const SampleShape& shape) {
    const Index d = dimension_of(shape);
    require(d % 2 == 0, Failure::usage, "pairs of coordinates: samples have ", d, " numbers");
    return std::make_unique<Wells>(spec, 2);
}

}  // namespace si
