#include "si/io/sampling.hpp"

#include "si/flow/repath.hpp"
#include "si/io/parts.hpp"
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

StartingPoints::StartingPoints(const Model& model, const SampleSpec& spec, std::uint64_t seed,
                               const Shard& shard)
    : model_(model), seed_(seed) {
    if (spec.backward) {
        require(spec.x1.has_value(), Failure::usage, "--backward needs --x1 FILE");
        require(!spec.x0 && !spec.n, Failure::usage,
                "--backward goes with --x1 FILE, not with --x0 or -n");
        open(*spec.x1, true);
    } else {
        require(!spec.x1, Failure::usage, "--x1 goes with --backward");
        require(!spec.x0 || !spec.n, Failure::usage, "-n and --x0 exclude each other");
        if (spec.x0) open(*spec.x0, !model.base_has_no_units());
    }
    if (!reader_) {
        require(spec.n.has_value(), Failure::usage, "how many samples? Give -n N, or --x0 FILE");
        all_ = *spec.n;
    }
    part_ = shard.of(all_);
}

void StartingPoints::open(const std::string& file, bool in_units) {
    file_.emplace(file);
    reader_.emplace(file_->reader(Passes::one));
    require_dimension(reader_->source(), reader_->dim(), model_.dim);
    in_units_ = in_units;
    all_ = reader_->n();
}

Matrix StartingPoints::read(const Columns& some) const {
    const Index first = part_.first + some.first;
    if (!reader_) return draw_base(model_, seed_, first, some.count);
    Matrix x = reader_->rows(first, some.count);
    return in_units_ ? model_.transform.from_data(x) : x;
}

void StartingPoints::finish() const {
    if (reader_) reader_->finish();
}

TransportedFile::TransportedFile(const std::string& file, const Model& model,
                                 const TransportSpec& spec, Direction direction, Index n,
                                 const Provenance& provenance)
    : model_(model), spec_(spec), direction_(direction), out_(open_output(file, provenance)) {
    const auto times = std::ssize(spec.trajectory);
    out_.promise("x", n, model.shape);
    if (spec.log_density) out_.promise("log_density", n, {});
    if (times > 0) {
        out_.promise("trajectory", n, with_front({times}, model.shape));
        out_.write_array("time", spec.trajectory, {times});
    }
    out_.promise("nfe", n, {}, ElementType::i64);
}

void TransportedFile::append(const Transported& part) {
    const bool as_is = in_base_units(model_, direction_);
    out_.append("x", as_is ? part.x : model_.transform.to_data(part.x));
    if (spec_.log_density) {
        const Vector log_density = part.log_density.array() - model_.transform.log_determinant();
        out_.append("log_density", log_density.transpose());
    }
    if (const auto times = std::ssize(part.trajectory); times > 0) {
        Matrix states(times * model_.dim, part.x.cols());
        for (Index k = 0; k < times; ++k) {
            states.middleRows(k * model_.dim, model_.dim) =
                model_.transform.to_data(part.trajectory[static_cast<std::size_t>(k)]);
        }
        out_.append("trajectory", states);
    }
    out_.append("nfe", std::vector<std::int64_t>(part.evaluations.begin(), part.evaluations.end()));
}

void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance) {
    TransportedFile out(file, model, spec, direction, result.x.cols(), provenance);
    out.append(result);
    out.commit();
}

void sample_to(const std::string& file, const Model& model, const Field& field,
               const SampleSpec& samples, const TransportSpec& spec, Provenance provenance,
               Threads& threads, Progress& progress) {
    const std::uint64_t seed = provenance.seed;
    const StartingPoints start(model, samples, seed, provenance.shard);
    provenance.rows = start.all();
    TransportedFile out(file, model, spec, samples.direction(), start.n(), provenance);
    const Index states = model.dim * (1 + std::ssize(spec.trajectory));
    for (const Columns& some : parts_of(start.n(), states, threads)) {
        PartProgress part(progress, some.first, start.n());
        out.append(transport(model, field, spec, samples.direction(), start.read(some), seed,
                             start.first() + some.first, threads, part));
    }
    start.finish();
    out.commit();
}

}  // namespace si
