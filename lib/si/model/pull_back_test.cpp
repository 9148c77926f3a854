#include <cmath>

#include <doctest/doctest.h>

#include "si/interpolant/exact.hpp"
#include "si/model/guided.hpp"
#include "si/model/network_field.hpp"
#include "si/model/repath.hpp"
#include "si/random/draw.hpp"
#include "support/examples.hpp"
#include "support/models.hpp"

using namespace si;

// The product J^T r of a transposed Jacobian against central differences of the field itself, which
// is what the base class answers.

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({5, Purpose::check, step}, 0, x);
    return x;
}

/// The largest difference of J^T r from central differences, in units of their size, over all
/// vector fields that the field answers.
double error_of(const Field& field, double time) {
    const Index d = field.dim(), n = 5;
    const Matrix x = normals(d, n, 1), r = normals(d, n, 2);
    const Vector t = Vector::Constant(n, time);
    const auto evaluate = field.evaluator();
    double worst = 0;
    for (const Answer& answer : answers()) {
        if (answer.field == nullptr || (field.available() & answer.flag) == 0) continue;
        CAPTURE(std::string(answer.name));
        FieldValues out, plain;
        Matrix product(d, n), expected(d, n);
        evaluate->pull_back(t, x, answer.flag, r, out, product);
        (*evaluate)(t, x, answer.flag, plain);
        CHECK((out.*answer.field - plain.*answer.field).cwiseAbs().maxCoeff() <
              1e-12 * (1 + (plain.*answer.field).cwiseAbs().maxCoeff()));
        evaluate->Evaluator::pull_back(t, x, answer.flag, r, plain, expected);
        worst = std::max(worst, (product - expected).cwiseAbs().maxCoeff() /
                                    (1 + expected.cwiseAbs().maxCoeff()));
    }
    return worst;
}

}  // namespace

TEST_CASE("J^T r of exact fields is that of differences, for every interpolant") {
    const auto base = GaussianMixture({0.4, 0.6}, {Vector{{1, 0, 0}}, Vector{{-1, 0.5, 0}}},
                                      {Matrix::Identity(3, 3), 0.5 * Matrix::Identity(3, 3)});
    const auto target = examples::spatial_target();
    examples::for_each_interpolant([&](const Interpolant& both, const std::string& name) {
        CAPTURE(name);
        const MixtureField field(both, both.mirror() ? target : base, target);
        // Off 1/2, near which enc-dec is so narrow that differences err by 1e-6, as h^2 does.
        for (const double t : {0.2, 0.8}) CHECK(error_of(field, t) < 1e-7);
    });
    const MixtureField one_sided(Interpolant{}, GaussianMixture::standard_normal(3), target);
    CHECK(error_of(one_sided, 0.4) < 1e-7);
}

TEST_CASE("J^T r of a field along another path, and of closed forms") {
    const auto target = examples::spatial_target();
    const Interpolant from({.path = "linear"}), to({.path = "trig"});
    const auto known =
        std::make_shared<MixtureField>(from, GaussianMixture::standard_normal(3), target);
    CHECK(error_of(RepathField(known, from, to), 0.4) < 1e-7);
    for (const char* text :
         {R"({"kind": "affine", "A": [[0.3]], "c": [1], "e": [0], "S": [[-2]], "r": [0.1]})",
          R"({"kind": "empirical", "points": [[-1], [2]]})"}) {
        CHECK(error_of(*make_field(examples::closed_model(text)), 0.4) < 1e-7);
    }
}

TEST_CASE("a field along another path knows the same ends, a guided one knows none") {
    const auto target = examples::spatial_target();
    const Interpolant from({.path = "linear"}), to({.path = "trig"});
    const auto exact =
        std::make_shared<MixtureField>(from, GaussianMixture::standard_normal(3), target);
    const RepathField moved(exact, from, to);
    CHECK(moved.known().target == exact->known().target);
    CHECK(moved.known().interpolant->spec().path.kind() == "trig");
}

TEST_CASE("J^T r of networks: r . J^T r is the quadratic form of a probe, guided or not") {
    const Index d = 3, n = 70;
    NetworkFieldSpec spec;
    spec.learn = "b,eta";
    spec.net = Choice<networks>("mlp,width=16,depth=2");
    spec.labels = 2;
    InterpolantSpec interpolant;
    interpolant.gamma = "brownian";
    const Graph graph = NetworkField::graph(spec, {d});
    Eigen::VectorXf parameters(2 * graph.parameters());
    Matrix random(parameters.size(), 1);
    fill_normal({6, Purpose::check, 0}, 0, random);
    parameters = (0.3 * random.col(0)).cast<float>();
    Setup setup{Interpolant(interpolant)};
    const auto field =
        std::make_shared<NetworkField>(spec, setup, std::vector<Index>{d}, parameters);
    const GuidedField guided(field, {2.5, {0, 1}});
    const Matrix x = normals(d, n, 3), r = normals(d, n, 4);
    const Vector t = Vector::LinSpaced(n, 0.1, 0.9);
    const Matrix labels = Eigen::RowVectorXd::LinSpaced(n, 0, 1).array().round();
    for (const Field* one :
         {static_cast<const Field*>(field.get()), static_cast<const Field*>(&guided)}) {
        const auto evaluate = one->evaluator();
        evaluate->condition(labels);
        FieldValues out, probed;
        Matrix product(d, n), quadratic(1, n);
        evaluate->probe(t, x, r, probed, quadratic);
        evaluate->pull_back(t, x, kB, r, out, product);
        // The same products in another order, in float32.
        CHECK((out.b - probed.b).cwiseAbs().maxCoeff() < 1e-12);
        const Eigen::RowVectorXd form = product.cwiseProduct(r).colwise().sum();
        CHECK((form - quadratic).cwiseAbs().maxCoeff() <
              1e-5 * (1 + quadratic.cwiseAbs().maxCoeff()));
        // s = -eta / gamma is a combination of what was learned: so is its J^T r.
        Matrix of_s(d, n), of_eta(d, n);
        evaluate->pull_back(t, x, kS, r, out, of_s);
        evaluate->pull_back(t, x, kEta, r, out, of_eta);
        for (Index j = 0; j < n; ++j) {
            const double gamma = setup.interpolant.at(t[j]).gamma;
            CHECK((of_s.col(j) + of_eta.col(j) / gamma).norm() < 1e-5 * (1 + of_s.col(j).norm()));
        }
    }
}
