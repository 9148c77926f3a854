#include "si/interpolant/closed.hpp"

#include <array>
#include <optional>

#include "si/interpolant/empirical.hpp"

namespace si {

class AffineEvaluator final : public Evaluator {
  public:
    explicit AffineEvaluator(const AffineField& field)
        : field_(field), trace_a_(field.a_.trace()), trace_s_(field.s_.trace()) {}

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, x.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            x_ = x.col(j);
            if ((want & kB) != 0) {
                y_ = field_.c_ + t[j] * field_.e_;
                y_.noalias() += field_.a_ * x_;
                out.b.col(j) = y_;
            }
            if ((want & kS) != 0) {
                y_ = field_.r_;
                y_.noalias() += field_.s_ * x_;
                out.s.col(j) = y_;
            }
        }
        if ((want & kDivB) != 0) out.div_b.setConstant(trace_a_);
        if ((want & kDivS) != 0) out.div_s.setConstant(trace_s_);
    }

    void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                   MatrixRef product) override {
        (*this)(t, x, of, out);
        const Matrix& jacobian = of == kS ? field_.s_ : field_.a_;
        for (Index j = 0; j < x.cols(); ++j) {
            x_ = r.col(j);
            product.col(j).noalias() = jacobian.transpose() * x_;
        }
    }

  private:
    const AffineField& field_;
    double trace_a_, trace_s_;
    Vector x_, y_;
};

namespace {

struct AffineSpec {
    NumberRows a;
    std::vector<double> c, e;
    std::optional<NumberRows> s;
    std::vector<double> r;

    static constexpr auto fields() {
        return std::tuple{
            field("A", &AffineSpec::a, "Matrix of b = A x + c + t e"),
            field("c", &AffineSpec::c, "Constant of b; zero by default"),
            field("e", &AffineSpec::e, "Change of b in time; zero by default"),
            field("S", &AffineSpec::s, "Matrix of s = S x + r; without it the model has no score"),
            field("r", &AffineSpec::r, "Constant of s; zero by default")};
    }
};

AffineField affine_of(const AffineSpec& spec, Index dim) {
    const auto matrix = [&](const char* place, const NumberRows& rows) {
        return in_context(place, [&] { return square_matrix(rows, dim); });
    };
    const auto vector = [&](const char* place, const std::vector<double>& numbers) -> Vector {
        if (numbers.empty()) return Vector::Zero(dim);
        return in_context(place, [&] { return vector_of(numbers, dim); });
    };
    require(spec.s || spec.r.empty(), Failure::data, "/r: needs S");
    const Matrix a = matrix("/A", spec.a);
    const Vector c = vector("/c", spec.c), e = vector("/e", spec.e);
    if (!spec.s) return {a, c, e};
    return {a, c, e, matrix("/S", *spec.s), vector("/r", spec.r)};
}

using FieldPointer = std::shared_ptr<const Field>;

FieldPointer affine(const AffineSpec& spec, const Interpolant&, const GaussianMixture& base) {
    return std::make_shared<AffineField>(affine_of(spec, base.dim()));
}

FieldPointer gaussian(const GaussianSpec& spec, const Interpolant& interpolant,
                      const GaussianMixture& base) {
    return std::make_shared<MixtureField>(interpolant, base, make_gaussian(spec, base.dim()));
}

FieldPointer mixture(const MixtureSpec& spec, const Interpolant& interpolant,
                     const GaussianMixture& base) {
    return std::make_shared<MixtureField>(interpolant, base, make_mixture(spec, base.dim()));
}

struct EmpiricalSpec {
    NumberRows points;
    static constexpr auto fields() {
        return std::tuple{field("points", &EmpiricalSpec::points, "The points, one per row")};
    }
};

FieldPointer empirical(const EmpiricalSpec& spec, const Interpolant& interpolant,
                       const GaussianMixture& base) {
    require(!interpolant.mirror(), Failure::data,
            "path mirror starts from the points themselves, and no base is that");
    require(base.is_standard_normal(), Failure::data, "needs the base {\"kind\": \"normal\"}");
    Matrix points(base.dim(), static_cast<Index>(spec.points.size()));
    for (std::size_t k = 0; k < spec.points.size(); ++k) {
        in_context(text("/points/", k), [&] {
            points.col(static_cast<Index>(k)) = vector_of(spec.points[k], base.dim());
        });
    }
    return std::make_shared<EmpiricalField>(interpolant, std::move(points));
}

constexpr auto kClosedFields = std::to_array<ClosedFieldRow>({
    {"affine", "linear fields b = A x + c + t e and s = S x + r", spec_of<AffineSpec>,
     from_json<affine>},
    {"gaussian", "exact, for a Gaussian target", spec_of<GaussianSpec>, from_json<gaussian>},
    {"mixture", "exact, for a Gaussian mixture as target", spec_of<MixtureSpec>,
     from_json<mixture>},
    {"empirical", "exact, for a finite set of points as target", spec_of<EmpiricalSpec>,
     from_json<empirical>},
});

}  // namespace

Catalogue<ClosedFieldRow> closed_fields() { return {"field", kClosedFields}; }

AffineField affine_field(const Json& settings, Index dim) {
    return affine_of(read_spec<AffineSpec>(settings), dim);
}

AffineField::AffineField(Matrix a, Vector c, Vector e)
    : a_(std::move(a)), c_(std::move(c)), e_(std::move(e)) {
    require(dim() > 0 && a_.rows() == dim() && a_.cols() == dim() && e_.size() == dim(),
            Failure::data, "A, c and e do not fit together");
}

AffineField::AffineField(Matrix a, Vector c, Vector e, Matrix s, Vector r)
    : AffineField(std::move(a), std::move(c), std::move(e)) {
    s_ = std::move(s);
    r_ = std::move(r);
    has_score_ = true;
    require(s_.rows() == dim() && s_.cols() == dim() && r_.size() == dim(), Failure::data,
            "S and r do not fit A");
}

unsigned AffineField::available() const { return kB | kDivB | (has_score_ ? kS | kDivS : 0U); }

std::unique_ptr<Evaluator> AffineField::evaluator() const {
    return std::make_unique<AffineEvaluator>(*this);
}

}  // namespace si
