#include "si/task/dump_batch.hpp"

#include <algorithm>

#include "si/io/dataset.hpp"
#include "si/train/chunk_losses.hpp"
#include "si/train/preparation.hpp"

namespace si {
namespace {

/// Puts what the file has in the place of what was drawn.
void take_given(const std::string& file, Batch& batch) {
    const DataFile given(file);
    bool any = false;
    const auto take = [&](const char* name, Index rows, auto&& put) {
        const auto samples = given.find(name);
        if (!samples) return;
        any = true;
        require(samples->values.cols() == batch.t.size() && samples->dim() == rows, Failure::data,
                samples->source, ": must have ", batch.t.size(), " samples of ", rows,
                ", as the batch has");
        put(samples->values);
    };
    const Index d = batch.x1().rows();
    take("t", 1, [&](const Matrix& t) {
        require((t.array() >= 0).all() && (t.array() <= 1).all(), Failure::data, file,
                ":/t: times must be between 0 and 1");
        batch.t = t.row(0).transpose();
    });
    take("x0", d, [&](const Matrix& x) { batch.x0() = x; });
    take("x1", d, [&](const Matrix& x) { batch.x1() = x; });
    if (batch.z.cols() > 0) take("z", d, [&](const Matrix& z) { batch.z = z; });
    require(any, Failure::data, file, ": has none of t, x0, x1 and z to use");
}

}  // namespace

void write_batch(const std::string& file, const std::optional<std::string>& given,
                 const TrainData& data, const InterpolantSpec& interpolant, const TrainSpec& asked,
                 const Provenance& provenance) {
    const auto all = prepare(data, interpolant, asked, provenance.seed);
    const TrainSpec& spec = all->spec;
    const BatchSource& source = all->source;
    const bool both = std::any_of(all->learned.begin(), all->learned.end(), [&](auto* row) {
        return takes_both_signs(spec, source.setup, *row);
    });
    Batch batch;
    const Index n = *spec.batch;
    build_batch(source, source.draw(0, n), {.columns = {0, n}, .batch = n, .antithetic = both},
                batch);
    if (given) take_given(*given, batch);
    mix(source.setup, both, batch);

    DataWriter out(file);
    out.attribute("command", provenance.command);
    out.attribute("seed", provenance.seed);
    out.write("t", batch.t.transpose(), {});
    out.write("x0", batch.x0(), data.shape);
    out.write("x1", batch.x1(), data.shape);
    if (batch.z.cols() > 0) out.write("z", batch.z, data.shape);
    out.write("xt", batch.xt, data.shape);
    if (both) out.write("xt_mirrored", batch.mirrored, data.shape);
    Matrix target;
    for (const Quantity* row : all->learned) {
        build_target(source, *row, batch, 1, target);
        out.write(text("target_", row->name), target, data.shape);
        if (!both) continue;
        build_target(source, *row, batch, -1, target);
        out.write(text("target_", row->name, "_mirrored"), target, data.shape);
    }
    out.commit();
}

}  // namespace si
