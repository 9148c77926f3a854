#include "si/model/model.hpp"

#include <array>
#include <cmath>

#include "si/base/lists.hpp"
#include "si/density/written.hpp"
#include "si/interpolant/bridge_field.hpp"
#include "si/interpolant/closed.hpp"
#include "si/model/network_field.hpp"

namespace si {
namespace {

template <auto Make>
std::optional<GaussianMixture> density(const Json& settings, Index dim) {
    return from_json<Make>(settings, dim);
}

std::optional<GaussianMixture> standard_normal(const Json&, Index dim) {
    return GaussianMixture::standard_normal(dim);
}

std::optional<GaussianMixture> unknown(const Json&, Index) { return {}; }

constexpr auto kBases = std::to_array<BaseRow>({
    {.name = "normal",
     .summary = "N(0, I)",
     .spec = spec_of<NoSettings>,
     .make = standard_normal,
     .units = false},
    {.name = "gaussian",
     .summary = "a Gaussian",
     .spec = spec_of<GaussianSpec>,
     .make = density<make_gaussian>},
    {.name = "mixture",
     .summary = "a mixture of Gaussians",
     .spec = spec_of<MixtureSpec>,
     .make = density<make_mixture>},
    {.name = "point",
     .summary = "a single point",
     .spec = spec_of<PointSpec>,
     .make = density<make_point>},
    {.name = "samples",
     .summary = "known only by samples",
     .spec = spec_of<NoSettings>,
     .make = unknown},
    {.name = "given",
     .summary = "one point for each path, on which the fields are conditioned",
     .spec = spec_of<NoSettings>,
     .make = unknown,
     .given = true},
});

std::shared_ptr<const Field> network(const NetworkFieldSpec& spec, const Model& model) {
    return std::make_shared<NetworkField>(spec, model.setup(), model.shape, model.parameters);
}

/// A field in closed form comes from the table of those, whose rows know nothing of models.
std::shared_ptr<const Field> closed(const ClosedFieldRow& row, const Json& settings,
                                    const Model& model) {
    const auto base = model.base_density();
    require(base.has_value(), Failure::data, "the base of such a field must have a density");
    return row.make(settings, Interpolant(model.interpolant), *base);
}

std::shared_ptr<const Field> bridge(const BridgeFieldSpec& spec, const Model& model) {
    return make_bridge_field(spec, Interpolant(model.interpolant), model.dim);
}

std::vector<FieldRow> all_fields() {
    std::vector<FieldRow> rows{
        {"network", "learned by networks", spec_of<NetworkFieldSpec>, from_json<network>},
        {"bridge", "exact, for a Schroedinger bridge with given potentials",
         spec_of<BridgeFieldSpec>, from_json<bridge>}};
    for (const ClosedFieldRow& row : closed_fields()) {
        rows.push_back(
            {row.name, row.summary, row.spec, [&row](const Json& settings, const Model& model) {
                 return closed(row, settings, model);
             }});
    }
    return rows;
}

}  // namespace

Catalogue<BaseRow> bases() { return {"base", kBases}; }

Catalogue<FieldRow> field_kinds() {
    static const std::vector<FieldRow> rows = all_fields();
    return {"field", rows};
}

Transform Transform::identity(Index dim) { return {Vector::Zero(dim), Vector::Ones(dim)}; }

Transform Transform::whitening(const Vector& mean, const Matrix& covariance) {
    return {mean, Vector::Ones(mean.size()), cholesky(covariance)};
}

bool Transform::is_identity() const {
    return shift.isZero(0) && (scale.array() == 1).all() && !factor;
}

// Column by column, so that what happens to a sample does not depend on its neighbours.

Matrix Transform::to_data(ConstMatrix y) const {
    if (factor) {
        Matrix x(y.rows(), y.cols());
        for (Index j = 0; j < y.cols(); ++j) {
            const Vector column = y.col(j);
            x.col(j) = shift + factor->triangularView<Eigen::Lower>() * column;
        }
        return x;
    }
    return (y.array().colwise() * scale.array()).colwise() + shift.array();
}

Matrix Transform::from_data(ConstMatrix x) const {
    if (factor) {
        Matrix y(x.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            Vector column = x.col(j) - shift;
            factor->triangularView<Eigen::Lower>().solveInPlace(column);
            y.col(j) = column;
        }
        return y;
    }
    return (x.array().colwise() - shift.array()).colwise() / scale.array();
}

double Transform::log_determinant() const {
    return (factor ? Vector(factor->diagonal()) : scale).array().log().sum();
}

std::optional<GaussianMixture> Model::base_density() const {
    return in_context("/base", [&] { return base.make(dim); });
}

bool Model::one_sided() const {
    const auto density = base_density();
    return independent && density && density->is_standard_normal() &&
           !Interpolant(interpolant).has_latent();
}

Setup Model::setup() const {
    const auto density = base_density();
    const bool point = density && density->is_point();
    const BaseLaw law = given_start() ? BaseLaw::given
                        : point       ? BaseLaw::point
                        : one_sided() ? BaseLaw::one_sided
                                      : BaseLaw::general;
    return {Interpolant(interpolant), law};
}

std::shared_ptr<const Corruption> Model::corruption() const {
    if (!source) return nullptr;
    return in_context("/coupling", [&] {
        const MadeFromX1* made = source->row().made_from_x1();
        require(made != nullptr, Failure::data, "'", source->row().name,
                "' does not make x0 from x1");
        return made->corruption(source->settings(), {shape, transform.scale[0]});
    });
}

std::shared_ptr<const Field> make_field(const Model& model) {
    return in_context("/field", [&] {
        const auto kind = member_as<std::string>(model.field, "kind");
        return field_kinds().at(kind).make(without_kind(model.field), model);
    });
}

void to_data_coordinates(const Model& model, unsigned want, FieldValues& values) {
    const Transform& transform = model.transform;
    // Along x = shift + A y: velocities turn with A, gradients with A^-T, means move as points do.
    Transform linear = transform;
    linear.shift.setZero();
    for (const Answer& answer : answers()) {
        if ((want & answer.flag) == 0) continue;
        if (answer.turns == Turns::as_log_density) {
            (values.*answer.number).array() -= transform.log_determinant();
        }
        if (answer.field == nullptr) continue;
        Matrix& f = values.*answer.field;
        if (answer.turns == Turns::as_velocity) f = linear.to_data(f);
        if (answer.turns == Turns::as_point) f = transform.to_data(f);
        if (answer.turns == Turns::as_base_point && !model.base_has_no_units()) {
            f = transform.to_data(f);
        }
        if (answer.turns == Turns::as_gradient && transform.factor) {
            transform.factor->triangularView<Eigen::Lower>().transpose().solveInPlace(f);
        } else if (answer.turns == Turns::as_gradient) {
            f.array().colwise() /= transform.scale.array();
        }
    }
}

}  // namespace si
