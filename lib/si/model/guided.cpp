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

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        (*inner_)(t, x, want, out);
        const Vector more = excess(t);
        if (more.isZero(0)) return;
        inner_->condition(without_);
        (*inner_)(t, x, want, plain_);
        inner_->condition(with_);
        for (const Answer& answer : answers()) {
            if ((want & answer.flag) == 0 || answer.turns == Turns::as_log_density) continue;
            if (answer.field != nullptr) {
                guide(out.*answer.field, plain_.*answer.field, more);
            } else {
                Vector& number = out.*answer.number;
                number.array() += more.array() * (number - plain_.*answer.number).array();
            }
        }
    }

    void probe(const Times& t, ConstMatrix x, ConstMatrix probes, FieldValues& out,
               MatrixRef quadratic) override {
        inner_->probe(t, x, probes, out, quadratic);
        const Vector more = excess(t);
        if (more.isZero(0)) return;
        Matrix plain(quadratic.rows(), quadratic.cols());
        inner_->condition(without_);
        inner_->probe(t, x, probes, plain_, plain);
        inner_->condition(with_);
        guide(out.b, plain_.b, more);
        guide(quadratic, plain, more);
    }

    void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                   MatrixRef product) override {
        inner_->pull_back(t, x, of, r, out, product);
        const Vector more = excess(t);
        if (more.isZero(0)) return;
        Matrix plain(product.rows(), product.cols());
        inner_->condition(without_);
        inner_->pull_back(t, x, of, r, plain_, plain);
        inner_->condition(with_);
        guide(out.*answer_of(of).field, plain_.*answer_of(of).field, more);
        guide(product, plain, more);
    }

  private:
    /// f + (zeta - 1) (f - plain), column by column.
    static void guide(MatrixRef f, ConstMatrix plain, const Vector& more) {
        f.array() += (f - plain).array().rowwise() * more.transpose().array();
    }

    /// zeta - 1 at each time.
    Vector excess(const Times& t) const {
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
