#include "si/coupling/corruption.hpp"

#include <functional>
#include <numeric>

#include "si/base/error.hpp"
#include "si/base/lists.hpp"

namespace si {
namespace {

/// x as channels of an image; other data are one channel that is one line.
struct Layout {
    Index channels = 1, height = 1, width = 1;

    explicit Layout(const std::vector<Index>& shape) {
        if (shape.size() == 3) {
            channels = shape[0], height = shape[1], width = shape[2];
        } else {
            width = product_of(shape);
        }
    }
    Index pixels() const { return height * width; }
    Index dim() const { return channels * pixels(); }
};

class Inpaint : public Corruption {
  public:
    Inpaint(const InpaintSpec& spec, const CorruptionData& data)
        : spec_(spec), shape_(data.shape), layout_(data.shape) {
        tile_ = spec.tile.value_or(shape_.size() == 3 ? 4 : 1);
        for (const Index k : spec.known) {
            require(k <= layout_.pixels(), Failure::usage, "known: there are ", layout_.pixels(),
                    " coordinates, not ", k);
        }
    }

    bool masked() const override { return spec_.coupled; }
    bool hides() const override { return true; }
    std::vector<Index> given_shape() const override {
        // Without the coupling the network is told what is known as well.
        const Index channels = spec_.coupled ? 1 : 1 + layout_.channels;
        if (shape_.size() == 3) return {channels, layout_.height, layout_.width};
        return {channels * layout_.pixels()};
    }
    std::vector<Index> seen_shape() const override { return shape_; }

    Observation observe(ConstMatrix x1, const Address& address, Index first) const override {
        return observed(x1, masks(address, first, x1.cols()));
    }

    Observation observed(ConstMatrix placed, const std::optional<Matrix>& mask) const override {
        require(mask.has_value(), Failure::data, "needs a dataset /mask: 1 where x is known");
        const Index pixels = layout_.pixels(), d = layout_.dim(), n = placed.cols();
        require(mask->rows() == pixels && mask->cols() == n, Failure::data,
                "/mask: must have one number for each pixel");
        require((mask->array() == 0 || mask->array() == 1).all(), Failure::data,
                "/mask: must be 0 or 1");
        Observation result{Matrix(d, n), Matrix::Ones(d, n), *mask};
        for (Index j = 0; j < n; ++j) {
            for (Index i = 0; i < d; ++i) {
                const bool known = (*mask)(i % pixels, j) == 1;
                result.mean(i, j) = known ? placed(i, j) : 0;
                if (known) result.deviation(i, j) = 0;
            }
        }
        if (spec_.coupled) return result;
        result.given.resize(pixels + d, n);
        result.given << *mask, result.mean;
        result.mean.setZero();
        result.deviation.setOnes();
        return result;
    }

  private:
    Matrix masks(const Address& address, Index first, Index n) const {
        Matrix mask(layout_.pixels(), n);
        if (!spec_.known.empty()) {
            mask.setZero();
            for (const Index k : spec_.known) mask.row(k - 1).setOnes();
            return mask;
        }
        const Index across = (layout_.width + tile_ - 1) / tile_,
                    down = (layout_.height + tile_ - 1) / tile_;
        Matrix u(across * down, n);
        fill_uniform(address, first, u);
        for (Index j = 0; j < n; ++j) {
            for (Index p = 0; p < layout_.pixels(); ++p) {
                const Index tile = p / layout_.width / tile_ * across + p % layout_.width / tile_;
                mask(p, j) = u(tile, j) < spec_.p ? 0 : 1;
            }
        }
        return mask;
    }

    InpaintSpec spec_;
    std::vector<Index> shape_;
    Layout layout_;
    Index tile_ = 1;
};

class Superres : public Corruption {
  public:
    Superres(const SuperresSpec& spec, const CorruptionData& data)
        : spec_(spec), shape_(data.shape), layout_(data.shape), deviation_(spec.noise / data.unit) {
        require(shape_.size() == 3, Failure::usage,
                "superres is for images (channels, height, width)");
        require(layout_.height % spec.factor == 0 && layout_.width % spec.factor == 0,
                Failure::usage, "factor: ", layout_.height, " x ", layout_.width,
                " is not a multiple of ", spec.factor);
    }

    std::vector<Index> given_shape() const override { return shape_; }
    std::vector<Index> seen_shape() const override {
        return {layout_.channels, layout_.height / spec_.factor, layout_.width / spec_.factor};
    }

    Observation observe(ConstMatrix x1, const Address&, Index) const override {
        return observed(placed(smaller(x1)), {});
    }

    Matrix placed(ConstMatrix seen) const override {
        Matrix large(layout_.dim(), seen.cols());
        for (Index j = 0; j < seen.cols(); ++j) {
            for (Index i = 0; i < large.rows(); ++i) large(i, j) = seen(pixel(i), j);
        }
        return large;
    }

    Observation observed(ConstMatrix placed, const std::optional<Matrix>&) const override {
        const Index d = layout_.dim(), n = placed.cols();
        if (!spec_.coupled) return {Matrix::Zero(d, n), Matrix::Ones(d, n), placed};
        return {placed, Matrix::Constant(d, n, deviation_), placed};
    }

  private:
    /// The small pixel that coordinate i of an image belongs to.
    Index pixel(Index i) const {
        const Index k = i / layout_.pixels(), p = i % layout_.pixels();
        const Index y = p / layout_.width / spec_.factor, x = p % layout_.width / spec_.factor;
        return (k * (layout_.height / spec_.factor) + y) * (layout_.width / spec_.factor) + x;
    }

    /// Means of squares of pixels.
    Matrix smaller(ConstMatrix x1) const {
        const Index share = spec_.factor * spec_.factor;
        Matrix small = Matrix::Zero(layout_.dim() / share, x1.cols());
        for (Index j = 0; j < x1.cols(); ++j) {
            for (Index i = 0; i < x1.rows(); ++i) small(pixel(i), j) += x1(i, j);
        }
        return small / static_cast<double>(share);
    }

    SuperresSpec spec_;
    std::vector<Index> shape_;
    Layout layout_;
    double deviation_;
};

class Noise : public Corruption {
  public:
    Noise(const NoisySpec& spec, const CorruptionData& data)
        : shape_(data.shape), scale_(spec.scale), deviation_(spec.noise / data.unit) {}

    std::vector<Index> given_shape() const override { return {}; }
    std::vector<Index> seen_shape() const override { return shape_; }

    Observation observe(ConstMatrix x1, const Address&, Index) const override {
        return {scale_ * x1, Matrix::Constant(x1.rows(), x1.cols(), deviation_), Matrix()};
    }
    /// What is observed has its noise already.
    Observation observed(ConstMatrix placed, const std::optional<Matrix>&) const override {
        return {placed, Matrix::Zero(placed.rows(), placed.cols()), Matrix()};
    }

  private:
    std::vector<Index> shape_;
    double scale_, deviation_;
};

}  // namespace

std::shared_ptr<const Corruption> make_inpaint(const InpaintSpec& spec,
                                               const CorruptionData& data) {
    return std::make_shared<Inpaint>(spec, data);
}

std::shared_ptr<const Corruption> make_superres(const SuperresSpec& spec,
                                                const CorruptionData& data) {
    return std::make_shared<Superres>(spec, data);
}

std::shared_ptr<const Corruption> make_noise(const NoisySpec& spec, const CorruptionData& data) {
    return std::make_shared<Noise>(spec, data);
}

}  // namespace si
