#pragma once

#include <memory>

#include "si/density/mixture.hpp"
#include "si/interpolant/fields.hpp"

// A field with errors that are known on paper.

namespace si::examples {

/// Another field with b + shift + slope x in the place of b and factor s in that of s, and with a
/// density of one's own.
class Altered : public Field {
  public:
    Altered(const Field& original, double shift, double slope, double factor,
            const GaussianMixture* target = nullptr)
        : original_(original), shift_(shift), slope_(slope), factor_(factor), target_(target) {}

    Index dim() const override { return original_.dim(); }
    unsigned available() const override {
        return original_.available() | (target_ != nullptr ? kLogRho : 0U);
    }
    std::unique_ptr<Evaluator> evaluator() const override {
        return std::make_unique<Run>(*this, original_.evaluator());
    }

  private:
    struct Run : Evaluator {
        Run(const Altered& field, std::unique_ptr<Evaluator> original)
            : field(field), original(std::move(original)) {}
        void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
            if (field.target_ != nullptr && (want & kLogRho) != 0) {
                out.log_rho = field.target_->log_density(x);
                want &= ~kLogRho;
            }
            (*original)(t, x, want, out);
            if ((want & kB) != 0) out.b.array() += field.shift_ + field.slope_ * x.array();
            if ((want & kDivB) != 0)
                out.div_b.array() += field.slope_ * static_cast<double>(x.rows());
            if ((want & kS) != 0) out.s *= field.factor_;
            if ((want & kDivS) != 0) out.div_s *= field.factor_;
        }
        const Altered& field;
        std::unique_ptr<Evaluator> original;
    };

    const Field& original_;
    double shift_, slope_, factor_;
    const GaussianMixture* target_;
};

}  // namespace si::examples
