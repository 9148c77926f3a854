#include "si/train/held_out_errors.hpp"

#include <algorithm>
#include <cmath>

#include "si/random/draw.hpp"
#include "si/train/objective.hpp"

namespace si {
namespace {

constexpr Index kBins = 10, kSamples = 8192, kNeighbours = 16;

/// r_i . (mean of r_j over the nearest neighbours j of i that share no sample with it) for each
/// i. `alike(i, j)` says that they do.
template <class Alike>
Vector smoothed_squares(const Matrix& x, const Matrix& r, Threads& threads, const Alike& alike) {
    const Index n = x.cols();
    Vector products(n);
    const auto cut = chunks(n, 64);
    threads.for_each(std::ssize(cut), [&](Index c, int) {
        const Columns& columns = cut[static_cast<std::size_t>(c)];
        std::vector<std::pair<double, Index>> near(static_cast<std::size_t>(n));
        for (Index i = columns.first; i < columns.first + columns.count; ++i) {
            const Vector here = x.col(i);
            Index count = 0;
            for (Index j = 0; j < n; ++j) {
                if (alike(i, j)) continue;
                near[static_cast<std::size_t>(count++)] = {(x.col(j) - here).squaredNorm(), j};
            }
            const Index k = std::min(count, kNeighbours);
            std::partial_sort(near.begin(), near.begin() + k, near.begin() + count);
            double sum = 0;
            for (Index m = 0; m < k; ++m) {
                sum += r.col(i).dot(r.col(near[static_cast<std::size_t>(m)].second));
            }
            products[i] = k > 0 ? sum / static_cast<double>(k) : 0;
        }
    });
    return products;
}

}  // namespace

FieldErrors estimate_errors(const Preparation& trained, Threads& threads) {
    const auto& validation = trained.validation;
    require(validation.size > 0, Failure::usage, "--errors needs held-out samples (--valid)");
    const auto field = make_field(trained.model);
    check_request(*field, Vector(0), Matrix(trained.model.dim, 0), kB | kS);
    const auto evaluate = field->evaluator();
    const auto [first, last] = field->span(kB | kS);
    const Index n = std::min(validation.size, kSamples);
    const auto alike = [&](Index i, Index j) {
        const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
        const auto& ends = validation.pairs.ends;
        return std::any_of(ends.begin(), ends.end(), [&](const EndOfPairs& end) {
            return !end.rows.empty() && end.rows[a] == end.rows[b];
        });
    };
    FieldErrors errors;
    BatchSource source = validation.source;
    source.time = Choice<times>("uniform").make();
    for (Index bin = 0; bin < kBins; ++bin) {
        const double width = (last - first) / static_cast<double>(kBins);
        source.first_time = std::max(first + static_cast<double>(bin) * width, 1e-3);
        source.last_time = std::min(first + static_cast<double>(bin + 1) * width, 1 - 1e-3);
        Batch batch;
        build_batch(source, validation.pairs, {.columns = {0, n}, .batch = n, .validation = true},
                    batch);
        FieldValues values;
        evaluate->condition(batch.given);
        (*evaluate)(batch.t, batch.xt, kB | kS, values);
        Matrix residual;
        const auto estimate = [&](const char* name, const Matrix& learned, auto& squares,
                                  auto& noise) {
            build_target(source, quantities().at(name), batch, 1, residual);
            residual -= learned;
            const Vector all = smoothed_squares(batch.xt, residual, threads, alike);
            const auto count = static_cast<double>(n);
            const double mean = all.mean();
            squares.push_back(std::max(mean, 0.0));
            noise.push_back(std::sqrt((all.array() - mean).square().sum() / count / count));
        };
        errors.t.push_back((source.first_time + source.last_time) / 2);
        estimate("b", values.b, errors.b, errors.b_stderr);
        estimate("s", values.s, errors.s, errors.s_stderr);
    }
    return errors;
}

std::optional<double> start_error(const Preparation& trained) {
    constexpr Index kNumbers = 1'000'000, kFew = 16, kMany = 1024;
    const Model& model = trained.model;
    if (!magnifies(model.setup(), trained.learned)) return std::nullopt;
    const auto field = make_field(model);
    Index n = std::clamp(kNumbers / model.dim, kFew, kMany);
    Matrix given;
    if (const Index rows = field->conditions().rows(); rows > 0) {
        const Matrix& all = trained.valid_given.cols() > 0 ? trained.valid_given : trained.given;
        if (all.rows() != rows || all.cols() == 0) return std::nullopt;
        n = std::min(n, all.cols());
        given = all.leftCols(n);
    }
    Matrix x0(model.dim, n);
    fill_normal({trained.source.seed, Purpose::check, 0}, 0, x0);
    const auto evaluate = field->evaluator();
    if (given.rows() > 0) evaluate->condition(given);
    FieldValues values;
    (*evaluate)(Vector::Zero(n), x0, kEta, values);
    return std::sqrt((values.eta - x0).squaredNorm() / static_cast<double>(x0.size()));
}

}  // namespace si
