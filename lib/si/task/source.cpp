#include "si/task/source.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "si/density/mixture.hpp"
#include "si/flow/likelihood.hpp"
#include "si/flow/transport.hpp"
#include "si/io/dataset.hpp"
#include "si/io/input_file.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"

namespace si {
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

plot::Source from_json_text(plot::Source source, const std::string& bytes) {
    const auto line = std::string_view(bytes).substr(0, bytes.find('\n'));
    if (bytes.find("\"si-model\"") != std::string::npos && !Json::accept(line)) {
        source.model = shown_model(model_from_json(parse_json(bytes)));
        return source;
    }
    source.lines = json_lines(bytes);
    if (source.lines.size() == 1 && source.lines.front().value("format", Json()) == "si-model") {
        source.model = shown_model(model_from_json(source.lines.front()));
        source.lines.clear();
    }
    return source;
}

plot::Trajectories trajectories_of(const Samples& states, const std::optional<Samples>& time) {
    const Index count = states.shape.front(), dim = states.dim() / count;
    plot::Trajectories paths;
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

plot::Source open_source(const std::string& file) {
    plot::Source source{file == "-" ? "standard input"
                                    : std::filesystem::path(file).filename().string()};
    std::optional<InputFile> input;
    if (file == "-" || std::filesystem::is_regular_file(file)) {
        input.emplace(file);
        input->make_seekable();
        if (const auto bytes = json_bytes(*input)) {
            return in_file(input->name(), [&] { return from_json_text(source, *bytes); });
        }
    }
    const DataFile data(file == "-" ? input->path() : file);
    data.refuse_weights();
    source.samples = data.samples();
    if (data.has("trajectory"))
        source.trajectories = trajectories_of(data.at("trajectory"), data.find("time"));
    return source;
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

plot::Trajectories follow(const Model& model, const std::vector<double>& times, Index n,
                          std::uint64_t seed, Threads& threads, const Matrix* start, Matrix given) {
    const auto field = make_field(model);
    Matrix x;
    if (start != nullptr) {
        x = model.base_has_no_units() ? *start : model.transform.from_data(*start);
    } else {
        x = draw_base(model, seed, 0, n);
    }
    TransportSpec spec = TransportSpec{}.resolved(model, *field);
    spec.trajectory = times;
    Progress silent;
    if (given.rows() == 0) given = unconditioned(*field, x.cols());
    const auto result =
        transport(model, *field, spec, {.x = x, .seed = seed, .given = given}, threads, silent);
    plot::Trajectories paths{times, {}};
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
    if (const GaussianMixture* known = field->known().target) {
        const GaussianMixture& target = *known;
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
    const auto found = ode_log_density(model, *field, {}, {.x = points}, threads, silent);
    return Vector((found.log_density.array() - model.transform.log_determinant()).exp());
}

namespace {

class ShownModelOf : public plot::ShownModel {
  public:
    explicit ShownModelOf(Model model) : model_(std::move(model)) {}

    Index dim() const override { return model_.dim; }
    std::vector<Json> history() const override {
        std::vector<Json> records;
        const auto history = model_.about.find("history");
        if (history == model_.about.end() || !history->is_array()) return records;
        for (const Json& entry : *history) records.push_back(entry);
        return records;
    }
    plot::Trajectories follow(const std::vector<double>& times, Index n, std::uint64_t seed,
                              Threads& threads, const Matrix* start) const override {
        return si::follow(model_, times, n, seed, threads, start);
    }
    Matrix velocity_at(double t, ConstMatrix x) const override {
        return si::velocity_at(model_, t, x);
    }
    std::optional<Vector> marginal_density(Index coordinate, const Vector& x,
                                           Threads& threads) const override {
        return si::marginal_density(model_, coordinate, x, threads);
    }

  private:
    Model model_;
};

}  // namespace

std::shared_ptr<const plot::ShownModel> shown_model(Model model) {
    return std::make_shared<ShownModelOf>(std::move(model));
}

}  // namespace si
