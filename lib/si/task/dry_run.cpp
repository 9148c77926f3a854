#include "si/task/dry_run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <sys/resource.h>

#include "si/base/clock.hpp"
#include "si/base/ranks.hpp"
#include "si/io/model_file.hpp"
#include "si/train/session.hpp"
#include "si/train/settle.hpp"

namespace si {
namespace {

/// Larger batches are not run; their time and memory follow from two smaller ones.
constexpr Index kLargestRehearsal = 4096;

/// Of a part that is done to see how long it takes.
constexpr double kEnough = 0.5;
constexpr Index kRowsOfThread = 256;

double resident_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return 1024 * static_cast<double>(usage.ru_maxrss);
}

Index whole(double number) { return static_cast<Index>(std::llround(number)); }

/// Estimates the seconds for `all` rows. `some(rows)` does about that many rows and returns how
/// many it did; it is called with twice as many rows each time, until a call takes long enough to
/// be measured. `apart` seconds of each call do not grow with the rows.
template <class Some>
double seconds_of_all(Index all, double apart, const Threads& threads, const Some& some) {
    for (Index rows = std::min(all, kRowsOfThread * threads.count());;
         rows = std::min(all, 2 * rows)) {
        const double begun = seconds_now();
        const Index done = some(rows);
        const double took = std::max(0.0, seconds_now() - begun - apart);
        if (took < kEnough && rows < all) continue;
        return done == 0 ? apart
                         : apart + took * static_cast<double>(all) / static_cast<double>(done);
    }
}

void require_alone() {
    require(!ranks().several(), Failure::usage, "--dry-run: is for one process, not for ranks");
}

}  // namespace

namespace {

struct Rehearsal {
    double a_step, memory;  ///< seconds of a step, with its part of validations; resident bytes
    Index parameters;
};

/// Takes some steps of a training run.
Rehearsal rehearse(const TrainData& data, const InterpolantSpec& interpolant, const TrainSpec& spec,
                   std::uint64_t seed, Threads& threads) {
    Session session(data, interpolant, spec, seed, threads);
    Index done = 0;
    const auto step = [&] { session.rehearse(done), ++done; };
    step();  // which makes room for all others
    double begun = seconds_now();
    const Index before = done;
    do step();
    while (done < *session.spec().steps && seconds_now() - begun < kEnough);
    double a_step =
        (seconds_now() - begun) / static_cast<double>(std::max<Index>(1, done - before));
    if (session.validates()) {
        begun = seconds_now();
        session.validate();
        a_step += (seconds_now() - begun) / static_cast<double>(session.spec().valid_interval);
    }
    return {a_step, resident_bytes(), session.stepper().parameters().size()};
}

/// rehearse() with a batch that may be too large to be tried. Time grows with a power of the batch,
/// which is 1 unless pairs are a plan of the batch, and memory in proportion.
Rehearsal rehearse_any(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
                       std::uint64_t seed, Threads& threads) {
    const Index batch = *spec.batch;
    if (batch <= kLargestRehearsal) return rehearse(data, interpolant, spec, seed, threads);
    constexpr Index kShare = 4;
    spec.batch = kLargestRehearsal / kShare;
    const auto small = rehearse(data, interpolant, spec, seed, threads);
    spec.batch = kLargestRehearsal;
    auto large = rehearse(data, interpolant, spec, seed, threads);
    const double power =
        std::clamp(std::log(large.a_step / small.a_step) / std::log(double{kShare}), 1.0, 3.0);
    large.a_step *= std::pow(static_cast<double>(batch) / kLargestRehearsal, power);
    large.memory += std::max(0.0, large.memory - small.memory) *
                    static_cast<double>(batch - kLargestRehearsal) /
                    static_cast<double>(kLargestRehearsal - kLargestRehearsal / kShare);
    return large;
}

}  // namespace

Json dry_run_training(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
                      std::uint64_t seed, double max_seconds, Threads& threads) {
    require_alone();
    const bool open = !spec.steps;
    spec = settled(std::move(spec), data);
    const auto [a_step, memory, parameters] = rehearse_any(data, interpolant, spec, seed, threads);
    Index steps = *spec.steps;
    if (max_seconds > 0) {
        const Index most = open ? most_steps(spec, data.x1().n()) : steps;
        steps = std::clamp<Index>(whole(0.95 * max_seconds / a_step), 1, most);
    }
    // Numbers of four bytes, in base64; the rest is the text around them.
    constexpr double kBytes = 16.0 / 3, kText = 20e3;
    return {{"samples", data.x1().n()},
            {"parameters", parameters},
            {"steps", steps},
            {"seconds", a_step * static_cast<double>(steps)},
            {"memory_bytes", whole(memory)},
            {"output_bytes", whole(kBytes * static_cast<double>(parameters) + kText)}};
}

Json dry_run_sampling(const Model& model, const Field& field, const SampleTask& task,
                      Threads& threads, Progress& progress) {
    require_alone();
    const TransportSpec spec = task.transport.resolved(model, field);
    const Provenance& provenance = task.provenance;
    const StartingPoints points(model, field, task.points, provenance.seed, provenance.shard);
    double evaluations = 0;
    Index next = 0;  // what arrives is read once
    const double seconds = seconds_of_all(points.n(), 0, threads, [&](Index rows) {
        rows = std::min(rows, points.n() - next);
        const Start start = points.read({next, rows});
        const auto made = transport(model, field, spec,
                                    {.x = start.x,
                                     .direction = task.points.direction(),
                                     .seed = provenance.seed,
                                     .first = points.first() + next,
                                     .given = start.given},
                                    threads, progress);
        if (rows > 0) evaluations = made.evaluations.cast<double>().mean();
        next = rows + next < points.n() ? next + rows : 0;
        return rows;
    });
    const auto states = static_cast<double>(model.dim * (1 + std::ssize(spec.trajectory)));
    const double numbers = states + 1 + (spec.log_density ? 1 : 0);
    return {{"samples", points.n()},
            {"nfe", evaluations},
            {"seconds", seconds},
            {"memory_bytes", whole(resident_bytes())},
            {"output_bytes", whole(8 * numbers * static_cast<double>(points.n()) + 4e3)}};
}

Json dry_run_log_density(const Model& model, const std::string& data, const LogDensitySpec& spec,
                         const LogDensityRun& run, Threads& threads, Progress& progress) {
    require(data != "-" && !data.starts_with("-:/"), Failure::usage,
            "--dry-run: the number of samples on standard input is not known before");
    require_alone();
    const double begun = seconds_now();
    const Index n = run.shard.of(DataFile(data).reader(Passes::one).n()).count;
    const double opening = seconds_now() - begun;
    double seconds = 0;
    LogDensitySpec one = spec;
    const EpsilonList all = spec.epsilon.value_or(EpsilonList{{{}}});
    for (const EpsilonChoice& epsilon : all.each) {
        if (spec.epsilon) one.epsilon = EpsilonList{{epsilon}};
        seconds += seconds_of_all(n, opening, threads, [&](Index rows) {
            const Shard part{1, std::max<Index>(1, n / std::max<Index>(1, rows))};
            const auto found = log_densities_of_file(
                model, data, one, {.seed = run.seed, .shard = part, .keep = Keep::summary}, threads,
                progress);
            return found.front().log_density.n;
        });
    }
    const bool output = run.keep == Keep::samples;
    const double columns = output ? (spec.sde || spec.epsilon ? 3 : 1) : 0;
    return {{"samples", n},
            {"seconds", seconds},
            {"memory_bytes", whole(resident_bytes())},
            {"output_bytes", whole(columns * 8 * static_cast<double>(n) + (output ? 4e3 : 0))}};
}

Json dry_run_bridge(const Choice<bridge_methods>& asked, const BridgeTask& task, Threads& threads) {
    require_fits(asked, task);
    Progress silent;
    const auto method = chosen_method(asked, task, silent);
    const Json& whole_length = method.json();
    Json output;
    const auto seconds_with = [&](Index steps, Index rounds) {
        Json shorter = whole_length;
        if (shorter.contains("steps")) shorter["steps"] = steps;
        if (shorter.contains("rounds")) shorter["rounds"] = rounds;
        const double begun = seconds_now();
        output =
            model_to_json(Choice<bridge_methods>::from_json(shorter).make(task, threads, silent));
        return seconds_now() - begun;
    };
    const Index all = whole_length.value("steps", Index{1}),
                rounds = whole_length.value("rounds", Index{1});
    // Times are linear in the steps and in the rounds, with a part that depends on neither.
    constexpr Index kFewest = 32;
    Index few = std::min(all, kFewest), more = few;
    double with_few = seconds_with(few, 1), with_more = with_few;
    while (more < all && with_more - with_few < kEnough) {
        few = std::exchange(more, std::min(all, 2 * more));
        with_few = std::exchange(with_more, seconds_with(more, 1));
    }
    const auto of_all = [&](double a, double b) {
        if (more == few) return b;
        return b + std::max(0.0, b - a) * static_cast<double>(all - more) /
                       static_cast<double>(more - few);
    };
    double seconds = of_all(with_few, with_more);
    if (rounds > 1) {
        const double another = of_all(seconds_with(few, 2), seconds_with(more, 2)) - seconds;
        seconds += std::max(0.0, another) * static_cast<double>(rounds - 1);
    }
    return {{"samples", {task.x0.cols(), task.x1.cols()}},
            {"method", method.kind()},
            {"seconds", seconds},
            {"memory_bytes", whole(resident_bytes())},
            {"output_bytes", output.dump().size()}};
}

}  // namespace si
