#include "si/interpolant/fields.hpp"

#include <array>
#include <string_view>
#include <vector>

#include "si/base/error.hpp"
#include "si/base/product.hpp"

namespace si {

namespace {

constexpr Index kMostNumbers = Index{1} << 26;  // a vector of them is half a gigabyte

struct Answer {
    Want flag;
    std::string_view name;
    Matrix FieldValues::*field;   // either a column a point
    Vector FieldValues::*number;  // or a number a point
};

constexpr auto kAnswers = std::to_array<Answer>({
    {kB, "b", &FieldValues::b, nullptr},
    {kV, "v", &FieldValues::v, nullptr},
    {kS, "s", &FieldValues::s, nullptr},
    {kEta, "eta", &FieldValues::eta, nullptr},
    {kX0, "x0", &FieldValues::x0, nullptr},
    {kX1, "x1", &FieldValues::x1, nullptr},
    {kDivB, "div_b", nullptr, &FieldValues::div_b},
    {kDivS, "div_s", nullptr, &FieldValues::div_s},
    {kLogRho, "log_rho", nullptr, &FieldValues::log_rho},
    {kU, "u", &FieldValues::u, nullptr},
    {kW, "w", &FieldValues::w, nullptr},
});

}  // namespace

void Evaluator::probe(ConstVector t, ConstMatrix x, ConstMatrix, FieldValues& out,
                      MatrixRef quadratic) {
    (*this)(t, x, kB | kDivB, out);
    quadratic = out.div_b.transpose().replicate(quadratic.rows(), 1);
}

Index Conditions::numbers() const {
    if (shape.empty()) return 0;
    const auto product = product_up_to(kMostNumbers, shape);
    require(product.has_value(), Failure::data, "more than ", kMostNumbers, " numbers");
    return *product;
}

std::string names_of(unsigned want) {
    std::vector<std::string> names;
    for (const Answer& answer : kAnswers) {
        if ((want & answer.flag) != 0) names.emplace_back(answer.name);
    }
    return join(names, ", ");
}

void check_request(const Field& field, ConstVector t, ConstMatrix x, unsigned want) {
    const unsigned missing = want & ~field.available();
    require(missing == 0, Failure::usage, "this model has no ", names_of(missing), "; it has ",
            names_of(field.available()));
    require(x.rows() == field.dim(), Failure::data, "points have ", x.rows(),
            " coordinates, the model has dimension ", field.dim());
    require(t.size() == x.cols(), Failure::data, t.size(), " times for ", x.cols(), " points");
    for (const double time : t) {
        require(time >= 0 && time <= 1, Failure::usage, "time must be between 0 and 1, is ", time);
    }
}

void make_room(FieldValues& out, unsigned want, Index dim, Index n) {
    for (const Answer& answer : kAnswers) {
        if ((want & answer.flag) == 0) continue;
        if (answer.field != nullptr) {
            (out.*answer.field).resize(dim, n);
        } else {
            (out.*answer.number).resize(n);
        }
    }
}

}  // namespace si
