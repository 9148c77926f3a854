#include "si/interpolant/fields.hpp"

#include <array>
#include <string_view>
#include <vector>

#include "si/base/error.hpp"
#include "si/base/product.hpp"

namespace si {

namespace {

constexpr Index kMostNumbers = Index{1} << 26;  // a vector of them is half a gigabyte

constexpr auto kAnswers = std::to_array<Answer>({
    {.flag = kB, .name = "b", .field = &FieldValues::b, .turns = Turns::as_velocity},
    {.flag = kV, .name = "v", .field = &FieldValues::v, .turns = Turns::as_velocity},
    {.flag = kS, .name = "s", .field = &FieldValues::s, .turns = Turns::as_gradient},
    {.flag = kEta, .name = "eta", .field = &FieldValues::eta, .turns = Turns::not_at_all},
    {.flag = kX0, .name = "x0", .field = &FieldValues::x0, .turns = Turns::as_base_point},
    {.flag = kX1, .name = "x1", .field = &FieldValues::x1, .turns = Turns::as_point},
    {.flag = kDivB, .name = "div_b", .number = &FieldValues::div_b, .turns = Turns::not_at_all},
    {.flag = kDivS, .name = "div_s", .number = &FieldValues::div_s, .turns = Turns::unknown},
    {.flag = kLogRho,
     .name = "log_rho",
     .number = &FieldValues::log_rho,
     .turns = Turns::as_log_density},
    {.flag = kU, .name = "u", .field = &FieldValues::u, .turns = Turns::as_velocity},
    {.flag = kW, .name = "w", .field = &FieldValues::w, .turns = Turns::as_velocity},
});

}  // namespace

std::span<const Answer> answers() { return kAnswers; }

const Answer& answer_of(Want flag) {
    for (const Answer& answer : kAnswers) {
        if (answer.flag == flag) return answer;
    }
    throw Error(Failure::internal, text("flag ", static_cast<unsigned>(flag), " has no answer"));
}

void Evaluator::pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                          MatrixRef product) {
    const Answer& answer = answer_of(of);
    require(answer.field != nullptr, Failure::internal, answer.name, " is no vector field");
    FieldValues above, below;
    for (Index i = 0; i < x.rows(); ++i) {
        const Eigen::RowVectorXd step = 1e-5 * (1 + x.row(i).array().abs());
        Matrix high = x, low = x;
        high.row(i) += step;
        low.row(i) -= step;
        (*this)(t, high, of, above);
        (*this)(t, low, of, below);
        const Matrix slope = above.*answer.field - below.*answer.field;
        product.row(i) = slope.cwiseProduct(r).colwise().sum().array() / (2 * step.array());
    }
    (*this)(t, x, of, out);
}

void Evaluator::probe(const Times& t, ConstMatrix x, ConstMatrix, FieldValues& out,
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

void check_request(const Field& field, const Times& t, ConstMatrix x, unsigned want) {
    const unsigned missing = want & ~field.available();
    require(missing == 0, Failure::usage, "this model has no ", names_of(missing), "; it has ",
            names_of(field.available()));
    require(x.rows() == field.dim(), Failure::data, "points have ", x.rows(),
            " coordinates, the model has dimension ", field.dim());
    require(t.rows() == field.time_rows(), Failure::usage, "a time of this model has ",
            field.time_rows(), " numbers, not ", t.rows());
    require(t.size() == x.cols(), Failure::data, t.size(), " times for ", x.cols(), " points");
    for (const double time : t.numbers()) {
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

Matrix Conditions::seen(ConstMatrix given) const {
    Matrix all = given;
    if (shift.empty()) return all;
    const Index first = labels > 0 ? 1 : 0, each = numbers() / std::ssize(shift);
    for (Index k = 0; k < std::ssize(shift); ++k) {
        const auto at = static_cast<std::size_t>(k);
        auto some = all.middleRows(first + k * each, each);
        some.array() = (some.array() - shift[at]) / scale[at];
    }
    return all;
}

}  // namespace si
