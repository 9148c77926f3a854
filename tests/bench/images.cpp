// bench_images [BATCH [SIDE [NET ...]]]: single convolutions, and a training step of the image
// networks or of those named, everything included, as a fraction of what one core can do in
// float32. The same in PyTorch: image_peer.py.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "peak.hpp"
#include "si/model/network_field.hpp"
#include "si/net/ops.hpp"
#include "si/net/tape.hpp"
#include "si/net/weights.hpp"
#include "si/random/draw.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"

using namespace si;

namespace {

/// One convolution forward, then back to its image and its weights: both as fractions of the peak.
void convolution(Index in, Index out, Index side, Index batch) {
    Graph graph;
    Var x = graph.input(in * side * side);
    x.positions = side * side;
    graph.output(convolve(graph, x, {side, side}, out, "c"));
    Weights<float> weights(graph);
    const std::vector<float> parameters(static_cast<std::size_t>(graph.parameters()), 0.01F);
    std::vector<float> slopes(parameters.size());
    weights.set(parameters.data());
    Tape<float> tape(graph, batch, Tape<float>::Mode::differentiable);
    std::fill_n(tape.input(0), in * side * side * batch, 0.5F);
    std::vector<double> forward, back, forward_of_peak, back_of_peak;
    const double flops = 2 * static_cast<double>(graph.products() * batch);
    for (Index turn = 0; turn < 30; ++turn) {
        const double peak = peak::rate(peak::float32());
        std::fill_n(tape.seed(), out * side * side * batch, 0.5F);
        const double start = peak::process_seconds();
        tape.forward(weights, batch);
        const double middle = peak::process_seconds();
        tape.backward(weights, batch, tape.seed(), slopes.data(), true);
        const double end = peak::process_seconds();
        forward.push_back(middle - start);
        back.push_back(end - middle);
        forward_of_peak.push_back(flops / forward.back() / peak);
        back_of_peak.push_back(2 * flops / back.back() / peak);
    }
    const auto median = [](std::vector<double>& values) {
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    };
    std::printf(
        "convolution %3lld to %3lld, %2lld x %2lld: forward %7.3f ms (%4.1f %% of peak), "
        "back %7.3f ms (%4.1f %%)\n",
        static_cast<long long>(in), static_cast<long long>(out), static_cast<long long>(side),
        static_cast<long long>(side), 1e3 * median(forward), 100 * median(forward_of_peak),
        1e3 * median(back), 100 * median(back_of_peak));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const Index batch = argc > 1 ? std::atol(argv[1]) : 64,
                side = argc > 2 ? std::atol(argv[2]) : 28;
    TrainData data;
    data.shape = {1, side, side};
    data.x1().samples.resize(side * side, 512);
    fill_normal({7, Purpose::data, 0}, 0, data.x1().samples);
    data.conditions.labels = 10;
    data.given.resize(1, 512);
    for (Index j = 0; j < 512; ++j) data.given(0, j) = static_cast<double>(j % 10);
    Threads threads(1);
    if (argc <= 3) {
        for (const auto& [in, out, size] : {std::array<Index, 3>{1, 32, 28},
                                            {32, 32, 28},
                                            {32, 64, 14},
                                            {64, 64, 14},
                                            {128, 128, 7}}) {
            convolution(in, out, size, batch);
        }
    }
    std::vector<std::string> nets(argv + std::min(argc, 3), argv + argc);
    if (nets.empty()) {
        nets = {"unet,width=24,multipliers=1:2:3", "unet,width=32", "sit", "sit,patch=2",
                "sit,size=s,patch=4,depth=4"};
    }
    for (const std::string& net : nets) {
        TrainSpec spec;
        spec.batch = batch;
        spec.net = Choice<networks>(net);
        const auto all = prepare(data, InterpolantSpec{}, spec, 1);
        const Graph graph = NetworkField::graph(all->field, data.shape);
        TrainStepper machine(graph, all->learned, all->source, all->spec, 1, threads);
        // Backward is twice forward, but that nothing flows back into the images.
        const double flops = 6 * static_cast<double>(graph.products()) * static_cast<double>(batch);
        machine.step(0, 1);
        double best = 0, fastest = 1e9;
        std::vector<double> fractions;
        double before = peak::rate(peak::float32());
        for (Index turn = 1; turn <= 7; ++turn) {
            const double start = peak::process_seconds();
            machine.step(turn, 1);
            const double taken = peak::process_seconds() - start;
            const double after = peak::rate(peak::float32());
            fractions.push_back(flops / taken / (0.5 * (before + after)));
            before = after;
            fastest = std::min(fastest, taken);
        }
        std::sort(fractions.begin(), fractions.end());
        best = fractions[fractions.size() / 2];
        std::printf(
            "%-34s %8lld parameters %6.1f MFLOP forward, %lld together: %8.2f ms a step, "
            "%5.1f %% of peak\n",
            net.c_str(), static_cast<long long>(graph.parameters()),
            2e-6 * static_cast<double>(graph.products()),
            static_cast<long long>(machine.chunk_samples()), 1e3 * fastest, 100 * best);
        std::fflush(stdout);
    }
}
