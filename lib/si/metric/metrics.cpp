#include "si/metric/metrics.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "si/base/linear.hpp"
#include "si/metric/classifier.hpp"
#include "si/metric/moment_distances.hpp"
#include "si/metric/neighbours.hpp"
#include "si/metric/pairs.hpp"
#include "si/metric/parts.hpp"
#include "si/metric/wasserstein.hpp"

namespace si {
namespace {

template <int P>
Metric transport(const NoSettings&, const MetricContext&) {
    return {.estimate = [](const TwoSamples& s) -> std::vector<Estimate> {
        return {wasserstein(s.x, s.y, P)};
    }};
}

struct SlicedSpec {
    Index directions = 64;
    static constexpr auto fields() {
        return std::tuple{
            field("directions", &SlicedSpec::directions, "Number of random directions", kPositive)};
    }
};

/// Unit vectors (d, k) in blocks at right angles.
Matrix lines_of(Index dim, Index count, std::uint64_t seed) {
    Matrix lines(dim, count);
    fill_normal({seed, Purpose::directions, 0}, 0, lines);
    for (const Columns& part : chunks(count, dim)) {
        auto block = lines.middleCols(part.first, part.count);
        block = orthonormal(block).q;
    }
    return lines;
}

Metric sliced(const SlicedSpec& spec, const MetricContext& context) {
    const Index dim = context.reference.rows();
    const Matrix lines = lines_of(dim, dim == 1 ? 1 : spec.directions, context.seed);
    return {.estimate = [lines](const TwoSamples& s) -> std::vector<Estimate> {
        const auto both = sliced_wasserstein(s.x, s.y, lines, s.threads);
        return {both.w1, both.w2};
    }};
}

Metric energy(const NoSettings&, const MetricContext&) {
    return {.estimate = [](const TwoSamples& s) -> std::vector<Estimate> {
        return {energy_distance(s.x, s.y, s.threads)};
    }};
}

struct MmdSpec {
    std::optional<double> bandwidth;
    static constexpr auto fields() {
        return std::tuple{field("bandwidth", &MmdSpec::bandwidth,
                                "Standard deviation of the Gaussian kernel; by default the median "
                                "distance in the reference",
                                kPositive)};
    }
};

double bandwidth_for(ConstMatrix reference, std::uint64_t seed) {
    constexpr Index kForMedian = 1000;
    const Permutation order({seed, Purpose::parts, 0}, reference.cols());
    return median_distance(drawn(reference, order, 0, std::min(kForMedian, reference.cols())));
}

Metric mmd(const MmdSpec& spec, const MetricContext& context) {
    const double width =
        spec.bandwidth ? *spec.bandwidth : bandwidth_for(context.reference, context.seed);
    return {.estimate = [width](const TwoSamples& s) -> std::vector<Estimate> {
                return {kernel_discrepancy(s.x, s.y, width, s.threads)};
            },
            .details = [width](const TwoSamples&) -> Json {
                return {{"bandwidth", width}};
            }};
}

Metric classifier(const NoSettings&, const MetricContext& context) {
    return {.estimate = [seed = context.seed](const TwoSamples& s) -> std::vector<Estimate> {
        return {classifier_accuracy(s.x, s.y, seed)};
    }};
}

/// Lists that a person can read, in the units of the data.
Json differences(const TwoSamples& s, const Vector& unit) {
    constexpr Index kMostShown = 16;
    if (s.x.rows() > kMostShown) return {};
    const Matrix x = unit.asDiagonal() * s.x, y = unit.asDiagonal() * s.y;
    return moment_differences(x, y);
}

Metric moments(const NoSettings&, const MetricContext& context) {
    return {.estimate = [scale = context.scale](const TwoSamples& s) -> std::vector<Estimate> {
                const auto both = moment_distances(s.x, s.y, scale, s.threads, s.with_error);
                return {both.mean, both.covariance};
            },
            .details = [unit = context.unit](const TwoSamples& s) { return differences(s, unit); }};
}

Metric kl(const NoSettings&, const MetricContext& context) {
    const Index dim = context.reference.rows();
    return {.estimate = [](const TwoSamples& s) -> std::vector<Estimate> {
                return {gaussian_kl(s.x, s.y, s.threads, s.with_error)};
            },
            .enough = dim + dim / 2 + 8};
}

Metric frechet(const NoSettings&, const MetricContext&) {
    return {.estimate = [](const TwoSamples& s) -> std::vector<Estimate> {
        return {frechet_distance(s.x, s.y, s.threads, s.with_error)};
    }};
}

struct NeighboursSpec {
    Index k = 5;
    static constexpr auto fields() {
        return std::tuple{field("k", &NeighboursSpec::k,
                                "A ball reaches to the k-th nearest neighbour", kPositive)};
    }
};

Metric neighbours(const NeighboursSpec& spec, const MetricContext&) {
    return {.estimate = [k = spec.k](const TwoSamples& s) -> std::vector<Estimate> {
                const auto all = neighbourhoods(s.x, s.y, k, s.threads);
                return {all.precision, all.recall, all.density, all.coverage};
            },
            .enough = spec.k + 2};
}

struct ModesSpec {
    std::string file;
    static constexpr auto fields() {
        return std::tuple{
            field("file", &ModesSpec::file, "Centres of the modes, one per row").value("FILE")};
    }
};

Json shares(const TwoSamples& s, const Matrix& centres) {
    const Vector x = mode_shares(s.x, centres, s.threads), y = mode_shares(s.y, centres, s.threads);
    constexpr double kMissed = 0.1;  // of what the reference has there
    Index missed = 0;
    for (Index k = 0; k < x.size(); ++k) missed += y[k] > 0 && x[k] < kMissed * y[k] ? 1 : 0;
    return {{"modes",
             {{"shares", std::vector<double>(x.begin(), x.end())},
              {"reference", std::vector<double>(y.begin(), y.end())},
              {"missed", missed}}}};
}

Metric modes(const ModesSpec& spec, const MetricContext& context) {
    require(!spec.file.empty(), Failure::usage, "modes: where are they? Give file=FILE");
    const Matrix centres = context.read(spec.file);
    return {.estimate = [centres](const TwoSamples& s) -> std::vector<Estimate> {
                return {mode_distance(s.x, s.y, centres, s.threads)};
            },
            .details = [centres](const TwoSamples& s) { return shares(s, centres); }};
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

// What the numbers have in common: distances of transport, and shares of neighbourhoods.
constexpr auto transported(std::string_view name, std::string_view summary, int power) {
    return MetricNumber{
        .name = name, .summary = summary, .power = power, .biased = true, .nonlinear = true};
}
constexpr auto fitted(std::string_view name, std::string_view summary, int power) {
    return MetricNumber{.name = name, .summary = summary, .power = power, .biased = true};
}
constexpr auto near(std::string_view name, std::string_view summary, bool sees_wider) {
    return MetricNumber{.name = name,
                        .summary = summary,
                        .two_sided = true,
                        .nonlinear = true,
                        .sees_wider = sees_wider,
                        .top = 1};
}

constexpr std::array kW1{transported("w1", "Wasserstein distance of order 1", 1)};
constexpr std::array kW2{transported("w2", "Wasserstein distance of order 2", 2)};
constexpr std::array kSliced{
    transported("sliced_w1", "W1 in the mean over projections to lines", 1),
    transported("sliced_w2", "W2 over projections, root mean square", 2)};
constexpr std::array kEnergy{
    MetricNumber{.name = "energy", .summary = "square of the energy distance"}};
constexpr std::array kMmd{
    MetricNumber{.name = "mmd", .summary = "squared maximum mean discrepancy, Gaussian kernel"}};
constexpr std::array kClassifier{MetricNumber{
    .name = "classifier", .summary = "share that a classifier tells apart; 1/2 is none", .top = 1}};
constexpr std::array kMoments{
    fitted("mean", "difference of means in deviations, root mean square", 2),
    fitted("covariance", "difference of covariances likewise", 2)};
constexpr std::array kKl{fitted("kl", "KL(reference | samples) of Gaussian fits, nats", 1)};
constexpr std::array kFrechet{fitted("frechet", "Frechet distance of Gaussian fits", 1)};
constexpr std::array kNeighbours{
    near("precision", "share of the samples near the reference", true),
    // Wider samples have wider balls, which reach all of the reference.
    near("recall", "share of the reference near the samples", false),
    MetricNumber{.name = "density",
                 .summary = "how many of the reference are near a sample, as a ratio",
                 .two_sided = true,
                 .nonlinear = true},
    near("coverage", "share of the reference with a sample among its nearest", true)};
constexpr std::array kModes{MetricNumber{.name = "modes",
                                         .summary = "total variation of the shares of modes",
                                         .biased = true,
                                         .top = 1}};

constexpr auto kMetrics = std::to_array<MetricRow>({
    {.name = "w1",
     .summary = "Wasserstein distance of order 1, exact",
     .spec = spec_of<NoSettings>,
     .scores = kW1,
     .most = by_assignment,
     .even = true,
     .alone = true,
     .make = from_json<transport<1>>},
    {.name = "w2",
     .summary = "Wasserstein distance of order 2, exact",
     .spec = spec_of<NoSettings>,
     .scores = kW2,
     .most = by_assignment,
     .even = true,
     .alone = true,
     .make = from_json<transport<2>>},
    {.name = "sliced",
     .summary = "Wasserstein distances of projections to lines",
     .spec = spec_of<SlicedSpec>,
     .scores = kSliced,
     .most = any,
     .even = true,
     .make = from_json<sliced>},
    {.name = "energy",
     .summary = "energy distance",
     .spec = spec_of<NoSettings>,
     .scores = kEnergy,
     .most = in_pairs,
     .make = from_json<energy>},
    {.name = "mmd",
     .summary = "maximum mean discrepancy with a Gaussian kernel",
     .spec = spec_of<MmdSpec>,
     .scores = kMmd,
     .most = in_pairs,
     .make = from_json<mmd>},
    {.name = "classifier",
     .summary = "classifier two-sample test",
     .spec = spec_of<NoSettings>,
     .scores = kClassifier,
     .most = any,
     .even = true,
     .alone = true,
     .trains = true,
     .make = from_json<classifier>},
    {.name = "moments",
     .summary = "differences between means and covariances",
     .spec = spec_of<NoSettings>,
     .scores = kMoments,
     .most = in_products,
     .make = from_json<moments>},
    {.name = "kl",
     .summary = "Kullback-Leibler divergence of Gaussian fits",
     .spec = spec_of<NoSettings>,
     .scores = kKl,
     .most = in_products,
     .make = from_json<kl>},
    {.name = "frechet",
     .summary = "Frechet distance of Gaussian fits",
     .spec = spec_of<NoSettings>,
     .scores = kFrechet,
     .most = in_products,
     .make = from_json<frechet>},
    {.name = "neighbours",
     .summary = "precision, recall, density and coverage",
     .spec = spec_of<NeighboursSpec>,
     .scores = kNeighbours,
     .most = in_pairs,
     .even = true,
     .make = from_json<neighbours>},
    {.name = "modes",
     .summary = "fractions of samples at given modes",
     .spec = spec_of<ModesSpec>,
     .scores = kModes,
     .most = any,
     .make = from_json<modes>},
});

}  // namespace

Catalogue<MetricRow> metrics() { return {"metric", kMetrics}; }

GoesWithTable MetricSpec::goes_with() {
    const auto limited = [](std::string option, const std::vector<decltype(MetricRow::most)>& by) {
        std::vector<std::string> names;
        for (const MetricRow& row : kMetrics) {
            if (std::find(by.begin(), by.end(), row.most) != by.end()) names.emplace_back(row.name);
        }
        const auto useful = [names](const Asked& asked) {
            const Json& list = asked.value("metrics");
            return std::any_of(list.begin(), list.end(), [&](const Json& metric) {
                return std::find(names.begin(), names.end(), metric.at("kind")) != names.end();
            });
        };
        return GoesWith{std::move(option), text("--metrics ", join(names, ", ")), useful};
    };
    return {limited("most", {in_pairs, in_products}), limited("exact", {by_assignment})};
}

}  // namespace si
