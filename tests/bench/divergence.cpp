// What a divergence costs, in forward passes of the same network: exact, wanted at most d + 1.3,
// and one Hutchinson probe, wanted at most 2.5. The three are run in turns on one thread, and the
// ratios are those of the fastest runs. Not a test: nothing fails when a machine is busy.

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "si/model/network_field.hpp"

using namespace si;

namespace {

template <class Body>
double seconds(const Body& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(Index dim, const char* net) {
    NetworkFieldSpec spec;
    spec.net = net;
    const NetworkField field(spec, {Interpolant(InterpolantSpec{}), true}, {dim},
                             NetworkField::graph(spec, {dim}).initial(1));
    const auto evaluate = field.evaluator();
    const Index n = kChunk;  // short runs: some of them are undisturbed
    const Matrix x = Matrix::Random(dim, n), probes = Matrix::Random(dim, n).cwiseSign();
    const Vector t = Vector::Constant(n, 0.5);
    FieldValues values;
    Matrix quadratic(1, n);
    double forward = 1e9, exact = 1e9, probe = 1e9;
    for (int turn = 0; turn < 200; ++turn) {
        forward = std::min(forward, seconds([&] { (*evaluate)(t, x, kB, values); }));
        exact = std::min(exact, seconds([&] { (*evaluate)(t, x, kB | kDivB, values); }));
        probe = std::min(probe, seconds([&] { evaluate->probe(t, x, probes, values, quadratic); }));
    }
    std::printf(
        "d %3td  forward %6.2f us a row  exact %6.2f (wanted %.1f)  probe %5.2f (2.5)  %s\n", dim,
        1e6 * forward / static_cast<double>(n), exact / forward, static_cast<double>(dim) + 1.3,
        probe / forward, net);
}

}  // namespace

int main() {
    for (const char* net : {"mlp,width=256,depth=4,fourier=0", "mlp,width=256,depth=4"}) {
        for (const Index dim : {2, 8, 32}) measure(dim, net);
    }
}
