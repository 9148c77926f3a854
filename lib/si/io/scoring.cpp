#include "si/io/scoring.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace si {
namespace {

constexpr Index kSteps = 100;  // the weighted paths are of second order

Matrix read_points(const Model& model, const std::string& data, const ScoreSpec& spec,
                   std::uint64_t seed) {
    Matrix x = read_for(model, data).values;
    if (spec.reverse) return model.base_has_no_units() ? x : model.transform.from_data(x);
    const auto width = model.about.value(Json::json_pointer("/training/dequantize"), 0.0);
    if (width > 0) {
        Matrix u(x.rows(), x.cols());
        fill_uniform({seed, Purpose::dequantize, 0}, 0, u);
        x += width * u;
    }
    return model.transform.from_data(x);
}

/// 0.5 for a constant, else "taper,value=1,width=0.05".
Json spelled_epsilon(const EpsilonChoice& epsilon) {
    const Json& json = epsilon.choice.json();
    return epsilon.choice.kind() == "constant" ? json.at("value") : Json(spelled(json));
}

double median(Vector values) {
    if (values.size() == 0) return 0;
    const auto middle = values.begin() + values.size() / 2;
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double error_of_mean(const Vector& values) {
    const auto n = static_cast<double>(values.size());
    if (n < 2) return 0;
    return std::sqrt((values.array() - values.mean()).square().sum() / (n - 1) / n);
}

}  // namespace

EpsilonList Setting<EpsilonList>::from_text(std::string_view word) {
    std::vector<std::string> items;
    for (const auto piece : split(word, ',')) {
        if (!items.empty() && piece.find('=') != std::string_view::npos) {
            items.back() += text(",", piece);
        } else {
            items.emplace_back(piece);
        }
    }
    EpsilonList list;
    for (const auto& item : items) {
        list.each.push_back(Setting<EpsilonChoice>::from_text(item));
    }
    return list;
}

EpsilonList Setting<EpsilonList>::from_json(const Json& node) {
    if (!node.is_array()) return {{Setting<EpsilonChoice>::from_json(node)}};
    return {Setting<std::vector<EpsilonChoice>>::from_json(node)};
}

Json Setting<EpsilonList>::to_json(const EpsilonList& v) {
    return Setting<std::vector<EpsilonChoice>>::to_json(v.each);
}

double Scores::cross_entropy() const { return -scored.log_density.mean(); }

double Scores::standard_error() const { return error_of_mean(scored.log_density); }

Json Scores::report() const {
    const double entropy = cross_entropy();
    Json json{{"n", scored.log_density.size()},
              {"cross_entropy", entropy},
              {"stderr", standard_error()},
              {"bits_per_dim", entropy / (std::numbers::ln2 * static_cast<double>(dim))},
              {"nfe", scored.evaluations.cast<double>().mean()},
              {"method", method},
              {"bias", paths ? "up" : "none"}};
    if (paths && !bound) {
        // Jensen: E[-log of a mean] is above -log of its expectation, by half its relative
        // variance.
        json["bias_size"] =
            scored.relative_sd.array().square().mean() / (2 * static_cast<double>(*paths));
    }
    if (paths) json["paths"] = *paths;
    if (epsilon) json["epsilon"] = *epsilon;
    if (paths) json["ess"] = median(scored.effective_paths);
    return json;
}

std::vector<Scores> score_file(const Model& model, const std::string& data, const ScoreSpec& spec,
                               std::uint64_t seed, Threads& threads, Progress& progress) {
    const Matrix x = read_points(model, data, spec, seed);
    const Points points{x, spec.reverse ? End::base : End::target, seed, 0};
    const auto field = make_field(model);
    const bool in_units = !(spec.reverse && model.base_has_no_units());
    const double log_det = in_units ? model.transform.log_determinant() : 0;

    const auto by_flow = [&] {
        return Scores{.scored = ode_log_density(model, *field, {spec.ode, spec.divergence}, points,
                                                threads, progress),
                      .method = text("ode ", spelled(spec.ode.json()), ", ",
                                     spelled(spec.divergence.json()), " divergence")};
    };
    const auto by_paths = [&](const Epsilon& epsilon) {
        const SdeScoreSpec paths{spec.estimator, spec.sde.value_or(kSteps), spec.paths};
        return Scores{
            .scored = sde_log_density(model, *field, paths, epsilon, points, threads, progress),
            .paths = spec.paths,
            .method = text("sde ", spec.estimator.kind(), ", ", paths.steps, " steps"),
            .bound = spec.estimator.row().bound};
    };
    const EpsilonContext context = epsilon_context(model);
    std::vector<Scores> all;
    if (!spec.sde && !spec.epsilon)
        all.push_back(by_flow());
    else {
        for (const EpsilonChoice& choice : spec.epsilon.value_or(EpsilonList{{{}}}).each) {
            const Epsilon epsilon = choice.make(context);
            all.push_back(vanishes(epsilon) ? by_flow() : by_paths(epsilon));
            all.back().epsilon = spelled_epsilon(choice);
        }
    }
    for (Scores& scores : all) {
        scores.scored.log_density.array() -= log_det;
        scores.dim = model.dim;
    }
    return all;
}

const Scores& best_of(const std::vector<Scores>& all) {
    return *std::min_element(all.begin(), all.end(), [](const Scores& a, const Scores& b) {
        return a.cross_entropy() < b.cross_entropy();
    });
}

Json comparison(const std::vector<Scores>& all) {
    std::vector<const Scores*> order;
    for (const Scores& scores : all) order.push_back(&scores);
    std::stable_sort(order.begin(), order.end(), [](const Scores* a, const Scores* b) {
        return a->cross_entropy() < b->cross_entropy();
    });
    const Vector ahead = order[0]->scored.log_density - order[1]->scored.log_density;
    return {{"best_epsilon", *order[0]->epsilon},
            {"cross_entropy", order[0]->cross_entropy()},
            {"second", *order[1]->epsilon},
            {"ahead", ahead.mean()},
            {"ahead_stderr", error_of_mean(ahead)}};
}

void write_scores(const std::string& file, const Scores& scores, const Provenance& provenance) {
    auto out = open_output(file, provenance);
    const auto write = [&](const char* name, const Vector& numbers) {
        if (numbers.size() > 0) out.write(name, numbers.transpose(), {});
    };
    write("log_density", scores.scored.log_density);
    write("log_density_stderr", scores.scored.standard_error);
    write("ess", scores.scored.effective_paths);
    out.commit();
}

}  // namespace si
