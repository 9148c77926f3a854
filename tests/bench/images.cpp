// bench_images [BATCH [SIDE [NET ...]]]: a training step of the image networks, everything
// included, as a fraction of what one core can do in float32. The same networks in PyTorch:
// image_peer.py.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "peak.hpp"
#include "si/flow/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/machine.hpp"
#include "si/train/preparation.hpp"

using namespace si;

int main(int argc, char** argv) {
    const Index batch = argc > 1 ? std::atol(argv[1]) : 64,
                side = argc > 2 ? std::atol(argv[2]) : 28;
    TrainData data;
    data.shape = {1, side, side};
    data.x1.resize(side * side, 512);
    fill_normal({7, Purpose::data, 0}, 0, data.x1);
    data.conditions.labels = 10;
    data.given.resize(1, 512);
    for (Index j = 0; j < 512; ++j) data.given(0, j) = static_cast<double>(j % 10);
    Threads threads(1);
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
        Machine machine(graph, all->learned, all->source, all->spec, 1, threads);
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
