#include "si/plot/source.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "si/flow/likelihood.hpp"
#include "si/flow/transport.hpp"
#include "si/interpolant/exact.hpp"
#include "si/io/dataset.hpp"
#include "si/io/input_file.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"
#include "si/random/draw.hpp"

namespace si::plot {
namespace {

constexpr std::size_t kLargestLog = std::size_t{1} << 30;

std::vector<Json> json_lines(const std::string& bytes) {
    std::vector<Json> lines;
    Index number = 0;
    for (const auto line : split(bytes, '\n')) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        in_context(text("line ", number), [&] {
            Json object = parse_json(line);
            require(object.is_object(), Failure::data, "expected an object");
            lines.push_back(std::move(object));
        });
    }
    return lines;
}

Source from_json_text(Source source, const std::string& bytes) {
    const auto line = std::string_view(bytes).substr(0, bytes.find('\n'));
    if (bytes.find("\"si-model\"") != std::string::npos && !Json::accept(line)) {
        source.model = std::make_shared<Model>(model_from_json(parse_json(bytes)));
        return source;
    }
    source.lines = json_lines(bytes);
    if (source.lines.size() == 1 && source.lines.front().value("format", Json()) == "si-model") {
        source.model = std::make_shared<Model>(model_from_json(source.lines.front()));
        source.lines.clear();
    }
    return source;
}

Paths paths_of(const Samples& states, const std::optional<Samples>& time) {
    const Index count = states.shape.front(), dim = states.dim() / count;
    Paths paths;
    for (Index k = 0; k < count; ++k) {
        paths.times.push_back(time && time->values.size() == count
                                  ? time->values.data()[k]
                                  : static_cast<double>(k) /
                                        static_cast<double>(std::max<Index>(count - 1, 1)));
        paths.states.emplace_back(states.values.middleRows(k * dim, dim));
    }
    return paths;
}

/// All of a file, or of what came from a pipe, if it begins like a JSON object.
std::optional<std::string> json_bytes(const InputFile& input) {
    const std::string front = input.peek(0, 64);
    const auto first = front.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || front[first] != '{') return {};
    require(input.size() <= kLargestLog, Failure::data, input.name(), ": is too large for JSON");
    return input.peek(0, input.size());
}

}  // namespace

Source open_source(const std::string& file) {
    Source source{file == "-" ? "standard input" : std::filesystem::path(file).filename().string()};
    std::optional<InputFile> input;
    if (file == "-" || std::filesystem::is_regular_file(file)) {
        input.emplace(file);
        input->make_seekable();
        if (const auto bytes = json_bytes(*input)) {
            return in_file(input->name(), [&] { return from_json_text(source, *bytes); });
        }
    }
    const DataFile data(file == "-" ? input->path() : file);
    source.samples = data.samples();
    if (data.has("trajectory")) source.paths = paths_of(data.at("trajectory"), data.find("time"));
    return source;
}

std::string coordinate_name(const Samples& samples, Index k) {
    const auto place = static_cast<std::size_t>(k);
    if (place < samples.columns.size() && !samples.columns[place].empty()) {
        return samples.columns[place];
    }
    return text("x", k + 1);
}

std::vector<Index> shown(Index n, Index limit) {
    std::vector<Index> rows(static_cast<std::size_t>(std::min(n, limit)));
    if (n <= limit) {
        std::iota(rows.begin(), rows.end(), Index{0});
        return rows;
    }
    Permutation({0, Purpose::picture, 0}, n).range(0, std::ssize(rows), rows.data());
    std::sort(rows.begin(), rows.end());
    return rows;
}

namespace {

/// No label, and zeros: what a model is conditioned on when nothing is said.
Matrix unconditioned(const Field& field, Index n) {
    const Conditions conditions = field.conditions();
    Matrix given = Matrix::Zero(conditions.rows(), n);
    if (conditions.labels > 0) given.row(0).setConstant(static_cast<double>(conditions.labels));
    return given;
}

}  // namespace

Paths follow(const Model& model, const std::vector<double>& times, Index n, std::uint64_t seed,
             Threads& threads, const Matrix* start, Matrix given) {
    const auto field = make_field(model);
    Matrix x;
    if (start != nullptr) {
        x = model.base_has_no_units() ? *start : model.transform.from_data(*start);
    } else {
        x = draw_base(model, seed, 0, n);
    }
    TransportSpec spec;
    spec.trajectory = times;
    Progress silent;
    if (given.rows() == 0) given = unconditioned(*field, x.cols());
    const auto result =
        transport(model, *field, spec, Direction::forward, x, given, seed, 0, threads, silent);
    Paths paths{times, {}};
    for (const Matrix& state : result.trajectory) {
        paths.states.push_back(model.transform.to_data(state));
    }
    return paths;
}

Matrix velocity_at(const Model& model, double t, ConstMatrix x) {
    const auto field = make_field(model);
    const auto evaluate = field->evaluator();
    FieldValues values;
    require(!field->conditions().start, Failure::usage,
            "this model is conditioned on x0, and has no velocity of all samples");
    if (field->conditions().rows() > 0) evaluate->condition(unconditioned(*field, x.cols()));
    const auto span = field->span(kB);
    (*evaluate)(Vector::Constant(x.cols(), std::clamp(t, span[0], span[1])),
                model.transform.from_data(x), kB, values);
    to_data_coordinates(model, kB, values);
    return values.b;
}

std::optional<Vector> marginal_density(const Model& model, Index coordinate, const Vector& x,
                                       Threads& threads) {
    const auto field = make_field(model);
    if (const auto* exact = dynamic_cast<const MixtureField*>(field.get())) {
        const GaussianMixture& target = exact->target();
        const Transform& t = model.transform;
        const Vector row = t.factor
                               ? Vector(t.factor->row(coordinate))
                               : Vector(t.scale[coordinate] * Vector::Unit(model.dim, coordinate));
        std::vector<Vector> means;
        std::vector<Matrix> variances;
        for (std::size_t k = 0; k < target.means().size(); ++k) {
            means.emplace_back(
                Vector::Constant(1, t.shift[coordinate] + row.dot(target.means()[k])));
            variances.emplace_back(Matrix::Constant(1, 1, row.dot(target.covariances()[k] * row)));
        }
        const std::vector<double> weights(target.weights().begin(), target.weights().end());
        return Vector(
            GaussianMixture(weights, means, variances).log_density(x.transpose()).array().exp());
    }
    const auto base = model.base_density();
    if (model.dim != 1 || !base || base->is_point() || model.source) return {};
    if (field->conditions().rows() > 0) return {};
    Progress silent;
    const Matrix points = model.transform.from_data(x.transpose());
    const auto scored = ode_log_density(model, *field, {}, {.x = points}, threads, silent);
    return Vector((scored.log_density.array() - model.transform.log_determinant()).exp());
}

}  // namespace si::plot
