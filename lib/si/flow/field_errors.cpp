#include "si/flow/field_errors.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "si/density/mixture.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

constexpr unsigned kCompared = kB | kV | kS | kEta | kX0 | kX1;
constexpr Index kPart = 512;

struct DrawnPoints {
    Vector t;
    Matrix x;
};

/// Points first .. first + count of n, in the coordinates of `truth`.
DrawnPoints draw(const KnownEnds& truth, Index n, double margin, std::uint64_t seed, Index first,
                 Index count) {
    const Index d = truth.target->dim();
    Matrix u(1, count), x0(d, count), x1(d, count), z(d, count);
    fill_uniform({seed, Purpose::check, 10}, first, u);
    truth.base->sample({seed, Purpose::check, 11}, first, x0);
    truth.target->sample({seed, Purpose::check, 13}, first, x1);
    fill_normal({seed, Purpose::check, 15}, first, z);
    DrawnPoints points{Vector(count), Matrix(d, count)};
    for (Index j = 0; j < count; ++j) {
        const double place = (static_cast<double>(first + j) + u(0, j)) / static_cast<double>(n);
        points.t[j] = margin + (1 - 2 * margin) * place;
        const auto c = truth.interpolant->at(points.t[j]);
        points.x.col(j) = c.alpha() * x0.col(j) + c.beta() * x1.col(j) + c.gamma * z.col(j);
    }
    return points;
}

KnownEnds known_ends(const Field& exact) {
    const KnownEnds known = exact.known();
    require(known.base != nullptr && known.target != nullptr && known.interpolant != nullptr,
            Failure::usage, "the exact model must be a Gaussian mixture (see si-data exact)");
    return known;
}

/// Fields of different interpolants differ though both are exact. Coefficients are compared, since
/// one function may be spelled in several ways.
void require_same_interpolant(const Interpolant& model, const Interpolant& truth) {
    constexpr Index kTimes = 16;
    constexpr double kRounding = 1e-9;
    bool same = model.modulation().name == truth.modulation().name;
    for (Index k = 0; k <= kTimes; ++k) {
        const double t = static_cast<double>(k) / kTimes;
        const auto a = model.at(t), b = truth.at(t);
        same = same && std::abs(a.alpha() - b.alpha()) <= kRounding &&
               std::abs(a.beta() - b.beta()) <= kRounding &&
               std::abs(a.gamma - b.gamma) <= kRounding;
    }
    const auto spelled_out = [](const Interpolant& one) {
        return text("path ", spelled(one.spec().path.json()), " and gamma ",
                    spelled(one.spec().gamma.json()));
    };
    require(same, Failure::usage, "the model has ", spelled_out(model), ", the exact model has ",
            spelled_out(truth), "; give si-data exact the --path and --gamma of the model");
}

/// Answers both fields at points of the exact interpolant, in one kind of coordinates.
using Compare =
    std::function<void(const DrawnPoints& at, unsigned want, FieldValues& good, FieldValues& made)>;

std::vector<FieldError> errors_of(const KnownEnds& truth, unsigned want, Index n, double margin,
                                  std::uint64_t seed, Threads& threads, const Compare& compare) {
    const auto cut = chunks(n, kPart);
    std::vector<const Quantity*> rows;
    for (const Quantity& row : quantities()) {
        if ((want & row.flag) != 0) rows.push_back(&row);
    }
    Matrix wrong(std::ssize(rows), std::ssize(cut)), size(std::ssize(rows), std::ssize(cut));
    threads.for_each(std::ssize(cut), [&](Index c, int) {
        const Columns& columns = cut[static_cast<std::size_t>(c)];
        const auto at = draw(truth, n, margin, seed, columns.first, columns.count);
        FieldValues good, made;
        compare(at, want, good, made);
        for (std::size_t k = 0; k < rows.size(); ++k) {
            const Matrix &f = good.*rows[k]->value, &g = made.*rows[k]->value;
            wrong(static_cast<Index>(k), c) = (g - f).squaredNorm();
            size(static_cast<Index>(k), c) = f.squaredNorm();
        }
    });
    std::vector<FieldError> errors;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const auto row = static_cast<Index>(k);
        const double square = wrong.row(row).sum() / static_cast<double>(n),
                     exact_square = size.row(row).sum() / static_cast<double>(n);
        errors.push_back({rows[k]->name, std::sqrt(square / exact_square), square, exact_square});
    }
    return errors;
}

}  // namespace

std::vector<FieldError> field_errors(const Model& model, const Model& truth, Index n, double margin,
                                     std::uint64_t seed, Threads& threads) {
    const auto exact = make_field(truth), learned = make_field(model);
    const KnownEnds known = known_ends(*exact);
    require(model.dim == truth.dim, Failure::usage, "the models have dimensions ", model.dim,
            " and ", truth.dim);
    require_same_interpolant(Interpolant(model.interpolant), *known.interpolant);
    return errors_of(
        known, kCompared & exact->available() & learned->available(), n, margin, seed, threads,
        [&](const DrawnPoints& at, unsigned want, FieldValues& good, FieldValues& made) {
            (*exact->evaluator())(at.t, at.x, want, good);
            to_data_coordinates(truth, want, good);
            const Matrix x = model.transform.from_data(truth.transform.to_data(at.x));
            (*learned->evaluator())(at.t, x, want, made);
            to_data_coordinates(model, want, made);
        });
}

std::vector<FieldError> field_errors(const Field& field, const Field& truth, Index n, double margin,
                                     std::uint64_t seed, Threads& threads) {
    require(field.dim() == truth.dim(), Failure::usage, "the fields have dimensions ", field.dim(),
            " and ", truth.dim());
    return errors_of(
        known_ends(truth), kCompared & truth.available() & field.available(), n, margin, seed,
        threads, [&](const DrawnPoints& at, unsigned want, FieldValues& good, FieldValues& made) {
            (*truth.evaluator())(at.t, at.x, want, good);
            (*field.evaluator())(at.t, at.x, want, made);
        });
}

double DivergenceBound::best_epsilon() const { return std::sqrt(excess_b / excess_s); }

double DivergenceBound::least() const { return 2 * std::sqrt(excess_b * excess_s); }

std::optional<DivergenceBound> divergence_bound(const std::vector<FieldError>& errors) {
    const auto named = [&](std::string_view name) {
        return std::find_if(errors.begin(), errors.end(),
                            [&](const FieldError& error) { return error.name == name; });
    };
    const auto b = named("b"), s = named("s");
    if (b == errors.end() || s == errors.end()) return {};
    return DivergenceBound{b->square / 2, s->square / 2};
}

}  // namespace si
