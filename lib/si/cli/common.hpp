#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "si/base/spec.hpp"

// Options that several programs share (--seed, --threads, --log, -o), described once.

namespace si::cli {

inline std::vector<std::string> progress_styles() { return {"auto", "bar", "lines", "none"}; }

/// What a program says while it works, and where.
struct Messages {
    bool quiet = false, verbose = false;
    std::string log;
    std::string progress = "auto";
    std::string config;
    bool print_config = false;

    static constexpr auto fields() {
        return std::tuple{
            field("quiet", &Messages::quiet, "Print only errors and warnings").letter('q'),
            field("verbose", &Messages::verbose, "Print more messages").letter('v'),
            field("log", &Messages::log, "Append the log to this file, one JSON object per line")
                .value("FILE"),
            field("progress", &Messages::progress,
                  "Progress on standard error: bar redraws one line, lines prints a line every 30 "
                  "seconds, auto chooses bar on a terminal and lines elsewhere",
                  one_of(progress_styles)),
            field("config", &Messages::config,
                  "Read options from a TOML file or a JSON object; the environment and the command "
                  "line take precedence")
                .value("FILE"),
            field("print_config", &Messages::print_config,
                  "Print the options in force as TOML, and stop")};
    }
};

/// More of them than any machine has.
inline constexpr Rule kThreads{[](double v) { return v >= 0 && v <= 4096; }, "between 0 and 4096"};

/// Messages, and what every computation needs.
struct Common : Messages {
    std::uint64_t seed = 0;
    int threads = 0;

    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("seed", &Common::seed, "Seed of all random numbers"),
                       field("threads", &Common::threads,
                             "Number of threads, which never changes a result; 0 takes all that "
                             "are available",
                             kThreads)},
            Messages::fields());
    }
};

/// Where a program writes its data.
struct Output {
    std::string output = "-";

    static constexpr auto fields() {
        return std::tuple{
            field("output", &Output::output, "File to write; - writes to standard output")
                .letter('o')
                .value("FILE")};
    }
};

}  // namespace si::cli
