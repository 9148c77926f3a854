#include "si/metric/compare.hpp"

#include <cmath>
#include <numbers>
#include <set>

#include <doctest/doctest.h>

#include "si/base/error.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normal(Index d, Index n, std::uint32_t step, double mean = 0, double deviation = 1) {
    Matrix x(d, n);
    fill_normal({78, Purpose::check, step}, 0, x);
    return (mean + deviation * x.array()).matrix();
}

/// A row with the settings that it cannot do without: files, which tests answer for.
std::string with_settings(const MetricRow& row) {
    std::string spelling(row.name);
    for (const FieldInfo& one : row.spec.fields()) {
        if (one.value == "FILE") spelling += text(",", one.name, "=centres");
    }
    return spelling;
}

/// Another value of a setting than its default.
std::string other_value(const FieldInfo& one) {
    if (one.value == "FILE") return "others";
    return one.value == "N" ? text(std::stoi(one.fallback) + 2) : "0.5";
}

struct Run {
    MetricSpec spec = {};
    Threads threads = Threads(2);
    Progress nobody = {};

    std::vector<Comparison> operator()(const Matrix& x, const Matrix& y, std::uint64_t seed = 0) {
        const auto modes = [&](const std::string& file) {
            return normal(x.rows(), 4, file == "centres" ? 999 : 998);
        };
        std::vector<Comparison> all;
        for (const auto& result : compare({x, y}, spec, seed, modes, threads, nobody).metrics) {
            all.insert(all.end(), result.scores.begin(), result.scores.end());
        }
        return all;
    }
};

}  // namespace

TEST_CASE("every metric calls samples of the truth the same, and a large shift a difference") {
    for (const MetricRow& row : metrics()) {
        Run run;
        run.spec.metrics = ChoiceList<metrics>(with_settings(row));
        run.spec.notice = 2;
        run.spec.floors = 8;
        CAPTURE(row.name);
        const Matrix reference = normal(2, 800, 1);
        for (const auto& one : run(normal(2, 400, 2), reference)) {
            CAPTURE(one.score->name);
            if (one.score->sees_wider) CHECK(one.verdict == Verdict::same);
            CHECK(one.verdict != Verdict::differs);
            CHECK(one.low <= one.floor + one.floor_deviation * 3);
            CHECK(one.na == 400);
            CHECK(one.nb == 400);
        }
        for (const auto& one : run(normal(2, 400, 3, 2.5, 2), reference)) {
            CAPTURE(one.score->name);
            CHECK(one.verdict == Verdict::differs);
        }
        // What a few samples cannot tell is not called the same.
        run.spec.notice = 1e-3;
        for (const auto& one : run(normal(2, 400, 2), reference)) {
            CHECK(one.verdict == Verdict::too_few);
        }
    }
}

TEST_CASE("every setting of every metric counts, and a metric has no others") {
    const Matrix x = normal(2, 60, 4, 0.5), y = normal(2, 120, 5);
    for (const MetricRow& row : metrics()) {
        CAPTURE(row.name);
        const auto values = [&](const std::string& spelling) {
            Run run;
            run.spec.metrics = ChoiceList<metrics>(spelling);
            run.spec.floors = 3;
            std::vector<double> all;
            for (const auto& one : run(x, y)) all.push_back(one.value);
            return all;
        };
        const std::string plain = with_settings(row);
        for (const FieldInfo& one : row.spec.fields()) {
            CAPTURE(one.name);
            const std::string other = text(one.name, "=", other_value(one));
            if (one.value == "FILE") {
                CHECK_THROWS_AS(values(std::string(row.name)), Error);
                CHECK(values(text(row.name, ",", other)) != values(plain));
            } else {
                CHECK(values(text(plain, ",", other)) != values(plain));
            }
        }
        CHECK_THROWS_AS(Choice<metrics>(text(row.name, ",nonsense=1")), Error);
    }
}

TEST_CASE("threads do not matter, the seed does, and no metric looks at too many samples") {
    Run two, one{.threads = Threads(1)};
    for (Run* run : {&two, &one}) run->spec.most = 100, run->spec.floors = 3;
    const Matrix x = normal(3, 700, 4), y = normal(3, 500, 5);
    const auto a = two(x, y), b = one(x, y), c = two(x, y, 1);
    for (std::size_t k = 0; k < a.size(); ++k) {
        CAPTURE(a[k].score->name);
        CHECK(a[k].value == b[k].value);
        CHECK(a[k].floor == b[k].floor);
        CHECK(a[k].error == b[k].error);
        CHECK(a[k].floor != c[k].floor);
    }
    MetricSpec spec;
    spec.most = 100;
    CHECK(sizes_of(metrics().at("energy"), spec, 700, 500, 3).na == 100);
    CHECK(sizes_of(metrics().at("energy"), spec, 90, 500, 3).nb == 100);
    spec.exact = 50;
    CHECK(sizes_of(metrics().at("w2"), spec, 700, 500, 3).na == 50);
    CHECK(sizes_of(metrics().at("w2"), spec, 700, 500, 1).na == 250);
    CHECK(sizes_of(metrics().at("moments"), spec, 90, 500, 3).na == 90);
    CHECK(sizes_of(metrics().at("moments"), spec, 90, 500, 3).nb == 410);
    CHECK(sizes_of(metrics().at("sliced"), spec, 700, 500, 3).na == 250);
    CHECK(sizes_of(metrics().at("sliced"), spec, 700, 500, 3).nb == 250);
}

TEST_CASE("copies of the reference are closer than independent samples are") {
    Run run;
    run.spec.metrics = "w2";
    const Matrix y = normal(8, 1000, 6);  // each part of it has about half of the copies
    CHECK(run(y, y)[0].verdict == Verdict::closer);
}

// Narrower ones have less noise, and lie nearer to the reference than others of its own law.
TEST_CASE("samples that are too narrow differ, though they are below the floor") {
    Run run;
    run.spec.metrics = "w1,w2";
    for (const auto& one : run(normal(8, 500, 11, 0, 0.8), normal(8, 1000, 12))) {
        CHECK(one.value < one.floor - 3 * one.floor_deviation);
        CHECK(one.verdict == Verdict::differs);
    }
}

TEST_CASE("rows of a chain keep their order, also where not all are taken") {
    const Index n = 4000;
    const double persistence = 0.95;
    Matrix chain = normal(1, n, 13);
    for (Index j = 1; j < n; ++j) {
        chain(0, j) =
            persistence * chain(0, j - 1) + std::sqrt(1 - persistence * persistence) * chain(0, j);
    }
    Run run;
    run.spec.metrics = "moments";
    const double all = run(chain, normal(1, 2 * n, 14))[0].error,
                 some = run(chain, normal(1, n + n / 2, 14))[0].error;
    // The variance of the mean is (1 + c) / (1 - c) = 39 times that of as many independent rows.
    CHECK(all > 3 / std::sqrt(n));
    CHECK(some > 3 / std::sqrt(n));
}

TEST_CASE("lines at right angles measure a shift as it is, whichever they are") {
    Run run;
    run.spec.metrics = "sliced";
    run.spec.floors = 3;
    const Matrix x = normal(2, 400, 15, 2), y = normal(2, 800, 16);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const auto sliced = run(x, y, seed)[1];
        CHECK(sliced.low < 2);  // |shift| / sqrt(d)
        CHECK(sliced.high > 2);
    }
}

TEST_CASE("a metric that is not defined says so") {
    Run run;
    run.spec.metrics = "kl,w1";
    run.spec.floors = 3;
    const Matrix x = normal(6, 40, 7), y = normal(6, 30, 8);
    const auto few = run(x, y);
    CHECK(few[0].verdict == Verdict::too_few);
    CHECK(std::isnan(few[0].value));
    CHECK(few[1].value > 0);
    Matrix flat = normal(2, 100, 9);
    flat.row(1).setZero();
    const auto plane = run(flat, flat);
    CHECK(plane[0].verdict == Verdict::undefined);
    CHECK(plane[0].note.find("singular") != std::string::npos);
    run.spec.metrics = "kl";
    CHECK_THROWS_AS(run(x, y), Error);
    CHECK_THROWS_AS(run(x, normal(2, 30, 8)), Error);
}

TEST_CASE("no distance depends on the unit of a column, but for raw ones") {
    const Matrix x = normal(3, 200, 30, 0.1), y = normal(3, 400, 31);
    const Eigen::Vector3d unit(std::ldexp(1, -20), 1, std::ldexp(1, 20));
    for (const MetricRow& row : metrics()) {
        if (row.name == "modes") continue;  // its centres are numbers of this test
        CAPTURE(row.name);
        Run run;
        run.spec.metrics = ChoiceList<metrics>(with_settings(row));
        run.spec.floors = 3;
        const auto plain = run(x, y), scaled = run(unit.asDiagonal() * x, unit.asDiagonal() * y);
        for (std::size_t k = 0; k < plain.size(); ++k) {
            CHECK(scaled[k].value == plain[k].value);
            CHECK(scaled[k].error == plain[k].error);
            CHECK(scaled[k].floor == plain[k].floor);
            CHECK(scaled[k].verdict == plain[k].verdict);
        }
    }
    Run run;
    run.spec.metrics = "w2,modes,file=centres";
    run.spec.floors = 3;
    const auto reference = run(x, 2 * y);
    run.spec.units = "raw";
    const auto raw = run(x, 2 * y);
    CHECK(raw[0].value == doctest::Approx(2 * reference[0].value).epsilon(0.1));
    // Centres are in the units of the data.
    CHECK(raw[1].value == doctest::Approx(reference[1].value).epsilon(0.1));
}

TEST_CASE("details are in the units of the data") {
    Threads threads(1);
    Progress nobody;
    MetricSpec spec;
    spec.metrics = "moments";
    spec.floors = 3;
    Matrix x = normal(2, 100, 32), y = normal(2, 200, 33);
    x.row(1) *= 1000;
    y.row(1) *= 1000;
    const auto details = [&](const char* units) {
        spec.units = units;
        return compare({x, y}, spec, 0, {}, threads, nobody).metrics[0].details;
    };
    const Json raw = details("raw"), reference = details("reference");
    for (const char* moment : {"mean", "covariance"}) {
        for (const char* part : {"difference", "stderr"}) {
            const Json one = raw[moment][part].flatten(), other = reference[moment][part].flatten();
            for (const auto& [place, value] : one.items()) {
                CHECK(value.get<double>() ==
                      doctest::Approx(other[place].get<double>()).epsilon(1e-9));
            }
        }
    }
}

TEST_CASE("one wild sample is a difference, and what cannot see it says so") {
    Matrix x = normal(2, 400, 34), y = normal(2, 800, 35);
    const auto verdicts = [&](const Matrix& a, const Matrix& b) {
        Threads threads(2);
        Progress nobody;
        MetricSpec spec;
        spec.floors = 5;
        const auto report = compare({a, b}, spec, 0, {}, threads, nobody);
        CHECK(report.verdict() == Verdict::differs);
        std::set<Verdict> all;
        for (const auto& metric : report.metrics) {
            for (const auto& one : metric.scores) {
                all.insert(one.verdict);
                const auto name = one.score->name;
                if (name == "energy" || name == "mmd") CHECK(one.verdict == Verdict::blind);
            }
        }
        CHECK(all.count(Verdict::same) == 0);
        CHECK(all.count(Verdict::too_few) == 0);
        return report;
    };
    x(1, 17) = 1e6;
    const auto of_samples = verdicts(x, y);
    CHECK(of_samples.wild == std::vector<Index>{17});
    for (const std::size_t w : {0, 1, 2}) {
        CHECK(of_samples.metrics[w].scores[0].verdict == Verdict::differs);
    }
    x(1, 17) = 0;
    y(0, 30) = -1e6;
    const auto of_reference = verdicts(x, y);
    CHECK(of_reference.wild.empty());
    CHECK(of_reference.wild_reference == std::vector<Index>{30});
    // A fill value that both have: nothing differs, but nothing would be seen.
    x(0, 9) = -1e6;
    Run run;
    run.spec.metrics = "w1,w2,energy,moments";
    for (const auto& one : run(x, y)) CHECK(one.verdict == Verdict::blind);
}

// Intervals over independent draws. The chance p of a miss gives a share of misses of N draws with
// the deviation sqrt(p (1 - p) / N); 5 of these above 5 % must not be passed.

namespace {

constexpr int kDraws = 200;
constexpr double kMissesAllowed = 0.05 + 5 * 0.0154;  // sqrt(0.05 x 0.95 / 200)

struct Misses {
    int below = 0, above = 0;
    double width = 0;
    double share() const { return static_cast<double>(below + above) / kDraws; }
};

Misses misses(const char* metric, Index d, Index n, double mean, double deviation, double truth) {
    Misses found;
    Run run;
    run.spec.metrics = metric;
    run.spec.floors = 4;
    for (std::uint32_t k = 0; k < kDraws; ++k) {
        const auto one = run(normal(d, n, 10000 + 2 * k, mean, deviation),
                             normal(d, 2 * n, 10001 + 2 * k), k)[0];
        found.below += one.high < truth ? 1 : 0;
        found.above += one.low > truth ? 1 : 0;
        found.width += (one.high - one.low) / kDraws;
    }
    CAPTURE(metric);
    CAPTURE(found.below);
    CAPTURE(found.above);
    CHECK(found.share() < kMissesAllowed);
    return found;
}

}  // namespace

TEST_CASE("intervals of W2 cover that of the laws") {
    // |m|, in one dimension and in the plane; with widths not far above 2 x 1.96 errors of the
    // square, sqrt(8) |m| / sqrt(n) / (2 |m|).
    const Index n = 200;
    const double ideal = 3.92 * std::sqrt(2.0 / n);
    CHECK(misses("w2", 1, n, 1, 1, 1).width < 1.3 * ideal);
    CHECK(misses("w2", 2, n, 1 / std::sqrt(2), 1, 1).width < 2 * ideal);
    misses("w2", 1, n, 0, 1, 0);  // equal laws: never above
    misses("w1", 1, n, 1, 1, 1);
    // In five dimensions noise adds a third, and more with a wider law than with the reference.
    misses("w2", 5, n, 0.5, 1.3, std::sqrt(5 * (0.25 + 0.09)));
}

TEST_CASE("intervals of KL between Gaussian fits cover that of the laws") {
    // KL(N(0, 1) | N(m, s^2)).
    const double m = 0.5, s = 1.3;
    const double truth = (1 / (s * s) - 1 + m * m / (s * s) + 2 * std::log(s)) / 2;
    misses("kl", 1, 400, m, s, truth);
}

TEST_CASE("intervals of the mean discrepancy and of the energy distance cover those of the laws") {
    const double m = 0.4;
    const double kernel = 2 / std::sqrt(3.0) * (1 - std::exp(-m * m / 6));  // h = 1, s = 1
    misses("mmd,bandwidth=1", 1, 150, m, 1, kernel);
    misses("mmd,bandwidth=1", 1, 150, 0, 1, 0);
    // 2 E|N(m, 2)| - 2 E|N(0, 2)|.
    const double energy =
        2 * (2 / std::sqrt(std::numbers::pi) * (std::exp(-m * m / 4) - 1) + m * std::erf(m / 2));
    misses("energy", 1, 150, m, 1, energy);
}

TEST_CASE("false alarms of every metric are rare") {
    // Verdicts on 60 pairs of equal laws: above three deviations of eight floors a t variable of 7
    // degrees of freedom is with a chance of 1 % or less one-sided, 2 % two-sided. With 5 errors,
    // 60 (0.02 + 5 sqrt(0.02 x 0.98 / 60)) = 6.6.
    for (const MetricRow& row : metrics()) {
        if (row.trains) continue;  // slow
        Run run;
        run.spec.metrics = ChoiceList<metrics>(with_settings(row));
        run.spec.floors = 8;
        std::vector<int> alarms(row.scores.size(), 0);
        for (std::uint32_t k = 0; k < 60; ++k) {
            const auto all = run(normal(2, 200, 20000 + 2 * k), normal(2, 400, 20001 + 2 * k), k);
            for (std::size_t i = 0; i < all.size(); ++i) {
                alarms[i] += all[i].verdict == Verdict::differs ? 1 : 0;
            }
        }
        for (std::size_t i = 0; i < alarms.size(); ++i) {
            CAPTURE(row.scores[i].name);
            CHECK(alarms[i] <= 6);
        }
    }
}
