#include "si/task/describe.hpp"

#include <algorithm>

#include "si/base/visible.hpp"
#include "si/io/atomic_file.hpp"
#include "si/io/dataset.hpp"
#include "si/io/model_file.hpp"
#include "si/task/training_data.hpp"

namespace si {
namespace {

/// What is shown of a field: fields before numbers, and nothing that has no meaning in the
/// coordinates of the data.
std::vector<Answer> shown_answers() {
    std::vector<Answer> shown(answers().begin(), answers().end());
    std::erase_if(shown, [](const Answer& answer) { return answer.turns == Turns::unknown; });
    std::stable_partition(shown.begin(), shown.end(),
                          [](const Answer& answer) { return answer.field != nullptr; });
    return shown;
}

}  // namespace

Json describe_model(const Model& model) {
    Json about{{"dim", model.dim},
               {"shape", model.shape},
               {"path", spelled(model.interpolant.path.json())},
               {"gamma", spelled(model.interpolant.gamma.json())},
               {"base", model.base.kind()},
               {"one_sided", model.one_sided()},
               {"field", model.field.at("kind")}};
    if (model.parameters.size() > 0) {
        about["learn"] = model.field.at("learn");
        about["net"] = spelled(model.field.at("net"));
        about["parameters"] = model.parameters.size();
    }
    if (model.source) about["coupling"] = spelled(model.source->json());
    const auto field = make_field(model);
    const Conditions conditions = field->conditions();
    if (conditions.labels > 0) about["labels"] = conditions.labels;
    if (!conditions.shape.empty()) {
        about["condition"] = conditions.start ? Json("x0") : Json(conditions.shape);
    }
    about["can"] = names_of(field->available());
    for (const char* key : {"samples", "steps_done", "best", "seed", "command"}) {
        if (model.about.contains(key)) about[key] = model.about[key];
    }
    return about;
}

std::string model_text(const Json& description) {
    std::string out;
    for (const auto& [key, value] : description.items()) {
        const std::string shown =
            value.is_primitive() || value.is_object() ? spelled(value) : value.dump();
        out += key + std::string(12 - std::min<std::size_t>(key.size(), 11), ' ') + visible(shown) +
               "\n";
    }
    return out;
}

void write_fields(const std::string& file, const Model& model, const PointsSpec& points,
                  const std::vector<double>& times, const Provenance& provenance) {
    require(!times.empty(), Failure::usage, "at which times? Give -t T,...");
    const auto samples = read_samples(points.at);
    require_dimension(samples.source, samples.dim(), model.dim);
    const Matrix x = model.transform.from_data(samples.values);
    const auto field = make_field(model);
    const auto evaluator = field->evaluator();
    const Index n = x.cols(), count = std::ssize(times);
    const Matrix given =
        conditions_of_points(model, field->conditions(), {points.label, points.given}, n);
    if (given.rows() > 0) evaluator->condition(given);

    DataWriter out(file);
    out.attribute("command", provenance.command);
    out.write_array("t", times, {count});
    out.write("x", samples.values, samples.shape);
    for (const Answer& answer : shown_answers()) {
        if ((field->available() & answer.flag) == 0) continue;
        std::vector<double> values;
        for (const double t : times) {
            FieldValues result;
            (*evaluator)(Vector::Constant(n, t), x, answer.flag, result);
            to_data_coordinates(model, answer.flag, result);
            if (answer.field != nullptr) {
                const Matrix& m = result.*answer.field;
                values.insert(values.end(), m.data(), m.data() + m.size());
            } else {
                const Vector& v = result.*answer.number;
                values.insert(values.end(), v.begin(), v.end());
            }
        }
        if (answer.field != nullptr) {
            out.write_array(std::string(answer.name), values, {count, n, model.dim});
        } else {
            out.write_array(std::string(answer.name), values, {count, n});
        }
        if (answer.flag == kLogRho) {
            for (double& value : values) value = std::exp(value);
            out.write_array("rho", values, {count, n});
        }
    }
    out.commit();
}

std::string model_info(const std::string& file, const ModelInfoSpec& spec) {
    auto description = describe_model(read_model(file));
    if (spec.verify) {
        const double difference = verify_model(file);
        require(difference <= kProbeTolerance, Failure::check, file,
                ": /probe: velocities differ by ", difference, " of their size");
        description["probe"] = "verified";
    }
    return spec.json ? description.dump() + "\n" : model_text(description);
}

void export_model(const std::string& file, const ExportSpec& spec, const std::string& output) {
    for (const auto& other : export_names()) {
        const bool named = other != spec.format && output.ends_with("." + other);
        require(!named, Failure::usage, output, ": is named as --format ", other, ", and --format ",
                spec.format, " is asked for");
    }
    const auto model = read_model(file);
    const auto bytes = in_file(file, [&] { return exports().at(spec.format).make(model); });
    write_file(output, bytes, Content::binary);
}

}  // namespace si
