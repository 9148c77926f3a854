#pragma once

#include <fstream>
#include <functional>
#include <iosfwd>
#include <string>

#include "si/base/progress.hpp"
#include "si/cli/common.hpp"

// Messages, progress and the JSON log of a program; standard output is left to data.

namespace si::cli {

/// The voice of a program: a Progress that speaks to a person on standard error and to other
/// programs through a log of JSON lines.
///
/// On a terminal a report is one line, redrawn at most ten times a second. Elsewhere it is a
/// complete plain line when a task starts, every 30 seconds and when it ends:
///
///     si-train: step 1200/20000 6.0% loss -3.412 9.23 steps/s elapsed 0:02:10 eta 0:33:50
///
/// With --progress auto, a task that takes less than a second says nothing.
///
/// The log holds an object for the start of the run (once, even if a run stopped immediately after
/// writing it is started again), each record(), warning and note, with the keys event, task, done,
/// total, unit and the figures by name; a figure that is not finite is null. Nothing in it depends
/// on the clock, so equal runs have equal logs. Every line is flushed as it is written.
class Console : public Progress {
  public:
    /// What stands outside: replaced in tests.
    struct Surroundings {
        std::ostream& err;
        bool terminal;                ///< lines can be redrawn
        std::function<double()> now;  ///< seconds since any fixed moment
    };

    /// `command` is the command line as text. Throws Failure::create when the log cannot be
    /// opened.
    Console(std::string program, std::string command, const Messages& messages,
            Surroundings surroundings);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    /// The command line, for the provenance of outputs: the program without its directory.
    const std::string& command() const { return command_; }
    bool quiet() const { return quiet_; }
    bool verbose() const { return verbose_; }

    void update(const Report& report) override;
    void record(const Report& report) override;
    void warn(const std::string& sentence) override;
    void note(const std::string& sentence) override;
    void aside(const std::string& sentence) override;
    Index mark() override;
    /// Leaves the log alone when it was shorter than `mark` before this run.
    void rewind(Index mark) override;

    /// Leaves a redrawn line as it stands, so that the next output begins a line of its own.
    void finish();

  private:
    enum class Style { none, bar, lines };

    void begin(const Report& report);
    void show(const Report& report);
    void log(std::string_view event, const Report& report);
    void log(std::string_view event, std::string_view sentence);
    void write_to_log(const std::string& line);
    std::string line(const Report& report) const;
    double elapsed() const { return surroundings_.now() - task_start_; }

    std::string program_, command_;
    Surroundings surroundings_;
    bool quiet_, verbose_;
    Style style_;
    double patience_;  ///< seconds before a task is worth a line
    std::string log_name_;
    std::ofstream log_;
    Index log_before_ = 0;  ///< its length when this run began

    double task_start_ = 0, shown_at_ = 0;
    Index first_done_ = 0;
    bool shown_ = false, complete_ = false;
    std::string task_;
    std::size_t drawn_ = 0;  ///< length of the line under redrawing
};

/// The surroundings of a real process: standard error, and a monotonic clock. Lines are redrawn
/// when standard error is a terminal that is not "dumb".
Console::Surroundings process_surroundings(std::ostream& err);

}  // namespace si::cli
