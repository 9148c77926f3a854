#include "si/task/log_density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "si/base/choice_list.hpp"
#include "si/base/parts.hpp"
#include "si/density/degenerate.hpp"
#include "si/flow/median.hpp"
#include "si/model/network_field.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/task/training_data.hpp"

namespace si {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Index kSteps = 100;  // where it is too few, half of them differ, and a warning says so

/// Marks the columns that are not finite.
Marks marks_of(const Matrix& x) {
    if (FiniteCheck().add(x)) return {};
    return x.array().isFinite().colwise().all().transpose() == false;
}

void put_zeros(const Marks& marks, Matrix& x) {
    for (Index j = 0; j < marks.size(); ++j) {
        if (marks[j]) x.col(j).setZero();
    }
}

/// The points of a part of a file in the model's coordinates.
class FilePoints {
  public:
    FilePoints(const Model& model, const Conditions& conditions, const std::string& data,
               const LogDensitySpec& spec, std::uint64_t seed, const Shard& shard)
        : model_(model),
          file_(opened(data, spec.allow_nonfinite)),
          given_(conditions_of(file_, conditions)),
          given_marks_(marks_of(given_)),
          reader_(file_.reader(Passes::one)),
          seed_(seed),
          end_(spec.reverse ? End::base : End::target) {
        put_zeros(given_marks_, given_);
        require_dimension(reader_.source(), reader_.dim(), model.dim);
        part_ = shard.of(reader_.n());
        require_as_many(file_, given_, reader_.n());
    }

    Index n() const { return part_.count; }
    Index all() const { return reader_.n(); }

    std::vector<Columns> parts(const Threads& threads) const {
        const auto parts = parts_of(n(), reader_.dim(), threads);
        return parts.empty() ? parts : chunks(n(), reader_.step(parts[0].count));
    }

    /// To be called in the end: looks at what nobody asked for.
    void finish() const { reader_.finish(); }

    /// Points, and in `marks` those that are not finite, in whose place is the origin.
    Matrix read(const Columns& some, Marks& marks) const {
        const Index first = part_.first + some.first;
        Matrix x = reader_.rows(first, some.count);
        marks = marks_of(x);
        if (given_marks_.size() > 0) {
            if (marks.size() == 0) marks.setConstant(some.count, false);
            marks = marks || given_marks_.segment(first, some.count);
        }
        if (end_ == End::target) {
            x = measured_points(model_, std::move(x), seed_, first);
        } else if (in_units()) {
            x = model_.transform.from_data(x);
        }
        put_zeros(marks, x);
        return x;
    }
    Points points(const Matrix& x, Index first) const {
        return {x, end_, seed_, part_.first + first,
                columns_of(given_, {part_.first + first, x.cols()})};
    }

    /// log rho(x) in the data's coordinates is that in the model's less this.
    double log_determinant() const { return in_units() ? model_.transform.log_determinant() : 0; }

    const std::string& source() const { return reader_.source(); }

  private:
    static DataFile opened(const std::string& data, Nonfinite nonfinite) {
        require(nonfinite != Nonfinite::drop, Failure::usage,
                "--allow-nonfinite drop: scores have the rows of the data; keep leaves them there");
        DataFile file(data);
        file.refuse_weights();
        if (nonfinite == Nonfinite::keep) file.let_nonfinite_pass();
        return file;
    }
    bool in_units() const { return end_ == End::target || !model_.base_has_no_units(); }

    const Model& model_;
    DataFile file_;
    Matrix given_;  ///< what the samples are conditioned on: before them, as they may arrive
    Marks given_marks_;
    SampleReader reader_;
    std::uint64_t seed_;
    End end_;
    Columns part_;  ///< of the samples in the file
};

/// 0.5 for a constant, else "taper,value=1,width=0.05".
Json spelled_epsilon(const EpsilonChoice& epsilon) {
    const Json& json = epsilon.choice.json();
    return epsilon.choice.kind() == "constant" ? json.at("value") : Json(spelled(json));
}

void put(const Vector& some, Index first, Index all, Vector& into) {
    if (some.size() == 0) return;
    into.conservativeResize(all);
    into.segment(first, some.size()) = some;
}

/// Log-densities and what belongs to them of samples first, first + 1, ... of `n`.
void add(LogDensities part, const Marks& marks, Index first, Index n, double log_det, Keep keep,
         CrossEntropy& all) {
    part.log_density.array() -= log_det;
    all.log_density.add(part.log_density, marks);
    all.evaluations.add(part.evaluations.cast<double>(), marks);
    all.relative_variance.add(part.relative_sd.array().square(), marks);
    all.marked += marks.count();
    const auto known = [&](const Vector& numbers) -> Vector {
        if (marks.size() == 0 || numbers.size() == 0) return numbers;
        return marks.select(kNan, numbers);
    };
    // Medians are of all of them.
    put(known(part.effective_paths), first, n, all.by_sample.effective_paths);
    put(known(part.log_weight_sd), first, n, all.by_sample.log_weight_sd);
    if (keep == Keep::summary) return;
    put(known(part.log_density), first, n, all.by_sample.log_density);
    put(known(part.standard_error), first, n, all.by_sample.standard_error);
}

/// What all methods say of some points, and which of these are not finite.
struct LogDensityPart {
    std::vector<LogDensities> by_method;
    Marks marks = {};
};

void each_matrix(LogDensityPart& part, const auto& f) {
    f(part.marks);
    for (LogDensities& one : part.by_method) {
        f(one.log_density), f(one.standard_error), f(one.effective_paths);
        f(one.relative_sd), f(one.log_weight_sd), f(one.evaluations);
    }
}

/// One way to compute them: the flow, or a diffusion with its noise.
struct Method {
    std::optional<Epsilon> epsilon;  ///< none: the flow
    SdeLogDensitySpec paths = {};
};

}  // namespace

Matrix measured_points(const Model& model, Matrix x, std::uint64_t seed, Index first) {
    if (model.dequantize.step > 0) {
        Matrix u(x.rows(), x.cols());
        fill_uniform({seed, Purpose::dequantize, 0}, first, u);
        x += model.dequantize.widths(x.rows()).asDiagonal() * u;
    }
    return model.transform.from_data(x);
}

namespace {

bool is_zero(const Json& epsilon) { return epsilon.value("value", 1.0) == 0; }

/// Some of what is computed is the diffusion, which there is for an epsilon other than 0.
bool has_diffusion(const Asked& asked) {
    const Json& epsilon = asked.value("epsilon");
    if (epsilon.is_null()) return !asked.value("sde").is_null();
    return !std::all_of(epsilon.begin(), epsilon.end(), is_zero);
}

/// Some of what is computed is the flow.
bool has_flow(const Asked& asked) {
    const Json& epsilon = asked.value("epsilon");
    if (epsilon.is_null()) return asked.value("sde").is_null();
    return std::any_of(epsilon.begin(), epsilon.end(), is_zero);
}

}  // namespace

GoesWithTable LogDensitySpec::goes_with() {
    constexpr auto flow = "the flow: without --sde, and --epsilon left out or with 0 in it";
    constexpr auto diffusion = "the diffusion: --sde, or --epsilon other than 0";
    return {{"sde", "--epsilon other than 0; epsilon 0 is the flow", has_diffusion},
            {"ode", flow, has_flow},
            {"divergence", flow, has_flow},
            {"estimator", diffusion, has_diffusion},
            {"paths", diffusion, has_diffusion}};
}

EpsilonList Setting<EpsilonList>::from_text(std::string_view word) {
    EpsilonList list;
    for (const auto& item : split_choices(word)) {
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

void RunningMoments::add(const Vector& values, const Marks& marks) {
    for (Index k = 0; k < values.size(); ++k) {
        if (marks.size() > 0 && marks[k]) continue;
        const double value = values[k];
        const double ahead = value - mean;
        mean += ahead / static_cast<double>(++n);
        squares += ahead * (value - mean);
    }
}

double RunningMoments::error() const {
    const auto count = static_cast<double>(n);
    return n < 2 ? 0 : std::sqrt(squares / (count - 1) / count);
}

double CrossEntropy::cross_entropy() const { return -log_density.mean; }

double CrossEntropy::standard_error() const { return log_density.error(); }

Json CrossEntropy::report() const {
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
        json["bias_size"] = relative_variance.mean / (2 * static_cast<double>(*paths));
    }
    if (paths) json["paths"] = *paths;
    if (epsilon) json["epsilon"] = *epsilon;
    if (paths) json["ess"] = median(by_sample.effective_paths);
    if (marked > 0) json["nonfinite"] = marked;
    return json;
}

namespace {

/// What is asked for, with nothing computed yet; in `methods` how.
std::vector<CrossEntropy> begin_cross_entropies(const Model& model, const LogDensitySpec& spec,
                                                std::vector<Method>& methods) {
    const auto by_flow = [&] {
        methods.push_back({});
        return CrossEntropy{.method = text("ode ", spelled(spec.ode.json()), ", ",
                                           spelled(spec.divergence.json()), " divergence")};
    };
    if (!spec.sde && !spec.epsilon) return {by_flow()};
    const EpsilonContext context = epsilon_context(model);
    std::vector<CrossEntropy> all;
    for (const EpsilonChoice& choice : spec.epsilon.value_or(EpsilonList{{{}}}).each) {
        const Epsilon epsilon = choice.make(context);
        if (vanishes(epsilon)) {
            all.push_back(by_flow());
        } else {
            const SdeLogDensitySpec paths{spec.estimator, spec.sde.value_or(kSteps), spec.paths};
            methods.push_back({epsilon, paths});
            all.push_back(
                {.paths = spec.paths,
                 .method = text("sde ", spec.estimator.kind(), ", ", paths.steps, " steps"),
                 .bound = spec.estimator.row().bound});
        }
        all.back().epsilon = spelled_epsilon(choice);
    }
    return all;
}

/// The field of a model that gives log-densities.
std::shared_ptr<const Field> field_with_density(const Model& model) {
    auto field = make_field(model);
    require(!field->conditions().start, Failure::usage,
            "this model has no log-density: it is conditioned on x0, from where its flow goes to "
            "one point");
    return field;
}

/// Log-densities of the samples of one file by all methods, part by part.
class FileLogDensities {
  public:
    FileLogDensities(const Model& model, const std::string& data, const LogDensitySpec& spec,
                     const LogDensityRun& run, Threads& threads, Progress& progress)
        : model_(model),
          spec_(spec),
          run_(run),
          threads_(threads),
          progress_(progress),
          field_(field_with_density(model)),
          file_(model, field_->conditions(), data, spec, run.seed, run.shard),
          all_(begin_cross_entropies(model, spec, methods_)),
          log_densities_(methods_.size()) {}

    std::vector<Columns> parts() const { return file_.parts(threads_); }
    LogDensityPart blank() const { return {std::vector<LogDensities>(methods_.size())}; }

    LogDensityPart make(const Columns& some) {
        LogDensityPart made = blank();
        const Matrix x = file_.read(some, made.marks);
        if (some.first == 0) first_ = x.leftCols(std::min(kPointsJudged, x.cols()));
        const auto count = std::ssize(methods_);
        for (Index k = 0; k < count; ++k) {
            PartProgress part(progress_, count * some.first + k * some.count, count * file_.n());
            const auto at = static_cast<std::size_t>(k);
            made.by_method[at] = by_rows(methods_[at], x, some.first, made.marks, part);
        }
        return made;
    }

    void take(const Columns& some, LogDensityPart made) {
        std::vector<Vector> now(methods_.size());
        for (std::size_t at = 0; at < methods_.size(); ++at) {
            LogDensities& one = made.by_method[at];
            if (some.first == 0) log_densities_[at] = one.log_density.head(first_.cols());
            now[at] = one.log_density;
            add(std::move(one), made.marks, some.first, file_.n(), file_.log_determinant(),
                run_.keep, all_[at]);
        }
        for (std::size_t a = 0; a < methods_.size(); ++a) {
            all_[a].behind.resize(methods_.size());
            for (std::size_t b = 0; b < methods_.size(); ++b) {
                all_[a].behind[b].add(now[b] - now[a], made.marks);
            }
        }
    }

    /// After the last part, on all ranks.
    void finish() const { file_.finish(); }

    /// All of it, with the warnings that it deserves; on the first rank.
    std::vector<CrossEntropy> result() {
        warn_of_marks();
        for (std::size_t k = 0; k < methods_.size(); ++k) {
            all_[k].dim = model_.dim;
            all_[k].rows = file_.all();
            if (!methods_[k].epsilon) continue;
            judge_paths(model_, *field_, methods_[k].paths, *methods_[k].epsilon,
                        {.all = all_[k].by_sample,
                         .first = file_.points(first_, 0),
                         .log_density = log_densities_[k]},
                        threads_, progress_);
        }
        return std::move(all_);
    }

  private:
    /// A sample that is too far for the solver costs no other its number: then each goes by itself.
    LogDensities by_rows(const Method& method, const Matrix& x, Index first, Marks& marks,
                         Progress& progress) {
        try {
            return by(method, file_.points(x, first), progress);
        } catch (const Error& error) {
            if (error.kind() != Failure::check) throw;
        }
        const Index n = x.cols();
        LogDensities all;
        all.log_density.setZero(n);
        all.evaluations.setZero(n);
        if (marks.size() == 0) marks.setConstant(n, false);
        for (Index j = 0; j < n; ++j) {
            if (marks[j]) continue;
            const Matrix alone = x.col(j);
            try {
                const LogDensities one = by(method, file_.points(alone, first + j), progress);
                all.log_density[j] = one.log_density[0];
                all.evaluations[j] = one.evaluations[0];
                for (const auto member :
                     {&LogDensities::standard_error, &LogDensities::effective_paths,
                      &LogDensities::relative_sd, &LogDensities::log_weight_sd}) {
                    if ((one.*member).size() == 0) continue;
                    if ((all.*member).size() == 0) (all.*member).setZero(n);
                    (all.*member)[j] = (one.*member)[0];
                }
            } catch (const Error& error) {
                if (error.kind() != Failure::check) throw;
                marks[j] = true;
                progress_.warn(text(file_.source(), ": row ", first + j + 1, ": ", error.what()));
            }
        }
        return all;
    }

    LogDensities by(const Method& method, const Points& points, Progress& progress) {
        return method.epsilon ? path_log_density(model_, *field_, method.paths, *method.epsilon,
                                                 points, threads_, progress)
                              : ode_log_density(model_, *field_, spec_, points, threads_, progress);
    }

    void warn_of_marks() {
        const Index marked = all_.front().marked;
        if (marked == 0) return;
        require(marked < file_.n() || !run_.shard.whole(), Failure::data, file_.source(),
                ": no sample is finite");
        progress_.warn(text(file_.source(), ": ", marked,
                            marked == 1 ? " sample is" : " samples are",
                            " not finite: nan in such rows, which count in no mean"));
    }

    const Model& model_;
    const LogDensitySpec& spec_;
    const LogDensityRun& run_;
    Threads& threads_;
    Progress& progress_;
    std::shared_ptr<const Field> field_;
    FilePoints file_;
    std::vector<Method> methods_;
    std::vector<CrossEntropy> all_;      ///< one for each method
    Matrix first_;                       ///< points for a second look
    std::vector<Vector> log_densities_;  ///< of these, by each method
};

}  // namespace

std::vector<CrossEntropy> log_densities_of_file(const Model& model, const std::string& data,
                                                const LogDensitySpec& spec,
                                                const LogDensityRun& run, Threads& threads,
                                                Progress& progress) {
    require(run.shard.whole() || !spec.epsilon || spec.epsilon->each.size() == 1, Failure::usage,
            "--shard goes with one --epsilon: the best of several need not be that of every part");
    require(!model.source, Failure::usage,
            "this model restores what is observed: its samples begin at observations, whose "
            "density is not known, so it gives no log-densities; si-eval restored compares what it "
            "restores with the originals");
    FileLogDensities file(model, data, spec, run, threads, progress);
    by_ranks(
        file.parts(), file.blank(), [&](const Columns& some) { return file.make(some); },
        [](auto& made, const auto& f) { each_matrix(made, f); },
        [&](const Columns& some, LogDensityPart made) { file.take(some, std::move(made)); });
    file.finish();
    if (!ranks().first()) return {};
    return file.result();
}

const CrossEntropy& best_of(const std::vector<CrossEntropy>& all) {
    return *std::min_element(all.begin(), all.end(),
                             [](const CrossEntropy& a, const CrossEntropy& b) {
                                 return a.cross_entropy() < b.cross_entropy();
                             });
}

Json compare_epsilons(const std::vector<CrossEntropy>& all) {
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return all[a].cross_entropy() < all[b].cross_entropy();
    });
    const CrossEntropy &best = all[order[0]], &second = all[order[1]];
    const RunningMoments& ahead = second.behind[order[0]];
    return {{"best_epsilon", *best.epsilon},
            {"cross_entropy", best.cross_entropy()},
            {"second", *second.epsilon},
            {"ahead", ahead.mean},
            {"ahead_stderr", ahead.error()}};
}

void write_log_densities(const std::string& file, const CrossEntropy& one,
                         const Provenance& provenance) {
    auto out = open_output(file, provenance);
    if (one.marked > 0) out.let_nonfinite_pass();
    const auto write = [&](const char* name, const Vector& numbers) {
        if (numbers.size() > 0) out.write(name, numbers.transpose(), {});
    };
    write("log_density", one.by_sample.log_density);
    write("log_density_stderr", one.by_sample.standard_error);
    write("ess", one.by_sample.effective_paths);
    out.commit();
}

std::vector<Json> report_log_densities(const Model& model, const std::string& data,
                                       const LogDensitySpec& spec, const LogDensityOutput& output,
                                       const Provenance& provenance, Threads& threads,
                                       Progress& progress) {
    const auto all = log_densities_of_file(model, data, spec,
                                           {.seed = provenance.seed,
                                            .shard = provenance.shard,
                                            .keep = output.output ? Keep::samples : Keep::summary},
                                           threads, progress);
    if (!ranks().first()) return {};
    if (!model.no_density.empty()) progress.warn(doubtful_densities(model.no_density));
    if (output.output) {
        const auto& best = best_of(all);
        write_log_densities(*output.output, best,
                            {provenance.command, provenance.seed, provenance.shard, best.rows});
    }
    std::vector<Json> lines;
    for (const auto& one : all) lines.push_back(one.report());
    if (all.size() > 1) lines.push_back(compare_epsilons(all));
    return lines;
}

}  // namespace si
