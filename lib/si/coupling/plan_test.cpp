#include "si/coupling/plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <doctest/doctest.h>

#include "si/coupling/cost.hpp"
#include "si/coupling/coupling.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({11, Purpose::data, step}, 0, x);
    return x;
}

Matrix costs(ConstMatrix x, ConstMatrix y) {
    Matrix c(y.cols(), x.cols());
    for (Index i = 0; i < x.cols(); ++i) {
        for (Index j = 0; j < y.cols(); ++j) c(j, i) = (x.col(i) - y.col(j)).squaredNorm() / 2;
    }
    return c;
}

double least_of_all(const Matrix& c) {
    std::vector<Index> order(static_cast<std::size_t>(c.cols()));
    std::iota(order.begin(), order.end(), Index{0});
    double least = INFINITY;
    do {
        double sum = 0;
        for (Index i = 0; i < c.cols(); ++i) sum += c(order[static_cast<std::size_t>(i)], i);
        least = std::min(least, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    return least;
}

void check_proof(const Matrix& c, const Assignment& best) {
    std::vector<Index> sorted = best.thing;
    std::sort(sorted.begin(), sorted.end());
    for (Index i = 0; i < c.cols(); ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
    const double scale = std::max(c.cwiseAbs().maxCoeff(), 1e-300);
    double worst = 0;
    for (Index i = 0; i < c.cols(); ++i) {
        worst = std::max(worst, (best.u[i] + best.v.array() - c.col(i).array()).maxCoeff());
    }
    CHECK(worst <= 1e-12 * scale);
    CHECK(std::abs(best.gap()) <= 1e-9 * std::max(std::abs(best.cost), scale));
}

SinkhornPlan solve(ConstMatrix x, ConstMatrix y, double epsilon, double tolerance = 1e-9,
                   Index iterations = 100000) {
    Threads threads(1);
    return {x, y, {epsilon, tolerance, iterations}, threads};
}

Matrix whole(const SinkhornPlan& plan) {
    Matrix p(plan.g().size(), plan.f().size());
    for (Index i = 0; i < p.cols(); ++i) p.col(i) = plan.row(i);
    return p;
}

}  // namespace

TEST_CASE("values, rows and columns make up the cost, of sets far away too") {
    for (const auto& [d, n0, n1] : {std::array<Index, 3>{1, 1, 1}, {2, 70, 37}, {130, 5, 16}}) {
        const Matrix x = normals(d, n0, 1).array() + 1e4, y = normals(d, n1, 2).array() - 1e4;
        const CentredCost cost(x, y);
        const Matrix sum =
            (cost.values().colwise() + cost.column()).rowwise() + cost.row().transpose();
        const Matrix c = costs(x, y);
        CHECK((sum - c).cwiseAbs().maxCoeff() <= 1e-13 * c.maxCoeff());
        if (n0 > 1) CHECK(cost.values().cwiseAbs().maxCoeff() < 20 * static_cast<double>(d));
        Matrix some(n1, 2);
        if (n0 > 3) {
            cost.columns(2, some);
            CHECK(some == cost.values().middleCols(2, 2));
        }
    }
}

TEST_CASE("the assignment is the best of all permutations") {
    for (Index n = 1; n <= 8; ++n) {
        for (std::uint32_t trial = 0; trial < 5; ++trial) {
            const Matrix c = normals(n, n, 100 + trial);
            const auto best = assign(c);
            CHECK(best.cost == doctest::Approx(least_of_all(c)).epsilon(1e-12));
            check_proof(c, best);
        }
    }
}

TEST_CASE("in one dimension the assignment sorts") {
    const Index n = 1000;
    Matrix x = normals(1, n, 1), y = normals(1, n, 2);
    const auto matching = match_exactly(x, y);
    std::sort(x.data(), x.data() + n);
    std::sort(y.data(), y.data() + n);
    CHECK(matching.cost == doctest::Approx(mean_cost(x, y)).epsilon(1e-10));
    CHECK(std::abs(matching.gap) <= 1e-9 * matching.cost);
}

TEST_CASE("ties, duplicates, far shifts, heavy tails: always optimal, and it ends") {
    const Index n = 300;
    const Matrix x = normals(2, n, 3), y = normals(2, n, 4);
    Matrix few(2, n), cauchy = x;
    for (Index i = 0; i < n; ++i) few.col(i) = x.col(i % 5);
    cauchy.array() /= y.array();
    for (const Matrix& c : {costs(few, y), costs(few, few), Matrix(Matrix::Zero(n, n)),
                            Matrix(costs(x, y).array().round()), costs(Matrix(x.array() + 1e3), y),
                            costs(cauchy, y), costs(x, x)}) {
        check_proof(c, assign(c));
    }
}

// Costs as differences of the points, which is how a person would check them.
TEST_CASE("far points take no digits from near ones") {
    const Index n = 60;
    const Matrix x = normals(2, n, 21), y = normals(2, n, 22);
    const auto near = match_exactly(x, y);
    for (const double far : {1e4, 1e7, 1e9, 1e15, 1e100, 1e200, 1e300}) {
        for (const Index pairs : {1, 2, 5}) {
            CAPTURE(far);
            CAPTURE(pairs);
            Matrix a(2, n + pairs), b(2, n + pairs);
            a << normals(2, pairs, 23).array() + far, x;
            b << y, normals(2, pairs, 24).array() + far;
            const auto all = match_exactly(a, b);
            double cost = 0;
            for (Index i = 0; i < n + pairs; ++i) {
                const Index j = all.x1[static_cast<std::size_t>(i)];
                CHECK((i < pairs) == (j >= n));
                if (i >= pairs) {
                    CHECK(j == near.x1[static_cast<std::size_t>(i - pairs)]);
                    cost += (a.col(i) - b.col(j)).squaredNorm() / 2;
                }
            }
            CHECK(cost / n == doctest::Approx(near.cost).epsilon(1e-12));
            const double of_far = match_exactly(a.leftCols(pairs), b.rightCols(pairs)).cost;
            CHECK(all.cost == doctest::Approx((cost + pairs * of_far) / (n + pairs)).epsilon(1e-9));
            CHECK(all.gap >= 0);
            CHECK(all.gap <= 1e-9 * all.cost);
        }
    }
}

TEST_CASE("a plan does not depend on the unit, however small or large") {
    const Matrix x = normals(3, 50, 25), y = normals(3, 50, 26).array() + 2;
    const auto plain = match_exactly(x, y);
    for (const int exponent : {-1000, -600, -310, -290, 140, 490, 1000}) {
        CAPTURE(exponent);
        const double unit = std::ldexp(1, exponent);
        const auto other = match_exactly(unit * x, unit * y);
        CHECK(other.x1 == plain.x1);
        if (std::abs(exponent) < 500) {
            CHECK(other.cost / unit / unit == doctest::Approx(plain.cost).epsilon(1e-12));
        }
    }
}

// All orders, with costs less what no order changes, -x y, in long doubles.
TEST_CASE("far points of one side alone, or on opposite sides, are matched best") {
    const Index n = 7;
    for (const double far : {1e5, 1e7, 1e9}) {
        for (std::uint32_t trial = 0; trial < 20; ++trial) {
            CAPTURE(far);
            CAPTURE(trial);
            Matrix x = normals(2, n, 30 + trial), y = normals(2, n, 60 + trial);
            if (trial % 2 == 0) x.col(3).array() += far;
            if (trial % 4 == 2) x.col(5).array() += far;
            if (trial % 3 != 0) y.col(2).array() -= far;
            std::vector<Index> order(n);
            std::iota(order.begin(), order.end(), Index{0});
            const auto cost_of = [&](const std::vector<Index>& things) {
                long double sum = 0;
                for (Index i = 0; i < n; ++i) {
                    for (Index k = 0; k < 2; ++k) {
                        sum -= static_cast<long double>(x(k, i)) *
                               static_cast<long double>(y(k, things[static_cast<std::size_t>(i)]));
                    }
                }
                return sum;
            };
            long double least = INFINITY;
            do least = std::min(least, cost_of(order));
            while (std::next_permutation(order.begin(), order.end()));
            const auto found = cost_of(match_exactly(x, y).x1);
            CHECK(static_cast<double>(found - least) <= 1e-12 * far);
        }
    }
}

TEST_CASE("the order of points does not change the matching, nor a common shift the cost") {
    const Index n = 200;
    const Matrix x = normals(3, n, 5), y = normals(3, n, 6);
    const auto plain = match_exactly(x, y);
    const Permutation order({1, Purpose::data, 0}, n);
    Matrix shuffled(3, n);
    for (Index j = 0; j < n; ++j) shuffled.col(j) = y.col(order(j));
    const auto other = match_exactly(x, shuffled);
    for (Index i = 0; i < n; ++i) {
        CHECK(order(other.x1[static_cast<std::size_t>(i)]) ==
              plain.x1[static_cast<std::size_t>(i)]);
    }
    CHECK(match_exactly(x.array() + 1e6, y.array() + 1e6).cost ==
          doctest::Approx(plain.cost).epsilon(1e-8));
}

TEST_CASE("an auction is within n increments of the best") {
    const Index n = 150;
    const Matrix c = costs(normals(2, n, 7), normals(2, n, 8));
    const double best = assign(c).cost, last = 1e-3;
    const auto near = auction(c, last);
    CHECK(near.cost >= best - 1e-12);
    CHECK(near.cost <= best + n * last);
    CHECK(near.gap() <= n * last * (1 + 1e-9));
}

TEST_CASE("an entropic plan has its marginals, and closes its gap") {
    const Matrix x = normals(2, 60, 1), y = normals(2, 45, 2).array() + 1;
    const auto plan = solve(x, y, 0.3);
    CHECK(plan.converged());
    const Matrix p = whole(plan);
    CHECK((p.colwise().sum().array() * 60 - 1).abs().maxCoeff() < 1e-12);
    CHECK((p.rowwise().sum().array() * 45 - 1).abs().maxCoeff() < 1e-12);
    CHECK(plan.cost() == doctest::Approx((p.array() * costs(x, y).array()).sum()).epsilon(1e-12));
    CHECK(plan.gap() >= -1e-12);
    CHECK(plan.gap() < 1e-7);
    // The potentials are those of the plain cost.
    for (Index i : {0, 13}) {
        for (Index j : {2, 44}) {
            const double c = (x.col(i) - y.col(j)).squaredNorm() / 2;
            CHECK(std::exp((plan.f()[i] + plan.g()[j] - c) / 0.3) / (60 * 45) ==
                  doctest::Approx(p(j, i)).epsilon(1e-6));
        }
    }
}

TEST_CASE("a plan that did not converge says so, and its marginals are exact all the same") {
    const Matrix x = normals(2, 40, 1), y = normals(2, 40, 2);
    const auto plan = solve(x, y, 0.01, 1e-12, 3);
    CHECK_FALSE(plan.converged());
    CHECK(plan.iterations() == 3);
    const Matrix p = whole(plan);
    CHECK((p.rowwise().sum().array() * 40 - 1).abs().maxCoeff() < 1e-12);
    CHECK(plan.gap() > 0);
}

TEST_CASE("entropic plans of near points are not rounded by far ones, and gaps are not negative") {
    const Index n = 40;
    const Matrix x = normals(2, n, 27), y = normals(2, n, 28);
    const auto near = solve(x, y, 0.5);
    for (const double far : {1e7, 1e9, 1e12, 1e100}) {
        CAPTURE(far);
        Matrix a(2, n + 1), b(2, n + 1);
        a << x, Matrix::Constant(2, 1, far);
        b << Matrix::Constant(2, 1, far), y;
        const auto all = solve(a, b, 0.5);
        CHECK(all.converged());
        CHECK(all.gap() >= 0);
        CHECK(all.gap() < 1e-6);
        CHECK(all.cost() == doctest::Approx(near.cost() * n / (n + 1)).epsilon(1e-6));
    }
}

TEST_CASE("costs that are no numbers are refused at once") {
    Matrix x = normals(2, 30, 29), y = normals(2, 30, 30);
    CHECK_THROWS_WITH_AS(solve(x, y, 1e-320), doctest::Contains("too small"), Error);
    x(1, 7) = 1e200;
    CHECK_THROWS_WITH_AS(solve(x, y, 1), doctest::Contains("a point of x0"), Error);
    CHECK_THROWS_WITH_AS(solve(y, x, 1), doctest::Contains("a point of x1"), Error);
}

TEST_CASE("a plan that starts from a near one is the same, in fewer iterations") {
    const Matrix x = normals(2, 300, 1), y = normals(2, 300, 2).array() + 1;
    const double e = 0.05;
    Threads threads(2);
    const SinkhornPlan near(normals(2, 300, 3), normals(2, 300, 4).array() + 1, {e, 1e-6, 10000},
                            threads);
    const SinkhornPlan cold(x, y, {e, 1e-6, 10000}, threads),
        warm(x, y, {e, 1e-6, 10000}, threads, &near);
    CHECK(warm.converged());
    CHECK(warm.iterations() < cold.iterations());
    CHECK(warm.cost() == doctest::Approx(cold.cost()).epsilon(1e-5));
    // From itself there is nothing left to do.
    CHECK(SinkhornPlan(x, y, {e, 1e-6, 10000}, threads, &cold).iterations() <= 2);
    // At the points of the plan the function is the potential, up to what converging left.
    const Vector apart = cold.g_at(y, threads) - cold.g();
    CHECK(apart.cwiseAbs().maxCoeff() < 1e-3 * e);
}

// Each half of an iteration is the exact maximiser of the dual in one potential.
TEST_CASE("the dual value of an entropic plan never falls from one iteration to the next") {
    const Matrix x = normals(3, 120, 1), y = normals(3, 90, 2).array() + 0.5;
    const double e = 0.05;
    Threads threads(1);
    const SinkhornPlan near(normals(3, 10, 3), normals(3, 10, 4), {e, 1e-3, 1}, threads);
    double before = -INFINITY;
    int rose = 0;
    for (Index iterations = 1; iterations <= 40; ++iterations) {
        const SinkhornPlan plan(x, y, {e, 1e-15, iterations}, threads, &near);
        REQUIRE(plan.iterations() == iterations);
        const Matrix c = costs(x, y);
        const double mass =
            ((plan.f().transpose().replicate(90, 1) + plan.g().replicate(1, 120) - c) / e)
                .array()
                .exp()
                .mean();
        const double dual = plan.f().mean() + plan.g().mean() - e * (mass - 1);
        CHECK(dual >= before - 1e-13);
        rose += dual > before + 1e-9;
        before = dual;
    }
    CHECK(rose > 20);
}

TEST_CASE("from a permutation to independence as epsilon grows, and finite throughout") {
    const Index n = 100;
    const Matrix x = normals(2, n, 3), y = normals(2, n, 4);
    const Matrix c = costs(x, y);
    const double deviation = std::sqrt((c.array() - c.mean()).square().mean());
    const double exact = match_exactly(x, y).cost;
    const auto tight = solve(x, y, 1e-3 * deviation, 1e-4);
    CHECK(tight.cost() == doctest::Approx(exact).epsilon(1e-3 * deviation / exact + 1e-3));
    CHECK(tight.spread() < solve(x, y, deviation).spread());
    const auto loose = solve(x, y, 1e4 * deviation);
    CHECK((whole(loose).array() * n * n - 1).abs().maxCoeff() <= 1e-3);
    CHECK(loose.spread() == doctest::Approx(1));
    const auto tiny = solve(x, y, 1e-4 * c.mean(), 1e-3, 200);
    CHECK(tiny.f().allFinite());
    CHECK(tiny.g().allFinite());
    CHECK(std::isfinite(tiny.gap()));
}

TEST_CASE("turning the sides round turns the plan round") {
    const Matrix x = normals(2, 50, 5), y = normals(2, 40, 6);
    const Matrix there = whole(solve(x, y, 0.5)), back = whole(solve(y, x, 0.5));
    CHECK((there - back.transpose()).cwiseAbs().maxCoeff() < 1e-6 / (50 * 40));
}

// Property 10: with |x - y|^2 as the cost and regularisation 2 sigma^2 the plan is the same, so a
// set twice as wide needs four times the epsilon.
TEST_CASE("the convention: scaling points by a scales epsilon by a^2") {
    const Matrix x = normals(2, 30, 5), y = normals(2, 30, 6);
    const Matrix plain = whole(solve(x, y, 0.5)), wide = whole(solve(2 * x, 2 * y, 2));
    CHECK((plain - wide).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("partners come from the rows of the plan") {
    const Matrix x = normals(1, 4, 5), y = normals(1, 3, 6);
    const auto plan = solve(x, y, 0.5);
    const Index n = 40000;
    Threads threads(2);
    const auto partners = plan.partners(std::vector<Index>(static_cast<std::size_t>(n), 2),
                                        {1, Purpose::plan, 0}, 0, threads);
    const Vector p = plan.row(2) * 4;
    for (Index j = 0; j < 3; ++j) {
        const auto seen = static_cast<double>(std::count(partners.begin(), partners.end(), j));
        CHECK(std::abs(seen / n - p[j]) < 5 * std::sqrt(p[j] * (1 - p[j]) / n));
    }
}

TEST_CASE("every plan keeps its marginals in mean, and refuses nothing that fits") {
    const Matrix x = normals(2, 40, 1), y = normals(2, 40, 2);
    Threads threads(2);
    for (const PlanRow& row : plans()) {
        CAPTURE(std::string(row.name));
        Json settings = Json::object();
        for (const FieldInfo& one : row.spec.fields()) {  // the one that has no default
            if (one.name == "epsilon") settings["epsilon"] = 0.5;
        }
        const auto matching = row.make(settings, {x, y, 1, threads});
        CHECK(std::ssize(matching.x0) == 40);
        std::vector<int> seen(40);
        for (const Index i : matching.x0) ++seen[static_cast<std::size_t>(i)];
        CHECK(std::count(seen.begin(), seen.end(), 1) == 40);
        CHECK(matching.cost > 0);
        CHECK(matching.spread >= 0);
        CHECK(matching.spread <= 1);
    }
}

TEST_CASE("a plan answers to the name of its coupling, and the coupling to that of its plan") {
    for (const CouplingRow& row : couplings()) {
        if (row.plan.name.empty()) continue;
        CAPTURE(std::string(row.name));
        CHECK(plans().at(row.name).name == row.plan.name);
        CHECK(couplings().at(row.plan.name).name == row.name);
    }
}

TEST_CASE("rows in proportion stand as often as their weights say, rounded") {
    const Eigen::Vector4d weights(1, 0, 2, 1);
    CHECK(in_proportion(weights, 8) == std::vector<Index>{0, 0, 2, 2, 2, 2, 3, 3});
    CHECK(in_proportion(Vector::Ones(2), 3) == std::vector<Index>{0, 0, 1});
    for (const Index n : {1, 5, 17}) {
        const Vector w = normals(7, 1, 3).cwiseAbs();
        const auto rows = in_proportion(w, n);
        REQUIRE(std::ssize(rows) == n);
        for (Index i = 0; i < 7; ++i) {
            const auto count = static_cast<double>(std::count(rows.begin(), rows.end(), i));
            CHECK(std::abs(count - static_cast<double>(n) * w[i] / w.sum()) <= 1);
        }
    }
    CHECK_THROWS_WITH_AS(in_proportion(Vector::Zero(3), 3),
                         "weights must be finite, not negative and not all zero", Error);
    CHECK_THROWS_AS(in_proportion(Eigen::Vector2d(1, -1), 3), Error);
}

// With weights 1 / 2n on one side and 1 / n on the other, optimal transport in one dimension fills
// quantiles in order: sorted, two of the many go to one of the few.
TEST_CASE("sets of different sizes: every one of the few serves its share of the many") {
    const Index n = 50;
    Matrix x = normals(1, 2 * n, 1), y = normals(1, n, 2);
    for (const bool turned : {false, true}) {
        const auto matching = turned ? match_exactly(y, x) : match_exactly(x, y);
        const auto& few = turned ? matching.x0 : matching.x1;
        for (Index j = 0; j < n; ++j) CHECK(std::count(few.begin(), few.end(), j) == 2);
        Matrix a = x, b = y;
        std::sort(a.data(), a.data() + 2 * n);
        std::sort(b.data(), b.data() + n);
        double cost = 0;
        for (Index i = 0; i < 2 * n; ++i) cost += std::pow(a(0, i) - b(0, i / 2), 2) / 2;
        CHECK(matching.cost == doctest::Approx(cost / (2 * n)).epsilon(1e-10));
    }
}

// Two samples of one law: their exact plan would be the identity, at no cost, for ever more points.
// The cost of matching n of them in one dimension falls about like 1 / n.
TEST_CASE("halves are farther apart than the whole, and apart plans are not") {
    const Matrix x = normals(1, 2000, 1), y = normals(1, 2000, 2);
    Threads threads(2);
    const auto bias = [&](const char* plan) {
        const Choice<plans> choice(plan);
        const WholeSets sets{x, y, 1, threads};
        return cost_of_halves(choice, sets)->cost - choice.make(sets).cost;
    };
    const Choice<plans> exact("exact");
    CHECK(bias("exact") > 0);
    CHECK(bias("exact") < 10 * exact.make(WholeSets{x, y, 1, threads}).cost);
    // Halves have the moments of the whole in mean; variances of 1000 are good to 5 sqrt(2 / 1000).
    CHECK(std::abs(bias("independent")) < 5 * std::sqrt(2.0 / 1000));
    CHECK_FALSE(cost_of_halves(exact, {x.leftCols(3), y, 1, threads}).has_value());
}

TEST_CASE("independent pairs of sides of one size are not the same few again and again") {
    const Index n = 20, pairs = 40'000;
    const Matrix x = normals(1, n, 1), y = normals(1, n, 2);
    const Matching all = match_independently(x, y, pairs, 5);
    Matrix met = Matrix::Zero(n, n);
    for (std::size_t k = 0; k < all.x0.size(); ++k) met(all.x0[k], all.x1[k]) += 1;
    // Each of the 400 pairs occurs 100 times; a permutation a turn makes the number of one pair
    // binomial of 2000 turns and 1/20, with the variance 95.
    CHECK((met.array() - 100).abs().maxCoeff() < 5.5 * std::sqrt(95));
    for (Index i = 0; i < n; ++i) {
        CHECK(met.row(i).sum() == 2000);
        CHECK(met.col(i).sum() == 2000);
    }
}
