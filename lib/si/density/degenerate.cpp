#include "si/density/degenerate.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <Eigen/Eigenvalues>

#include "si/base/remarks.hpp"
#include "si/base/text.hpp"

namespace si {
namespace {

constexpr Index kMostRelated = 256;
/// A relation is one where the least eigenvalue of the correlations is this times their number or
/// less: float32 leaves about 1e-14 of it, text of six digits 1e-11.
constexpr double kRelation = 1e-10;

std::string columns_text(const std::vector<Index>& columns) {
    constexpr std::size_t kMost = 8;
    std::vector<std::string> words;
    for (const Index column : columns) words.push_back(text(column + 1));
    if (words.size() == 1) return "column " + words[0];
    if (words.size() > kMost) {
        words.resize(kMost);
        return text("columns ", join(words, ", "), " and ", columns.size() - kMost, " more");
    }
    const std::string last = words.back();
    words.pop_back();
    return text("columns ", join(words, ", "), " and ", last);
}

/// Coordinates of `some` in the relation that binds them most; none where none does.
std::vector<Index> related(const Matrix& x, const std::vector<Index>& some) {
    const Index d = std::ssize(some), n = x.cols();
    if (d < 2 || d > kMostRelated || n <= d) return {};
    Matrix standard = x(some, Eigen::all);
    for (auto row : standard.rowwise()) {
        row.array() -= row.mean();
        row /= row.cwiseAbs().maxCoeff();
        row /= row.norm();
    }
    const Matrix correlation = standard * standard.transpose();
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(correlation);
    std::vector<Index> bound;
    if (!(solver.eigenvalues()[0] <= kRelation * static_cast<double>(d))) return bound;
    const Vector relation = solver.eigenvectors().col(0).cwiseAbs();
    for (Index k = 0; k < d; ++k) {
        if (relation[k] > 1e-3 * relation.maxCoeff()) {
            bound.push_back(some[static_cast<std::size_t>(k)]);
        }
    }
    return bound;
}

}  // namespace

bool is_rounding(double mean, double deviation) { return deviation <= 1e-12 * std::abs(mean); }

std::vector<Index> first_equals(const Matrix& x) {
    std::unordered_map<std::string_view, Index> firsts;
    std::vector<Index> all;
    all.reserve(static_cast<std::size_t>(x.cols()));
    for (Index j = 0; j < x.cols(); ++j) {
        const auto size = static_cast<std::size_t>(x.rows()) * sizeof(double);
        const std::string_view bytes(reinterpret_cast<const char*>(x.col(j).data()), size);
        all.push_back(firsts.try_emplace(bytes, j).first->second);
    }
    return all;
}

Degenerate look_for_degenerate(const Matrix& x, const std::vector<Index>& skipped) {
    Degenerate found{.n = x.cols(), .dim = x.rows()};
    if (found.n < 2) return found;
    std::vector<Index> others;
    for (Index i = 0; i < x.rows(); ++i) {
        if (std::find(skipped.begin(), skipped.end(), i) != skipped.end()) continue;
        const double least = x.row(i).minCoeff(), most = x.row(i).maxCoeff();
        if (is_rounding(std::max(std::abs(least), std::abs(most)), most - least)) {
            found.constant.push_back(i);
            found.values.push_back(x(i, 0));
        } else {
            others.push_back(i);
        }
    }
    found.dependent = related(x, others);
    if (!skipped.empty()) return found;
    const auto firsts = first_equals(x);
    for (Index j = 0; j < found.n; ++j) {
        found.repeated += firsts[static_cast<std::size_t>(j)] != j ? 1 : 0;
    }
    if (10 * found.repeated < found.n) found.repeated = 0;
    return found;
}

void doubt_density(const std::string& source, const Degenerate& found) {
    if (found.none()) return;
    std::vector<std::string> remedies;
    if (!found.constant.empty()) remedies.emplace_back("leave out what is constant");
    if (!found.dependent.empty()) remedies.emplace_back("leave out one of the bound columns");
    if (found.n > 1 && found.n <= found.dim) remedies.emplace_back("take more samples");
    if (found.repeated > 0) remedies.emplace_back("whole numbers take si-train --dequantize STEP");
    doubt(
        text(source, ": ", join(found.sentences(), "; "),
             ": these samples have no density, and log-densities of a model of them mean nothing; ",
             join(remedies, "; ")));
}

std::string doubtful_densities(const std::vector<std::string>& sentences) {
    return text("the samples that the model was trained on have no density (",
                join(sentences, "; "),
                "): these numbers depend on how long it was trained, and on nothing of the data");
}

bool Degenerate::none() const {
    return constant.empty() && dependent.empty() && repeated == 0 && (n < 2 || n > dim);
}

std::vector<std::string> Degenerate::sentences() const {
    std::vector<std::string> all;
    if (constant.size() == 1) {
        all.push_back(text(columns_text(constant), " is constant (", values[0], ")"));
    } else if (!constant.empty()) {
        all.push_back(columns_text(constant) + " are constant");
    }
    if (!dependent.empty()) {
        all.push_back(columns_text(dependent) + " are bound by a linear relation");
    }
    if (n > 1 && n <= dim) {
        all.push_back(text(n, " samples span no more than ", n - 1, " of ", dim, " dimensions"));
    }
    if (repeated > 0) all.push_back(text(repeated, " of ", n, " rows repeat others"));
    return all;
}

}  // namespace si
