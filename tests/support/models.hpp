#pragma once

#include <string>

#include "si/flow/transport.hpp"

// Models on paper that several tests share.

namespace si::examples {

/// A model in one dimension with a field in closed form.
inline Model closed_model(const char* field, const InterpolantSpec& interpolant = {},
                          const char* base = R"({"kind": "normal"})") {
    Model model;
    model.field = Json::parse(field);
    model.dim = 1;
    model.shape = {1};
    model.interpolant = interpolant;
    model.base = Choice<bases>::from_json(Json::parse(base));
    model.transform = Transform::identity(1);
    return model;
}

/// Carries `start` along the exact field of a model, on two threads.
inline Transported carry(const Model& model, const TransportSpec& spec, Direction direction,
                         ConstMatrix start, std::uint64_t seed = 3) {
    Threads threads(2);
    Progress quiet;
    return transport(model, *make_field(model), spec,
                     {.x = start, .direction = direction, .seed = seed}, threads, quiet);
}

}  // namespace si::examples
