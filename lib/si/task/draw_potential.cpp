#include "si/task/draw_potential.hpp"

#include "si/io/dataset.hpp"

namespace si {

void draw_potential(const DrawPotentialSpec& spec, const std::string& output,
                    const std::string& command, Progress& progress) {
    constexpr double kAgree = 1.05, kFewMoves = 0.4;
    require(spec.potential.has_value(), Failure::usage, "of what? Give --potential");
    require(!spec.dim.empty(), Failure::usage, "in how many dimensions? Give --dim D");
    const Index d = count_of(spec.dim);
    require_countable(spec.n, d);
    const auto potential =
        in_context("--potential", [&] { return ScalarPotential(*spec.potential, spec.dim); });
    const auto made = sample_potential(potential, d, spec, progress);
    Index worst = 0;
    const double disagreement = made.disagreement.maxCoeff(&worst);
    if (!(disagreement <= kAgree)) {
        progress.warn(text("chains disagree: R-hat of coordinate ", worst + 1, " is ",
                           rounded(disagreement, 3),
                           "; the samples are not those of the potential yet. Take more --burn and "
                           "--thin; between wells that chains do not leave nothing helps but other "
                           "samples"));
    }
    if (made.acceptance < kFewMoves) {
        progress.warn(text("only ", rounded(made.acceptance, 2), " of all moves were accepted"));
    }
    DataWriter out(output);
    out.attribute("command", command);
    out.attribute("seed", spec.seed);
    out.attribute("potential", spelled(spec.potential->json()));
    out.attribute("acceptance", text(made.acceptance));
    out.attribute("r_hat", text(disagreement));
    out.write("x", made.x, spec.dim);
    out.write("chain", made.chain);
    out.commit();
}

}  // namespace si
