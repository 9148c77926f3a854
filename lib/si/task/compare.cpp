#include "si/task/compare.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "si/base/lists.hpp"
#include "si/io/dataset.hpp"

namespace si {
namespace {

Json to_json(const Comparison& one) {
    Json entry{{"value", finite_or_null(one.value)}};
    if (std::isnan(one.value)) {
        for (const auto* key : {"stderr", "interval", "floor", "floor_deviation", "changed"}) {
            entry[key] = nullptr;
        }
    } else {
        entry["stderr"] = finite_or_null(one.error);
        entry["interval"] = {finite_or_null(one.low), finite_or_null(one.high)};
        entry["floor"] = finite_or_null(one.floor);
        entry["floor_deviation"] = finite_or_null(one.floor_deviation);
        entry["changed"] = finite_or_null(one.changed);
    }
    entry["n"] = one.na;
    entry["n_reference"] = one.nb;
    entry["verdict"] = to_text(one.verdict);
    if (!one.note.empty()) entry["note"] = one.note;
    return entry;
}

/// What the metrics say together.
Verdict overall(const std::vector<MetricResult>& results) {
    const auto any = [&](Verdict verdict) {
        return std::any_of(results.begin(), results.end(), [&](const MetricResult& result) {
            return std::any_of(result.scores.begin(), result.scores.end(),
                               [&](const Comparison& one) { return one.verdict == verdict; });
        });
    };
    for (const Verdict verdict :
         {Verdict::differs, Verdict::closer, Verdict::same, Verdict::too_few}) {
        if (any(verdict)) return verdict;
    }
    return Verdict::undefined;
}

/// One cell, at the right of its column, or at the left of it.
std::string right(const std::string& cell, std::size_t width) {
    return cell.size() < width ? std::string(width - cell.size(), ' ') + cell : cell;
}
std::string left(std::string cell, std::size_t width) {
    if (cell.size() < width) cell.append(width - cell.size(), ' ');
    return cell;
}

std::string cell(const Json& value) {
    constexpr int kDigits = 4;
    return value.is_null() ? "-" : rounded(value.get<double>(), kDigits);
}

}  // namespace

Json compare_report(const std::string& samples, const std::string& reference,
                    const MetricSpec& spec, std::uint64_t seed, Threads& threads,
                    Progress& progress) {
    const auto a = read_samples(samples), b = read_samples(reference);
    require_coordinates(a.source, a.dim(), kReference, b.dim());
    const auto read = [&](const std::string& file) {
        auto modes = read_samples(file);
        require(modes.dim() == a.dim(), Failure::data, modes.source, ": modes have ", modes.dim(),
                " coordinates, samples have ", a.dim());
        return std::move(modes.values);
    };
    const auto results = compare(a.values, b.values, spec, seed, read, threads, progress);
    Json list = Json::object(), details = Json::object(), differs = Json::array();
    for (const MetricResult& result : results) {
        for (const Comparison& one : result.scores) {
            list[std::string(one.score->name)] = to_json(one);
            if (one.verdict == Verdict::differs) differs.push_back(one.score->name);
        }
        if (result.details.is_object()) details.update(result.details);
    }
    Json report{{"n", a.n()},
                {"n_reference", b.n()},
                {"dim", a.dim()},
                {"seed", seed},
                {"verdict", to_text(overall(results))},
                {"differs", differs},
                {"metrics", list}};
    if (!details.empty()) report["details"] = details;
    return report;
}

std::string compare_text(const Json& report) {
    constexpr std::size_t kName = 12, kNumber = 11, kCount = 14;
    std::string table = left("metric", kName);
    for (const auto* title : {"value", "95 % from", "to", "floor", "+-"}) {
        table += right(title, kNumber);
    }
    table += right("n", kCount) + "  verdict\n";
    for (const auto& [name, one] : report.at("metrics").items()) {
        const Json& interval = one.at("interval");
        table += left(name, kName) + right(cell(one.at("value")), kNumber) +
                 right(interval.is_null() ? "-" : cell(interval[0]), kNumber) +
                 right(interval.is_null() ? "-" : cell(interval[1]), kNumber) +
                 right(cell(one.at("floor")), kNumber) +
                 right(cell(one.at("floor_deviation")), kNumber);
        const Index n = one.at("n").get<Index>(), m = one.at("n_reference").get<Index>();
        table += right(n == m ? text(n) : text(n, ":", m), kCount) + "  " +
                 one.at("verdict").get<std::string>();
        if (one.contains("note")) table += text(": ", one.at("note").get<std::string>());
        table += '\n';
    }
    return table;
}

}  // namespace si
