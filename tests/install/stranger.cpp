#include <cmath>
#include <cstdio>

#include "si/density/generator.hpp"

int main() {
    const auto board = si::Choice<si::generators>("checkerboard").make();
    si::Matrix x(board.dim, 10);
    board.fill(0, 0, x);
    std::printf("%.5f\n", -board.log_densities(x).mean());
    return std::abs(board.log_densities(x).mean() + std::log(32.0)) < 1e-12 ? 0 : 1;
}
