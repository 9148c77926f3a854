#include "si/io/sampling.hpp"

#include <cmath>

#include "si/flow/guided.hpp"
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
    if (spec.path) {
        require(model.one_sided(), Failure::usage,
                "--path: only a one-sided model can change its path after training");
        const Interpolant from(model.interpolant);
        model.interpolant.path = *spec.path;
        field =
            std::make_shared<RepathField>(std::move(field), from, Interpolant(model.interpolant));
    }
    if (spec.guidance == 1) return field;
    require(spec.guidance_interval.size() == 2 &&
                spec.guidance_interval[0] <= spec.guidance_interval[1],
            Failure::usage, "--guidance-interval: two times, the first not after the second");
    return std::make_shared<GuidedField>(
        std::move(field),
        Guidance{spec.guidance, {spec.guidance_interval[0], spec.guidance_interval[1]}});
}

namespace {

/// Labels as --label says, those of samples `first` .. first + n - 1.
Eigen::RowVectorXd labels_of(const std::string& word, Index labels, Index first, Index n) {
    if (word == "none") return Eigen::RowVectorXd::Constant(n, static_cast<double>(labels));
    if (word == "each") {
        Eigen::RowVectorXd all(n);
        for (Index j = 0; j < n; ++j) all[j] = static_cast<double>((first + j) % labels);
        return all;
    }
    const auto number = parse_integer(word);
    require(number && *number >= 0 && *number < labels, Failure::usage, "--label: one of 0 .. ",
            labels - 1, ", each or none, not '", word, "'");
    return Eigen::RowVectorXd::Constant(n, static_cast<double>(*number));
}

/// Conditions of the samples of a part, from the options and from `file`, if there is one.
void condition(const Conditions& conditions, const SampleSpec& spec,
               const std::optional<std::string>& file, Start& start) {
    const Index n = start.x.cols();
    const bool by_option = !spec.label.empty();
    require(!by_option || conditions.labels > 0, Failure::usage,
            "--label: this model has no labels");
    std::vector<std::string> wanted;
    if (conditions.labels > 0 && !by_option) wanted.emplace_back("label");
    if (!conditions.shape.empty() && start.given.rows() == 0) wanted.emplace_back("condition");
    Matrix from_file;
    if (!wanted.empty()) {
        require(
            file.has_value(), Failure::usage, "this model is conditioned on ",
            conditions.labels > 0 && !by_option
                ? text(conditions.labels, " labels; give --label K, each or none, or --given FILE")
                : std::string("data; give them with --given FILE"));
        Matrix all;
        const auto found = read_conditions(DataFile(*file), wanted, start.all, all);
        require(found.labels <= conditions.labels, Failure::data, *file, ": a label is ",
                found.labels - 1, ", and the model has ", conditions.labels);
        require(wanted.back() != "condition" || found.shape == conditions.shape, Failure::data,
                *file, ": its conditions have another shape than those of the model");
        from_file = all.middleCols(start.first, n);
    }
    const Matrix seen = start.given;
    start.given.resize(conditions.rows(), n);
    Index row = 0;
    if (by_option) {
        start.given.row(row++) = labels_of(spec.label, conditions.labels, start.first, n);
    }
    start.given.middleRows(row, from_file.rows()) = from_file;
    if (seen.rows() > 0) start.given.bottomRows(seen.rows()) = seen;
}

/// What begins where observations leave off.
Start from_observed(const Model& model, const std::string& name, std::uint64_t seed,
                    const Shard& shard) {
    const auto corruption = model.corruption();
    require(corruption != nullptr, Failure::usage,
            "--observed: this model was not trained to restore (--coupling inpaint, superres, "
            "noise)");
    const DataFile file(name);
    const Samples samples = file.samples();
    const Columns some = shard.of(samples.n());
    Start start{{}, some.first, samples.n()};
    const Matrix x = samples.values.middleCols(some.first, some.count);
    std::optional<Matrix> mask;
    if (corruption->hides()) {
        if (const auto found = file.find("mask")) {
            require(found->n() == samples.n(), Failure::data, found->source, ": has ", found->n(),
                    " rows, the samples have ", samples.n());
            mask = found->values.middleCols(some.first, some.count);
        }
    }
    const auto seen_shape = corruption->seen_shape();
    const bool small = seen_shape != model.shape && samples.shape == seen_shape;
    if (!small) require_dimension(samples.source, samples.dim(), model.dim);
    const Matrix placed = model.transform.from_data(small ? corruption->placed(x) : x);
    const bool whole = !small && !mask && (corruption->hides() || seen_shape != model.shape);
    const Observation seen =
        whole ? corruption->observe(placed, {seed, Purpose::mask, 0}, some.first)
              : in_context(name, [&] { return corruption->observed(placed, mask); });
    start.given = seen.given;
    start.x.resize(model.dim, some.count);
    fill_normal({seed, Purpose::start, 0}, some.first, start.x);
    start.x = seen.mean + seen.deviation.cwiseProduct(start.x);
    if (corruption->hides()) {
        const Index channels = model.shape.size() == 3 ? model.shape.front() : 1;
        start.mask = seen.given.topRows(model.dim / channels);
        if (corruption->masked()) start.known = x;
    }
    return start;
}

}  // namespace

Start starting_points(const Model& model, const Conditions& conditions, const SampleSpec& spec,
                      std::uint64_t seed, const Shard& shard) {
    const auto given = [&](const std::string& file, bool in_units) {
        const Matrix all = read_for(model, file).values;
        const Columns some = shard.of(all.cols());
        const Matrix x = all.middleCols(some.first, some.count);
        return Start{in_units ? model.transform.from_data(x) : x, some.first, all.cols()};
    };
    const auto chosen = [&] {
        if (spec.observed) {
            require(!spec.backward && !spec.x0 && !spec.n, Failure::usage,
                    "--observed goes alone, without -n, --x0 and --backward");
            return from_observed(model, *spec.observed, seed, shard);
        }
        if (spec.backward) {
            require(spec.x1.has_value(), Failure::usage, "--backward needs --x1 FILE");
            require(!spec.x0 && !spec.n, Failure::usage,
                    "--backward goes with --x1 FILE, not with --x0 or -n");
            return given(*spec.x1, true);
        }
        require(!spec.x1, Failure::usage, "--x1 goes with --backward");
        require(!model.source || spec.x0, Failure::usage,
                "this model restores what is observed; give it with --observed FILE");
        if (spec.x0) {
            require(!spec.n, Failure::usage, "-n and --x0 exclude each other");
            return given(*spec.x0, !model.base_has_no_units());
        }
        require(spec.n.has_value(), Failure::usage, "how many samples? Give -n N, or --x0 FILE");
        const Columns some = shard.of(*spec.n);
        return Start{draw_base(model, seed, some.first, some.count), some.first, *spec.n};
    };
    Start start = chosen();
    condition(conditions, spec, spec.given ? spec.given : spec.observed, start);
    return start;
}

void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Start& start, const Transported& result,
                       const Conditions& conditions, const Provenance& provenance) {
    const Index n = result.x.cols();
    auto out = open_output(file, provenance);
    // What is known beforehand is handed through, as units and back are not exact.
    const auto with_known = [&](Matrix x) {
        for (Index j = 0; j < start.known.cols(); ++j) {
            for (Index i = 0; i < x.rows(); ++i) {
                if (start.mask(i % start.mask.rows(), j) == 1) x(i, j) = start.known(i, j);
            }
        }
        return x;
    };
    out.write(
        "x",
        in_base_units(model, direction) ? result.x : with_known(model.transform.to_data(result.x)),
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
                with_known(model.transform.to_data(result.trajectory[static_cast<std::size_t>(k)]));
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
    if (conditions.labels > 0) {
        std::vector<std::int64_t> labels;
        for (Index j = 0; j < n; ++j) labels.push_back(std::lround(start.given(0, j)));
        out.write("label", labels);
    }
    if (start.mask.rows() > 0) {
        const bool image = model.shape.size() == 3;
        out.write("mask", start.mask,
                  image ? std::vector<Index>{model.shape[1], model.shape[2]} : model.shape);
    }
    out.commit();
}

}  // namespace si
