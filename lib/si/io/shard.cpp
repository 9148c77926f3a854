#include "si/io/shard.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

namespace si {
namespace {

constexpr const char *kPart = "shard", *kRows = "rows";

std::int64_t variable(const char* name, std::optional<std::int64_t> otherwise = {}) {
    const char* value = std::getenv(name);
    if (value == nullptr && otherwise) return *otherwise;
    require(value != nullptr, Failure::config,
            "--shard auto needs the variables of a Slurm array, "
            "but there is no ",
            name);
    const auto number = parse_integer(value);
    require(number.has_value(), Failure::config, name, ": expected an integer, is ", value);
    return *number;
}

Shard part_of_array() {
    const auto id = variable("SLURM_ARRAY_TASK_ID"), first = variable("SLURM_ARRAY_TASK_MIN", 1),
               count = variable("SLURM_ARRAY_TASK_COUNT"),
               last = variable("SLURM_ARRAY_TASK_MAX", first + count - 1);
    require(last - first + 1 == count && id >= first && id <= last, Failure::config,
            "--shard auto: the tasks of the array must be consecutive, not ", count, " from ",
            first, " to ", last);
    return {id - first + 1, count};
}

/// A part as it was opened.
struct Part {
    std::unique_ptr<DataFile> file;
    Shard shard;
    Index rows = 0;  ///< of the whole
    std::map<std::string, std::string> attributes;
};

Part open_part(const std::string& name) {
    Part part{std::make_unique<DataFile>(name), {}, 0, {}};
    part.file->let_nonfinite_pass();  // --allow-nonfinite keep
    for (auto& [key, value] : part.file->attributes()) part.attributes[key] = value;
    return in_context(part.file->name(), [&] {
        const auto found = part.attributes.find(kPart);
        const auto rows = part.attributes.find(kRows);
        require(found != part.attributes.end() && rows != part.attributes.end(), Failure::data,
                "is no part of a job: it was not written with --shard");
        const auto number = parse_integer(rows->second);
        require(number.has_value() && *number >= 0, Failure::data, "attribute rows is ",
                rows->second);
        try {
            part.shard = Setting<Shard>::from_text(found->second);
        } catch (const Error& error) {
            throw error.as(Failure::data);
        }
        part.rows = *number;
        part.attributes.erase(found);
        return std::move(part);
    });
}

/// Datasets in the order in which programs write them; others follow by name.
std::vector<DatasetInfo> datasets_in_order(const DataFile& file) {
    constexpr auto kOrder = std::to_array<std::string_view>(
        {"/x", "/log_density", "/trajectory", "/time", "/nfe", "/log_density_stderr", "/ess"});
    auto all = file.list();
    const auto place = [&](const DatasetInfo& info) {
        return std::find(kOrder.begin(), kOrder.end(), info.name);
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return all;
}

void write_same(DataWriter& out, const DatasetInfo& as, const Samples& all) {
    const auto name = as.name.substr(1);
    if (all.type == ElementType::i64) {
        std::vector<std::int64_t> numbers;
        for (const double value : all.values.reshaped()) {
            numbers.push_back(static_cast<std::int64_t>(value));
        }
        out.write(name, numbers);
    } else {
        out.write(name, all.values, {as.shape.begin() + 1, as.shape.end()}, all.type);
    }
}

}  // namespace

Columns Shard::of(Index n) const {
    require(n >= count, Failure::usage, "there are ", n, " samples for ", count, " parts");
    const Index first = n / count * (index - 1) + std::min(index - 1, n % count);
    return {first, n / count + (index <= n % count ? 1 : 0)};
}

Shard Setting<Shard>::from_text(std::string_view word) {
    if (word == "auto") return part_of_array();
    const auto slash = word.find('/');
    const auto index = parse_integer(word.substr(0, slash));
    const auto count =
        slash == std::string_view::npos ? std::nullopt : parse_integer(word.substr(slash + 1));
    if (!index || !count || *index < 1 || *index > *count || *count > (Index{1} << 31)) {
        refuse("a part such as 2/8, from 1/8 to 8/8", word);
    }
    return {*index, *count};
}

void write_shard(DataWriter& out, const Shard& shard, Index n) {
    if (shard.whole()) return;
    out.attribute(kPart, text(shard.index, "/", shard.count));
    out.attribute(kRows, n);
}

void merge_shards(const std::vector<std::string>& files, const std::string& to) {
    std::vector<Part> parts;
    for (const auto& name : files) parts.push_back(open_part(name));
    std::sort(parts.begin(), parts.end(),
              [](const Part& a, const Part& b) { return a.shard.index < b.shard.index; });
    const Part& first = parts.front();
    for (std::size_t k = 0; k < parts.size(); ++k) {
        const Part& part = parts[k];
        const auto wanted = static_cast<Index>(k) + 1;
        in_context(part.file->name(), [&] {
            require(part.shard.count == first.shard.count, Failure::data, "is part ",
                    part.shard.index, " of ", part.shard.count, ", ", first.file->name(),
                    " one of ", first.shard.count);
            require(part.shard.index >= wanted, Failure::data, "is part ", part.shard.index, " of ",
                    part.shard.count, ", which is there twice");
            require(part.shard.index == wanted, Failure::data, "part ", wanted, " of ",
                    part.shard.count, " is missing; this is part ", part.shard.index);
            for (const auto& [key, value] : first.attributes) {
                const auto found = part.attributes.find(key);
                require(found != part.attributes.end() && found->second == value, Failure::data,
                        "is of another job: its ", key, " is ",
                        found == part.attributes.end() ? "missing" : found->second, ", in ",
                        first.file->name(), " it is ", value);
            }
        });
    }
    require(std::ssize(parts) == first.shard.count, Failure::data, "part ", parts.size() + 1,
            " of ", first.shard.count, " is missing");

    DataWriter out(to);
    out.let_nonfinite_pass();
    if (const auto command = first.attributes.find("command"); command != first.attributes.end()) {
        out.attribute("command", command->second);
    }
    if (const auto seed = first.attributes.find("seed"); seed != first.attributes.end()) {
        const auto number = parse_unsigned(seed->second);
        require(number.has_value(), Failure::data, first.file->name(), ": attribute seed is ",
                seed->second);
        out.attribute("seed", *number);
    }
    for (const auto& info : datasets_in_order(*first.file)) {
        const auto& name = info.name;
        Samples all = first.file->at(name);
        const bool of_rows = all.n() == first.shard.of(first.rows).count && name != "/time";
        if (of_rows) {
            all.values.conservativeResize(Eigen::NoChange, first.rows);
            for (const Part& part : parts) {
                const Samples some = part.file->at(name);
                const Columns rows = part.shard.of(part.rows);
                require(some.n() == rows.count && some.shape == all.shape && some.type == all.type,
                        Failure::data, some.source, ": should be ", rows.count, " of ", first.rows,
                        " samples, like those of ", first.file->name());
                all.values.middleCols(rows.first, rows.count) = some.values;
            }
        }
        write_same(out, info, all);
    }
    out.commit();
}

}  // namespace si
