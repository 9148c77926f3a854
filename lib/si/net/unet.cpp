#include "si/base/error.hpp"
#include "si/net/backbones.hpp"

// A U-Net as diffusion models use it (Ho, Jain and Abbeel 2020; Dhariwal and Nichol 2021): residual
// blocks whose second normalisation is scaled and shifted by time and label, attention where images
// are small, and a way up that sees what the way down has left at each resolution.

namespace si {
namespace {

constexpr double kSiluGain = 1.6;
constexpr std::size_t kMostLevels = 30;

struct UnetSpec {
    Index width = 32;
    std::vector<Index> multipliers = {1, 2, 2};
    Index blocks = 2;
    Index attention = 64;
    Index heads = 4;
    Index groups = 8;
    bool circular = false;
    Index time_features = 8;
    double dropout = 0;

    static constexpr auto fields() {
        return std::tuple{
            field("width", &UnetSpec::width, "Channels of the first level", kSize),
            field("multipliers", &UnetSpec::multipliers,
                  "Channels of each level, as multiples of width; each level has half the height "
                  "and width of the one before",
                  kFew),
            field("blocks", &UnetSpec::blocks, "Residual blocks per level of the downward half",
                  kFew),
            field("attention", &UnetSpec::attention,
                  "Use attention in levels of at most this many pixels", kNonNegative),
            field("heads", &UnetSpec::heads, "Number of attention heads", kSize),
            field("groups", &UnetSpec::groups,
                  "Number of groups of channels that are normalised together", kSize),
            field("circular", &UnetSpec::circular,
                  "Periodic images: convolutions wrap around at the edges"),
            field("time_features", &UnetSpec::time_features,
                  "Number of pairs sin(pi k t), cos(pi k t) as inputs beside t", kSizeOrNone),
            field("dropout", &UnetSpec::dropout, kDropoutHelp, kBelowOne)};
    }
};
class Unet {
  public:
    Unet(const UnetSpec& spec, const NetworkShape& shape) : spec_(spec), shape_(shape) {}

    Graph record() {
        const NetworkInputs inputs(graph_, shape_);
        const ImageInput input(graph_, shape_, inputs);
        check(input.size);
        embed_conditions(inputs, input);

        ImageSize size = input.size;
        Var h =
            convolve(graph_, input.image, size, channels(0), "input", {.circular = spec_.circular});
        std::vector<Var> left{h};
        const Index levels = std::ssize(spec_.multipliers);
        for (Index level = 0; level < levels; ++level) {
            for (Index k = 0; k < spec_.blocks; ++k) {
                h = block(h, size, channels(level), text("down.", level, ".", k));
                left.push_back(h);
            }
            if (level + 1 == levels) continue;
            h = linear(graph_, patches(graph_, h, size, 2), channels(level),
                       text("down.", level, ".smaller"));
            size = {size.height / 2, size.width / 2};
            left.push_back(h);
        }
        h = block(h, size, channels(levels - 1), "middle.0");
        h = block(h, size, channels(levels - 1), "middle.1");
        for (Index level = levels; level-- > 0;) {
            for (Index k = 0; k <= spec_.blocks; ++k) {
                h = concat(graph_, {h, left.back()});
                left.pop_back();
                h = block(h, size, channels(level), text("up.", level, ".", k));
            }
            if (level == 0) continue;
            h = enlarge(graph_, h, size);
            size = {2 * size.height, 2 * size.width};
            h = convolve(graph_, h, size, channels(level - 1), text("up.", level, ".larger"),
                         {.circular = spec_.circular});
        }
        h = activation(graph_, normalised(h, "output.norm"), "silu");
        h = convolve(graph_, h, size, shape_.outputs / size.pixels(), "output",
                     {.circular = spec_.circular, .gain = 0.1});
        finish(graph_, channels_first(graph_, h), shape_, inputs);
        return std::move(graph_);
    }

  private:
    Index channels(Index level) const {
        return spec_.width * spec_.multipliers[static_cast<std::size_t>(level)];
    }

    void check(ImageSize size) const {
        require(!spec_.multipliers.empty(), Failure::usage, "multipliers: give at least one");
        require(spec_.multipliers.size() <= kMostLevels, Failure::usage, "multipliers: at most ",
                kMostLevels);
        const Index side = Index{1} << (spec_.multipliers.size() - 1);
        require(size.height % side == 0 && size.width % side == 0, Failure::usage,
                "multipliers: ", size.height, " x ", size.width, " cannot be halved ",
                spec_.multipliers.size() - 1, " times");
    }

    void embed_conditions(const NetworkInputs& inputs, const ImageInput& input) {
        const Index width = 4 * spec_.width;
        Var e = linear(graph_, harmonics(graph_, inputs.t, spec_.time_features), width, "time.0",
                       {.activation = "silu", .gain = kSiluGain});
        e = linear(graph_, e, width, "time.1");
        if (inputs.label) {
            e = add(graph_, e, embed(graph_, *inputs.label, shape_.labels + 1, width, "label", 1));
        }
        if (input.numbers) e = add(graph_, e, linear(graph_, *input.numbers, width, "condition"));
        embedding_ = activation(graph_, e, "silu");
    }

    /// As many groups as divide the channels, at most what was asked for.
    Var normalised(Var x, const std::string& name) {
        Index groups = std::min(spec_.groups, x.channels());
        while (x.channels() % groups != 0) --groups;
        return group_norm(graph_, x, groups, name);
    }

    Var block(Var x, ImageSize size, Index width, const std::string& name) {
        Var h = activation(graph_, normalised(x, name + ".norm.0"), "silu");
        h = convolve(graph_, h, size, width, name + ".conv.0",
                     {.circular = spec_.circular, .gain = kSiluGain});
        const auto turn = split(
            graph_, linear(graph_, embedding_, 2 * width, name + ".embedding", {.gain = 0.3}), 2);
        h = modulate(graph_, normalised(h, name + ".norm.1"), turn[0], turn[1]);
        h = dropout(graph_, activation(graph_, h, "silu"), spec_.dropout);
        h = convolve(graph_, h, size, width, name + ".conv.1",
                     {.circular = spec_.circular, .gain = 0});
        if (x.channels() != width) x = linear(graph_, x, width, name + ".skip");
        h = add(graph_, x, h);
        return size.pixels() <= spec_.attention ? attended(h, name + ".attention") : h;
    }

    Var attended(Var x, const std::string& name) {
        Index heads = std::min(spec_.heads, x.channels());
        while (x.channels() % heads != 0) --heads;
        const Var qkv =
            linear(graph_, normalised(x, name + ".norm"), 3 * x.channels(), name + ".qkv");
        const Var seen = attention(graph_, qkv, heads);
        return add(graph_, x, linear(graph_, seen, x.channels(), name + ".output", {.gain = 0}));
    }

    const UnetSpec& spec_;
    const NetworkShape& shape_;
    Graph graph_;
    Var embedding_;
};

Graph make_unet(const UnetSpec& spec, const NetworkShape& shape) {
    return Unet(spec, shape).record();
}

}  // namespace

NetworkRow unet_network() {
    return {.name = "unet",
            .summary = "convolutions at several resolutions, for images",
            .spec = spec_of<UnetSpec>,
            .make = from_json<make_unet>,
            .images = true};
}

}  // namespace si
