#include "si/io/model_file.hpp"

#include <array>

#include "si/base/formats.hpp"
#include "si/base/lists.hpp"
#include "si/density/written.hpp"
#include "si/io/json_file.hpp"
#include "si/io/samples.hpp"
#include "si/io/tensor.hpp"
#include "si/model/network_field.hpp"
#include "si/version.hpp"

namespace si {
namespace {

constexpr Index kProbePoints = 4;
constexpr Index kMostDimensions = Index{1} << 26;  ///< a vector of them is half a gigabyte

/// Keys of a model document, for did-you-mean.
const std::vector<std::string> kKeys{
    "format", "format_version", "created_by", "command",   "dim",   "shape",   "interpolant",
    "base",   "coupling",       "field",      "transform", "about", "tensors", "probe"};

void check_format(const Json& document) {
    require(document.is_object(), Failure::data,
            "expected an object with \"format\": \"si-model\"");
    const auto format = member_as<std::string>(document, "format");
    require(format == "si-model", Failure::data, "/format: expected \"si-model\", got \"", format,
            "\"");
    const Json& version = member(document, "format_version");
    in_context("/format_version", [&] {
        require(version.is_array() && version.size() == 2, Failure::data, "expected two integers");
        const int major = exactly<int>(version[0]), minor = exactly<int>(version[1]);
        require(major == kModelFormat.major && minor >= 0, Failure::data,
                "this program reads version ", kModelFormat.major, ", the file has ", major, ".",
                minor);
    });
    for (const auto& item : document.items()) {
        const bool known = std::find(kKeys.begin(), kKeys.end(), item.key()) != kKeys.end();
        require(known, Failure::data, "/", item.key(), ": unknown key",
                known ? "" : did_you_mean(item.key(), kKeys));
    }
}

/// The tensors of a network field, in the order of its flat vector.
std::vector<Tensor> tensors_of(const NetworkFieldSpec& spec, const std::vector<Index>& shape) {
    std::vector<Tensor> all;
    const Graph graph = NetworkField::graph(spec, shape);
    Index offset = 0;
    for (const Quantity* row : parse_learned(spec.learn)) {
        for (Tensor tensor : graph.tensors()) {
            tensor.name = text(row->name, ".", tensor.name);
            tensor.offset += offset;
            all.push_back(std::move(tensor));
        }
        offset += graph.parameters();
    }
    return all;
}

/// The field of a model, with settings of its network that were none yet when it was written.
Json in_words_of_today(Json field) {
    if (!field.is_object()) return field;
    const auto net = field.find("net");
    if (net == field.end() || !net->is_object()) return field;
    for (const NetworkRow& row : networks()) {
        const auto& [setting, value] = row.in_old_files;
        const std::string key(setting);
        if (key.empty() || net->value("kind", Json()) != row.name) continue;
        if (!net->contains(key)) (*net)[key] = value;
    }
    return field;
}

NetworkFieldSpec network_spec(const Json& field) {
    return in_context("/field", [&] { return read_spec<NetworkFieldSpec>(without_kind(field)); });
}

std::vector<double> numbers(const Json& node, Index count) {
    const auto list = Setting<std::vector<double>>::from_json(node);
    require(std::ssize(list) == count, Failure::data, "expected ", count, " numbers, got ",
            list.size());
    return list;
}

Vector as_vector(const std::vector<double>& list) {
    return Eigen::Map<const Vector>(list.data(), std::ssize(list));
}

/// {"shift", "scale"} or {"shift", "factor"}.
struct TransformSpec {
    std::vector<double> shift, scale;
    std::optional<NumberRows> factor;

    static constexpr auto fields() {
        return std::tuple{
            field("shift", &TransformSpec::shift,
                  "Origin of the model's coordinates, in the coordinates of the data"),
            field("scale", &TransformSpec::scale,
                  "Unit of each of the model's coordinates, in units of the data", kPositive),
            field("factor", &TransformSpec::factor, "Lower triangular matrix instead of scale")};
    }
};

Transform read_transform(const Json& node, Index dim) {
    const auto spec = read_spec<TransformSpec>(node);
    Transform transform = Transform::identity(dim);
    transform.shift = in_context("/shift", [&] { return vector_of(spec.shift, dim); });
    if (!spec.factor) {
        transform.scale = in_context("/scale", [&] { return vector_of(spec.scale, dim); });
        return transform;
    }
    require(spec.scale.empty(), Failure::data, "/scale: excludes factor");
    transform.factor = in_context("/factor", [&] {
        const Matrix factor = square_matrix(*spec.factor, dim);
        require(factor.isLowerTriangular(0) && (factor.diagonal().array() > 0).all(), Failure::data,
                "must be lower triangular with a positive diagonal");
        return factor;
    });
    return transform;
}

Json transform_to_json(const Transform& transform) {
    const auto list = [](const auto& v) { return std::vector<double>(v.begin(), v.end()); };
    Json node{{"shift", list(transform.shift)}};
    if (!transform.factor) {
        node["scale"] = list(transform.scale);
        return node;
    }
    node["factor"] = Json::array();
    for (Index i = 0; i < transform.factor->rows(); ++i) {
        node["factor"].push_back(list(Vector(transform.factor->row(i))));
    }
    return node;
}

/// What the points of a probe are conditioned on: every label in turn, and numbers; a mask that
/// knows nothing.
Matrix probe_conditions(const Field& field) {
    const Conditions conditions = field.conditions();
    Matrix given = Matrix::Zero(conditions.rows(), kProbePoints);
    if (!conditions.masked) fill_normal({0, Purpose::check, 100}, 0, given);
    for (Index j = 0; j < kProbePoints && conditions.labels > 0; ++j) {
        given(0, j) = static_cast<double>(j % (conditions.labels + 1));
    }
    return given;
}

/// Points of a fixed address and the velocities there.
Json make_probe(const Model& model) {
    const auto field = make_field(model);
    if ((field->available() & kB) == 0) return nullptr;
    Matrix x(model.dim, kProbePoints);
    fill_normal({0, Purpose::check, 99}, 0, x);
    const Vector t = Vector::LinSpaced(kProbePoints, 0.1, 0.9);
    FieldValues values;
    const auto evaluate = field->evaluator();
    evaluate->condition(probe_conditions(*field));
    (*evaluate)(t, x, kB, values);
    const std::vector<Index> shape{kProbePoints, model.dim};
    return {{"t", std::vector<double>(t.begin(), t.end())},
            {"x", tensor_to_json(x.data(), shape)},
            {"b", tensor_to_json(values.b.data(), shape)}};
}

/// Throws unless a tensor has the shape that it should have, and text enough for its numbers, so
/// that no memory is asked for which the file does not fill.
void require_room(const Json& node, const Tensor& tensor) {
    if (!node.is_object()) return;
    const auto given = tensor_shape(node);
    require(given == tensor.shape, Failure::data, "/shape: expected ", shape_text(tensor.shape),
            ", got ", shape_text(given));
    const Json& data = member(node, "data");
    require(!data.is_string() || std::ssize(data.get_ref<const std::string&>()) >= tensor.size(),
            Failure::data, "/data: too short for ", shape_text(tensor.shape));
}

FieldErrors read_errors(const Json& node) {
    using List = std::vector<double>;
    const auto list = [&](const char* key) { return Setting<List>::from_json(member(node, key)); };
    const FieldErrors errors{list("t"), list("b"), list("s"), list("b_stderr"), list("s_stderr")};
    const auto n = errors.t.size();
    for (const List* one : {&errors.b, &errors.s}) {
        require(one->size() == n, Failure::data, "its lists differ in length");
    }
    for (const List* one : {&errors.b_stderr, &errors.s_stderr}) {  // none are exact
        require(one->empty() || one->size() == n, Failure::data, "its lists differ in length");
    }
    return errors;
}

Json errors_to_json(const FieldErrors& errors) {
    return {{"t", errors.t},
            {"b", errors.b},
            {"b_stderr", errors.b_stderr},
            {"s", errors.s},
            {"s_stderr", errors.s_stderr}};
}

/// null for a coordinate without noise, else where its grid begins.
void read_origins(const Json& list, Model& model) {
    const auto size = static_cast<std::size_t>(model.dim);
    require(list.is_array() && (list.size() == 1 || list.size() == size), Failure::data,
            "must be a list of 1 or ", size, " numbers or nulls");
    for (const Json& one : list) {
        model.dequantize.origins.push_back(
            one.is_null() ? std::nullopt : std::optional(Setting<double>::from_json(one)));
    }
}

/// The members that si-model 1.0 keeps in /about. Nothing else of it is ever looked at.
void read_recorded_members(Model& model) {
    if (model.about.contains("errors")) {
        model.errors = in_context("/errors", [&] { return read_errors(model.about["errors"]); });
    }
    const auto bridge = model.about.find("bridge");
    model.bridge = bridge != model.about.end() && bridge->is_object() && bridge->contains("sigma");
    const auto training = model.about.find("training");
    if (training == model.about.end() || !training->is_object()) return;
    const auto number = [&](const std::string& key, const auto& put) {
        if (!training->contains(key)) return;
        in_context("/training/" + key, [&] { put(Setting<double>::from_json((*training)[key])); });
    };
    number("dequantize", [&](double width) {
        require(width >= 0, Failure::data, "must not be negative, is ", width);
        model.dequantize.step = width;
    });
    if (training->contains("dequantized")) {
        in_context("/training/dequantized",
                   [&] { read_origins((*training)["dequantized"], model); });
    }
    if (training->contains("trained_on")) {
        in_context("/training/trained_on", [&] {
            model.trained_on =
                Setting<std::vector<std::string>>::from_json((*training)["trained_on"]);
        });
    }
    if (training->contains("no_density")) {
        in_context("/training/no_density", [&] {
            model.no_density =
                Setting<std::vector<std::string>>::from_json((*training)["no_density"]);
        });
    }
    number("label_dropout", [&](double part) {
        require(part >= 0 && part < 1, Failure::data, "must be from 0 to below 1, is ", part);
        model.label_dropout = part;
    });
}

/// The record with those members in their places: errors behind the history, before the command.
Json about_to_json(const Model& model) {
    Json about = model.about;
    if (model.dequantize.step > 0) {
        about["training"]["dequantize"] = model.dequantize.step;
        if (!model.dequantize.origins.empty()) {
            Json& origins = about["training"]["dequantized"] = Json::array();
            for (const auto& one : model.dequantize.origins) {
                origins.push_back(one ? Json(*one) : Json());
            }
        }
    }
    if (!model.trained_on.empty()) about["training"]["trained_on"] = model.trained_on;
    if (!model.no_density.empty()) about["training"]["no_density"] = model.no_density;
    if (model.label_dropout) about["training"]["label_dropout"] = *model.label_dropout;
    if (model.errors.t.empty()) return about;
    const Json command = about.value("command", Json());
    about.erase("command");
    about["errors"] = errors_to_json(model.errors);
    if (!command.is_null()) about["command"] = command;
    return about;
}

void read_shape(const Json& document, Model& model) {
    model.dim = member_as<Index>(document, "dim");
    require(model.dim > 0, Failure::data, "/dim: must be positive, is ", model.dim);
    require(model.dim <= kMostDimensions, Failure::data, "/dim: must be at most ", kMostDimensions,
            ", is ", model.dim);
    model.shape = {model.dim};
    if (!document.contains("shape")) return;
    in_context("/shape", [&] {
        model.shape = Setting<std::vector<Index>>::from_json(document["shape"]);
        const Index product = Conditions{.shape = model.shape}.numbers();
        require(product == model.dim, Failure::data, "its product is ", product, ", dim is ",
                model.dim);
    });
}

/// "independent", "dependent", or how x0 is made from x1.
void read_coupling(const Json& document, Model& model) {
    if (!document.contains("coupling")) return;
    if (document["coupling"].is_object()) {
        model.source = in_context(
            "/coupling", [&] { return Choice<couplings>::from_json(document["coupling"]); });
        model.independent = false;
        return;
    }
    const auto word = member_as<std::string>(document, "coupling");
    require(word == "independent" || word == "dependent", Failure::data,
            "/coupling: must be independent or dependent, is '", word, "'");
    model.independent = word == "independent";
}

void read_tensors(const Json& document, Model& model) {
    const auto spec = network_spec(model.field);
    const Json& tensors = document["tensors"];
    require(tensors.is_object(), Failure::data, "/tensors: expected an object");
    const auto wanted = tensors_of(spec, model.shape);
    const auto each = [&](const auto& visit) {
        in_context("/tensors", [&] {
            for (const Tensor& tensor : wanted) {
                const Json& node = member(tensors, tensor.name);
                in_context(text("/", tensor.name), [&] { visit(tensor, node); });
            }
        });
    };
    Index total = 0;
    each([&](const Tensor& tensor, const Json& node) {
        require_room(node, tensor);
        total += tensor.size();
    });
    model.parameters.resize(total);
    each([&](const Tensor& tensor, const Json& node) {
        const auto values = read_tensor<float>(node, tensor.shape);
        std::copy(values.begin(), values.end(), model.parameters.data() + tensor.offset);
    });
    require(tensors.size() == wanted.size(), Failure::data, "/tensors: has ", tensors.size(),
            " tensors, the field needs ", wanted.size());
}

}  // namespace

Model model_from_json(const Json& document) {
    check_format(document);
    Model model;
    read_shape(document, model);
    if (document.contains("interpolant")) {
        model.interpolant = in_context(
            "/interpolant", [&] { return read_spec<InterpolantSpec>(document["interpolant"]); });
    }
    if (document.contains("base")) {
        model.base =
            in_context("/base", [&] { return Choice<bases>::from_json(document["base"]); });
    }
    read_coupling(document, model);
    model.transform = Transform::identity(model.dim);
    if (document.contains("transform")) {
        model.transform = in_context(
            "/transform", [&] { return read_transform(document["transform"], model.dim); });
    }
    model.field = in_words_of_today(member(document, "field"));
    require(model.field.is_object(), Failure::data, "/field: expected an object");
    if (document.contains("about")) {
        model.about = document["about"];
        require(model.about.is_object(), Failure::data, "/about: expected an object");
        in_context("/about", [&] { read_recorded_members(model); });
    }
    if (document.contains("tensors")) read_tensors(document, model);
    make_field(model);  // everything that can be wrong with it is wrong now
    model.corruption();
    return model;
}

Model read_model(const std::string& file) {
    const Json document = read_json(file);
    return in_file(file == "-" ? "standard input" : file,
                   [&] { return model_from_json(document); });
}

Json model_to_json(const Model& model) {
    Json document{{"format", "si-model"},
                  {"format_version", {kModelFormat.major, kModelFormat.minor}},
                  {"created_by", text("si-tools ", kVersion)},
                  {"dim", model.dim},
                  {"shape", model.shape},
                  {"interpolant", write_spec(model.interpolant)},
                  {"base", model.base.json()},
                  {"field", model.field}};
    if (!model.independent) {
        document["coupling"] = model.source ? model.source->json() : Json("dependent");
    }
    if (!model.transform.is_identity()) {
        document["transform"] = transform_to_json(model.transform);
    }
    document["about"] = about_to_json(model);
    if (model.parameters.size() > 0) {
        document["probe"] = make_probe(model);
        Json tensors = Json::object();
        for (const Tensor& tensor : tensors_of(network_spec(model.field), model.shape)) {
            tensors[tensor.name] =
                tensor_to_json(model.parameters.data() + tensor.offset, tensor.shape);
        }
        document["tensors"] = std::move(tensors);
    }
    return document;
}

void write_model(const std::string& file, const Model& model) {
    write_json(file, model_to_json(model));
}

double verify_model(const std::string& file) {
    const Json document = read_json(file);
    return in_file(file, [&] {
        const Model model = model_from_json(document);
        require(document.contains("probe") && document["probe"].is_object(), Failure::data,
                "/probe: this model has none");
        const Json& probe = document["probe"];
        const std::vector<Index> shape{kProbePoints, model.dim};
        const auto read = [&](const std::string& key) {
            return in_context(text("/probe/", key),
                              [&] { return read_tensor<double>(member(probe, key), shape); });
        };
        const auto x = read("x"), b = read("b");
        const Vector t = in_context(
            "/probe/t", [&] { return as_vector(numbers(member(probe, "t"), kProbePoints)); });
        const Eigen::Map<const Matrix> points(x.data(), model.dim, kProbePoints);
        const Eigen::Map<const Matrix> expected(b.data(), model.dim, kProbePoints);
        FieldValues values;
        const auto field = make_field(model);
        const auto evaluate = field->evaluator();
        evaluate->condition(probe_conditions(*field));
        (*evaluate)(t, points, kB, values);
        return (values.b - expected).norm() / std::max(expected.norm(), 1e-300);
    });
}

}  // namespace si
