#include "si/density/mixture.hpp"

#include <cmath>
#include <numbers>

#include "si/base/linear.hpp"

namespace si {

namespace {

constexpr double kWeightSlack = 1e-9;    // decimal weights such as 0.333333333 are meant well
constexpr double kSymmetrySlack = 1e-9;  // relative; so are covariances printed with 10 digits

Vector normalised(const std::vector<double>& weights) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
        require(weights[k] > 0 && std::isfinite(weights[k]), Failure::data, "/", k,
                ": must be positive, is ", weights[k]);
        sum += weights[k];
    }
    require(std::abs(sum - 1) <= kWeightSlack, Failure::data, "must sum to 1, sum to ", sum);
    return Eigen::Map<const Vector>(weights.data(), static_cast<Index>(weights.size())) / sum;
}

/// One column against every component. Results are the same wherever a column stands because
/// it is first copied into memory of its own, whose alignment never changes.
class Posterior {
  public:
    explicit Posterior(const GaussianMixture& mixture, const Vector& log_norms)
        : mixture_(mixture), log_norms_(log_norms), logs_(mixture.size()), x_(mixture.dim()) {}

    double log_density(ConstVector x) {
        x_ = x;
        for (Index k = 0; k < logs_.size(); ++k) {
            whitened_ = x_ - mixture_.means()[k];
            if (!mixture_.is_standard_normal()) {
                solve_lower(mixture_.factors()[k], whitened_);
            }
            logs_[k] = log_norms_[k] - whitened_.squaredNorm() / 2;
        }
        return log_sum_exp(logs_);
    }

    const Vector& score(ConstVector x) {
        if (mixture_.is_standard_normal()) return score_ = -x;
        const double log_rho = log_density(x);
        score_ = Vector::Zero(x_.size());
        for (Index k = 0; k < logs_.size(); ++k) {
            const Matrix& factor = mixture_.factors()[k];
            whitened_ = x_ - mixture_.means()[k];
            solve_lower(factor, whitened_);
            solve_lower_transposed(factor, whitened_);
            score_ -= std::exp(logs_[k] - log_rho) * whitened_;
        }
        return score_;
    }

  private:
    const GaussianMixture& mixture_;
    const Vector& log_norms_;
    Vector logs_, x_, whitened_, score_;
};

}  // namespace

Matrix cholesky(const Matrix& covariance) {
    require(covariance.rows() == covariance.cols(), Failure::data, "must be square, is ",
            covariance.rows(), " x ", covariance.cols());
    require(covariance.allFinite(), Failure::data, "must be finite");
    const double largest = covariance.cwiseAbs().maxCoeff();
    const double skew = (covariance - covariance.transpose()).cwiseAbs().maxCoeff();
    require(skew <= kSymmetrySlack * largest, Failure::data, "not symmetric");
    const Cholesky factor((covariance + covariance.transpose()) / 2);
    require(factor.succeeded(), Failure::data, "not positive definite");
    return factor.lower();
}

double half_log_det_2pi(const Matrix& factor) {
    const auto dim = static_cast<double>(factor.rows());
    return factor.diagonal().array().log().sum() + dim / 2 * std::log(2 * std::numbers::pi);
}

double log_sum_exp(ConstVector a) {
    const double largest = a.maxCoeff();
    double sum = 0;
    for (const double term : a) sum += std::exp(term - largest);
    return largest + std::log(sum);
}

GaussianMixture::GaussianMixture(const std::vector<double>& weights, std::vector<Vector> means,
                                 std::vector<Matrix> covariances)
    : means_(std::move(means)) {
    full_->covariances = std::move(covariances);
    require(!weights.empty(), Failure::data, "/weights: empty");
    weights_ = in_context("/weights", [&] { return normalised(weights); });
    const auto count = weights.size();
    require(means_.size() == count, Failure::data, "/means: must be ", count,
            " like the weights, are ", means_.size());
    require(full_->covariances.size() == count, Failure::data, "/covariances: must be ", count,
            " like the weights, are ", full_->covariances.size());
    require(dim() > 0, Failure::data, "/means/0: empty");
    log_norms_.resize(size());
    for (std::size_t k = 0; k < count; ++k) {
        in_context(text("/means/", k), [&] {
            require(means_[k].size() == dim(), Failure::data, "must have ", dim(),
                    " numbers like the first, has ", means_[k].size());
            require(means_[k].allFinite(), Failure::data, "must be finite");
        });
        in_context(text("/covariances/", k), [&] {
            Matrix& covariance = full_->covariances[k];
            require(covariance.rows() == dim(), Failure::data, "must have ", dim(),
                    " rows like the means, has ", covariance.rows());
            full_->factors.push_back(cholesky(covariance));
            covariance = ((covariance + covariance.transpose()) / 2).eval();
        });
        const auto at = static_cast<Index>(k);
        log_norms_[at] = std::log(weights_[at]) - half_log_det_2pi(full_->factors[k]);
    }
    is_standard_normal_ = size() == 1 && means_[0].isZero(0) &&
                          full_->covariances[0] == Matrix::Identity(dim(), dim());
}

GaussianMixture GaussianMixture::standard_normal(Index dim) {
    require(dim > 0, Failure::data, "the dimension must be positive, is ", dim);
    GaussianMixture normal;
    normal.weights_ = Vector::Ones(1);
    normal.means_ = {Vector::Zero(dim)};
    normal.log_norms_ =
        Vector::Constant(1, -static_cast<double>(dim) / 2 * std::log(2 * std::numbers::pi));
    normal.is_standard_normal_ = true;
    return normal;
}

const GaussianMixture::Full& GaussianMixture::full() const {
    if (is_standard_normal_) {
        std::call_once(full_->once, [&] {
            if (!full_->covariances.empty()) return;
            full_->factors = {Matrix::Identity(dim(), dim())};
            full_->covariances = full_->factors;
        });
    }
    return *full_;
}

GaussianMixture GaussianMixture::point(const Vector& at) {
    require(at.size() > 0, Failure::data, "/at: empty");
    require(at.allFinite(), Failure::data, "/at: must be finite");
    GaussianMixture point;
    point.weights_ = Vector::Ones(1);
    point.means_ = {at};
    point.full_->covariances = {Matrix::Zero(at.size(), at.size())};
    point.full_->factors = point.full_->covariances;
    point.is_point_ = true;
    return point;
}

void GaussianMixture::check_points(ConstMatrix x) const {
    require(!is_point_, Failure::usage, "a point has no density");
    require(x.rows() == dim(), Failure::data, "points have ", x.rows(), " coordinates, not ",
            dim());
}

Vector GaussianMixture::log_density(ConstMatrix x) const {
    check_points(x);
    Posterior posterior(*this, log_norms_);
    Vector out(x.cols());
    for (Index j = 0; j < x.cols(); ++j) out[j] = posterior.log_density(x.col(j));
    return out;
}

Matrix GaussianMixture::score(ConstMatrix x) const {
    check_points(x);
    Posterior posterior(*this, log_norms_);
    Matrix out(x.rows(), x.cols());
    for (Index j = 0; j < x.cols(); ++j) out.col(j) = posterior.score(x.col(j));
    return out;
}

void GaussianMixture::sample(const Address& address, Index first, MatrixRef out) const {
    require(out.rows() == dim(), Failure::data, "room for ", out.rows(), " coordinates, not ",
            dim());
    // One more normal than coordinates picks the component: a uniform from the same address
    // would be made of the same random words as the normals.
    Matrix normals(dim() + 1, out.cols());
    fill_normal(address, first, normals);
    Vector z(dim());
    for (Index j = 0; j < out.cols(); ++j) {
        double left = std::erfc(-normals(dim(), j) / std::numbers::sqrt2) / 2;
        Index k = 0;
        while (k + 1 < size() && left >= weights_[k]) left -= weights_[k++];
        z = normals.col(j).head(dim());
        if (is_standard_normal_) {
            out.col(j) = z;
            continue;
        }
        out.col(j) = means_[k];
        out.col(j).noalias() += factors()[k].triangularView<Eigen::Lower>() * z;
    }
}

Vector GaussianMixture::mean() const {
    Vector sum = Vector::Zero(dim());
    for (Index k = 0; k < size(); ++k) sum += weights_[k] * means_[k];
    return sum;
}

Matrix GaussianMixture::covariance() const {
    const Vector centre = mean();
    Matrix sum = Matrix::Zero(dim(), dim());
    for (Index k = 0; k < size(); ++k) {
        const Vector offset = means_[k] - centre;
        sum += weights_[k] * (covariances()[k] + offset * offset.transpose());
    }
    return sum;
}

bool operator==(const GaussianMixture& a, const GaussianMixture& b) {
    if (a.is_standard_normal_ && b.is_standard_normal_) return a.dim() == b.dim();
    return a.dim() == b.dim() && a.size() == b.size() && a.weights_ == b.weights_ &&
           a.means_ == b.means_ && a.covariances() == b.covariances();
}

Json GaussianMixture::to_json() const {
    const auto list = [](const auto& numbers) {
        return Json(std::vector(numbers.begin(), numbers.end()));
    };
    Json object = Json::object();
    object["weights"] = list(weights_);
    object["means"] = Json::array();
    object["covariances"] = Json::array();
    for (Index k = 0; k < size(); ++k) {
        object["means"].push_back(list(means_[k]));
        Json rows = Json::array();
        for (const auto row : covariances()[k].rowwise()) rows.push_back(list(row));
        object["covariances"].push_back(std::move(rows));
    }
    return object;
}

}  // namespace si
