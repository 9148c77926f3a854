#include <doctest/doctest.h>

#include "si/model/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"

using namespace si;

namespace {

Eigen::VectorXf first_gradient(const char* precision) {
    TrainData data;
    data.x1().samples.resize(2, 500);
    fill_normal({21, Purpose::data, 0}, 0, data.x1().samples);
    data.x1().samples.row(0) *= 3;
    data.shape = {2};
    TrainSpec spec;
    spec.net = "mlp,width=64,depth=4";
    spec.batch = 256;
    spec.precision = precision;
    const auto all = prepare(data, InterpolantSpec{}, spec, 1);
    const Graph graph = NetworkField::graph(all->field, {2});
    Threads threads(1);
    TrainStepper machine(graph, all->learned, all->source, all->spec, 1, threads);
    machine.step(0, 1);
    return machine.gradient();
}

bool has_bf16() {
    for (const ProductKernels* own : product_kernels()) {
        if (own->precision == Precision::bf16 && own->available()) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("bf16 rounds the gradient a little, or is refused") {
    if (!has_bf16()) {
        CHECK_THROWS_WITH_AS(first_gradient("bf16"), doctest::Contains("--precision bf16"), Error);
        return;
    }
    const auto exact = first_gradient("float32"), rounded = first_gradient("bf16");
    // Three hidden products forward and three back each round both of their factors by at most
    // 2^-8 of themselves: 12 * 2^-8 in all if no error ever cancelled another.
    const double error = static_cast<double>((rounded - exact).norm() / exact.norm());
    CHECK(error < 12 * 0x1p-8);
    CHECK(error > 0);
}
