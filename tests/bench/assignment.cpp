#include "si/coupling/assignment.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "si/coupling/cost.hpp"

// bench_assignment N D FILE: the exact matching of two sets of N points in D dimensions, which FILE
// holds one after the other as raw doubles, point by point. Prints processor seconds without those
// of the cost matrix, the mean cost |x - y|^2 / 2, and the duality gap, which proves it least.
int main(int argc, char** argv) {
    if (argc != 4) return std::fputs("usage: bench_assignment N D FILE\n", stderr), 64;
    const si::Index n = std::atol(argv[1]), d = std::atol(argv[2]);
    si::Matrix x(d, n), y(d, n);
    std::ifstream in(argv[3], std::ios::binary);
    for (si::Matrix* side : {&x, &y}) {
        in.read(
            reinterpret_cast<char*>(side->data()),
            static_cast<std::streamsize>(static_cast<std::size_t>(side->size()) * sizeof(double)));
    }
    if (!in) return std::fprintf(stderr, "bench_assignment: %s is too short\n", argv[3]), 65;
    const si::CentredCost cost(x, y);
    const si::Matrix values = cost.values();
    const std::clock_t start = std::clock();
    const auto best = si::assign(values);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const auto count = static_cast<double>(n);
    std::printf("%.6f %.12g %.3g\n", seconds,
                (best.cost + cost.row().sum() + cost.column().sum()) / count, best.gap() / count);
}
