#include <algorithm>
#include <array>
#include <cmath>

#include "si/base/error.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

/// A decision takes 16 bits of a random word.
constexpr Index kDecisions = 4;
constexpr double kSteps = 65536;
/// The number of a word has 56 bits: a sample of 2^24, a network of 8, and these.
constexpr Index kOpBits = 10, kWordBits = 18;

/// What is left over is scaled up, so that the mean stays (Srivastava et al. 2014).
struct DropoutOp : OpOf<DropoutOp> {
    Index rows, number;
    std::uint64_t least;  ///< a decision below it drops
    double factor;

    DropoutOp(Index rows, Index number, double rate)
        : rows(rows),
          number(number),
          least(static_cast<std::uint64_t>(std::lround(rate * kSteps))),
          factor(kSteps / (kSteps - static_cast<double>(least))) {}

    Index saved_rows() const override { return rows; }

    /// A sample, a network and an op have words of their own.
    std::uint64_t word(const Chance& chance, Index column, Index w) const {
        const Index sample = chance.first + column % chance.samples;
        return random_word({chance.seed, Purpose::dropout, chance.step},
                           ((sample << 3 | chance.network) << kOpBits | number) << kWordBits | w);
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        const Index size = rows * c.columns;
        if (c.chance == nullptr || c.saved == nullptr) {
            std::copy_n(c.inputs[0], size, c.output);
            if (c.saved != nullptr) std::fill_n(c.saved, size, T(1));
            return;
        }
        T* factors = c.saved;
        for (Index j = 0; j < c.columns; ++j, factors += rows) {
            for (Index i = 0; i < rows; i += kDecisions) {
                std::uint64_t bits = word(*c.chance, j, i / kDecisions);
                for (Index k = i; k < std::min(i + kDecisions, rows); ++k, bits >>= 16) {
                    factors[k] = (bits & 0xffff) < least ? T(0) : static_cast<T>(factor);
                }
            }
        }
        for (Index i = 0; i < size; ++i) c.output[i] = c.saved[i] * c.inputs[0][i];
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        T* const dx = c.d_inputs[0];
        if (dx == nullptr) return;
        for (Index i = 0; i < rows * c.columns; ++i) {
            const T change = c.saved[i] * c.d_output[i];
            dx[i] = c.keep[0] == T(0) ? change : dx[i] + change;
        }
    }
};

}  // namespace

Var dropout(Graph& graph, Var x, double rate) {
    if (rate == 0) return x;
    const Index number = std::ssize(graph.nodes());
    require(number < Index{1} << kOpBits && x.rows <= kDecisions << kWordBits, Failure::usage,
            "dropout: the network is too large for it");
    return graph.apply(std::make_shared<DropoutOp>(x.rows, number, rate), {x}, x.rows, false,
                       x.positions);
}

}  // namespace si
