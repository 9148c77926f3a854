#pragma once

#include <optional>

#include "si/net/activation.hpp"
#include "si/net/network.hpp"
#include "si/net/ops.hpp"

// What the networks of networks() have in common, and the settings of the one that files of other
// formats read too.

namespace si {

inline constexpr const char* kDropoutHelp =
    "Fraction of the hidden units that a training step drops";

// Sizes are bounded, so that products of a few of them are whole numbers of 64 bits, and a file
// cannot ask for a network that no memory holds.
inline constexpr Rule kSize{[](double v) { return v >= 1 && v <= 65536; }, "from 1 to 65536"};
inline constexpr Rule kSizeOrNone{[](double v) { return v >= 0 && v <= 65536; }, "from 0 to 65536"};
inline constexpr Rule kFew{[](double v) { return v >= 1 && v <= 1024; }, "from 1 to 1024"};

struct MlpSpec {
    Index width = 256;
    Index depth = 4;
    std::string activation = "silu";
    Index time_features = 4;
    Index fourier = 64;
    double fourier_scale = 3;
    bool residual = false;
    Index label_features = 16;
    double dropout = 0;

    static constexpr auto fields() {
        return std::tuple{
            field("width", &MlpSpec::width, "Units in a hidden layer", kSize),
            field("depth", &MlpSpec::depth, "Number of hidden layers", kFew),
            field("activation", &MlpSpec::activation, "Non-linearity",
                  one_of(+[] { return activations().names(); })),
            field("time_features", &MlpSpec::time_features,
                  "Number of pairs sin(pi k t), cos(pi k t) as inputs beside t", kSizeOrNone),
            field("fourier", &MlpSpec::fourier,
                  "Number of pairs of trained Fourier features of x; 0 is none", kSizeOrNone),
            field("fourier_scale", &MlpSpec::fourier_scale,
                  "Standard deviation of their phases at the start, in radians, for standardised "
                  "data",
                  kPositive),
            field("residual", &MlpSpec::residual,
                  "Add the input of each hidden layer to its output"),
            field("label_features", &MlpSpec::label_features,
                  "Size of the vector that represents a label", kSize),
            field("dropout", &MlpSpec::dropout, kDropoutHelp, kBelowOne)};
    }

    static GoesWithTable goes_with() {
        return {{"fourier_scale", "fourier above 0",
                 [](const Asked& asked) { return asked.value("fourier") > 0; }},
                {"residual", "depth above 1",
                 [](const Asked& asked) { return asked.value("depth") > 1; }}};
    }
};
Graph make_mlp(const MlpSpec& spec, const NetworkShape& shape);

/// What every network is a function of, as its graph begins.
struct NetworkInputs {
    Var x, t;
    std::optional<Var> label, condition;

    NetworkInputs(Graph& graph, const NetworkShape& shape);
};

/// An image network's input: x, and channels that it is conditioned on, one pixel a position.
/// Throws Failure::usage when x is no image or the condition is neither such channels nor numbers.
struct ImageInput {
    ImageSize size;
    Var image;
    std::optional<Var> numbers;  ///< a condition that has no place in the image

    ImageInput(Graph& graph, const NetworkShape& shape, const NetworkInputs& inputs);
};

/// Makes y (outputs), the answer of an image network in the order of files, its output.
void finish(Graph& graph, Var y, const NetworkShape& shape, const NetworkInputs& inputs);

}  // namespace si
