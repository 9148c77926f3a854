#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "si/metric/compare.hpp"

// bench_verdicts [DRAWS [METRICS [raw|reference]]]: how often si-eval gives each verdict, over
// draws of 300 samples and 600 of the reference in two dimensions. The laws are the same, or the
// samples are shifted by 0.4 deviations; one sample, or one row of the reference, is at 1e6; the
// columns have the units 1e-6 and 1e6; or the law is that of Cauchy variables. One line per case
// and metric.

namespace {

using si::Index;
using si::Matrix;
using si::Verdict;

constexpr Index kSamples = 300, kReference = 600;

struct Case {
    const char* name;
    double shift;
    void (*spoil)(Matrix& x, Matrix& y);
};

void plain(Matrix&, Matrix&) {}
void wild_sample(Matrix& x, Matrix&) { x(1, 7) = 1e6; }
void wild_reference(Matrix&, Matrix& y) { y(1, 7) = 1e6; }
void unlike_units(Matrix& x, Matrix& y) {
    for (Matrix* one : {&x, &y}) {
        one->row(0) *= 1e-6;
        one->row(1) *= 1e6;
    }
}
/// Normal variables become those of Cauchy with the same ranks.
void cauchy(Matrix& x, Matrix& y) {
    for (Matrix* one : {&x, &y}) {
        *one = one->unaryExpr([](double z) {
            return std::tan(std::numbers::pi * (std::erfc(-z / std::numbers::sqrt2) - 1) / 2);
        });
    }
}

constexpr std::array kCases{
    Case{"same law, plain", 0, plain},
    Case{"same law, unlike units", 0, unlike_units},
    Case{"same law, heavy tails", 0, cauchy},
    Case{"same law, one wild sample", 0, wild_sample},
    Case{"same law, one wild row of the reference", 0, wild_reference},
    Case{"shifted, plain", 0.4, plain},
    Case{"shifted, unlike units", 0.4, unlike_units},
    Case{"shifted, heavy tails", 0.4, cauchy},
    Case{"shifted, one wild sample", 0.4, wild_sample},
    Case{"shifted, one wild row of the reference", 0.4, wild_reference},
};

Matrix normal(Index n, std::uint32_t step, double shift) {
    Matrix x(2, n);
    si::fill_normal({83, si::Purpose::check, step}, 0, x);
    x.row(0).array() += shift;
    return x;
}

using Counts = std::array<int, 6>;

void print(const std::string& name, const Counts& counts) {
    std::printf("  %-12s", name.c_str());
    for (const int count : counts) std::printf("%9d", count);
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
    const int draws = argc > 1 ? std::atoi(argv[1]) : 200;
    si::MetricSpec spec;
    spec.metrics = argc > 2 ? argv[2] : "w1,w2,sliced,energy,mmd,moments,kl,neighbours";
    if (argc > 3) spec.units = argv[3];
    si::Threads threads(1);
    si::Progress nobody;
    for (const Case& one : kCases) {
        Counts whole{};
        std::vector<std::string> names;
        std::map<std::string, Counts> counts;
        for (int draw = 0; draw < draws; ++draw) {
            const auto step = static_cast<std::uint32_t>(2 * draw);
            Matrix x = normal(kSamples, step, one.shift), y = normal(kReference, step + 1, 0);
            one.spoil(x, y);
            const auto report =
                compare({x, y}, spec, static_cast<std::uint64_t>(draw), {}, threads, nobody);
            ++whole[static_cast<std::size_t>(report.verdict())];
            for (const auto& metric : report.metrics) {
                for (const auto& number : metric.scores) {
                    const std::string name(number.score->name);
                    if (draw == 0) names.push_back(name);
                    ++counts[name][static_cast<std::size_t>(number.verdict)];
                }
            }
        }
        std::printf("%s\n  %-12s%9s%9s%9s%9s%9s%9s\n", one.name, "", "same", "differs", "closer",
                    "too few", "blind", "none");
        print("all", whole);
        for (const auto& name : names) print(name, counts[name]);
    }
}
