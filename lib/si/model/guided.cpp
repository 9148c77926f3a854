#include "si/model/guided.hpp"

#include "si/base/error.hpp"

namespace si {

class GuidedEvaluator : public Evaluator {
  public:
    explicit GuidedEvaluator(const GuidedField& field)
        : field_(field), inner_(field.field_->evaluator()) {}

    void condition(ConstMatrix given) override {
        with_ = given;
        without_ = given;
        without_.row(0).setConstant(static_cast<double>(field_.conditions().labels));
        inner_->condition(with_);
    }

    void operator()(ConstVector t, ConstMatrix x, unsigned want, FieldValues& out) override {
        (*inner_)(t, x, want, out);
        const Vector more = excess(t);
        if (more.isZero(0)) return;
        inner_->condition(without_);
        (*inner_)(t, x, want, plain_);
        inner_->condition(with_);
        const auto guide = [&](unsigned flag, Matrix FieldValues::*field) {
            if ((want & flag) == 0) return;
            Matrix& f = out.*field;
            f.array() += (f - plain_.*field).array().rowwise() * more.transpose().array();
        };
        guide(kB, &FieldValues::b);
        guide(kV, &FieldValues::v);
        guide(kS, &FieldValues::s);
        guide(kEta, &FieldValues::eta);
        guide(kX0, &FieldValues::x0);
        guide(kX1, &FieldValues::x1);
        guide(kU, &FieldValues::u);
        guide(kW, &FieldValues::w);
        const auto guide_number = [&](unsigned flag, Vector FieldValues::*number) {
            if ((want & flag) == 0) return;
            (out.*number).array() += more.array() * (out.*number - plain_.*number).array();
        };
        guide_number(kDivB, &FieldValues::div_b);
        guide_number(kDivS, &FieldValues::div_s);
    }

    void probe(ConstVector t, ConstMatrix x, ConstMatrix probes, FieldValues& out,
               MatrixRef quadratic) override {
        inner_->probe(t, x, probes, out, quadratic);
        const Vector more = excess(t);
        if (more.isZero(0)) return;
        Matrix plain(quadratic.rows(), quadratic.cols());
        inner_->condition(without_);
        inner_->probe(t, x, probes, plain_, plain);
        inner_->condition(with_);
        const auto weight = more.transpose().array();
        out.b.array() += (out.b - plain_.b).array().rowwise() * weight;
        quadratic.array() += (quadratic - plain).array().rowwise() * weight;
    }

  private:
    /// zeta - 1 at each time.
    Vector excess(ConstVector t) const {
        const auto [first, last] = field_.guidance_.interval;
        Vector more(t.size());
        for (Index j = 0; j < t.size(); ++j) {
            more[j] = t[j] >= first && t[j] <= last ? field_.guidance_.scale - 1 : 0;
        }
        return more;
    }

    const GuidedField& field_;
    std::unique_ptr<Evaluator> inner_;
    Matrix with_, without_;
    FieldValues plain_;
};

GuidedField::GuidedField(std::shared_ptr<const Field> field, const Guidance& guidance)
    : field_(std::move(field)), guidance_(guidance) {
    require(field_->conditions().labels > 0, Failure::usage,
            "--guidance: this model was trained without labels");
}

std::unique_ptr<Evaluator> GuidedField::evaluator() const {
    return std::make_unique<GuidedEvaluator>(*this);
}

}  // namespace si
