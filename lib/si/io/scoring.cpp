#include "si/io/scoring.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "si/flow/given.hpp"
#include "si/flow/network_field.hpp"
#include "si/io/training_data.hpp"

namespace si {
namespace {

constexpr Index kSteps = 100;  // where it is too few, half of them differ, and a warning says so

// What is read and scored at once.
constexpr Index kNumbersAtOnce = Index{1} << 20, kRowsAtOnce = 65536;

/// The points of a part of a file in the model's coordinates.
class FilePoints {
  public:
    FilePoints(const Model& model, const Conditions& conditions, const std::string& data,
               const ScoreSpec& spec, std::uint64_t seed, const Shard& shard)
        : model_(model),
          file_(data),
          reader_(file_.reader()),
          seed_(seed),
          end_(spec.reverse ? End::base : End::target) {
        require_dimension(reader_.source(), reader_.dim(), model.dim);
        part_ = shard.of(reader_.n());
        std::vector<std::string> wanted;
        if (conditions.labels > 0) wanted.emplace_back("label");
        if (!conditions.shape.empty()) wanted.emplace_back("condition");
        read_conditions(file_, wanted, reader_.n(), given_);
    }

    Index n() const { return part_.count; }
    Index all() const { return reader_.n(); }

    /// Parts that are large enough to keep all threads at work to the last.
    std::vector<Columns> parts(const Threads& threads) const {
        const Index least = 4 * kChunk * threads.count();
        return chunks(n(), reader_.step(std::clamp(kNumbersAtOnce / reader_.dim(), least,
                                                   std::max(least, kRowsAtOnce))));
    }

    Matrix read(const Columns& some) const {
        Matrix x = reader_.rows(part_.first + some.first, some.count);
        if (end_ == End::base) return in_units() ? model_.transform.from_data(x) : x;
        const auto width = model_.about.value(Json::json_pointer("/training/dequantize"), 0.0);
        if (width > 0) {
            Matrix u(x.rows(), x.cols());
            fill_uniform({seed_, Purpose::dequantize, 0}, part_.first + some.first, u);
            x += width * u;
        }
        return model_.transform.from_data(x);
    }
    Points points(const Matrix& x, Index first) const {
        return {x, end_, seed_, part_.first + first,
                columns_of(given_, {part_.first + first, x.cols()})};
    }

    /// log rho(x) in the data's coordinates is that in the model's less this.
    double log_determinant() const { return in_units() ? model_.transform.log_determinant() : 0; }

  private:
    bool in_units() const { return end_ == End::target || !model_.base_has_no_units(); }

    const Model& model_;
    DataFile file_;
    SampleReader reader_;
    std::uint64_t seed_;
    End end_;
    Columns part_;  ///< of the samples in the file
    Matrix given_;  ///< what they are conditioned on
};

/// Part of a computation to somebody who asks after the whole.
class PartProgress : public Progress {
  public:
    PartProgress(Progress& whole, Index first, Index total)
        : whole_(whole), first_(first), total_(total) {}
    void update(const Report& report) override {
        Report of_whole = report;
        of_whole.done += first_;
        of_whole.total = total_;
        whole_.update(of_whole);
    }
    void warn(const std::string& sentence) override { whole_.warn(sentence); }
    void note(const std::string& sentence) override { whole_.note(sentence); }

  private:
    Progress& whole_;
    Index first_, total_;
};

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

RunningMoments moments_of(const Vector& values) {
    RunningMoments moments;
    moments.add(values);
    return moments;
}

/// Log-densities and evaluations of samples first, first + 1, ... of all.
void add(Scored part, Index first, double log_det, Keep keep, Scores& all) {
    part.log_density.array() -= log_det;
    all.log_density.add(part.log_density);
    all.evaluations.add(part.evaluations.cast<double>());
    if (keep == Keep::summary) return;
    all.scored.log_density.segment(first, part.log_density.size()) = part.log_density;
    if (part.standard_error.size() == 0) return;
    all.scored.standard_error.conservativeResize(all.scored.log_density.size());
    all.scored.standard_error.segment(first, part.standard_error.size()) = part.standard_error;
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

void RunningMoments::add(const Vector& values) {
    for (const double value : values) {
        const double ahead = value - mean;
        mean += ahead / static_cast<double>(++n);
        squares += ahead * (value - mean);
    }
}

double RunningMoments::error() const {
    const auto count = static_cast<double>(n);
    return n < 2 ? 0 : std::sqrt(squares / (count - 1) / count);
}

double Scores::cross_entropy() const { return -log_density.mean; }

double Scores::standard_error() const { return log_density.error(); }

Json Scores::report() const {
    const double entropy = cross_entropy();
    Json json{{"n", log_density.n},
              {"cross_entropy", entropy},
              {"stderr", standard_error()},
              {"bits_per_dim", entropy / (std::numbers::ln2 * static_cast<double>(dim))},
              {"nfe", evaluations.mean},
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
                               std::uint64_t seed, Threads& threads, Progress& progress, Keep keep,
                               const Shard& shard) {
    const auto field = make_field(model);
    const FilePoints file(model, field->conditions(), data, spec, seed, shard);
    const bool flow_alone = !spec.sde && !spec.epsilon;
    const double log_det = file.log_determinant();

    const auto by_flow = [&](Keep what) {
        Scores all{.method = text("ode ", spelled(spec.ode.json()), ", ",
                                  spelled(spec.divergence.json()), " divergence")};
        if (what == Keep::samples) all.scored.log_density.resize(file.n());
        for (const Columns& some : file.parts(threads)) {
            const Matrix x = file.read(some);
            PartProgress part(progress, some.first, file.n());
            add(ode_log_density(model, *field, {spec.ode, spec.divergence},
                                file.points(x, some.first), threads, part),
                some.first, log_det, what, all);
        }
        return all;
    };
    const auto by_paths = [&](const Epsilon& epsilon) {
        const SdeScoreSpec paths{spec.estimator, spec.sde.value_or(kSteps), spec.paths};
        const Matrix x = file.read({0, file.n()});
        Scores all{.scored = sde_log_density(model, *field, paths, epsilon, file.points(x, 0),
                                             threads, progress),
                   .paths = spec.paths,
                   .method = text("sde ", spec.estimator.kind(), ", ", paths.steps, " steps"),
                   .bound = spec.estimator.row().bound};
        all.scored.log_density.array() -= log_det;
        all.log_density = moments_of(all.scored.log_density);
        all.evaluations = moments_of(all.scored.evaluations.cast<double>());
        return all;
    };
    require(shard.whole() || !spec.epsilon || spec.epsilon->each.size() == 1, Failure::usage,
            "--shard goes with one --epsilon: the best of several need not be that of every part");
    const EpsilonContext context = epsilon_context(model);
    std::vector<Scores> all;
    if (flow_alone) {
        all.push_back(by_flow(keep));
    } else {
        for (const EpsilonChoice& choice : spec.epsilon.value_or(EpsilonList{{{}}}).each) {
            const Epsilon epsilon = choice.make(context);
            all.push_back(vanishes(epsilon) ? by_flow(Keep::samples) : by_paths(epsilon));
            all.back().epsilon = spelled_epsilon(choice);
        }
    }
    for (Scores& scores : all) {
        scores.dim = model.dim;
        scores.rows = file.all();
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
    const auto ahead = moments_of(order[0]->scored.log_density - order[1]->scored.log_density);
    return {{"best_epsilon", *order[0]->epsilon},
            {"cross_entropy", order[0]->cross_entropy()},
            {"second", *order[1]->epsilon},
            {"ahead", ahead.mean},
            {"ahead_stderr", ahead.error()}};
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
