#include "si/interpolant/bridge_field.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "si/base/linear.hpp"
#include "si/base/lists.hpp"
#include "si/density/mixture.hpp"

namespace si {
namespace {

/// Below this an eigenvalue is nearer to a point than to the noise: its quadratic is written
/// around its centre r / (1 - lambda), where nothing large cancels as lambda goes to 0.
constexpr double kNarrow = 0.5;
constexpr double kMargin = 1e-3;

}  // namespace

Potential::Potential(double epsilon, Vector log_weights, Matrix centers, Shapes shapes)
    : epsilon_(epsilon),
      log_weights_(std::move(log_weights)),
      centers_(std::move(centers)),
      shapes_(std::move(shapes)) {
    const Index d = dim(), count = size();
    require(epsilon_ > 0 && std::isfinite(epsilon_), Failure::data, "sigma^2 must be positive, is ",
            epsilon_);
    require(count > 0 && d > 0, Failure::data, "/log_weights: empty");
    require(centers_.cols() == count, Failure::data, "/centers: there are ", centers_.cols(),
            " for ", count, " weights");
    require(shapes_.values.cols() == count &&
                (shapes_.values.rows() == d || shapes_.values.rows() == 1),
            Failure::data, "/shapes: do not fit the centers");
    require(log_weights_.allFinite(), Failure::data, "/log_weights: must be finite");
    require(centers_.allFinite(), Failure::data, "/centers: must be finite");
    require(shapes_.values.allFinite() && (shapes_.values.array() >= 0).all(), Failure::data,
            "/shapes: must be finite and not negative");
    has_points_ = (shapes_.values.array() == 0).any();
    one_number_ = shapes_.values.rows() == 1;

    eigenvalues_ = shapes_.values.transpose();
    offset_.setZero(count, d);
    slope_.setZero(count, d);
    constants_ = log_weights_;
    for (Index k = 0; k < count; ++k) {
        const Vector r =
            shapes_.axes.empty()
                ? Vector(centers_.col(k))
                : Vector(shapes_.axes[static_cast<std::size_t>(k)].transpose() * centers_.col(k));
        for (Index i = 0; i < d; ++i) {
            const double lambda = eigenvalues_(k, one_number_ ? 0 : i);
            if (lambda < kNarrow) {
                offset_(k, i) = r[i] / (1 - lambda);
                constants_[k] += r[i] * r[i] / (1 - lambda) / (2 * epsilon_);
            } else {
                slope_(k, i) = r[i];
            }
        }
    }
}

Matrix Potential::shape(Index k) const {
    const Index d = dim();
    if (one_number_) return shapes_.values(0, k) * Matrix::Identity(d, d);
    const Vector values = shapes_.values.col(k);
    if (shapes_.axes.empty()) return values.asDiagonal();
    const Matrix& axes = shapes_.axes[static_cast<std::size_t>(k)];
    return axes * values.asDiagonal() * axes.transpose();
}

Vector Potential::times_shape(Index k, const Vector& x) const {
    if (one_number_) return shapes_.values(0, k) * x;
    if (shapes_.axes.empty()) return shapes_.values.col(k).cwiseProduct(x);
    const Matrix& axes = shapes_.axes[static_cast<std::size_t>(k)];
    const Vector turned = shapes_.values.col(k).cwiseProduct(axes.transpose() * x);
    return axes * turned;
}

void Potential::prepare(double t, Value& out) const {
    require(t < 1 || !has_points_, Failure::usage, "the bridge has no density at an end that is ",
            "made of points; stop earlier");
    if (out.of_time == t && out.inverse_q.rows() == size()) return;
    out.of_time = t;
    if (t == 0) {  // Q is I
        out.inverse_q.setOnes(size(), eigenvalues_.cols());
        out.half_log_det.setZero(size());
        return;
    }
    const Matrix q = (t * eigenvalues_.array() + (1 - t)).matrix();
    out.inverse_q = q.cwiseInverse();
    out.half_log_det = q.array().log().matrix().rowwise().sum() / 2;
    if (one_number_) out.half_log_det *= static_cast<double>(dim());
}

void Potential::operator()(double t, const Vector& x, Value& out) const {
    const Index d = dim(), count = size();
    prepare(t, out);
    if (!shapes_.axes.empty()) {
        out.turned.resize(d);
        out.y.resize(count, d);
        for (Index k = 0; k < count; ++k) {
            out.turned.noalias() = shapes_.axes[static_cast<std::size_t>(k)].transpose() * x;
            out.y.row(k) = out.turned.transpose();
        }
    }
    // One coordinate after another, each over all components: l_k up to 1 / (2 e), and g_k.
    out.logs.setZero(count);
    out.squares.setZero(count);
    out.traces.setZero(count);
    out.pull.resize(count, d);
    for (Index i = 0; i < d; ++i) {
        const Index column = one_number_ ? 0 : i;
        const auto inverse = out.inverse_q.col(column).array();
        const auto less = eigenvalues_.col(column).array() - 1;
        const auto slope = slope_.col(i).array();
        if (shapes_.axes.empty()) {
            out.pull.col(i) = x[i] - offset_.col(i).array();
        } else {
            out.pull.col(i) = out.y.col(i) - offset_.col(i);
        }
        const auto y = out.pull.col(i).array();
        out.logs.array() += inverse * (less * y.square() + 2 * slope * y - t * slope.square());
        out.pull.col(i) = (inverse * (slope + less * y)).matrix();
        out.squares += out.pull.col(i).cwiseAbs2();
        if (!one_number_) out.traces.array() += less * inverse;
    }
    if (one_number_) {
        out.traces = (static_cast<double>(d) * (eigenvalues_.col(0).array() - 1) *
                      out.inverse_q.col(0).array())
                         .matrix();
    }
    out.logs = constants_ - out.half_log_det + out.logs / (2 * epsilon_);
    out.log_phi = log_sum_exp(out.logs);
    out.logs = (out.logs.array() - out.log_phi).exp();
    out.drift.setZero(d);
    if (shapes_.axes.empty()) {
        for (Index i = 0; i < d; ++i) out.drift[i] = out.logs.dot(out.pull.col(i));
    } else {
        for (Index k = 0; k < count; ++k) {
            out.turned = out.logs[k] * out.pull.row(k).transpose();
            out.drift.noalias() += shapes_.axes[static_cast<std::size_t>(k)] * out.turned;
        }
    }
    out.div = out.logs.dot(out.traces) +
              std::max(out.logs.dot(out.squares) - out.drift.squaredNorm(), 0.0) / epsilon_;
}

Vector Potential::conditional_weights(const Vector& x) const {
    Value value;
    (*this)(0, x, value);
    return value.logs;
}

Potential::Conditional Potential::conditional(const Vector& x) const {
    const Vector p = conditional_weights(x);
    Conditional all{Vector::Zero(dim()), Matrix::Zero(dim(), dim())};
    for (Index k = 0; k < size(); ++k) {
        constexpr double kNothing = 1e-18;  // below the last digit of what the others add up to
        if (p[k] < kNothing) continue;
        const Vector mean = centers_.col(k) + times_shape(k, x);
        all.mean += p[k] * mean;
        all.covariance += p[k] * (epsilon_ * shape(k) + mean * mean.transpose());
    }
    all.covariance -= all.mean * all.mean.transpose();
    return all;
}

Vector Potential::draw(const Vector& x, double uniform, const Vector& normal) const {
    const Vector p = conditional_weights(x);
    Index k = 0;
    for (double left = uniform * p.sum() - p[0]; left > 0 && k + 1 < size();) left -= p[++k];
    Vector root = one_number_ ? Vector(Vector::Constant(dim(), shapes_.values(0, k)))
                              : Vector(shapes_.values.col(k));
    root = (epsilon_ * root.array()).sqrt() * normal.array();
    if (!shapes_.axes.empty()) root = shapes_.axes[static_cast<std::size_t>(k)] * root;
    return centers_.col(k) + times_shape(k, x) + root;
}

Potential Potential::moved(double scale, const Vector& shift, double epsilon) const {
    const double e = epsilon;
    Vector weights = log_weights_;
    Matrix centers = centers_;
    for (Index k = 0; k < size(); ++k) {
        const Vector turned = times_shape(k, shift);
        weights[k] +=
            (shift.dot(turned) - shift.squaredNorm() - 2 * scale * shift.dot(centers_.col(k))) /
            (2 * e);
        centers.col(k) = shift + scale * centers_.col(k) - turned;
    }
    return {e, std::move(weights), std::move(centers), shapes_};
}

Json Potential::to_json() const {
    PotentialSpec spec{as_list(log_weights_), {}, {}};
    for (Index k = 0; k < size(); ++k) {
        spec.centers.push_back(as_list(centers_.col(k)));
        if (one_number_) {
            spec.shapes.push_back({shapes_.values(0, k)});
        } else if (shapes_.axes.empty()) {
            spec.shapes.push_back({as_list(shapes_.values.col(k))});
        } else {
            Json rows = Json::array();
            const Matrix s = shape(k), even = (s + s.transpose()) / 2;
            for (Index i = 0; i < dim(); ++i) rows.push_back(as_list(even.row(i).transpose()));
            spec.shapes.push_back({std::move(rows)});
        }
    }
    if (one_number_ && (shapes_.values.array() == shapes_.values(0, 0)).all()) {
        spec.shapes.resize(1);
    }
    return write_spec(spec);
}

std::optional<double> log_mass(const Potential& forward, const Potential& backward) {
    // At t = 1/2 both are quadratic forms in the exponent, and any S is as good as any other.
    struct Half {
        Matrix precision;
        Vector pull;
        double log;
    };
    const Index d = forward.dim();
    const auto halves = [d](const Potential& one) {
        std::vector<Half> all;
        for (Index k = 0; k < one.size(); ++k) {
            const Matrix s = one.shape(k), unit = Matrix::Identity(d, d);
            const Cholesky q((s + unit) / 2);
            const Vector r = one.centers_.col(k), pull = q.solve(r);
            all.push_back(
                {q.solve(Matrix(unit - s)), pull,
                 one.log_weights_[k] - q.log_det() / 2 - r.dot(pull) / (4 * one.epsilon_)});
        }
        return all;
    };
    const auto ahead = halves(forward), behind = halves(backward);
    const double e = forward.epsilon_;
    Vector logs(forward.size() * backward.size());
    Index at = 0;
    for (const Half& a : ahead) {
        for (const Half& b : behind) {
            const Cholesky precision(a.precision + b.precision);
            if (!precision.succeeded()) return {};
            const Vector h = a.pull + b.pull;
            logs[at++] =
                a.log + b.log + h.dot(precision.solve(h)) / (2 * e) - precision.log_det() / 2;
        }
    }
    return log_sum_exp(logs) + static_cast<double>(d) / 2 * std::log(2 * std::numbers::pi * e);
}

class BridgeEvaluator final : public Evaluator {
  public:
    explicit BridgeEvaluator(const BridgeField& field) : field_(field) {}

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, x.rows(), x.cols());
        const double e = field_.forward_.epsilon();
        const bool ahead = (want & ~unsigned{kW | kX0}) != 0;
        const bool behind = (want & ~unsigned{kU | kX1}) != 0;
        for (Index j = 0; j < x.cols(); ++j) {
            x_ = x.col(j);
            if (ahead) field_.forward_(t[j], x_, forward_);
            if (behind) field_.backward_(1 - t[j], x_, backward_);
            const Vector &u = forward_.drift, &back = backward_.drift;  // w = -back
            if ((want & kU) != 0) out.u.col(j) = u;
            if ((want & kW) != 0) out.w.col(j) = -back;
            if ((want & kX1) != 0) out.x1.col(j) = x_ + (1 - t[j]) * u;
            if ((want & kX0) != 0) out.x0.col(j) = x_ + t[j] * back;
            if ((want & kB) != 0) out.b.col(j) = (u - back) / 2;
            if ((want & kV) != 0) out.v.col(j) = (1 - t[j]) * u - t[j] * back;
            if ((want & kS) != 0) out.s.col(j) = (u + back) / e;
            if ((want & kEta) != 0) {
                out.eta.col(j) = -std::sqrt(t[j] * (1 - t[j]) / e) * (u + back);
            }
            if ((want & kDivB) != 0) out.div_b[j] = (forward_.div - backward_.div) / 2;
            if ((want & kDivS) != 0) out.div_s[j] = (forward_.div + backward_.div) / e;
            if ((want & kLogRho) != 0) {
                out.log_rho[j] = forward_.log_phi + backward_.log_phi - *field_.log_mass_;
            }
        }
    }

  private:
    const BridgeField& field_;
    Vector x_;
    Potential::Value forward_, backward_;
};

BridgeField::BridgeField(Potential forward, Potential backward, std::optional<double> log_mass)
    : forward_(std::move(forward)), backward_(std::move(backward)), log_mass_(log_mass) {
    require(forward_.dim() == backward_.dim(), Failure::data, "the potentials have ",
            forward_.dim(), " and ", backward_.dim(), " coordinates");
    require(forward_.epsilon() == backward_.epsilon(), Failure::data,
            "the potentials differ in sigma^2");
}

unsigned BridgeField::available() const {
    return kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kU | kW | (log_mass_ ? kLogRho : 0U);
}

std::array<double, 2> BridgeField::span(unsigned want) const {
    const bool ahead = (want & ~unsigned{kW | kX0}) != 0;
    const bool behind = (want & ~unsigned{kU | kX1}) != 0;
    return {behind && backward_.has_points() ? kMargin : 0,
            ahead && forward_.has_points() ? 1 - kMargin : 1};
}

std::unique_ptr<Evaluator> BridgeField::evaluator() const {
    return std::make_unique<BridgeEvaluator>(*this);
}

namespace {

/// As written: numbers, lists and matrices may stand side by side; the widest decides.
Potential::Shapes shapes_of(const std::vector<WrittenCovariance>& written, Index dim, Index count) {
    require(std::ssize(written) == count || written.size() == 1, Failure::data, "there are ",
            written.size(), " for ", count, " weights");
    const auto one = [&](Index k) -> const Json& {
        return written[written.size() == 1 ? 0 : static_cast<std::size_t>(k)].json;
    };
    bool numbers = true, lists = true;
    for (const auto& shape : written) {
        const bool list = shape.json.is_array() && !shape.json.empty() && !shape.json[0].is_array();
        numbers = numbers && shape.json.is_number();
        lists = lists && (list || shape.json.is_number());
    }
    Potential::Shapes shapes;
    shapes.values.resize(numbers ? 1 : dim, count);
    for (Index k = 0; k < count; ++k) {
        in_context(text("/", k), [&] {
            if (numbers) {
                shapes.values(0, k) = exactly<double>(one(k));
                return;
            }
            const Matrix matrix = WrittenCovariance{one(k)}.matrix(dim);
            if (lists) {
                shapes.values.col(k) = matrix.diagonal();
                return;
            }
            require((matrix - matrix.transpose()).cwiseAbs().maxCoeff() <=
                        1e-9 * matrix.cwiseAbs().maxCoeff(),
                    Failure::data, "not symmetric");
            const Spectrum solved = spectrum(matrix);
            shapes.values.col(k) = solved.values;
            shapes.axes.push_back(solved.axes);
        });
    }
    return shapes;
}

Potential potential_of(const PotentialSpec& spec, double epsilon, Index dim) {
    const Index count = std::ssize(spec.log_weights);
    Matrix centers(dim, std::ssize(spec.centers));
    for (std::size_t k = 0; k < spec.centers.size(); ++k) {
        in_context(text("/centers/", k),
                   [&] { centers.col(static_cast<Index>(k)) = vector_of(spec.centers[k], dim); });
    }
    const Vector weights = Eigen::Map<const Vector>(spec.log_weights.data(), count);
    return {epsilon, weights, std::move(centers),
            in_context("/shapes", [&] { return shapes_of(spec.shapes, dim, count); })};
}

}  // namespace

std::shared_ptr<const BridgeField> make_bridge_field(const BridgeFieldSpec& spec,
                                                     const Interpolant& interpolant, Index dim) {
    const auto& made_of = interpolant.spec();
    require(made_of.path.kind() == "linear" && made_of.gamma.kind() == "brownian", Failure::data,
            "needs path linear and gamma brownian, which has a = sigma^2");
    const double epsilon = member_as<double>(made_of.gamma.json(), "a");
    const auto potential = [&](const char* place, const PotentialSpec& written) {
        return in_context(place, [&] { return potential_of(written, epsilon, dim); });
    };
    return std::make_shared<BridgeField>(potential("/forward", spec.forward),
                                         potential("/backward", spec.backward), spec.log_mass);
}

}  // namespace si
