#include "si/plot/kinds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace si::plot {

std::vector<const Samples*> all_samples(const Sources& sources) {
    std::vector<const Samples*> list;
    for (const Source& source : sources) {
        require(source.samples.has_value(), Failure::data, source.name, ": is a ",
                source.model ? "model" : "log", ", not samples");
        list.push_back(&*source.samples);
        require(list.back()->dim() == list.front()->dim(), Failure::data, source.name,
                ": samples have ", list.back()->dim(), " coordinates, those before them ",
                list.front()->dim());
        require(list.back()->n() > 0, Failure::data, source.name, ": has no samples");
    }
    return list;
}

Range middle_range(const Samples& samples, Index coordinate) {
    std::vector<double> values(static_cast<std::size_t>(samples.n()));
    for (Index j = 0; j < samples.n(); ++j) {
        values[static_cast<std::size_t>(j)] = samples.values(coordinate, j);
    }
    const auto out = values.size() / 2000;
    const auto low = values.begin() + static_cast<std::ptrdiff_t>(out);
    const auto high = values.end() - 1 - static_cast<std::ptrdiff_t>(out);
    std::nth_element(values.begin(), low, values.end());
    const double least = *low;
    std::nth_element(values.begin(), high, values.end());
    Range range;
    range.include(least);
    range.include(*high);
    return range;
}

std::string summary(const Source& source, const std::vector<Index>& coordinates) {
    const Samples& samples = *source.samples;
    std::string out = text(source.name, ": ", samples.n(), " samples");
    for (const Index k : coordinates) {
        const auto row = samples.values.row(k).array();
        // In units of the largest, whose square may be too large for a number.
        const double unit = std::max(row.abs().maxCoeff(), 1e-300);
        const double mean = (row / unit).mean();
        const double sd = std::sqrt((row / unit - mean).square().mean());
        out += text(", ", coordinate_name(samples, k), " mean ", short_number(mean * unit), " sd ",
                    short_number(sd * unit));
    }
    return out + ".";
}

std::vector<Index> chosen(const std::vector<Index>& named, Index dim, Index most) {
    std::vector<Index> list;
    for (const Index k : named) {
        require(k <= dim, Failure::data, "there is no coordinate ", k, ", samples have ", dim);
        list.push_back(k - 1);
    }
    if (list.empty()) {
        list.resize(static_cast<std::size_t>(std::min(dim, most)));
        std::iota(list.begin(), list.end(), Index{0});
    }
    return list;
}

std::vector<Entry> entries_of(const Sources& sources) {
    std::vector<Entry> entries;
    for (std::size_t k = 0; k < sources.size(); ++k) {
        entries.push_back({sources[k].name, series_ink(k)});
    }
    return entries;
}

std::string names_of(const Sources& sources) {
    std::string out;
    for (std::size_t k = 0; k < sources.size(); ++k) {
        if (k > 0) out += k + 1 == sources.size() ? " and " : ", ";
        out += sources[k].name;
    }
    return out;
}

}  // namespace si::plot
