#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

struct Series {
    std::string file, figure;
    std::vector<Spot> points;
    Ink ink = Ink::one;
    bool dashed = false;
};

bool is_number(const Json& node) { return node.is_number() && std::isfinite(node.get<double>()); }

/// What was recorded of a run: the last one in a log, or the history in a model.
std::vector<Json> records_of(const Source& source) {
    std::vector<Json> records;
    if (source.model) return source.model->history();
    for (const Json& line : source.lines) {
        const Json event = line.value("event", Json());
        if (event == "start") records.clear();
        const bool bare = event.is_null() && line.contains("step");
        if (event == "record" || bare) records.push_back(line);
    }
    return records;
}

const char* step_key(const Json& record) { return record.contains("step") ? "step" : "done"; }

std::vector<std::string> figures_in(const std::vector<Json>& records) {
    const std::vector<std::string> custom{"loss", "validation"};
    std::vector<std::string> known, all;
    for (const Json& record : records) {
        for (const auto& [key, value] : record.items()) {
            const bool counts = key == "step" || key == "done" || key == "total";
            if (counts || !value.is_number()) continue;
            if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
        }
    }
    for (const auto& name : custom) {
        if (std::find(all.begin(), all.end(), name) != all.end()) known.push_back(name);
    }
    return known.empty() ? all : known;
}

std::vector<Series> series_of(const CurvesSpec& spec, const Sources& sources) {
    std::vector<Series> list;
    for (std::size_t k = 0; k < sources.size(); ++k) {
        const auto records = records_of(sources[k]);
        require(!records.empty(), Failure::data, sources[k].name, ": has no record of training");
        const auto figures = spec.figures.empty() ? figures_in(records) : spec.figures;
        for (std::size_t f = 0; f < figures.size(); ++f) {
            Series series{
                sources[k].name, figures[f], {}, series_ink(sources.size() > 1 ? k : f), f > 0};
            for (const Json& record : records) {
                const char* key = step_key(record);
                if (!record.contains(figures[f]) || !is_number(record[figures[f]])) continue;
                if (!record.contains(key) || !is_number(record[key])) continue;
                series.points.push_back(
                    {record[key].get<double>(), record[figures[f]].get<double>()});
            }
            require(!series.points.empty() || spec.figures.empty(), Failure::data, sources[k].name,
                    ": has no figure '", figures[f], "'",
                    did_you_mean(figures[f], figures_in(records)));
            if (!series.points.empty()) list.push_back(std::move(series));
        }
    }
    require(!list.empty(), Failure::data, names_of(sources), ": no numbers to draw");
    return list;
}

/// All values but the highest fiftieth, which the first steps of a run may lift far above.
Range usual(const std::vector<Series>& list) {
    Range range;
    for (const Series& series : list) {
        std::vector<double> values;
        for (const Spot& point : series.points) values.push_back(point.y);
        std::sort(values.begin(), values.end());
        range.include(values.front());
        range.include(values[values.size() - 1 - values.size() / 50]);
    }
    return range;
}

/// What the ordinate says.
std::string figure_of(const std::vector<Series>& list) {
    const auto one_of = [](const Series& series, std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), series.figure) != names.end();
    };
    const auto all = [&](std::initializer_list<std::string_view> names) {
        return std::all_of(list.begin(), list.end(),
                           [&](const Series& series) { return one_of(series, names); });
    };
    if (all({list.front().figure})) return list.front().figure;
    return all({"loss", "validation"}) ? "loss" : "";
}

std::string told(const Series& series) {
    const auto best = std::min_element(series.points.begin(), series.points.end(),
                                       [](const Spot& a, const Spot& b) { return a.y < b.y; });
    return text(
        series.figure, " of ", series.file, " goes from ", short_number(series.points.front().y),
        " at step ", short_number(series.points.front().x, 7), " to ",
        short_number(series.points.back().y), " at step ", short_number(series.points.back().x, 7),
        "; least ", short_number(best->y), " at step ", short_number(best->x, 7), ". ");
}

}  // namespace

Drawing curves(const CurvesSpec& spec, const Sources& sources) {
    const auto list = series_of(spec, sources);
    Range steps;
    std::vector<Entry> entries;
    for (const Series& series : list) {
        for (const Spot& point : series.points) {
            steps.include(point.x);
            require(!spec.log || point.y > 0, Failure::data, series.file, ": ", series.figure,
                    " is not positive everywhere, and has no logarithm");
        }
        entries.push_back({sources.size() > 1 ? series.file + ": " + series.figure : series.figure,
                           series.ink, series.dashed});
    }
    const Range values = spec.log ? usual(list).padded_decades() : usual(list).padded();
    const auto size = static_cast<double>(spec.size);
    const Panels panels{1, 1, size, 0.6 * size, legend_height(entries, size)};
    Drawing drawing = panels.sheet();
    drawing.title = text("Training of ", names_of(sources));
    legend(drawing, {Axes::kLeft, 8}, entries, size);
    Axes frame(drawing, panels.frame(0), {steps.padded(0.01), "step"},
               {values, figure_of(list), spec.log}, sources.size() > 1 ? "" : sources.front().name);
    for (const Series& series : list) {
        frame.line(series.points, series.ink, 1.5, series.dashed);
        if (series.points.size() == 1) frame.dots(series.points, series.ink, 3);
        drawing.description += told(series);
    }
    frame.frame();
    return drawing;
}

namespace {

struct Measured {
    std::string epsilon;
    double value, error;  ///< 0 where none is told
};

/// The lines of si-likelihood, one for each epsilon.
std::vector<Measured> sweep_of(const Source& source) {
    std::vector<Measured> list;
    for (const Json& line : source.lines) {
        const auto value = line.find("cross_entropy"), epsilon = line.find("epsilon");
        if (value == line.end() || epsilon == line.end() || !is_number(*value)) continue;
        const auto error = line.find("stderr");
        list.push_back(
            {epsilon->is_number() ? short_number(epsilon->get<double>()) : spelled(*epsilon),
             value->get<double>(),
             error != line.end() && is_number(*error) ? error->get<double>() : 0});
    }
    require(!list.empty(), Failure::data, source.name,
            ": has no lines with epsilon and cross_entropy; si-likelihood --epsilon prints them");
    return list;
}

}  // namespace

Drawing sweep(const SweepSpec& spec, const Sources& sources) {
    std::vector<std::string> names;  // of all epsilon, in the order of the files
    Range values;
    std::vector<std::vector<Measured>> all;
    for (const Source& source : sources) {
        all.push_back(sweep_of(source));
        for (const Measured& one : all.back()) {
            values.include(one.value - one.error);
            values.include(one.value + one.error);
            if (std::find(names.begin(), names.end(), one.epsilon) == names.end()) {
                names.push_back(one.epsilon);
            }
        }
    }
    const auto size = static_cast<double>(spec.size);
    const double room = size / static_cast<double>(names.size());
    Axis x{{-0.5, static_cast<double>(names.size()) - 0.5}, "epsilon"};
    for (std::size_t k = 0; k < names.size(); ++k) {
        x.ticks.push_back({static_cast<double>(k), fitted(names[k], 10, room - 6)});
    }
    const auto entries = sources.size() > 1 ? entries_of(sources) : std::vector<Entry>{};
    const Panels panels{1, 1, size, 0.6 * size, legend_height(entries, size)};
    Drawing drawing = panels.sheet();
    drawing.title = text("Cross-entropy for several epsilon: ", names_of(sources));
    drawing.description = "In nats, less is better; bars are one standard error up and down. ";
    legend(drawing, {Axes::kLeft, 8}, entries, size);
    Axes frame(drawing, panels.frame(0), x, {values.padded(0.08), "cross-entropy (nats)"},
               sources.size() > 1 ? "" : sources.front().name);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const double shift =  // files stand beside each other at one epsilon
            0.16 * (static_cast<double>(k) - 0.5 * static_cast<double>(all.size() - 1));
        std::vector<Spot> points;
        for (const Measured& one : all[k]) {
            const auto place = std::find(names.begin(), names.end(), one.epsilon) - names.begin();
            points.push_back({static_cast<double>(place) + shift, one.value});
            drawing.description +=
                text(sources[k].name, ", epsilon ", one.epsilon, ": ", short_number(one.value, 5));
            if (one.error > 0) {
                frame.bar(points.back().x, one.value - one.error, one.value + one.error,
                          series_ink(k));
                drawing.description += text(" +- ", short_number(one.error, 2));
            }
            drawing.description += ". ";
        }
        frame.dots(points, series_ink(k), 3.5);
    }
    frame.frame();
    return drawing;
}

}  // namespace si::plot
