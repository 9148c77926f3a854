#include "si/metric/metrics.hpp"

#include <algorithm>
#include <array>

#include "si/metric/classifier.hpp"
#include "si/metric/moment_distances.hpp"
#include "si/metric/neighbours.hpp"
#include "si/metric/pairs.hpp"
#include "si/metric/wasserstein.hpp"

namespace si {
namespace {

template <int P>
std::vector<Estimate> transport(const TwoSamples& s) {
    return {wasserstein(s.x, s.y, P)};
}

std::vector<Estimate> sliced(const TwoSamples& s) {
    const auto both = sliced_wasserstein(s.x, s.y, s.setting.directions, s.threads);
    return {both.w1, both.w2};
}

std::vector<Estimate> energy(const TwoSamples& s) { return {energy_distance(s.x, s.y, s.threads)}; }

std::vector<Estimate> mmd(const TwoSamples& s) {
    return {kernel_discrepancy(s.x, s.y, s.setting.bandwidth, s.threads)};
}

std::vector<Estimate> classifier(const TwoSamples& s) {
    return {classifier_accuracy(s.x, s.y, s.setting.seed)};
}

std::vector<Estimate> moments(const TwoSamples& s) {
    const auto both = moment_distances(s.x, s.y, s.setting.scale, s.threads, s.with_error);
    return {both.mean, both.covariance};
}

std::vector<Estimate> kl(const TwoSamples& s) {
    return {gaussian_kl(s.x, s.y, s.threads, s.with_error)};
}

std::vector<Estimate> fits(const TwoSamples& s) {
    return {frechet_distance(s.x, s.y, s.threads, s.with_error)};
}

std::vector<Estimate> balls(const TwoSamples& s) {
    const auto all = neighbourhoods(s.x, s.y, s.setting.spec.neighbours, s.threads);
    return {all.precision, all.recall, all.density, all.coverage};
}

std::vector<Estimate> modes(const TwoSamples& s) {
    require(s.setting.modes.cols() > 0, Failure::usage, "modes needs --modes FILE");
    return {mode_distance(s.x, s.y, s.setting.modes, s.threads)};
}

Json bandwidth(const TwoSamples& s) { return {{"bandwidth", s.setting.bandwidth}}; }

/// Lists that a person can read.
Json differences(const TwoSamples& s) {
    constexpr Index kMostShown = 16;
    return s.x.rows() <= kMostShown ? moment_differences(s.x, s.y) : Json();
}

Json shares(const TwoSamples& s) {
    const Vector x = mode_shares(s.x, s.setting.modes, s.threads),
                 y = mode_shares(s.y, s.setting.modes, s.threads);
    constexpr double kMissed = 0.1;  // of what the reference has there
    Index missed = 0;
    for (Index k = 0; k < x.size(); ++k) missed += y[k] > 0 && x[k] < kMissed * y[k] ? 1 : 0;
    return {{"modes",
             {{"shares", std::vector<double>(x.begin(), x.end())},
              {"reference", std::vector<double>(y.begin(), y.end())},
              {"missed", missed}}}};
}

Index any(const MetricSpec&, Index) { return std::numeric_limits<Index>::max(); }
Index in_pairs(const MetricSpec& spec, Index) { return spec.most; }
Index by_assignment(const MetricSpec& spec, Index dim) {
    return dim == 1 ? any(spec, 1) : spec.exact;
}
/// Covariances of many coordinates take about a second.
Index in_products(const MetricSpec& spec, Index dim) {
    return std::max(spec.most, (Index{1} << 31) / (dim * dim));
}

Index some(const MetricSetting&, Index) { return 8; }
Index above_dimension(const MetricSetting&, Index dim) { return dim + dim / 2 + 8; }
Index above_neighbours(const MetricSetting& setting, Index) { return setting.spec.neighbours + 2; }

constexpr std::array<MetricNumber, 1> kW1{
    {{"w1", "Wasserstein distance of order 1", 1, true, false, true}}},
    kW2{{{"w2", "Wasserstein distance of order 2", 2, true, false, true}}},
    kEnergy{{{"energy", "square of the energy distance"}}},
    kMmd{{{"mmd", "squared maximum mean discrepancy, Gaussian kernel"}}},
    kClassifier{{{"classifier", "share that a classifier tells apart; 1/2 is none", 1, false, false,
                  false, 1}}},
    kKl{{{"kl", "KL(reference | samples) of Gaussian fits, nats", 1, true}}},
    kFrechet{{{"frechet", "Frechet distance of Gaussian fits", 1, true}}},
    kModes{{{"modes", "total variation of the shares of modes", 1, true, false, false, 1}}};
constexpr std::array<MetricNumber, 2> kSliced{
    {{"sliced_w1", "W1 in the mean over projections to lines", 1, true, false, true},
     {"sliced_w2", "W2 over projections, root mean square", 2, true, false, true}}},
    kMoments{{{"mean", "difference of means in deviations, root mean square", 2, true},
              {"covariance", "difference of covariances likewise", 2, true}}};
constexpr std::array<MetricNumber, 4> kNeighbours{
    {{"precision", "share of the samples near the reference", 1, false, true, true, 1},
     {"recall", "share of the reference near the samples", 1, false, true, true, 1},
     {"density", "how many of the reference are near a sample, as a ratio", 1, false, true, true},
     {"coverage", "share of the reference with a sample among its nearest", 1, false, true, true,
      1}}};

constexpr SpecInfo kNone = spec_of<NoSettings>;

constexpr auto kMetrics = std::to_array<MetricRow>({
    {"w1", "Wasserstein distance of order 1, exact", kNone, kW1, by_assignment, true, true, some,
     transport<1>},
    {"w2", "Wasserstein distance of order 2, exact", kNone, kW2, by_assignment, true, true, some,
     transport<2>},
    {"sliced", "Wasserstein distances of projections to lines", kNone, kSliced, any, true, false,
     some, sliced},
    {"energy", "energy distance", kNone, kEnergy, in_pairs, false, false, some, energy},
    {"mmd", "maximum mean discrepancy with a Gaussian kernel", kNone, kMmd, in_pairs, false, false,
     some, mmd, bandwidth},
    {"classifier", "classifier two-sample test", kNone, kClassifier, any, true, true, some,
     classifier},
    {"moments", "differences of means and covariances", kNone, kMoments, in_products, false, false,
     some, moments, differences},
    {"kl", "Kullback-Leibler divergence of Gaussian fits", kNone, kKl, in_products, false, false,
     above_dimension, kl},
    {"frechet", "Frechet distance of Gaussian fits", kNone, kFrechet, in_products, false, false,
     some, fits},
    {"neighbours", "precision, recall, density and coverage", kNone, kNeighbours, in_pairs, true,
     false, above_neighbours, balls},
    {"modes", "shares of given modes", kNone, kModes, any, false, false, some, modes, shares, true},
});

}  // namespace

Catalogue<MetricRow> metrics() { return {"metric", kMetrics}; }

std::vector<std::string> metric_names() { return metrics().names(); }

}  // namespace si
