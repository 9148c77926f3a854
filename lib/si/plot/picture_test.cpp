#include "si/plot/picture.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "si/io/model_file.hpp"
#include "si/plot/histogram.hpp"
#include "si/plot/kinds.hpp"
#include "si/random/draw.hpp"
#include "si/task/calibration.hpp"
#include "si/task/source.hpp"
#include "si/train/trainer.hpp"
#include "support/xml.hpp"

using namespace si;
using namespace si::plot;

namespace {

/// A file that every kind can draw something of, but for what only a model has.
Source source_of(const std::string& name, const Matrix& x, std::vector<Index> shape = {}) {
    Source source{name};
    if (shape.empty()) shape = {x.rows()};
    source.samples = Samples{x, shape, name};
    source.trajectories = Trajectories{{0, 0.5, 1}, {x, 0.5 * x, x}};
    for (int k = 0; k < 3; ++k) {
        source.lines.push_back({{"event", "record"}, {"done", 10 * k}, {"loss", x(0, 0) * k}});
        source.lines.push_back({{"epsilon", k}, {"cross_entropy", x(0, 0)}, {"stderr", 0.1}});
    }
    return source;
}

Matrix normals(Index d, Index n) {
    Matrix x(d, n);
    fill_normal({7, Purpose::check, 0}, 0, x);
    return x;
}

Model mixture(int dim) {
    const std::string point = dim == 1 ? "[2]" : "[2, 0]", other = dim == 1 ? "[-2]" : "[-2, 1]";
    return model_from_json(
        Json::parse(text(R"({"format": "si-model", "format_version": [1, 0], "dim": )", dim,
                         R"(, "field": {"kind": "mixture", "weights": [0.3, 0.7], "means": [)",
                         point, ", ", other, R"(], "covariances": [0.25, 1]}})")));
}

Source source_of(const std::string& name, const Model& model) {
    Source source{name};
    source.model = shown_model(model);
    return source;
}

void check_drawn(const Drawing& drawing) {
    CHECK(drawing.title.size() > 5);
    CHECK(drawing.description.find_first_of("0123456789") != std::string::npos);
    CHECK(drawing.description.find("nan") == std::string::npos);
    const std::string page = svg(drawing);
    CHECK(xml_fault(page) == "");
    CHECK(page.find("nan") == std::string::npos);
    CHECK(page.find("inf") == std::string::npos);
    CHECK(raster(drawing, 1).width > 0);
}

}  // namespace

TEST_CASE("every kind draws any finite numbers: one point, no range, a huge one") {
    std::vector<std::pair<std::string, Matrix>> cases;
    cases.emplace_back("usual", normals(4, 50));
    cases.emplace_back("one point", Matrix::Constant(4, 1, 3));
    cases.emplace_back("no range", Matrix::Constant(4, 20, -2));
    cases.emplace_back("zero", Matrix::Zero(4, 20));
    cases.emplace_back("huge", 1e300 * normals(4, 20));
    cases.emplace_back("largest", 1.7e308 * normals(4, 20).cwiseSign());
    cases.emplace_back("tiny", 1e-300 * normals(4, 20));
    cases.emplace_back("far", (normals(4, 20).array() + 1e9).matrix());
    for (const auto& row : pictures()) {
        if (row.name == "flow") continue;
        for (const auto& sample : cases) {
            const auto& name = std::get<0>(sample);
            const auto& x = std::get<1>(sample);
            INFO(row.name << ", " << name);
            check_drawn(row.draw(Json::object(), {source_of("a.h5", x)}));
            check_drawn(row.draw(Json::object(),
                                 {source_of("a & b.h5", x), source_of("c.h5", normals(4, 9))}));
        }
    }
    for (const int dim : {1, 2}) {
        const Json settings = Json::parse(R"({"n": 20})");
        Model model = mixture(dim);
        check_drawn(pictures().at("flow").draw(settings, {source_of("mixture.json", model)}));
        // So far out that no coordinate is told from the next, and velocities are not finite.
        model.transform.shift[0] = 1e308;
        check_drawn(pictures().at("flow").draw(settings, {source_of("far.json", model)}));
    }
}

TEST_CASE("a flow in one dimension has the paths and the width that are asked for") {
    const auto drawn = [](const char* settings) {
        return pictures().at("flow").draw(Json::parse(settings), {source_of("m.json", mixture(1))});
    };
    const auto usual = drawn("{}"), more = drawn(R"({"n": 100, "size": 300})");
    CHECK(usual.description.find(" 80 of 80 paths") != std::string::npos);
    CHECK(more.description.find(" 100 of 100 paths") != std::string::npos);
    CHECK(usual.width - more.width == 420 - 300);
    CHECK_THROWS_WITH_AS(drawn(R"({"t": [0.5]})"),
                         "t: a model in one dimension is drawn over all times; leave t out", Error);
}

TEST_CASE("a kind that does not suit says so as an error of the data") {
    Source empty{"e.json"};
    for (const auto& row : pictures()) {
        INFO(row.name);
        CHECK_THROWS_AS(row.draw(Json::object(), {empty}), Error);
    }
    CHECK_THROWS_AS(pictures().at("density").draw(Json::object(), {source_of("a", normals(1, 5))}),
                    Error);
    CHECK_THROWS_WITH_AS(
        pictures().at("grid").draw(Json{{"size", {3, 1}}}, {source_of("a", normals(4, 5))}),
        "samples of 4 numbers are no images of 3 x 1", Error);
}

TEST_CASE("a scatter has a bounded size and says what it left out") {
    const auto drawing =
        pictures().at("scatter").draw(Json::object(), {source_of("a.h5", normals(2, 50000))});
    CHECK(svg(drawing).size() < 64000);
    CHECK(drawing.description.find("50000 samples") != std::string::npos);
    CHECK(drawing.description.find("choice of 2000") != std::string::npos);
    CHECK(shown(10, 20).size() == 10);
    const auto some = shown(1000, 10);
    CHECK(some == shown(1000, 10));
    CHECK(std::is_sorted(some.begin(), some.end()));
    CHECK(some.back() > 500);  // not the first ten
}

TEST_CASE("up is up: the densest cell is where the samples are") {
    Matrix x(2, 400);
    for (Index j = 0; j < 400; ++j) x.col(j) << (j < 300 ? 0.0 : 1.0), (j < 300 ? 1.0 : 0.0);
    const auto drawing = pictures().at("density").draw(Json{{"bins", 10}}, {source_of("a.h5", x)});
    const auto& inset = std::get<Inset>(drawing.shapes.front());
    CHECK(inset.bitmap.at(0, 0) > inset.bitmap.at(9, 9));
    CHECK(inset.bitmap.at(9, 9) > 0);
    CHECK(inset.bitmap.at(9, 0) == 0);
    CHECK(inset.bitmap.at(0, 9) == 0);
}

TEST_CASE("a grid shows the first sample at the top left, in the levels of the first file") {
    Matrix x = Matrix::Zero(4, 3);
    x.col(0) << 0, 1, 0.5, 1;
    const auto drawing = pictures().at("grid").draw(Json{{"rows", 2}, {"columns", 2}, {"zoom", 1}},
                                                    {source_of("a", x), source_of("b", 2 * x)});
    std::vector<Bitmap> sheets;
    for (const auto& shape : drawing.shapes) {
        if (const auto* inset = std::get_if<Inset>(&shape)) sheets.push_back(inset->bitmap);
    }
    REQUIRE(sheets.size() == 2);
    CHECK(sheets[0].at(1, 1) == 0);
    CHECK(sheets[0].at(2, 1) == 255);
    CHECK(sheets[0].at(1, 2) == 128);
    CHECK(sheets[1].at(1, 2) == 255);
    Matrix red = Matrix::Zero(12, 1);
    red.topRows(4).setConstant(1);
    const auto coloured =
        pictures().at("grid").draw(Json{{"zoom", 1}}, {source_of("c", red, {3, 2, 2})});
    const auto& sheet = std::get<Inset>(coloured.shapes.back()).bitmap;
    CHECK(sheet.channels == 3);
    CHECK(sheet.at(1, 1, 0) == 255);
    CHECK(sheet.at(1, 1, 1) == 0);
}

TEST_CASE("a histogram is a density, and far ones differ by all") {
    const auto a = source_of("a", normals(1, 4000)), b = source_of("b", normals(1, 4000));
    const Range range{-5, 5};
    const auto h = histogram(*a.samples, 0, range, 40);
    double sum = 0;
    for (const double height : h.heights) sum += height * 0.25;
    CHECK(sum == doctest::Approx(1));
    CHECK(h.heights[20] == doctest::Approx(0.39).epsilon(0.15));
    CHECK(total_variation(h, histogram(*b.samples, 0, range, 40)) == 0);
    const auto far = source_of("c", (normals(1, 100).array() + 100).matrix());
    CHECK(total_variation(h, histogram(*far.samples, 0, range, 40)) == doctest::Approx(1));
}

TEST_CASE(
    "the density that a model gives to a coordinate is that of its mixture, and of its flow") {
    const Vector x = Vector::LinSpaced(5, -4, 4);
    const auto normal = [](double v, double mean, double variance) {
        return std::exp(-(v - mean) * (v - mean) / (2 * variance)) /
               std::sqrt(2 * std::numbers::pi * variance);
    };
    Threads threads(1);
    const auto y = marginal_density(mixture(2), 0, x, threads);
    REQUIRE(y);
    for (Index i = 0; i < 5; ++i) {
        CHECK((*y)[i] == doctest::Approx(0.3 * normal(x[i], 2, 0.25) + 0.7 * normal(x[i], -2, 1)));
    }
    const Model affine = model_from_json(Json::parse(R"({"format": "si-model",
        "format_version": [1, 0], "dim": 1, "field": {"kind": "affine", "A": [[0.5]], "c": [0],
        "e": [0]}})"));
    const auto z = marginal_density(affine, 0, x, threads);
    REQUIRE(z);
    CHECK((*z)[3] == doctest::Approx(normal(2, 0, std::exp(1.0))).epsilon(1e-4));
}

TEST_CASE("velocities are in the data's coordinates, and paths end in the target") {
    Threads threads(1);
    const int n = 2000;
    const auto paths = follow(mixture(2), {0, 1}, n, 1, threads);
    // Within 5 standard errors of the means of N(0, 1) and of the mixture along its first axis.
    const double mean = 0.3 * 2 + 0.7 * -2,
                 variance = 0.3 * (4 + 0.25) + 0.7 * (4 + 1) - mean * mean;
    CHECK(std::abs(paths.states[0].row(0).mean()) < 5 / std::sqrt(n));
    CHECK(std::abs(paths.states[1].row(0).mean() - mean) < 5 * std::sqrt(variance / n));
    const Matrix b = velocity_at(mixture(2), 0, Matrix::Zero(2, 1));
    CHECK(b(0, 0) == doctest::Approx(-0.8).epsilon(1e-3));  // E[x1 - x0 | x0 = 0]
}

TEST_CASE("paths of a model with labels are told them") {
    const Index n = 40;
    TrainData data;
    data.x1().samples = normals(2, n);
    data.conditions.labels = 2;
    data.given = Eigen::RowVectorXd::LinSpaced(n, 0, 1).array().round();
    TrainSpec spec;
    spec.condition = {"label"};
    spec.net = Choice<networks>("mlp,width=8,depth=2");
    spec.steps = 20;
    spec.batch = 16;
    Threads threads(1);
    Progress silent;
    const Model model = train(data, {}, spec, 1, {}, threads, silent);
    const auto ends = [&](const Matrix& given) {
        return follow(model, {1}, n, 1, threads, nullptr, given).states.front();
    };
    const Matrix some = ends(data.given), none = ends(Matrix::Constant(1, n, 2));
    CHECK(ends({}) == none);
    CHECK(some != none);
    const Index half = n / 2;  // the other label may end elsewhere, and these do not know of it
    CHECK(some.leftCols(half) == ends(Matrix::Zero(1, n)).leftCols(half));
    CHECK(some.rightCols(half) == ends(Matrix::Ones(1, n)).rightCols(half));
}

TEST_CASE("right latents stay in the band, wrong ones leave it") {
    std::string right, wrong;
    latent_histograms(normals(3, 4000), right);
    latent_histograms(1.3 * normals(3, 4000), wrong);
    const auto outside = [](const std::string& verdict) {
        const auto at = verdict.find("bins ") + 5;
        return std::stoi(verdict.substr(at));
    };
    CHECK(outside(right) < 12);  // of 80, 4 by chance, with a deviation of 2
    CHECK(outside(wrong) > 30);
}

TEST_CASE("of a log the last run is drawn, of a model its history") {
    Source log{"log.jsonl"};
    log.lines = {{{"event", "start"}},
                 {{"event", "record"}, {"done", 5}, {"loss", 9.0}},
                 {{"event", "start"}},
                 {{"event", "record"}, {"done", 7}, {"loss", 3.0}}};
    const auto drawing = pictures().at("curves").draw(Json::object(), {log});
    CHECK(drawing.description.find("goes from 3 at step 7") != std::string::npos);
    Model trained = mixture(1);
    trained.about["history"] = {{{"step", 100}, {"loss", -1.5}, {"validation", -1.4}}};
    const auto curves =
        pictures().at("curves").draw(Json::object(), {source_of("m.json", trained)});
    CHECK(curves.description.find("validation") != std::string::npos);
}
