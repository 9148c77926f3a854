#include "si/task/evaluate.hpp"

#include <algorithm>
#include <cmath>

#include "si/flow/field_errors.hpp"
#include "si/io/dataset.hpp"
#include "si/metric/compare.hpp"
#include "si/metric/kde.hpp"
#include "si/metric/moment_distances.hpp"
#include "si/metric/restoration.hpp"
#include "si/task/compare.hpp"
#include "si/task/sample.hpp"

namespace si {

Json kernel_report(const std::string& samples, const std::string& reference, const KernelSpec& spec,
                   std::uint64_t seed, Threads& threads) {
    const auto a = read_samples(samples), b = read_samples(reference);
    require_coordinates(a.source, a.dim(), kReference, b.dim());
    std::vector<Index> rows;
    for (const Index k : spec.coordinates) {
        require(k <= a.dim(), Failure::usage, "--coordinates: there is no coordinate ", k, "; ",
                a.source, " has ", a.dim());
        require(std::find(rows.begin(), rows.end(), k - 1) == rows.end(), Failure::usage,
                "--coordinates: ", k, " is given twice");
        rows.push_back(k - 1);
    }
    for (Index k = 0; spec.coordinates.empty() && k < std::min<Index>(2, a.dim()); ++k) {
        rows.push_back(k);
    }
    doubt_wild_rows(a, b);
    const Index n = std::min({a.n(), b.n() / 3, spec.most});
    require(n > std::ssize(rows), Failure::data, "too few samples");
    const auto part = [&](const Samples& of, Index first) {
        const Permutation order({seed, Purpose::parts, 0}, of.n());
        return Matrix(drawn(of.values, order, first, n)(rows, Eigen::all));
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

Json restored_report(const std::string& restored_file, const std::string& truth,
                     const RestoredSpec& spec) {
    const DataFile file(restored_file);
    file.refuse_weights();
    const auto x = file.samples(), right = read_samples(truth);
    require_coordinates(x.source, x.dim(), kReference, right.dim());
    require(x.n() <= right.n(), Failure::data, x.source, ": has ", x.n(), " rows, ", right.source,
            " has ", right.n());
    Matrix mask;
    if (const auto found = file.find("mask")) {
        // Without the shape of images, as in a table, a mask repeats itself.
        const bool repeats = x.shape.size() == 1 && x.dim() % found->dim() == 0;
        mask = masks_for(*found, repeats ? std::vector{found->dim()} : x.shape, x.n());
    }
    const auto all = restored(x.values, right.values.leftCols(x.n()), mask, spec.range);
    Json report{{"n", x.n()}, {"mse", all.square.value}, {"mse_stderr", all.square.error}};
    if (all.equal == x.n()) {
        report["psnr"] = "infinite";
    } else {
        report["psnr"] = all.psnr.value;
        report["psnr_stderr"] = all.psnr.error;
    }
    if (all.equal > 0) report["equal"] = all.equal;
    report["cost"] = all.cost.value;
    report["cost_stderr"] = all.cost.error;
    if (mask.rows() > 0) {
        report["hidden_mse"] = all.hidden_square.value;
        report["hidden_mse_stderr"] = all.hidden_square.error;
        report["known_error"] = all.known_error;
    }
    if (spec.blocks) {
        const auto blocks = in_context("--blocks", [&] {
            return block_square(x.values, right.values.leftCols(x.n()), x.shape, *spec.blocks);
        });
        report["block_mse"] = blocks.value;
        report["block_mse_stderr"] = blocks.error;
    }
    return report;
}

Json frechet_report(const std::string& samples, const std::string& reference, std::uint64_t seed,
                    Threads& threads) {
    const auto a = read_samples(samples), b = read_samples(reference);
    require_coordinates(a.source, a.dim(), kReference, b.dim());
    require(a.n() > 1, Failure::data, samples, ": needs at least 2 samples, has ", a.n());
    require(b.n() > 3, Failure::data, reference, ": needs at least 4 samples, has ", b.n());
    doubt_wild_rows(a, b);
    const Index na = std::min(a.n(), b.n() / 2), nb = b.n() - na;
    const auto part = [&](const Samples& of, Index first, Index count) {
        return drawn(of.values, {{seed, Purpose::parts, 0}, of.n()}, first, count);
    };
    const Matrix truth = part(b, 0, nb);
    const auto from_truth = [&](const Matrix& x) {
        return frechet_distance(x, truth, threads, false).value;
    };
    return {{"frechet", from_truth(part(a, 0, na))},
            {"floor", from_truth(part(b, nb, na))},
            {"n", na},
            {"n_reference", nb}};
}

Json accuracy_report(const std::string& outputs, const std::string& truth) {
    const auto x = read_samples(outputs);
    const auto label = DataFile(truth).at("label");
    require(label.dim() == 1 && label.n() >= x.n(), Failure::data, label.source, ": has ",
            label.n(), " labels for ", x.n(), " samples");
    Vector right(x.n());
    for (Index j = 0; j < x.n(); ++j) {
        Index most = 0;
        x.values.col(j).maxCoeff(&most);
        right[j] = static_cast<double>(most) == label.values(0, j) ? 1 : 0;
    }
    const Estimate accuracy = mean_of(right);
    return {{"accuracy", accuracy.value}, {"stderr", accuracy.error}, {"n", x.n()}};
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
