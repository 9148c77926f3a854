#include <algorithm>
#include <cmath>

#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

/// A triangle at the end of a line that shows where it goes.
void arrow(Drawing& drawing, Spot from, Spot to, Ink ink) {
    const double dx = to.x - from.x, dy = to.y - from.y, length = std::hypot(dx, dy);
    if (length < 1e-6) return;
    const double ux = dx / length, uy = dy / length, size = 5;
    drawing.add(Area{{{to.x + ux * size / 2, to.y + uy * size / 2},
                      {to.x - ux * size / 2 - uy * size / 2, to.y - uy * size / 2 + ux * size / 2},
                      {to.x - ux * size / 2 + uy * size / 2, to.y - uy * size / 2 - ux * size / 2}},
                     ink,
                     1});
}

Range range_of(const std::vector<Matrix>& states, Index coordinate) {
    Range range;
    for (const Matrix& state : states) {
        Samples samples{state, {state.rows()}, ""};
        range.include(middle_range(samples, coordinate));
    }
    return range.padded();
}

/// Trajectories over time, or in the plane of two coordinates.
struct View {
    bool over_time;
    Index x, y;

    std::vector<Spot> line(const Trajectories& paths, Index j) const {
        std::vector<Spot> points;
        for (std::size_t k = 0; k < paths.times.size(); ++k) {
            const auto state = paths.states[k].col(j);
            points.push_back({over_time ? paths.times[k] : state[x], state[over_time ? x : y]});
        }
        return points;
    }
};

void draw_paths(Axes& frame, const View& view, const Trajectories& paths, Index limit, Ink ink) {
    std::vector<Spot> first, last;
    for (const Index j : shown(paths.states.front().cols(), limit)) {
        const auto line = view.line(paths, j);
        frame.line(line, ink, 1, false, 0.55);
        first.push_back(line.front());
        last.push_back(line.back());
    }
    frame.dots(first, Ink::faint, 2);
    frame.dots(last, ink, 2.2);
}

std::string told(const std::string& name, const Trajectories& paths, Index limit) {
    return text(name, ": ", std::min(limit, paths.states.front().cols()), " of ",
                paths.states.front().cols(), " paths at ", paths.times.size(),
                " times from t = ", short_number(paths.times.front()),
                " (grey dots) to t = ", short_number(paths.times.back()), " (coloured dots). ");
}

}  // namespace

Drawing trajectories(const TrajectoriesSpec& spec, const Sources& sources) {
    Index dim = 0;
    Range time, x, y;
    View view{};
    for (const Source& source : sources) {
        require(source.trajectories && !source.trajectories->states.empty(), Failure::data,
                source.name, ": has no /trajectory; si-sample --trajectory writes it");
        const auto& states = source.trajectories->states;
        if (dim == 0) {
            dim = states.front().rows();
            require(dim > 1 || !spec.y, Failure::usage,
                    "y: paths in one dimension are drawn over time; leave y out");
            view = {dim == 1, spec.x - 1, dim == 1 ? 0 : spec.y.value_or(2) - 1};
        }
        require(states.front().rows() == dim && std::max(view.x, view.y) < dim, Failure::data,
                source.name, ": paths have ", states.front().rows(), " coordinates");
        for (const double t : source.trajectories->times) time.include(t);
        x.include(range_of(states, view.x));
        y.include(range_of(states, view.y));
    }
    const auto size = static_cast<double>(spec.size);
    const auto entries = sources.size() > 1 ? entries_of(sources) : std::vector<Entry>{};
    const Panels panels{1, 1, size, view.over_time ? 0.7 * size : size,
                        legend_height(entries, size)};
    Drawing drawing = panels.sheet();
    drawing.title = text("Paths of ", names_of(sources));
    legend(drawing, {Axes::kLeft, 8}, entries, size);
    const auto name = [](Index k) { return text("x", k + 1); };
    Axes frame(drawing, panels.frame(0),
               view.over_time ? Axis{time.padded(0.02), "t"} : Axis{x.padded(0), name(view.x)},
               view.over_time ? Axis{x.padded(0), name(view.x)} : Axis{y.padded(0), name(view.y)},
               sources.size() > 1 ? "" : sources.front().name);
    for (std::size_t k = 0; k < sources.size(); ++k) {
        draw_paths(frame, view, *sources[k].trajectories, spec.limit, series_ink(k));
        drawing.description += told(sources[k].name, *sources[k].trajectories, spec.limit);
    }
    frame.frame();
    return drawing;
}

namespace {

constexpr Index kCarried = 300;  ///< samples by default; of files in one dimension too
constexpr Index kSeeds = 11;     ///< lines in a row
constexpr int kSteps = 16;       ///< of one line
constexpr double kReach = 0.08;  ///< length of a line, in widths of the frame

/// Lines along the velocity at one time, all of one length: the direction, not the speed.
void stream_lines(Drawing& drawing, Axes& frame, const ShownModel& model, double t, const Range& x,
                  const Range& y) {
    const Eigen::Vector2d unit(x.high - x.low, y.high - y.low), low(x.low, y.low);
    Matrix at(2, kSeeds * kSeeds);
    for (Index j = 0; j < at.cols(); ++j) {
        const Eigen::Vector2d place(static_cast<double>(j % kSeeds) + 0.5,
                                    static_cast<double>(j / kSeeds) + 0.5);
        at.col(j) = low + unit.cwiseProduct(place / static_cast<double>(kSeeds));
    }
    const auto direction = [&](const Matrix& points) {
        Matrix b = model.velocity_at(t, points).array().colwise() / unit.array();
        for (auto column : b.colwise()) column /= std::max(column.norm(), 1e-12);
        return b;
    };
    std::vector<std::vector<Spot>> lines(static_cast<std::size_t>(at.cols()));
    for (int step = 0; step <= kSteps; ++step) {
        for (Index j = 0; j < at.cols(); ++j) {
            lines[static_cast<std::size_t>(j)].push_back({at(0, j), at(1, j)});
        }
        if (step == kSteps) break;
        const double h = kReach / kSteps;
        const Matrix scale = unit.replicate(1, at.cols());
        const Matrix middle = at + h / 2 * scale.cwiseProduct(direction(at));
        at += h * scale.cwiseProduct(direction(middle));
    }
    for (const auto& line : lines) {
        frame.line(line, Ink::one, 1.2);
        const Spot end = line.back(), before = line[line.size() - 2];
        if (!x.holds(end.x) || !y.holds(end.y)) continue;
        arrow(drawing, frame.at(before.x, before.y), frame.at(end.x, end.y), Ink::one);
    }
}

Drawing flow_in_time(const FlowSpec& spec, const Source& source, const Matrix* start) {
    constexpr Index kTimes = 41;
    std::vector<double> times;
    for (Index k = 0; k < kTimes; ++k) times.push_back(static_cast<double>(k) / (kTimes - 1));
    Threads threads(0);
    const Index n = spec.n.value_or(80);
    Source paths{source.name};
    paths.trajectories = source.model->follow(times, n, spec.seed, threads, start);
    Drawing drawing = trajectories({.limit = n, .size = spec.size.value_or(420)}, {paths});
    drawing.title = text("Flow of ", source.name);
    return drawing;
}

}  // namespace

Drawing flow(const FlowSpec& spec, const Sources& sources) {
    const Source& source = sources.front();
    require(source.model != nullptr, Failure::data, source.name, ": is no model");
    require(source.model->dim() <= 2, Failure::data, source.name,
            ": stream lines are drawn of models in 1 or 2 dimensions, this has ",
            source.model->dim(), "; si-sample --trajectory writes paths of any");
    require(sources.size() == 1 || sources[1].samples, Failure::data, sources.back().name,
            ": expected points of the base, to start from");
    const bool in_time = source.model->dim() == 1;
    require(!in_time || spec.t.empty(), Failure::usage,
            "t: a model in one dimension is drawn over all times; leave t out");
    const Index n = spec.n.value_or(kCarried);
    std::optional<Matrix> start;
    if (sources.size() > 1) {
        const Matrix& all = sources[1].samples->values;
        require(all.rows() == source.model->dim(), Failure::data, sources[1].name,
                ": has another dimension than the model");
        start = all(Eigen::all, shown(all.cols(), n));
    }
    const Matrix* from = start ? &*start : nullptr;
    if (in_time) return flow_in_time(spec, source, from);

    Threads threads(0);
    const auto times = spec.t.empty() ? std::vector{0.1, 0.5, 0.9} : spec.t;
    const Trajectories paths = source.model->follow(times, n, spec.seed, threads, from);
    const Range x = range_of(paths.states, 0), y = range_of(paths.states, 1);
    const auto size = static_cast<double>(spec.size.value_or(256));
    const Index count = std::ssize(times);
    const Panels panels{count, std::min<Index>(count, 4), size, size};
    Drawing drawing = panels.sheet();
    drawing.title = text("Flow of ", source.name);
    drawing.description = text("Directions of the velocity b at ", count, " times, over ",
                               paths.states.front().cols(), " samples on their way. Mean speed: ");
    for (Index k = 0; k < count; ++k) {
        const double t = times[static_cast<std::size_t>(k)];
        const Matrix& state = paths.states[static_cast<std::size_t>(k)];
        Axes frame(drawing, panels.frame(k), {x, "x1"}, {y, k % panels.across == 0 ? "x2" : ""},
                   text("t = ", short_number(t)));
        std::vector<Spot> points;
        for (const auto& column : state.colwise()) points.push_back({column[0], column[1]});
        frame.dots(points, Ink::two, 1.6, 0.6);
        stream_lines(drawing, frame, *source.model, t, x, y);
        frame.frame();
        const double speed = source.model->velocity_at(t, state).colwise().norm().mean();
        drawing.description +=
            text(short_number(speed, 3), " at t = ", short_number(t), k + 1 < count ? ", " : ".");
    }
    return drawing;
}

}  // namespace si::plot
