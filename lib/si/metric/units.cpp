#include "si/metric/units.hpp"

#include <algorithm>
#include <cmath>

namespace si {
namespace {

/// What is closer than this, relative to the largest of the numbers, may be rounding alone.
constexpr double kRounding = 1e-12;
/// The same for samples, which programs often have made in single precision.
constexpr double kSingle = 1e-6;

/// The root mean square of some numbers. The largest is divided out first, so that squares stay
/// finite and above zero.
double root_mean_square(const Vector& x) {
    const double most = x.cwiseAbs().maxCoeff();
    return most > 0 ? most * std::sqrt((x / most).squaredNorm() / static_cast<double>(x.size()))
                    : 0;
}

double mean_of_row(const Vector& x) {
    const double first = x[0];
    return first + (x.array() - first).mean();
}

}  // namespace

Matrix Units::applied(ConstMatrix x) const {
    return (x.colwise() - origin).array().colwise() / scale.array();
}

Units raw_units(Index dim) { return {Vector::Zero(dim), Vector::Ones(dim), {}}; }

Units units_of(ConstMatrix samples, ConstMatrix reference, bool common) {
    const Index d = reference.rows();
    Units units{Vector(d), Vector(d), {}};
    for (Index i = 0; i < d; ++i) {
        const Vector y = reference.row(i).transpose();
        units.origin[i] = mean_of_row(y);
        units.scale[i] = root_mean_square(y.array() - units.origin[i]);
        const double rounding = kRounding * y.cwiseAbs().maxCoeff();
        if (units.scale[i] > rounding) continue;
        const double value = units.origin[i] = y[0];
        const Vector apart = samples.row(i).transpose().array() - value;
        ConstantCoordinate constant{i, value, {}};
        for (Index j = 0; j < apart.size(); ++j) {
            if (std::abs(apart[j]) > kSingle * std::abs(value)) constant.others.push_back(j);
        }
        units.scale[i] = constant.others.empty() ? 1 : root_mean_square(apart);
        units.constant.push_back(std::move(constant));
    }
    if (common) {
        Vector own = units.scale;
        for (const auto& one : units.constant) own[one.coordinate] = 0;
        const double all = root_mean_square(own);
        if (all > 0) units.scale.setConstant(all);
    }
    return units;
}

}  // namespace si
