#include "si/task/compare.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "si/base/lists.hpp"
#include "si/base/remarks.hpp"
#include "si/io/dataset.hpp"
#include "si/metric/wild.hpp"

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

/// The rows of a set that are wild, counting from 1; of many the first ones.
Json rows_json(const std::vector<Index>& columns) {
    constexpr std::size_t kMost = 20;
    Json rows = Json::array();
    for (std::size_t k = 0; k < std::min(columns.size(), kMost); ++k) {
        rows.push_back(columns[k] + 1);
    }
    return {{"count", columns.size()}, {"rows", rows}};
}

/// "row 8", "rows 8 and 9", "rows 8, 9, 11 and 40 more".
std::string named(const std::vector<Index>& columns) {
    constexpr std::size_t kMost = 3;
    std::string list = columns.size() == 1 ? "row " : "rows ";
    const std::size_t shown = std::min(columns.size(), kMost);
    for (std::size_t k = 0; k < shown; ++k) {
        const bool last = k > 0 && k + 1 == columns.size();
        list += text(k == 0 ? "" : last ? " and " : ", ", columns[k] + 1);
    }
    if (columns.size() > shown) list += text(" and ", columns.size() - shown, " more");
    return list;
}

/// "1 of 700 rows lies", "3 of 700 rows lie".
std::string some_lie(std::size_t count, Index n) {
    return text(count, " of ", n, " rows ", count == 1 ? "lies" : "lie");
}

std::string sentence_of_wild(const std::vector<Index>& wild, const Samples& of,
                             const char* outside) {
    return text(of.source, ": ", some_lie(wild.size(), of.n()), " far outside the ", outside, ": ",
                named(wild), "; distances and their errors are mostly ",
                wild.size() == 1 ? "its; without it" : "theirs; without them",
                " they are of the others");
}

void warn_of_wild(const ComparisonReport& found, const Samples& a, const Samples& b,
                  Progress& progress) {
    std::vector<Index> far;  // those of constant columns have a sentence of their own
    std::copy_if(found.wild.begin(), found.wild.end(), std::back_inserter(far), [&](Index j) {
        return std::none_of(found.constant.begin(), found.constant.end(), [&](const auto& one) {
            return std::binary_search(one.others.begin(), one.others.end(), j);
        });
    });
    if (!far.empty()) progress.warn(sentence_of_wild(far, a, "reference"));
    if (!found.wild_reference.empty()) {
        progress.warn(sentence_of_wild(found.wild_reference, b, "samples"));
    } else if (!found.stray.empty()) {
        progress.warn(sentence_of_wild(found.stray, b, "others"));
    }
    constexpr std::size_t kMost = 3;
    std::size_t told = 0;
    for (const auto& one : found.constant) {
        if (one.others.empty() || ++told > kMost) continue;
        progress.warn(text(b.source, ": column ", one.coordinate + 1, " is ", rounded(one.value, 6),
                           " in all rows; ", one.others.size(), " of ", a.n(), " rows of ",
                           a.source, " ", one.others.size() == 1 ? "has" : "have",
                           " other values: ", named(one.others)));
    }
    if (told > kMost) {
        progress.warn(text(b.source, ": ", told - kMost, " more columns of this kind"));
    }
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

bool share_unit(const Samples& a, const Samples& b) {
    return a.shape.size() > 1 || b.shape.size() > 1;
}

void doubt_wild_rows(const Samples& a, const Samples& b) {
    const bool common = share_unit(a, b);
    const auto wild = wild_columns(a.values, b.values, common),
               wild_reference = wild_columns(b.values, a.values, common);
    if (!wild.empty()) doubt(sentence_of_wild(wild, a, "reference"));
    if (!wild_reference.empty()) doubt(sentence_of_wild(wild_reference, b, "samples"));
}

Json compare_report(const std::string& samples, const std::string& reference,
                    const MetricSpec& spec, std::uint64_t seed, Threads& threads,
                    Progress& progress) {
    const auto a = read_samples(samples), b = read_samples(reference);
    require_coordinates(a.source, a.dim(), kReference, b.dim());
    require(a.dim() > 1 || spec.exact == MetricSpec().exact, Failure::usage,
            "--exact: goes with samples of two coordinates or more; ", a.source,
            " has one, and w1 and w2 take all samples");
    const auto read = [&](const std::string& file) {
        auto modes = read_samples(file);
        require(modes.dim() == a.dim(), Failure::data, modes.source, ": modes have ", modes.dim(),
                " coordinates, samples have ", a.dim());
        return std::move(modes.values);
    };
    const auto found =
        compare({a.values, b.values, share_unit(a, b)}, spec, seed, read, threads, progress);
    warn_of_wild(found, a, b, progress);
    Json list = Json::object(), details = Json::object(), differs = Json::array();
    if (!found.wild.empty() || !found.wild_reference.empty()) differs.push_back("wild_rows");
    for (const MetricResult& result : found.metrics) {
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
                {"units", spec.units},
                {"verdict", to_text(found.verdict())},
                {"differs", differs},
                {"wild_rows", rows_json(found.wild)},
                {"wild_rows_of_reference", rows_json(found.wild_reference)},
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
