#include <algorithm>
#include <array>
#include <cmath>

#include "si/base/visible.hpp"
#include "si/task/rows.hpp"

// What si-data info says of a file.

namespace si {
namespace {

/// Mean and deviation. Numbers whose squares a double does not hold are brought near 1 by a power
/// of two.
std::array<double, 2> spread_of(const Eigen::Map<const Eigen::ArrayXd>& numbers) {
    int exponent = 0;
    std::frexp(numbers.abs().maxCoeff(), &exponent);
    if (std::abs(exponent) < 400) {
        const double mean = numbers.mean();
        return {mean, std::sqrt((numbers - mean).square().mean())};
    }
    const Eigen::ArrayXd near_one =
        numbers.unaryExpr([exponent](double value) { return std::ldexp(value, -exponent); });
    const double mean = near_one.mean();
    return {std::ldexp(mean, exponent),
            std::ldexp(std::sqrt((near_one - mean).square().mean()), exponent)};
}

/// Of the numbers that are finite, and how many are not.
Json figures(Matrix values) {
    const auto count = std::remove_if(values.data(), values.data() + values.size(),
                                      [](double v) { return !std::isfinite(v); }) -
                       values.data();
    Json all = Json::object();
    if (count > 0) {
        const Eigen::Map<const Eigen::ArrayXd> numbers(values.data(), count);
        const auto [mean, deviation] = spread_of(numbers);
        all = {{"min", numbers.minCoeff()},
               {"max", numbers.maxCoeff()},
               {"mean", mean},
               {"sd", deviation}};
    }
    if (count < values.size()) all["nonfinite"] = values.size() - count;
    return all;
}

/// Which datasets of the file are meant: the one that was spelled out, or those of a group.
std::vector<DatasetInfo> meant_datasets(const DataFile& file) {
    auto all = file.list();
    const std::string& spelled = file.spelled();
    if (spelled.empty()) return all;
    const std::string group = spelled.ends_with('/') ? spelled : spelled + "/";
    std::erase_if(all, [&](const DatasetInfo& info) {
        return info.name != spelled && !info.name.starts_with(group);
    });
    if (all.empty()) file.at(spelled);  // says what there is, or is a link
    if (all.empty()) all.push_back({.name = spelled, .shape = *file.shape(spelled), .type = ""});
    return all;
}

/// Figures of the columns of a vector, with their names where they have one.
Json column_figures(const Samples& samples) {
    Json columns = Json::array();
    for (Index k = 0; k < samples.dim(); ++k) {
        const auto at = static_cast<std::size_t>(k);
        Json one{{"name", at < samples.columns.size() ? samples.columns[at] : ""}};
        one.update(figures(samples.values.row(k)));
        columns.push_back(std::move(one));
    }
    return columns;
}

/// One dataset. One that cannot be read keeps none of the others from being shown.
Json describe_dataset(const DataFile& file, const DatasetInfo& info) {
    Json one{{"name", info.name}, {"shape", info.shape}, {"type", info.type}};
    if (!info.note.empty()) one["problem"] = info.note;
    if (!info.readable) return one;
    try {
        const auto samples = info.name.empty() ? file.samples() : file.at(info.name);
        one["type"] = to_text(samples.type);
        if (samples.values.size() > 0) one.update(figures(samples.values));
        const bool vector = samples.shape.size() == 1 && samples.dim() > 1;
        if (vector) one["columns"] = column_figures(samples);
    } catch (const Error& error) {
        if (error.kind() != Failure::data) throw;
        const std::string place = text(file.name(), ":", info.name, ": ");
        const std::string what = error.what();
        one["problem"] = what.starts_with(place) ? what.substr(place.size()) : what;
    }
    return one;
}

std::string figures_text(const Json& one) {
    std::string out;
    for (const char* key : {"min", "max", "mean", "sd"}) {
        if (one.contains(key)) out += text("  ", key, " ", rounded(one[key].get<double>(), 6));
    }
    if (one.contains("nonfinite")) out += text("  not finite ", one["nonfinite"].get<Index>());
    return out;
}

std::string columns_text(const Json& columns) {
    std::vector<std::string> names;
    std::size_t widest = 0;
    for (const auto& column : columns) {
        const auto name = visible(spelled(column["name"]));
        names.push_back(text(names.size() + 1, name.empty() ? "" : " ", name));
        widest = std::max(widest, names.back().size());
    }
    std::string out;
    for (std::size_t k = 0; k < names.size(); ++k) {
        out += text("    ", names[k], std::string(widest - names[k].size(), ' '),
                    figures_text(columns[k]), "\n");
    }
    return out;
}

}  // namespace

Json describe(const DataFile& file) {
    Json attributes = Json::object(), datasets = Json::array();
    const auto all = meant_datasets(file);
    const bool single = all.size() == 1 && all[0].name == file.spelled();
    for (const auto& [name, value] : file.attributes(single ? all[0].name : "")) {
        attributes[name] = value;
    }
    for (const auto& info : all) datasets.push_back(describe_dataset(file, info));
    return {{"file", file.name() + (file.spelled().empty() ? "" : ":" + file.spelled())},
            {"format", to_text(file.format())},
            {"attributes", attributes},
            {"datasets", datasets}};
}

std::string description_text(const Json& description) {
    constexpr std::size_t kMostColumns = 20;
    std::string out =
        text(visible(spelled(description["file"])), ": ", spelled(description["format"]), "\n");
    for (const auto& [name, value] : description["attributes"].items()) {
        out += text("  ", visible(name), " = ", visible(spelled(value)), "\n");
    }
    const auto& datasets = description["datasets"];
    for (const auto& one : datasets) {
        std::string shape;
        for (const auto& size : one["shape"]) {
            shape += text(shape.empty() ? "" : " x ", size.get<Index>());
        }
        out += text("  ", visible(spelled(one["name"])), one["name"] == "" ? "" : " ", shape, " ",
                    spelled(one["type"]), figures_text(one));
        if (one.contains("problem")) out += text("  not read: ", visible(spelled(one["problem"])));
        out += "\n";
        const Json columns = one.value("columns", Json::array());
        if (columns.size() <= kMostColumns || datasets.size() == 1) out += columns_text(columns);
    }
    return out;
}

}  // namespace si
