#include "si/io/evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "si/flow/field_errors.hpp"
#include "si/io/dataset.hpp"
#include "si/metric/kde.hpp"

namespace si {

Json kernel_report(const std::string& samples, const std::string& reference, const KernelSpec& spec,
                   Threads& threads) {
    const auto a = read_samples(samples), b = read_samples(reference);
    require(a.dim() == b.dim(), Failure::data, a.source, ": samples have ", a.dim(),
            " coordinates, those of the reference ", b.dim());
    std::vector<Index> rows;
    for (const Index k : spec.coordinates) {
        if (spec.coordinates == KernelSpec{}.coordinates && k > a.dim()) continue;
        require(k <= a.dim(), Failure::usage, "--coordinates: there is no coordinate ", k);
        rows.push_back(k - 1);
    }
    const Index n = std::min({a.n(), b.n() / 3, spec.most});
    require(n > std::ssize(rows), Failure::data, "too few samples");
    const auto part = [&](const Samples& of, Index first) {
        return Matrix(of.values(rows, Eigen::seqN(first, n)));
    };
    const Matrix kernel = part(b, 0), probes = part(b, n);
    const auto distance = kernel_divergence(kernel, part(a, 0), probes, threads);
    const auto floor = kernel_divergence(kernel, part(b, 2 * n), probes, threads);
    return {{"kl", distance.value},
            {"stderr", distance.error},
            {"floor", floor.value},
            {"floor_stderr", floor.error},
            {"n", n}};
}

Json fields_report(const Model& model, const Model& truth, const FieldsSpec& spec,
                   std::uint64_t seed, Threads& threads) {
    const auto errors = field_errors(model, truth, spec.n, spec.margin, seed, threads);
    Json report = Json::object();
    for (const auto& error : errors) report[std::string(error.name)] = error.relative;
    // The noise of the SDE has one size in the model's coordinates, where --epsilon is meant.
    if (!model.transform.is_identity() || !truth.transform.is_identity()) return report;
    if (const auto bound = divergence_bound(errors)) {
        const double best = bound->best_epsilon();
        report["dL_b"] = bound->excess_b;
        report["dL_s"] = bound->excess_s;
        report["best_epsilon"] = std::isinf(best) ? Json("infinite") : Json(best);
        report["kl_bound"] = bound->least();
    }
    return report;
}

}  // namespace si
