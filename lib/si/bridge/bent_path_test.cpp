#include "si/bridge/bent_path.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({53, Purpose::data, step}, 0, x);
    return x;
}

struct Points {
    Vector t;
    Matrix x0 = normals(2, 5, 1), x1 = normals(2, 5, 2), start{2, 5}, end{2, 5};
};

Points touched(BentPath& path, double t) {
    Points p;
    p.t = Vector::Constant(5, t);
    path.tangents(0, p.t, p.x0, p.x1, p.start, p.end);
    return p;
}

/// One step of descent on what pulls every path at t = 0.3 in one direction.
void bend(BentPath& path) {
    const Points p = touched(path, 0.3);
    Eigen::VectorXf gradient(path.parameters());
    path.gradient(0, p.t, Matrix::Ones(2, 5), Matrix::Zero(2, 5), gradient.data());
    path.update(gradient.data(), {1, 0.05F, 1, 0}, Choice<optimizers>("adam").make());
    path.take(false);
}

BentPath small() {
    BentPath path(2, "mlp,width=16,depth=2", 3, 1, 1);
    path.take(false);
    return path;
}

}  // namespace

TEST_CASE("a path that nobody bends is that of trig") {
    BentPath path = small();
    const Points p = touched(path, 0.3);
    const double a = 0.3 * std::numbers::pi / 2;
    CHECK((0.7 * p.start + 0.3 * p.end).isApprox(std::cos(a) * p.x0 + std::sin(a) * p.x1, 1e-12));
}

TEST_CASE("a path that is bent starts in x0 and ends in x1, and its velocity is its slope") {
    BentPath path = small();
    bend(path);
    const Points first = touched(path, 0), last = touched(path, 1);
    CHECK(first.start == first.x0);
    CHECK(last.end.isApprox(last.x1, 1e-12));
    const double h = 1e-4;
    const Points p = touched(path, 0.3), before = touched(path, 0.3 - h),
                 after = touched(path, 0.3 + h);
    const auto place = [](const Points& q) -> Matrix {
        return (1 - q.t[0]) * q.start + q.t[0] * q.end;
    };
    CHECK((place(p) -
           (std::cos(0.15 * std::numbers::pi) * p.x0 + std::sin(0.15 * std::numbers::pi) * p.x1))
              .norm() > 0.1);
    const Matrix slope = (place(after) - place(before)) / (2 * h);
    CHECK((p.end - p.start).isApprox(slope, 1e-6));
}

// The network runs in float32, whose differences are good to about 1e-3.
TEST_CASE("the gradient of a bent path is that of differences") {
    BentPath path = small();
    bend(path);
    const Points p = touched(path, 0.4);
    const Matrix pull = normals(2, 5, 3), push = normals(2, 5, 4);
    Eigen::VectorXf gradient(path.parameters());
    path.gradient(0, p.t, pull, push, gradient.data());
    const auto value = [&] {
        const Points q = touched(path, 0.4);
        return ((1 - q.t[0]) * q.start + q.t[0] * q.end).cwiseProduct(pull).sum() +
               (q.end - q.start).cwiseProduct(push).sum();
    };
    // Along the gradient itself, by steps of a rule of one's own.
    const auto move = [&](float by) {
        const Update along = [by](const ParameterBlock& block, const UpdateRates&) {
            for (Index i = 0; i < block.size; ++i) block.parameters[i] += by * block.gradient[i];
        };
        path.update(gradient.data(), {}, along);
        path.take(false);
    };
    const auto h = 1e-2F / gradient.norm();
    move(h);
    const double up = value();
    move(-2 * h);
    const double down = value();
    CHECK((up - down) / (2 * static_cast<double>(h)) ==
          doctest::Approx(static_cast<double>(gradient.squaredNorm())).epsilon(1e-2));
}
