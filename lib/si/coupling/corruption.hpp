#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "si/base/spec.hpp"
#include "si/random/draw.hpp"

// Couplings in which x0 is made from x1 (arXiv:2310.03725): what is left of a sample, and noise in
// the place of what is not. Everything is in the model's coordinates.

namespace si {

/// x0 = mean + deviation zeta with independent normal zeta, given what was seen of x1.
struct Observation {
    Matrix mean, deviation;  ///< (d, n)
    Matrix given;            ///< what the network sees of it: (numbers, n)
};

/// A way to lose a part of x1.
class Corruption {
  public:
    virtual ~Corruption() = default;

    virtual std::vector<Index> given_shape() const = 0;  ///< {}: the network sees x_t alone
    virtual bool masked() const { return false; }        ///< `given` is 1 where x does not move

    /// What is left of samples `first` .. of an address.
    virtual Observation observe(ConstMatrix x1, const Address& address, Index first) const = 0;

    /// A mask belongs to an observation.
    virtual bool hides() const { return false; }
    /// Shape of an observation as a file has it.
    virtual std::vector<Index> seen_shape() const = 0;
    /// Such observations in the shape of x, in the same coordinates.
    virtual Matrix placed(ConstMatrix seen) const { return seen; }
    /// The same as observe(), from placed observations. Throws Failure::data when a mask is
    /// missing.
    virtual Observation observed(ConstMatrix placed, const std::optional<Matrix>& mask) const = 0;
};

/// What a corruption may look at.
struct CorruptionData {
    std::vector<Index> shape;  ///< of x
    double unit = 1;           ///< length of the model's unit in the units of the data
};

/// Settings of the rows of couplings() of the same names.

struct InpaintSpec {
    double p = 0.3;
    std::optional<Index> tile;
    std::vector<Index> known;
    bool coupled = true;

    static constexpr auto fields() {
        return std::tuple{
            field("p", &InpaintSpec::p, "Probability that a tile is hidden", kUnit),
            field("tile", &InpaintSpec::tile,
                  "Side of a tile in pixels, by default 4; in other data a tile is one coordinate",
                  kPositive),
            field("known", &InpaintSpec::known,
                  "These coordinates, counting from 1, are always known, and the others are hidden",
                  kPositive),
            field("coupled", &InpaintSpec::coupled,
                  "Start from the known part; off: from noise everywhere, with the known part as "
                  "input of the network")};
    }

    static GoesWithTable goes_with() {
        constexpr auto tiles = "tiles that are hidden at random, not with known";
        constexpr auto random = [](const Asked& asked) { return asked.value("known").empty(); };
        return {{"p", tiles, random}, {"tile", tiles, random}};
    }
};

struct SuperresSpec {
    Index factor = 2;
    double noise = 0.3;
    bool coupled = true;

    static constexpr auto fields() {
        return std::tuple{
            field("factor", &SuperresSpec::factor,
                  "Factor of the resolution: side of the square of pixels that becomes one",
                  kPositive),
            field("noise", &SuperresSpec::noise,
                  "Standard deviation of the noise, in the units of the data", kNonNegative),
            field("coupled", &SuperresSpec::coupled,
                  "Start from the enlarged image plus noise; off: from noise alone")};
    }
};

struct NoisySpec {
    double noise = 1;
    double scale = 1;

    static constexpr auto fields() {
        return std::tuple{
            field("noise", &NoisySpec::noise,
                  "Standard deviation of the noise, in the units of the data", kNonNegative),
            field("scale", &NoisySpec::scale, "Factor of x1")};
    }
};

std::shared_ptr<const Corruption> make_inpaint(const InpaintSpec& spec, const CorruptionData& data);
std::shared_ptr<const Corruption> make_superres(const SuperresSpec& spec,
                                                const CorruptionData& data);
std::shared_ptr<const Corruption> make_noise(const NoisySpec& spec, const CorruptionData& data);

}  // namespace si
