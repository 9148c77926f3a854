#include <array>
#include <cmath>

#include "si/base/error.hpp"
#include "si/net/backbones.hpp"

// The scalable interpolant transformer (arXiv:2401.08740), which has the backbone of DiT (Peebles
// and Xie 2023): blocks on patches whose normalisations are scaled, shifted and gated by time and
// label, and that are the identity at the start.

namespace si {
namespace {

struct SitSize {
    std::string_view name;
    Index width, depth, heads;
};
constexpr auto kSizes = std::to_array<SitSize>({{"xxs", 96, 6, 4},
                                                {"s", 384, 12, 6},
                                                {"b", 768, 12, 12},
                                                {"l", 1024, 24, 16},
                                                {"xl", 1152, 28, 16}});

constexpr Index kTimeFeatures = 128;    // cosines, and as many sines
constexpr double kLongestPeriod = 1e4;  // relative to 2 pi
constexpr Index kMlpRatio = 4;
constexpr Index kMostNumbers = Index{1} << 28;  ///< of the tokens of an image

/// Of Glorot and Bengio (2010): deviation sqrt(2 / (in + out)).
double xavier(Index in, Index out) {
    return std::sqrt(2.0 * static_cast<double>(in) / static_cast<double>(in + out));
}

/// Sines and cosines of row and column at width / 4 frequencies each.
std::vector<double> places(ImageSize grid, Index width) {
    std::vector<double> values;
    const Index count = width / 4;
    const auto add = [&](Index at) {
        for (const bool sine : {true, false}) {
            for (Index k = 0; k < count; ++k) {
                const double phase =
                    static_cast<double>(at) *
                    std::pow(1e4, -static_cast<double>(k) / static_cast<double>(count));
                values.push_back(sine ? std::sin(phase) : std::cos(phase));
            }
        }
    };
    for (Index y = 0; y < grid.height; ++y) {
        for (Index x = 0; x < grid.width; ++x) {
            add(x);
            add(y);
        }
    }
    return values;
}

struct SitSpec {
    std::string size = "xxs";
    Index patch = 4;
    std::optional<Index> width, depth, heads;
    std::string activation = "gelu-tanh";
    double dropout = 0;

    static std::vector<std::string> sizes();  ///< "xxs", "s", "b", "l", "xl"

    static constexpr auto fields() {
        return std::tuple{
            field("size", &SitSpec::size,
                  "Width, depth and heads: xxs is 96, 6, 4; s to xl are the sizes of the paper",
                  one_of(sizes)),
            field("patch", &SitSpec::patch, "Side of the square of pixels that makes one token",
                  kSize),
            field("width", &SitSpec::width, "Numbers per token, instead of that of size", kSize),
            field("depth", &SitSpec::depth, "Number of blocks, instead of that of size", kFew),
            field("heads", &SitSpec::heads, "Number of attention heads, instead of that of size",
                  kSize),
            field("activation", &SitSpec::activation,
                  "Non-linearity; gelu-tanh is that of the paper",
                  one_of(+[] { return activations().names(); })),
            field("dropout", &SitSpec::dropout, kDropoutHelp, kBelowOne)};
    }
};
std::vector<std::string> SitSpec::sizes() {
    std::vector<std::string> names;
    for (const SitSize& size : kSizes) names.emplace_back(size.name);
    return names;
}

class Sit {
  public:
    Sit(const SitSize& size, const SitSpec& spec, const NetworkShape& shape)
        : width_(size.width),
          depth_(size.depth),
          heads_(size.heads),
          patch_(spec.patch),
          activation_(spec.activation),
          dropout_(spec.dropout),
          shape_(shape) {}

    Graph record() {
        const NetworkInputs inputs(graph_, shape_);
        const ImageInput input(graph_, shape_, inputs);
        const ImageSize size = input.size;
        require(size.height % patch_ == 0 && size.width % patch_ == 0, Failure::usage,
                "patch: ", size.height, " x ", size.width, " is not made of squares of side ",
                patch_);
        require(width_ % 4 == 0 && width_ % heads_ == 0, Failure::usage, "width: ", width_,
                " is not a multiple of 4 and of ", heads_, " heads");
        const Index count = size.pixels() / (patch_ * patch_);
        require(count <= kMostNumbers / width_, Failure::usage, "patch: ", count, " tokens of ",
                width_, " numbers are too many; give a larger one");
        embed_conditions(inputs, input);

        const Var tokens = patches(graph_, input.image, size, patch_);
        Var h =
            linear(graph_, tokens, width_, "input", {.gain = xavier(tokens.channels(), width_)});
        h = add_constant(graph_, h, places({size.height / patch_, size.width / patch_}, width_));
        for (Index k = 0; k < depth_; ++k) h = block(h, text("block.", k));
        const auto turn = conditioned(2, "output.modulation");
        const Index out = patch_ * patch_ * shape_.outputs / size.pixels();
        h = linear(graph_, modulate(graph_, layer_norm(graph_, h), turn[0], turn[1]), out, "output",
                   {.gain = 0});
        finish(graph_, channels_first(graph_, from_patches(graph_, h, size, patch_)), shape_,
               inputs);
        return std::move(graph_);
    }

  private:
    void embed_conditions(const NetworkInputs& inputs, const ImageInput& input) {
        const auto narrow = [](Index in) { return 0.02 * std::sqrt(static_cast<double>(in)); };
        Var e = linear(graph_, sinusoids(graph_, inputs.t, kTimeFeatures, kLongestPeriod), width_,
                       "time.0", {.activation = "silu", .gain = narrow(2 * kTimeFeatures)});
        e = linear(graph_, e, width_, "time.1", {.gain = narrow(width_)});
        if (inputs.label) {
            e = add(graph_, e,
                    embed(graph_, *inputs.label, shape_.labels + 1, width_, "label", 0.02));
        }
        if (input.numbers) e = add(graph_, e, linear(graph_, *input.numbers, width_, "condition"));
        embedding_ = activation(graph_, e, "silu");
    }

    std::vector<Var> conditioned(Index parts, const std::string& name) {
        return split(graph_, linear(graph_, embedding_, parts * width_, name, {.gain = 0}), parts);
    }

    Var block(Var x, const std::string& name) {
        const auto turn = conditioned(6, name + ".modulation");
        Var h = modulate(graph_, layer_norm(graph_, x), turn[0], turn[1]);
        h = linear(graph_, h, 3 * width_, name + ".qkv", {.gain = xavier(1, 3)});
        h = linear(graph_, attention(graph_, h, heads_), width_, name + ".attended",
                   {.gain = xavier(1, 1)});
        x = add_gated(graph_, x, turn[2], h);
        h = modulate(graph_, layer_norm(graph_, x), turn[3], turn[4]);
        h = linear(graph_, h, kMlpRatio * width_, name + ".mlp.0",
                   {.activation = activation_, .gain = xavier(1, kMlpRatio)});
        h = dropout(graph_, h, dropout_);
        h = linear(graph_, h, width_, name + ".mlp.1", {.gain = xavier(kMlpRatio, 1)});
        return add_gated(graph_, x, turn[5], h);
    }

    Index width_, depth_, heads_, patch_;
    std::string activation_;
    double dropout_;
    const NetworkShape& shape_;
    Graph graph_;
    Var embedding_;
};

Graph make_sit(const SitSpec& spec, const NetworkShape& shape) {
    SitSize size = *std::find_if(kSizes.begin(), kSizes.end(),
                                 [&](const SitSize& one) { return one.name == spec.size; });
    size.width = spec.width.value_or(size.width);
    size.depth = spec.depth.value_or(size.depth);
    size.heads = spec.heads.value_or(size.heads);
    return Sit(size, spec, shape).record();
}

}  // namespace

NetworkRow sit_network() {
    return {.name = "sit",
            .summary = "a transformer on patches of images (arXiv:2401.08740)",
            .spec = spec_of<SitSpec>,
            .make = from_json<make_sit>,
            .images = true,
            // Until it was a setting, the exact gelu was what there was.
            .in_old_files = {"activation", "gelu"}};
}

}  // namespace si
