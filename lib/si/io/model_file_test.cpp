#include "si/io/model_file.hpp"

#include <doctest/doctest.h>

#include "si/bridge/method.hpp"
#include "si/flow/transport.hpp"
#include "si/io/json_file.hpp"
#include "si/model/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/task/describe.hpp"
#include "si/task/log_density.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix x(rows, columns);
    fill_normal({17, Purpose::data, step}, 0, x);
    return x;
}

TrainSpec short_training(const char* net) {
    TrainSpec spec;
    spec.net = Choice<networks>(net);
    spec.steps = 2;
    spec.batch = 8;
    spec.valid = "0.5";
    return spec;
}

/// A model of each form of the document: closed and learned fields, bases, couplings, labels,
/// conditions, bridges, records.
std::vector<std::pair<std::string, Json>> documents() {
    std::vector<std::pair<std::string, Json>> all;
    Threads threads(1);
    Progress silent;
    const auto add = [&](std::string name, const Model& model) {
        all.emplace_back(std::move(name), model_to_json(model));
    };
    Model mixture;
    mixture.dim = 1;
    mixture.shape = {1};
    mixture.interpolant.gamma = Choice<gammas>("brownian,a=2");
    mixture.base = Choice<bases>::from_json(Json::parse(
        R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[-1], [1]], "covariances": [[[1]], [[2]]]})"));
    mixture.transform = Transform::identity(1);
    mixture.field = Json::parse(
        R"({"kind": "mixture", "weights": [0.3, 0.7], "means": [[2], [-2]], "covariances": [0.25, 1]})");
    add("mixture", mixture);

    TrainData plane;
    plane.shape = {2};
    plane.x1().samples = normals(2, 64, 0);
    plane.x0().samples = normals(2, 64, 1);
    TrainSpec two = short_training("mlp,width=4,depth=1");
    two.learn = "b,s";
    two.errors = true;
    InterpolantSpec latent;
    latent.gamma = Choice<gammas>("brownian");
    hold_out(plane, 0.5, 1);
    add("mlp", train(plane, latent, two, 1, {}, threads, silent));

    TrainData images;
    images.shape = {1, 4, 4};
    images.x1().samples = normals(16, 32, 2);
    images.conditions.labels = 3;
    images.given = Matrix::Zero(1, 32);
    TrainSpec filled = short_training("unet,width=4,multipliers=1:2,groups=2,blocks=1");
    filled.coupling = Choice<couplings>("inpaint,tile=2,p=0.5");
    filled.valid = "0";
    add("unet", train(images, {}, filled, 1, {}, threads, silent));

    for (const char* method :
         {"lightsb,steps=5,components=2", "sinkhorn", "sf2m,steps=2,width=4"}) {
        add(method,
            make_bridge(method, {normals(2, 12, 3), normals(2, 12, 4), {2}, {0.5}, false, 1},
                        threads, silent));
    }
    return all;
}

/// Every place in a document; of a list its first and last, of text that holds numbers its whole.
void list_places(const Json& node, const std::string& at, std::vector<std::string>& places) {
    places.push_back(at);
    if (node.is_object()) {
        for (const auto& [key, value] : node.items()) {
            list_places(value, at + json_pointer_step(key), places);
        }
    } else if (node.is_array() && !node.empty()) {
        list_places(node.front(), at + "/0", places);
        const auto last = node.size() - 1;
        if (last > 0) list_places(node.back(), text(at, "/", last), places);
    }
}

/// What programs ask of a model.
void use(const Model& model) {
    model_text(describe_model(model));
    epsilon_context(model);
    measured_points(model, Matrix::Zero(model.dim, 2), 1, 0);
    model.base_density();
    const auto field = make_field(model);
    const auto evaluate = field->evaluator();
    const Index rows = field->conditions().rows();
    if (rows > 0) evaluate->condition(Matrix::Zero(rows, 2));
    FieldValues values;
    const unsigned want = field->available() & ~(model.dim > 2 ? kDivB | kDivS : 0U);
    (*evaluate)(Vector::Constant(2, 0.5), Matrix::Zero(model.dim, 2), want, values);
}

}  // namespace

TEST_CASE("another value at any place of a model is read or refused, and nothing else") {
    const Json others = Json::parse(
        R"([null, true, 0, 3, -1, 65537, 4611686018427387904, 0.5, 1e308, -1e308, "", "x", [], [1], [[1, 2]], {}, {"kind": "x"}])");
    for (const auto& entry : documents()) {
        const auto& name = std::get<0>(entry);
        const auto& document = std::get<1>(entry);
        CAPTURE(name);
        CHECK(model_to_json(model_from_json(document)) == document);
        std::vector<std::string> places;
        list_places(document, "", places);
        CHECK(places.size() > 20);
        Index read = 0, refused = 0;
        for (const std::string& place : places) {
            for (const Json& other : others) {
                INFO(place << " is " << other.dump());
                Json changed = document;
                changed[Json::json_pointer(place)] = other;
                try {
                    use(model_from_json(changed));
                    ++read;
                } catch (const Error& error) {
                    const bool data =
                        error.kind() == Failure::data || error.kind() == Failure::usage ||
                        error.kind() == Failure::check || error.kind() == Failure::resource;
                    INFO(std::string(error.what()));
                    CHECK(data);
                    ++refused;
                }
            }
        }
        CHECK(read > 0);
        CHECK(refused > 10 * std::ssize(others));
    }
}
