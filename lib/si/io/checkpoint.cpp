#include "si/io/checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include <unistd.h>

#include "si/base/formats.hpp"
#include "si/base/lists.hpp"
#include "si/base/ranks.hpp"
#include "si/io/atomic_file.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/input_file.hpp"
#include "si/io/json_file.hpp"
#include "si/io/tensor.hpp"
#include "si/train/settle.hpp"
#include "si/version.hpp"

namespace si {
namespace {

constexpr std::string_view kHeader = "si-checkpoint 1 ";
static_assert(kHeader[14] == '0' + kCheckpointFormat);

std::string checksum(const Matrix& x) {
    return crc32c_text(crc32c({reinterpret_cast<const char*>(x.data()),
                               static_cast<std::size_t>(x.size()) * sizeof(double)}));
}

/// JSON knows no infinity, which is what is held out before the first validation.

double number_or_infinity(const Json& object, const std::string& key) {
    const Json& node = member(object, key);
    return node.is_null() ? std::numeric_limits<double>::infinity()
                          : member_as<double>(object, key);
}

template <class V>
Json vector_to_json(const V& v) {
    return tensor_to_json(v.data(), {v.size()});
}

template <class V>
V vector_from_json(const Json& object, const std::string& key, Index size) {
    using T = typename V::Scalar;
    const Json& node = member(object, key);
    return in_context(text("/", key), [&] {
        const auto list = read_tensor<T>(node, {size < 0 ? tensor_shape(node).at(0) : size});
        return V(Eigen::Map<const V>(list.data(), std::ssize(list)));
    });
}

Json mean_to_json(const RunningMean& mean) { return {{"sum", mean.sum}, {"weight", mean.weight}}; }

RunningMean mean_from_json(const Json& object, const std::string& key) {
    const Json& node = member(object, key);
    return in_context(text("/", key), [&] {
        return RunningMean{member_as<double>(node, "sum"), member_as<double>(node, "weight")};
    });
}

Json state_to_json(const TrainState& state) {
    Json json{{"done", state.done},
              {"steps", state.steps},
              {"form", mean_to_json(state.form)},
              {"square", mean_to_json(state.square)},
              {"held_out", finite_or_null(state.held_out)},
              {"held_out_square", finite_or_null(state.held_out_square)},
              {"best", finite_or_null(state.best)},
              {"best_step", state.best_step},
              {"history", state.history},
              {"parameters", vector_to_json(state.machine.parameters)},
              {"average", vector_to_json(state.machine.average)},
              {"first", vector_to_json(state.machine.first)},
              {"second", vector_to_json(state.machine.second)}};
    if (state.machine.path.size() > 0) json["path"] = vector_to_json(state.machine.path);
    if (state.best_step > 0) json["best_parameters"] = vector_to_json(state.best_parameters);
    return json;
}

TrainState state_from_json(const Json& json) {
    using Floats = Eigen::VectorXf;
    TrainState state;
    state.done = member_as<Index>(json, "done");
    state.steps = member_as<Index>(json, "steps");
    state.form = mean_from_json(json, "form");
    state.square = mean_from_json(json, "square");
    state.held_out = number_or_infinity(json, "held_out");
    state.held_out_square = number_or_infinity(json, "held_out_square");
    state.best = number_or_infinity(json, "best");
    state.best_step = member_as<Index>(json, "best_step");
    state.history = member(json, "history");
    require(state.history.is_array(), Failure::data, "/history: expected a list");
    state.machine.parameters = vector_from_json<Floats>(json, "parameters", -1);
    const Index size = state.machine.parameters.size();
    state.machine.average = vector_from_json<Floats>(json, "average", size);
    state.machine.first = vector_from_json<Floats>(json, "first", size);
    state.machine.second = vector_from_json<Floats>(json, "second", size);
    if (json.contains("path")) state.machine.path = vector_from_json<Vector>(json, "path", -1);
    if (state.best_step > 0) {
        state.best_parameters = vector_from_json<Floats>(json, "best_parameters", size);
    }
    return state;
}

bool there(const std::string& file) { return ::access(file.c_str(), F_OK) == 0; }

/// "/training/steps was 1000, is 2000": the first place where two documents differ.
std::string first_difference(const Json& before, const Json& now, const std::string& place) {
    if (before == now) return "";
    if (!before.is_object() || !now.is_object()) {
        return text(place, " was ", shortened(before.dump(), 60), ", is ",
                    shortened(now.dump(), 60));
    }
    for (const auto& item : now.items()) {
        const auto found = before.find(item.key());
        const auto here = text(place, "/", item.key());
        if (found == before.end()) return text(here, " was not there");
        if (auto inside = first_difference(*found, item.value(), here); !inside.empty()) {
            return inside;
        }
    }
    return text(place, " had other settings");
}

}  // namespace

double TimeLimit::seconds() const {
    if (!of_job) return fixed.value;
    const char* end = std::getenv("SLURM_JOB_END_TIME");
    if (end == nullptr) return 0;
    const auto at = parse_integer(end);
    require(at.has_value(), Failure::config, "SLURM_JOB_END_TIME: expected seconds since 1970, is ",
            end);
    return std::max(static_cast<double>(*at - static_cast<std::int64_t>(std::time(nullptr))), 1e-9);
}

Json identity_of_run(const TrainData& data, const InterpolantSpec& interpolant,
                     const TrainSpec& spec, std::uint64_t seed) {
    const TrainSpec whole = settled(spec, data);
    const auto of_set = [](const Matrix& x, const std::optional<StoredSet>& stored) {
        if (!stored) return Json(checksum(x));
        return Json{{"blocks", {stored->blocks.rows, stored->blocks.blocks}},
                    {"numbers", stored->fingerprint}};
    };
    Json data_node{{"shape", data.shape}, {"x1", of_set(data.x1().samples, data.x1().stored)}};
    if (data.x0().sampled()) data_node["x0"] = of_set(data.x0().samples, data.x0().stored);
    data_node["valid1"] = checksum(data.x1().valid);
    if (data.x0().valid.rows() > 0) data_node["valid0"] = checksum(data.x0().valid);
    if (data.given.size() > 0) {
        data_node["given"] = checksum(data.given);
        data_node["valid_given"] = checksum(data.valid_given);
    }
    if (data.x1().beside.size() > 0) {
        data_node["beside0"] = checksum(data.x0().beside);
        data_node["beside1"] = checksum(data.x1().beside);
        data_node["valid_beside0"] = checksum(data.x0().valid_beside);
        data_node["valid_beside1"] = checksum(data.x1().valid_beside);
    }
    return {{"version", kVersion},
            {"seed", seed},
            {"interpolant", write_spec(interpolant)},
            {"training", write_spec(whole)},
            {"data", std::move(data_node)}};
}

FileCheckpoints::FileCheckpoints(CheckpointSpec spec, Json identity, double start,
                                 double max_seconds, std::function<Request()> request,
                                 Progress& progress)
    : spec_(std::move(spec)),
      identity_(std::move(identity)),
      start_(start),
      max_seconds_(max_seconds),
      request_(std::move(request)),
      progress_(progress),
      saved_at_(seconds_now()) {
    require(spec_.checkpoint != "-", Failure::usage,
            "--checkpoint: is a file to read again, and cannot be standard output");
    if (ranks().first()) lock_ = FileLock(spec_.checkpoint, progress);
    exists_ = there(spec_.checkpoint) || there(previous());
    require(!exists_ || spec_.resume != "no", Failure::usage, spec_.checkpoint,
            ": is the checkpoint of an earlier run; --resume auto goes on from it, or remove it");
    require(exists_ || spec_.resume != "yes", Failure::usage, spec_.checkpoint,
            ": there is no checkpoint to resume");
}

TrainState FileCheckpoints::read(const std::string& file) const {
    return in_file(file, [&] {
        const std::string bytes = read_file(file, kLargestJson);
        const auto line = bytes.find('\n');
        const std::string_view view = bytes;
        const bool whole =
            view.starts_with(kHeader) && line == kHeader.size() + 8 &&
            view.substr(kHeader.size(), 8) == crc32c_text(crc32c(view.substr(line + 1)));
        require(whole, Failure::data, "is no checkpoint, or is damaged");
        const Json document = parse_json(view.substr(line + 1));
        const auto difference = first_difference(member(document, "run"), identity_, "");
        require(difference.empty(), Failure::config, "is of another run: ", difference);
        progress_.rewind(member_as<Index>(document, "log"));
        return in_context("/state", [&] { return state_from_json(member(document, "state")); });
    });
}

std::optional<TrainState> FileCheckpoints::resume() {
    std::optional<TrainState> state;
    if (exists_) state = read_newest();
    ranks().meet();  // before the first of them writes one
    return state;
}

TrainState FileCheckpoints::read_newest() {
    std::optional<TrainState> state;
    try {
        state = read(spec_.checkpoint);
    } catch (const Error& error) {
        if (error.kind() == Failure::config) throw error.as(Failure::usage);
        if (error.kind() == Failure::resource || !there(previous())) throw;
        progress_.aside(text(error.what(), "; the one before is used"));
        damaged_ = true;
        state = read(previous());
    }
    progress_.aside(text("going on from step ", state->done, " of ", state->steps));
    return std::move(*state);
}

Checkpoints::Request FileCheckpoints::request() { return ranks().agree(own_request()); }

Checkpoints::Request FileCheckpoints::own_request() {
    const Request outside = request_();
    if (outside == Request::stop) return outside;
    const double now = seconds_now();
    // What a checkpoint took, three times over, is kept back for the last one.
    if (max_seconds_ > 0 && now - start_ + 3 * longest_save_ >= max_seconds_) return Request::stop;
    return now - saved_at_ >= spec_.checkpoint_interval.value ? Request::save : outside;
}

void FileCheckpoints::save(const TrainState& state) {
    if (!ranks().first()) return;
    const double begun = seconds_now();
    const Json document{
        {"run", identity_}, {"log", progress_.mark()}, {"state", state_to_json(state)}};
    const std::string body = document.dump() + "\n";
    // A second name for the old one, so that there is one at every moment.
    if (there(spec_.checkpoint) && !std::exchange(damaged_, false)) {
        ::unlink(previous().c_str());
        if (::link(spec_.checkpoint.c_str(), previous().c_str()) != 0) {
            // Many file systems give a file one name only; there the old one is a copy.
            write_file(previous(), read_file(spec_.checkpoint, kLargestJson));
        }
    }
    write_file(spec_.checkpoint, text(kHeader, crc32c_text(crc32c(body)), "\n", body));
    saved_at_ = seconds_now();
    longest_save_ = std::max(longest_save_, saved_at_ - begun);
    if (state.done > 0)
        progress_.aside(text("checkpoint at step ", state.done, " of ", state.steps));
}

}  // namespace si
