#include "si/task/free_energy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "si/energy/path_works.hpp"
#include "si/io/dataset.hpp"
#include "si/io/model_file.hpp"
#include "si/task/training_data.hpp"

namespace si {
namespace {

constexpr std::array<std::pair<std::string_view, Answering>, 4> kAnswering{
    {{"all", Answering::all},
     {"forward", Answering::forward},
     {"backward", Answering::backward},
     {"bar", Answering::bar}}};

/// Below this share of overlap an estimate and its error mean little (Klimovich, Shirts and Mobley
/// 2015), and below the other one there is none.
constexpr double kLittleOverlap = 0.03, kNoOverlap = 1e-6;

Json or_null(const std::optional<double>& value) {
    return value && std::isfinite(*value) ? Json(*value) : Json();
}

/// Samples of one state, and where its runs begin.
struct State {
    Samples samples;
    std::vector<Index> runs;
    std::string checksum;  ///< of all of them
};

/// Where a number of /chain follows another one.
std::vector<Index> runs_of(const DataFile& file, Index n) {
    if (!file.spelled().empty() || !file.has("chain")) return {};
    const Samples chain = file.at("chain");
    require(chain.dim() == 1 && chain.n() == n, Failure::data, chain.source, ": has ", chain.n(),
            " rows of ", chain.dim(), " for ", n, " samples; it is the number of each one's chain");
    std::vector<Index> runs{0};
    for (Index i = 1; i < n; ++i) {
        if (chain.values(0, i) != chain.values(0, i - 1)) runs.push_back(i);
    }
    return runs;
}

State read_state(const std::string& spelling, const std::optional<Index>& most) {
    const DataFile file(spelling);
    file.refuse_weights();
    State state{file.samples(), {}, {}};
    state.checksum = checksum_of(state.samples.values);
    state.runs = runs_of(file, state.samples.n());
    if (most && *most < state.samples.n()) {
        state.samples.values.conservativeResize(Eigen::NoChange, *most);
        std::erase_if(state.runs, [&](Index run) { return run >= *most; });
    }
    return state;
}

/// What is known once all paths are done.
struct Done {
    std::vector<std::string> seen;  ///< sources that the model was trained on
    Works forward, backward;
    PathWorks ahead, back;  ///< of no path where works were read
    std::string transport = "works";
    std::optional<Index> nfe;
    bool walked = false;
};

Vector read_works(const DataFile& file, const char* dataset) {
    if (!file.has(dataset)) return {};
    const Samples works = file.at(dataset);
    require(works.dim() == 1, Failure::data, works.source, ": has ", works.dim(),
            " columns; a work is one number");
    for (Index i = 0; i < works.n(); ++i) {
        const double work = works.values(0, i);
        require(!std::isnan(work) && work > -std::numeric_limits<double>::infinity(), Failure::data,
                works.source, ": row ", i + 1, " is ", work,
                "; a work is finite, or inf where a path has no weight");
    }
    return -works.values.row(0).transpose();
}

Done done_before(const std::string& name) {
    DataFile file(name);
    file.let_nonfinite_pass();
    Done done;
    done.forward.a = read_works(file, "work_forward");
    done.backward.a = read_works(file, "work_backward");
    require(done.forward.a.size() + done.backward.a.size() > 0, Failure::data, file.name(),
            ": has neither /work_forward nor /work_backward");
    return done;
}

void require_usable(const Model& model, const Field& field, const std::string& file) {
    require(field.conditions().rows() == 0, Failure::usage, file,
            ": is conditioned on labels or data, and states are not");
    require(!model.source && !model.setup().fixed_start(), Failure::usage, file,
            ": starts from points or from what is observed; a state has a density");
    const unsigned wanted = kB | kS;
    require((field.available() & wanted) == wanted, Failure::usage, file,
            ": has no score, which the chain needs; train with --learn b,s and a latent "
            "(--gamma brownian)");
}

Done walk(const FreeEnergyInputs& inputs, const FreeEnergySpec& spec, std::uint64_t seed,
          Threads& threads, Progress& progress) {
    require(spec.potential_a && spec.potential_b, Failure::usage,
            "the energies of both states: --potential-a and --potential-b");
    const State a = read_state(inputs.a, spec.n), b = read_state(inputs.b, spec.n);
    require_coordinates(b.samples.source, b.samples.dim(), "those of " + a.samples.source,
                        a.samples.dim());
    const auto potential = [](const Choice<potentials>& choice, const Samples& samples,
                              std::string_view option) {
        return in_context(option, [&] { return ScalarPotential(choice, samples.shape); });
    };
    const ScalarPotential of_a = potential(*spec.potential_a, a.samples, "--potential-a"),
                          of_b = potential(*spec.potential_b, b.samples, "--potential-b");
    Done done;
    done.walked = true;
    if (inputs.model.empty()) {
        done.transport = "none";
        done.ahead = works_at_rest(of_a, of_b, a.samples.values, a.samples.source);
        done.back = works_at_rest(of_b, of_a, b.samples.values, b.samples.source);
    } else {
        done.transport = "sde";
        const Model model = read_model(inputs.model);
        require_dimension(a.samples.source, a.samples.dim(), model.dim);
        const auto field = make_field(model);
        require_usable(model, *field, inputs.model);
        for (const State* state : {&a, &b}) {
            const auto& known = model.trained_on;
            const bool seen = std::find(known.begin(), known.end(), state->checksum) != known.end();
            if (seen) done.seen.push_back(state->samples.source);
        }
        const WorkChain chain{
            model, *field, of_a, of_b, spec.epsilon.make(epsilon_context(model)), spec.steps};
        done.ahead = works_of_paths(chain, Direction::forward, a.samples.values, a.samples.source,
                                    seed, threads, progress);
        done.back = works_of_paths(chain, Direction::backward, b.samples.values, b.samples.source,
                                   seed, threads, progress);
        done.nfe = done.ahead.evaluations;
    }
    done.forward = {done.ahead.a, a.runs};
    done.backward = {done.back.a, b.runs};
    return done;
}

Json one_sided_json(const OneSided& one) {
    return {{"delta_f", or_null(one.delta_f)},
            {"stderr", or_null(one.standard_error)},
            {"ess", one.effective},
            {"largest_weight", one.largest_weight},
            {"infinite", one.infinite}};
}

Json bar_json(const Bennett& bar) {
    Json matrix = Json::array();
    for (Index i = 0; i < bar.overlap_matrix.rows(); ++i) {
        matrix.push_back({bar.overlap_matrix(i, 0), bar.overlap_matrix(i, 1)});
    }
    return {{"delta_f", or_null(bar.delta_f)},
            {"stderr", or_null(bar.standard_error)},
            {"overlap", bar.overlap},
            {"overlap_matrix", matrix},
            {"inefficiency", {bar.inefficiency[0], bar.inefficiency[1]}}};
}

/// Some of the works, from a place on.
Works part_of(const Works& works, Index first, Index count) {
    Works part{works.a.segment(first, count), {}};
    for (const Index run : works.runs) {
        if (run > first && run < first + count) part.runs.push_back(run - first);
    }
    if (!part.runs.empty()) part.runs.insert(part.runs.begin(), 0);
    return part;
}

/// Estimates from the first and the last k / K of both sides.
Json convergence_of(const Done& done, Index parts, const EstimateSpec& how) {
    Json all = Json::array();
    const Index n_a = done.forward.a.size(), n_b = done.backward.a.size();
    require(parts <= std::min(n_a, n_b), Failure::usage, "--convergence: ", parts, " parts of ",
            n_a, " and ", n_b, " works; each needs one of both directions");
    for (Index k = 1; k <= parts; ++k) {
        const Index a = n_a * k / parts, b = n_b * k / parts;
        Json line{{"part", static_cast<double>(k) / static_cast<double>(parts)}};
        for (const bool last : {false, true}) {
            const auto bar =
                estimate_free_energy(part_of(done.forward, last ? n_a - a : 0, a),
                                     part_of(done.backward, last ? n_b - b : 0, b), how)
                    .bar;
            line[last ? "last" : "first"] = {{"delta_f", or_null(bar.delta_f)},
                                             {"stderr", or_null(bar.standard_error)}};
        }
        all.push_back(std::move(line));
    }
    return all;
}

struct ChosenEstimate {
    std::string estimator;
    std::optional<double> delta_f, standard_error;
};

ChosenEstimate answer_of(const FreeEnergy& found, Answering wanted) {
    const bool both = found.n[0] > 0 && found.n[1] > 0;
    if (wanted == Answering::all) {
        wanted = both ? Answering::bar : found.n[0] > 0 ? Answering::forward : Answering::backward;
    }
    require(wanted != Answering::bar || both, Failure::usage,
            "--estimator: bar needs works of both directions");
    require((wanted != Answering::forward || found.n[0] > 0) &&
                (wanted != Answering::backward || found.n[1] > 0),
            Failure::usage, "--estimator: there are no works of this direction");
    if (wanted == Answering::forward) {
        return {"forward", found.forward.delta_f, found.forward.standard_error};
    }
    if (wanted == Answering::backward) {
        return {"backward", found.backward.delta_f, found.backward.standard_error};
    }
    const bool overlap = found.bar.overlap >= kNoOverlap;
    return {"bar", overlap ? found.bar.delta_f : std::nullopt,
            overlap ? found.bar.standard_error : std::nullopt};
}

Json warnings_of(const FreeEnergy& found, const ChosenEstimate& answer,
                 const std::vector<std::string>& seen) {
    Json all = Json::array();
    if (!seen.empty()) {
        all.push_back(
            text(join(seen, ", "),
                 ": the model was trained on these samples and leads them better than "
                 "others, which biases the estimate; hold some out first (si-data split)"));
    }
    const bool both = found.n[0] > 0 && found.n[1] > 0;
    if (!both) all.push_back("works of one direction: a one-sided estimate, which is biased");
    if (both && found.bar.overlap < kLittleOverlap) {
        all.push_back(
            text("the overlap is ", rounded(found.bar.overlap, 2),
                 "; below 0.03 neither the estimate nor its error can be trusted: train a "
                 "transport, take more steps of it, or more samples"));
    }
    if (found.forward.infinite + found.backward.infinite > 0) {
        all.push_back(text("infinite works, ", found.forward.infinite, " forward and ",
                           found.backward.infinite,
                           " backward: exponential averages of one direction do not see what lies "
                           "behind walls; the estimate of both is right"));
    }
    const auto& crooks = found.crooks;
    if (crooks.slope && std::abs(*crooks.slope - 1) > 5 * *crooks.standard_error) {
        all.push_back(text("the slope of Crooks's relation is ", rounded(*crooks.slope, 3), " +- ",
                           rounded(*crooks.standard_error, 2),
                           ", and should be 1: the samples are not those of the potentials (other "
                           "units, another temperature?)"));
    }
    if (answer.delta_f && !answer.standard_error) {
        all.push_back("one sample has no error");
    }
    return all;
}

Vector weights_of(const Vector& a) {
    if (a.size() == 0) return a;
    const double largest = a.maxCoeff();
    if (!std::isfinite(largest)) return Vector::Zero(a.size());
    const Vector weights = (a.array() - largest).exp();
    return weights / weights.mean();
}

void write_works(const std::string& file, const Done& done, const Provenance& provenance) {
    DataWriter out(file);
    out.let_nonfinite_pass();
    out.attribute("command", provenance.command);
    out.attribute("seed", provenance.seed);
    const auto side = [&](const std::string& name, const Works& works, const PathWorks& paths) {
        if (works.a.size() == 0) return;
        out.write("work_" + name, Matrix(-works.a.transpose()), {});
        out.write("weight_" + name, Matrix(weights_of(works.a).transpose()), {});
        if (!done.walked) return;
        out.write("x_" + name, paths.ends, {paths.ends.rows()});
        out.write("start_energy_" + name, Matrix(paths.start_energy.transpose()), {});
        out.write("end_energy_" + name, Matrix(paths.end_energy.transpose()), {});
    };
    side("forward", done.forward, done.ahead);
    side("backward", done.backward, done.back);
    out.commit();
}

}  // namespace

Answering Setting<Answering>::from_text(std::string_view word) {
    for (const auto& [name, meaning] : kAnswering) {
        if (word == name) return meaning;
    }
    refuse("all, forward, backward or bar", word);
}

Json Setting<Answering>::to_json(Answering v) {
    return kAnswering.at(static_cast<std::size_t>(v)).first;
}

GoesWithTable FreeEnergySpec::goes_with() {
    constexpr auto paths = "samples that are carried, not with --works";
    const auto walked = [](const Asked& asked) { return asked.value("works").is_null(); };
    const auto by_chain = [](const Asked& asked) {
        return asked.value("works").is_null() && asked.value("transport") != "none";
    };
    constexpr auto chain = "the chain of a model";
    return {{"potential-a", paths, walked}, {"potential-b", paths, walked},
            {"n", paths, walked},           {"transport", paths, walked},
            {"steps", chain, by_chain},     {"epsilon", chain, by_chain}};
}

FreeEnergyInputs FreeEnergyInputs::from(const std::vector<std::string>& words,
                                        const FreeEnergySpec& spec) {
    if (spec.works) {
        require(words.empty(), Failure::usage, "--works goes without MODEL, A and B");
        return {};
    }
    const bool none = spec.transport == "none";
    require(words.size() == 2 || words.size() == 3, Failure::usage,
            "give MODEL A B; or A B with --transport none; or --works FILE");
    require(!none || words.size() == 2, Failure::usage,
            "--transport none goes without a model: give A and B");
    require(none || words.size() == 3, Failure::usage,
            "two files and no model; --transport none compares samples where they are");
    if (none) return {"", words[0], words[1]};
    return {words[0], words[1], words[2]};
}

Json free_energy(const FreeEnergyInputs& inputs, const FreeEnergySpec& spec,
                 const FreeEnergyOutput& output, const Provenance& provenance, Threads& threads,
                 Progress& progress) {
    const Done done = spec.works ? done_before(*spec.works)
                                 : walk(inputs, spec, provenance.seed, threads, progress);
    const EstimateSpec how{.inefficiency = spec.inefficiency};
    const FreeEnergy found = estimate_free_energy(done.forward, done.backward, how);
    const ChosenEstimate answer = answer_of(found, spec.estimator);
    Json interval;
    if (answer.delta_f && answer.standard_error) {
        interval = {*answer.delta_f - 1.96 * *answer.standard_error,
                    *answer.delta_f + 1.96 * *answer.standard_error};
    }
    const Index n_a = found.n[0], n_b = found.n[1];
    Json report{
        {"delta_f", or_null(answer.delta_f)},
        {"stderr", or_null(answer.standard_error)},
        {"interval", interval},
        {"unit", "kT"},
        {"estimator", answer.estimator},
        {"transport", done.transport},
        {"n", {n_a, n_b}},
        {"n_effective",
         {static_cast<double>(n_a) / found.bar.inefficiency[0],
          static_cast<double>(n_b) / found.bar.inefficiency[1]}},
        {"steps", done.nfe ? Json(spec.steps) : Json()},
        {"epsilon", done.nfe ? Json(spelled(spec.epsilon.choice.json())) : Json()},
        {"forward", n_a > 0 ? one_sided_json(found.forward) : Json()},
        {"backward", n_b > 0 ? one_sided_json(found.backward) : Json()},
        {"bar", n_a > 0 && n_b > 0 ? bar_json(found.bar) : Json()},
        {"lower", or_null(found.lower)},
        {"upper", or_null(found.upper)},
        {"crooks_slope", or_null(found.crooks.slope)},
        {"crooks_slope_stderr", or_null(found.crooks.standard_error)},
        {"nfe", done.nfe ? Json(*done.nfe) : Json()},
        {"potential_evaluations", done.walked ? Json{{"a", n_a + n_b}, {"b", n_a + n_b}} : Json()},
        {"convergence", spec.convergence ? convergence_of(done, *spec.convergence, how) : Json()},
        {"warnings", warnings_of(found, answer, done.seen)}};
    if (output.output) write_works(*output.output, done, provenance);
    return report;
}

}  // namespace si
