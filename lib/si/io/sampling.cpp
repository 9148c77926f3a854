#include "si/io/sampling.hpp"

#include "si/flow/repath.hpp"
#include "si/io/training_data.hpp"

namespace si {
namespace {

std::vector<Index> with_front(std::vector<Index> front, const std::vector<Index>& shape) {
    front.insert(front.end(), shape.begin(), shape.end());
    return front;
}

/// The base of a one-sided model is N(0, I), whatever the data's units.
bool in_base_units(const Model& model, Direction direction) {
    return direction == Direction::backward && model.base_has_no_units();
}

}  // namespace

Samples read_for(const Model& model, const std::string& file) {
    auto samples = read_samples(file);
    require_dimension(samples.source, samples.dim(), model.dim);
    return samples;
}

DataWriter open_output(const std::string& file, const Provenance& provenance) {
    DataWriter out(file);
    out.attribute("command", provenance.command);
    out.attribute("seed", provenance.seed);
    write_shard(out, provenance.shard, provenance.rows);
    return out;
}

std::shared_ptr<const Field> field_along(Model& model, const SampleSpec& spec) {
    auto field = make_field(model);
    if (!spec.path) return field;
    require(model.one_sided(), Failure::usage,
            "--path: only a one-sided model can change its path after training");
    const Interpolant from(model.interpolant);
    model.interpolant.path = *spec.path;
    return std::make_shared<RepathField>(std::move(field), from, Interpolant(model.interpolant));
}

Start starting_points(const Model& model, const SampleSpec& spec, std::uint64_t seed,
                      const Shard& shard) {
    const auto given = [&](const std::string& file, bool in_units) {
        const Matrix all = read_for(model, file).values;
        const Columns some = shard.of(all.cols());
        const Matrix x = all.middleCols(some.first, some.count);
        return Start{in_units ? model.transform.from_data(x) : x, some.first, all.cols()};
    };
    if (spec.backward) {
        require(spec.x1.has_value(), Failure::usage, "--backward needs --x1 FILE");
        require(!spec.x0 && !spec.n, Failure::usage,
                "--backward goes with --x1 FILE, not with --x0 or -n");
        return given(*spec.x1, true);
    }
    require(!spec.x1, Failure::usage, "--x1 goes with --backward");
    if (spec.x0) {
        require(!spec.n, Failure::usage, "-n and --x0 exclude each other");
        return given(*spec.x0, !model.base_has_no_units());
    }
    require(spec.n.has_value(), Failure::usage, "how many samples? Give -n N, or --x0 FILE");
    const Columns some = shard.of(*spec.n);
    return {draw_base(model, seed, some.first, some.count), some.first, *spec.n};
}

void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance) {
    const Index n = result.x.cols();
    auto out = open_output(file, provenance);
    out.write("x", in_base_units(model, direction) ? result.x : model.transform.to_data(result.x),
              model.shape);
    if (spec.log_density) {
        const Vector log_density = result.log_density.array() - model.transform.log_determinant();
        out.write("log_density", log_density.transpose(), {});
    }
    if (!spec.trajectory.empty()) {
        const auto count = std::ssize(result.trajectory);
        std::vector<double> states(static_cast<std::size_t>(n * count * model.dim));
        for (Index k = 0; k < count; ++k) {
            const Matrix x =
                model.transform.to_data(result.trajectory[static_cast<std::size_t>(k)]);
            for (Index j = 0; j < n; ++j) {
                std::copy_n(x.col(j).data(), model.dim,
                            states.data() + (j * count + k) * model.dim);
            }
        }
        out.write_array("trajectory", states, with_front({n, count}, model.shape));
        out.write_array("time", spec.trajectory, {count});
    }
    out.write("nfe",
              std::vector<std::int64_t>(result.evaluations.begin(), result.evaluations.end()));
    out.commit();
}

}  // namespace si
