#include "si/metric/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "si/metric/wild.hpp"

namespace si {
namespace {

constexpr double kNormalQuantile = 1.959963984540054;
constexpr Index kOwn = 2;          ///< pairs of halves of the samples
constexpr double kDeviations = 3;  ///< of the floors, before a difference is called one

/// What the comparisons of one run have in common.
struct Shared {
    ConstMatrix samples, reference;
    const MetricSpec& spec;
    MetricContext context;
    Vector mean;              ///< of the reference
    Eigen::RowVectorXd wild;  ///< 1 at samples that are, else 0
    bool wild_reference;
};

Shared shared_by(const Compared& sets, const MetricSpec& spec, const MetricContext& context,
                 const ComparisonReport& found) {
    const Vector mean = sets.reference.rowwise().mean();
    Vector scale = ((sets.reference.colwise() - mean).rowwise().squaredNorm() /
                    static_cast<double>(sets.reference.cols()))
                       .cwiseSqrt();
    scale = (scale.array() > 0).select(scale, 1);
    Eigen::RowVectorXd wild = Eigen::RowVectorXd::Zero(sets.samples.cols());
    for (const Index j : found.wild) wild[j] = 1;
    MetricContext all = context;
    all.scale = scale;
    return {sets.samples,
            sets.reference,
            spec,
            all,
            mean,
            wild,
            !found.wild_reference.empty() || !found.stray.empty()};
}

/// The columns that are wild, and those that have other values where the reference has one alone.
void find_wild(const Compared& sets, ComparisonReport& found) {
    const auto& [x, y, common] = sets;
    found.wild = wild_columns(x, y, common);
    found.wild_reference = wild_columns(y, x, common);
    found.stray = stray_columns(y, common);
    for (const auto& one : found.constant) {
        if (!too_many_new(std::ssize(one.others), x.cols(), y.cols(), x.rows())) continue;
        found.wild.insert(found.wild.end(), one.others.begin(), one.others.end());
    }
    std::sort(found.wild.begin(), found.wild.end());
    found.wild.erase(std::unique(found.wild.begin(), found.wild.end()), found.wild.end());
}

void refuse_repeats(const ChoiceList<metrics>& list) {
    require(!list.each.empty(), Failure::usage, "--metrics: names none");
    std::set<std::string_view> names;
    for (const auto& metric : list.each) {
        const auto name = metric.row().name;
        require(names.insert(name).second, Failure::usage, "--metrics: ", name,
                " is given twice; each has one place in the report");
    }
}

/// One metric on one pair of sets.
class Comparer {
  public:
    Comparer(const Choice<metrics>& choice, const Shared& shared, Threads& threads)
        : row_(choice.row()),
          metric_(choice.make(shared.context)),
          shared_(shared),
          samples_(shared.samples),
          reference_(shared.reference),
          threads_(threads),
          sizes_(sizes_of(row_, shared.spec, samples_.cols(), reference_.cols(), samples_.rows())) {
    }

    MetricResult run(Progress& progress) {
        MetricResult result{&row_, {}, nullptr};
        for (const MetricNumber& score : row_.scores) {
            result.scores.push_back({.score = &score, .na = sizes_.na, .nb = sizes_.nb});
        }
        if (std::min(sizes_.na, sizes_.nb) < metric_.enough) {
            return undefined(
                result, Verdict::too_few,
                text("needs ", metric_.enough, " samples and twice as many of the reference"));
        }
        try {
            measure(result, progress);
        } catch (const Error& error) {
            if (error.kind() != Failure::data) throw;
            return undefined(result, Verdict::undefined, error.what());
        }
        return result;
    }

  private:
    static MetricResult undefined(MetricResult result, Verdict verdict, const std::string& note) {
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        for (Comparison& one : result.scores) {
            one = {.score = one.score,
                   .value = nan,
                   .na = one.na,
                   .nb = one.nb,
                   .verdict = verdict,
                   .note = note};
        }
        result.details = nullptr;
        return result;
    }

    Permutation order(Index part) const {
        return {{shared_.context.seed, Purpose::parts, static_cast<std::uint32_t>(2 * part + 1)},
                reference_.cols()};
    }
    Matrix reference_part(Index part) const { return drawn(reference_, order(part), 0, sizes_.nb); }
    Permutation order_of_samples() const {
        return {{shared_.context.seed, Purpose::parts, 2}, samples_.cols()};
    }
    Matrix samples_part() const { return drawn(samples_, order_of_samples(), 0, sizes_.na); }
    bool wild_part() const {
        return drawn(shared_.wild, order_of_samples(), 0, sizes_.na).sum() > 0;
    }

    /// Part 0 is the samples; then parts of the reference; the last of these once more, changed;
    /// then halves of the samples.
    std::vector<Estimate> estimates(Index part, Threads& threads) const {
        const Index floors = shared_.spec.floors;
        if (part > floors + 1) return own(part, threads);
        const Index of = std::min(part, floors);
        Matrix x = part == 0 ? samples_part() : drawn(reference_, order(of), sizes_.nb, sizes_.na);
        if (part > floors) {
            const double by = shared_.spec.notice;
            x = ((1 + by) * x).colwise() + (by * (shared_.context.scale - shared_.mean));
        }
        const Matrix y = reference_part(of);
        return metric_.estimate({x, y, threads, part == 0});
    }

    /// One half of the samples against the other: how much noise adds with their law.
    std::vector<Estimate> own(Index part, Threads& threads) const {
        const Permutation any(
            {shared_.context.seed, Purpose::parts, static_cast<std::uint32_t>(2 * part)},
            samples_.cols());
        const Index half = sizes_.na / 2;
        const Matrix x = drawn(samples_, any, 0, half), y = drawn(samples_, any, half, half);
        return metric_.estimate({x, y, threads, false});
    }

    void measure(MetricResult& result, Progress& progress) {
        const Index halves = row_.scores.front().nonlinear && row_.scores.front().biased ? kOwn : 0;
        const Index parts = shared_.spec.floors + 2 + halves;
        std::vector<std::vector<Estimate>> found(static_cast<std::size_t>(parts));
        const auto one = [&](Index part, Threads& threads) {
            found[static_cast<std::size_t>(part)] = estimates(part, threads);
        };
        if (row_.alone) {
            threads_.for_each(parts, [&](Index part, int) {
                Threads single(1);
                one(part, single);
            });
            progress.update({row_.name, parts, parts, "comparisons", {}});
        } else {
            for (Index part = 0; part < parts; ++part) {
                one(part, threads_);
                progress.update({row_.name, part + 1, parts, "comparisons", {}});
            }
        }
        for (std::size_t k = 0; k < result.scores.size(); ++k) judge(found, k, result.scores[k]);
        if (metric_.details) {
            const Matrix x = samples_part(), y = reference_part(0);
            result.details = metric_.details({x, y, threads_});
        }
    }

    /// What noise adds to the estimate, which is about the mean of what it adds to the distance of
    /// either law from itself (Chizat et al. 2020); of the samples only halves can be had, which
    /// have more. Where that does not fall with the dimension, it is the floor to higher order.
    static double bias(const Vector& of_number, Index floors, double floor) {
        const Index halves = of_number.size() - floors - 2;
        return halves == 0 ? floor : std::max(floor, (floor + of_number.tail(halves).mean()) / 2);
    }

    void judge(const std::vector<std::vector<Estimate>>& found, std::size_t k,
               Comparison& result) const {
        const MetricNumber& score = *result.score;
        const Index floors = shared_.spec.floors;
        Vector all(std::ssize(found));
        for (Index r = 0; r < all.size(); ++r) all[r] = found[static_cast<std::size_t>(r)][k].value;
        const Vector floor = all.segment(1, floors);
        const double mean = floor.mean();
        const double spread =
            std::sqrt((floor.array() - mean).square().sum() / static_cast<double>(floors - 1));
        const Estimate here = found.front()[k];
        const double changed = all[floors + 1];
        const double error = score.nonlinear ? std::hypot(here.error, spread) : here.error;
        // The mean of the floors is known no better than the spread over the root of their number.
        const double of_floors =
            kDeviations * spread * std::sqrt(1 + 1 / static_cast<double>(floors));
        const bool wild = wild_part();
        const double noise = wild ? of_floors : std::max(of_floors, kNormalQuantile * error);
        const auto above = [&](double value) {
            return score.two_sided ? std::abs(value - mean) > noise : value - mean > noise;
        };
        // A narrower law has less noise than the floor: only below that of its own halves, too, are
        // samples too near to be independent.
        const Index halves = all.size() - floors - 2;
        const double least = halves == 0 ? mean : std::min(mean, all.tail(halves).mean());
        const bool below = !score.two_sided && mean - here.value > noise;
        result.verdict = above(here.value)                     ? Verdict::differs
                         : shared_.wild_reference              ? Verdict::blind
                         : below && least - here.value > noise ? Verdict::closer
                         : below                               ? Verdict::differs
                         : wild                                ? Verdict::blind
                         : above(changed)                      ? Verdict::same
                                                               : Verdict::too_few;
        const auto shown = [&](double estimate) {
            return score.power == 2 ? std::sqrt(std::max(estimate, 0.0)) : estimate;
        };
        const double reach = kNormalQuantile * error;
        result.value = shown(here.value);
        // Of the root, where that is not next to zero.
        result.error =
            score.power == 2 ? error / (2 * std::max(result.value, std::sqrt(error))) : error;
        // No distance of laws is below zero.
        result.low =
            shown(std::max(here.value - reach - (score.biased ? bias(all, floors, mean) : 0), 0.0));
        result.high = std::min(shown(std::max(here.value + reach, 0.0)), score.top);
        result.floor = shown(mean);
        result.floor_deviation =
            score.power == 2 && result.floor > 0 ? spread / (2 * result.floor) : spread;
        result.changed = shown(changed);
    }

    const MetricRow& row_;
    Metric metric_;
    const Shared& shared_;
    ConstMatrix samples_;
    ConstMatrix reference_;
    Threads& threads_;
    Sizes sizes_;
};

}  // namespace

std::string_view to_text(Verdict verdict) {
    switch (verdict) {
        case Verdict::same:
            return "the same within noise";
        case Verdict::differs:
            return "differs";
        case Verdict::closer:
            return "closer than noise";
        case Verdict::too_few:
            return "too few samples to tell";
        case Verdict::blind:
            return "blind to wild rows";
        case Verdict::undefined:
            return "not defined";
    }
    return "";
}

Sizes sizes_of(const MetricRow& row, const MetricSpec& spec, Index n, Index m, Index dim) {
    const Index most = row.most(spec, dim);
    const Index na = std::min({n, m / 2, most});
    return {na, row.even ? na : std::min(m - na, most)};
}

Verdict ComparisonReport::verdict() const {
    const auto any = [&](Verdict verdict) {
        return std::any_of(metrics.begin(), metrics.end(), [&](const MetricResult& result) {
            return std::any_of(result.scores.begin(), result.scores.end(),
                               [&](const Comparison& one) { return one.verdict == verdict; });
        });
    };
    if (!wild.empty() || !wild_reference.empty()) return Verdict::differs;
    for (const Verdict verdict :
         {Verdict::differs, Verdict::closer, Verdict::same, Verdict::too_few, Verdict::blind}) {
        if (any(verdict)) return verdict;
    }
    return Verdict::undefined;
}

ComparisonReport compare(const Compared& sets, const MetricSpec& spec, std::uint64_t seed,
                         const ReadPoints& read, Threads& threads, Progress& progress) {
    require(sets.samples.rows() == sets.reference.rows(), Failure::data, "samples have ",
            sets.samples.rows(), " coordinates, those of the reference ", sets.reference.rows());
    refuse_repeats(spec.metrics);
    const bool raw = spec.units == "raw";
    Units units = units_of(sets.samples, sets.reference, sets.one_unit);
    ComparisonReport report;
    report.constant = std::move(units.constant);
    find_wild(sets, report);
    if (raw) units = raw_units(sets.samples.rows());
    // What is not changed is not copied.
    const Matrix x = raw ? Matrix() : units.applied(sets.samples),
                 y = raw ? Matrix() : units.applied(sets.reference);
    const Compared both = raw ? sets : Compared{x, y, sets.one_unit};
    const auto points = [&](const std::string& file) {
        return raw ? read(file) : units.applied(read(file));
    };
    const Shared shared =
        shared_by(both, spec, {both.reference, Vector(), units.scale, seed, points}, report);
    std::vector<Comparer> comparers;  // all of them first: settings are wrong before work is done
    for (const auto& metric : spec.metrics.each) comparers.emplace_back(metric, shared, threads);
    for (Comparer& one : comparers) report.metrics.push_back(one.run(progress));
    const auto defined = [](const MetricResult& one) {
        return !std::isnan(one.scores.front().value);
    };
    const MetricResult& first = report.metrics.front();
    require(std::any_of(report.metrics.begin(), report.metrics.end(), defined), Failure::data,
            first.row->name, ": ", first.scores.front().note);
    return report;
}

}  // namespace si
