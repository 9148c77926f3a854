#include <cmath>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "si/flow/transport.hpp"
#include "si/random/draw.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix z(rows, columns);
    fill_normal({21, Purpose::data, step}, 0, z);
    return z;
}

/// b of x0 = A x1 + sigma zeta with x1 ~ N(0, C) and the linear path: x_t = M x1 + (1 - t) sigma
/// zeta with M = (1 - t) A + t, and b = Cov(x_t', x_t) Cov(x_t)^-1 x_t.
class CoupledGaussian : public Field {
  public:
    CoupledGaussian(Matrix a, Matrix c, double sigma)
        : a_(std::move(a)), c_(std::move(c)), sigma_(sigma) {}

    Index dim() const override { return c_.rows(); }
    unsigned available() const override { return kB; }

    Matrix gain(double t) const {
        const Matrix one = Matrix::Identity(dim(), dim()), m = (1 - t) * a_ + t * one;
        const double noise = sigma_ * sigma_;
        const Matrix cross = (one - a_) * c_ * m.transpose() - (1 - t) * noise * one;
        const Matrix own = m * c_ * m.transpose() + (1 - t) * (1 - t) * noise * one;
        return own.llt().solve(cross.transpose()).transpose();
    }

    std::unique_ptr<Evaluator> evaluator() const override {
        struct Exact : Evaluator {
            explicit Exact(const CoupledGaussian& field) : field(field) {}
            const CoupledGaussian& field;
            void operator()(const Times& t, ConstMatrix x, unsigned, FieldValues& out) override {
                out.b.resize(x.rows(), x.cols());
                for (Index j = 0; j < x.cols(); ++j) out.b.col(j) = field.gain(t[j]) * x.col(j);
            }
        };
        return std::make_unique<Exact>(*this);
    }

  private:
    Matrix a_, c_;
    double sigma_;
};

}  // namespace

TEST_CASE("the flow of a coupling that depends on x1 ends at the law of x1") {
    const Index d = 3, n = 4000;
    Matrix root(d, d);
    root << 1, 0, 0, 0.4, 0.8, 0, -0.3, 0.2, 0.5;
    const Matrix c = root * root.transpose(), a = Vector{{1.0, 0.0, 0.5}}.asDiagonal();
    const double sigma = 0.6;
    // Samples whose second moments of (x1, zeta) are exactly those of the law.
    Matrix both = normals(2 * d, n, 0);
    const Matrix moments = both * both.transpose() / static_cast<double>(n);
    both = Eigen::LLT<Matrix>(moments).matrixL().solve(both).eval();
    const Matrix x1 = root * both.topRows(d);
    const Matrix x0 = a * x1 + sigma * both.bottomRows(d);
    Model model;
    model.dim = d;
    model.shape = {d};
    model.independent = false;
    model.base = "samples";
    model.transform = Transform::identity(d);
    const CoupledGaussian field(a, c, sigma);
    TransportSpec along;
    along.ode = Choice<ode_solvers>("rk4,steps=200");
    Threads threads(2);
    Progress silent;
    const Matrix end = transport(model, field, along, {.x = x0, .seed = 1}, threads, silent).x;
    // The flow is linear, so the moments of the end are exact but for its steps.
    CHECK((end * end.transpose() / static_cast<double>(n) - c).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("training with a coupling that depends on x1 reaches the least loss there is") {
    // x0 = x1 + sigma zeta with x1 ~ N(0, c) in each coordinate: E|x1 - x0|^2 - E|b|^2 is, over all
    // times, sigma sqrt(c) atan(sigma / sqrt(c)).
    const Vector c = Vector{{1.0, 0.25}};
    const double sigma = 0.5;
    TrainData data;
    data.shape = {2};
    data.x1().samples = c.cwiseSqrt().asDiagonal() * normals(2, 60'000, 1);
    TrainSpec spec;
    spec.net = Choice<networks>("mlp,width=64,depth=3,fourier=0");
    spec.coupling = Choice<couplings>("noise,noise=0.5");
    spec.standardize = "none";
    spec.steps = 1500;
    spec.batch = 1024;
    hold_out(data, 0.1, 1);
    Threads threads(2);
    Progress silent;
    const Model model = train(data, InterpolantSpec{}, spec, 1, {}, threads, silent);
    double least = 0;
    for (const double each : c)
        least += sigma * std::sqrt(each) * std::atan(sigma / std::sqrt(each));
    const double reached = model.about["history"].back()["validation_square"].get<double>();
    CHECK(std::abs(reached - least) < 0.03 * least);
    // And no coupling costs less than its flow: E|b|^2 <= E|x1 - x0|^2 (arXiv:2310.03725).
    CHECK(reached < 2 * sigma * sigma);
}
