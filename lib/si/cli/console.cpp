#include "si/cli/console.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <utility>

#include <unistd.h>

#include "si/base/clock.hpp"
#include "si/base/json.hpp"
#include "si/base/lists.hpp"
#include "si/base/visible.hpp"
#include "si/version.hpp"

namespace si::cli {
namespace {

constexpr double kRedraw = 0.1;  // seconds between two drawings of a line
constexpr double kLines = 30;    // seconds between two plain lines
constexpr double kPatience = 1;  // a shorter task is over before a line about it is read
constexpr int kDigits = 4;       // of figures

std::string singular(std::string_view unit) {
    if (unit.ends_with('s')) unit.remove_suffix(1);
    return std::string(unit);
}

/// 0 for what has no length, as a pipe.
Index length_of(const std::string& file) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed);
    return failed ? 0 : static_cast<Index>(size);
}

bool ends_with(const std::string& file, Index length, const std::string& text) {
    const auto size = std::ssize(text);
    if (length < size) return false;
    std::ifstream stream(file, std::ios::binary);
    std::string end(text.size(), ' ');
    stream.seekg(length - size);
    return stream.read(end.data(), size) && end == text;
}

/// 1.9e4 where the library writes 1.9e+04.
std::string figure(double value, int digits = kDigits) {
    auto out = rounded(value, digits);
    if (const auto e = out.find('e'); e != std::string::npos) {
        if (out[e + 1] == '+') out.erase(e + 1, 1);
        const auto zero = out.find_first_not_of('-', e + 1);
        if (out[zero] == '0') out.erase(zero, 1);
    }
    return out;
}

}  // namespace

Console::Surroundings process_surroundings(std::ostream& err) {
    const char* term = std::getenv("TERM");
    const std::string_view kind = term == nullptr ? "" : term;
    const bool dumb = kind.empty() || kind == "dumb";
    return {err, isatty(STDERR_FILENO) == 1 && !dumb, seconds_now};
}

Console::Console(std::string program, std::string command, const Messages& messages,
                 Surroundings surroundings)
    : program_(std::move(program)),
      command_(std::move(command)),
      surroundings_(std::move(surroundings)),
      quiet_(messages.quiet),
      verbose_(messages.verbose),
      style_(Style::none),
      patience_(messages.progress == "auto" ? kPatience : 0) {
    if (messages.progress == "bar") style_ = Style::bar;
    if (messages.progress == "lines") style_ = Style::lines;
    if (messages.progress == "auto") style_ = surroundings_.terminal ? Style::bar : Style::lines;
    if (quiet_) style_ = Style::none;
    if (messages.log.empty()) return;
    log_name_ = messages.log;
    log_before_ = length_of(log_name_);
    const std::string start = Json{
        {"event", "start"},
        {"program", program_},
        {"version", kVersion},
        {"command", command_}}.dump();
    // A run that was stopped before it came to anything has begun the log already.
    const bool begun = ends_with(log_name_, log_before_, start + "\n");
    // Appended to, because a run that was stopped and resumed is one log.
    log_.open(messages.log, std::ios::app);
    require(log_.good(), Failure::create, messages.log, ": cannot open the log for writing");
    if (!begun) write_to_log(start);
}

Console::~Console() { finish(); }

void Console::begin(const Report& report) {
    finish();
    task_ = report.task;
    task_start_ = surroundings_.now();
    shown_at_ = task_start_;
    first_done_ = report.done;  // a resumed run starts in the middle, and its rate does not
    shown_ = complete_ = false;
}

void Console::update(const Report& report) {
    if (report.task != task_ || (complete_ && report.done < report.total)) begin(report);
    const bool complete = report.total > 0 && report.done >= report.total;
    if (complete_ && complete) return;
    complete_ = complete;
    const double now = surroundings_.now();
    const double pause = style_ == Style::bar ? kRedraw : kLines;
    const bool due = shown_ ? now - shown_at_ >= pause || complete : now - task_start_ >= patience_;
    if (!due) return;
    shown_at_ = now;
    shown_ = true;
    show(report);
}

void Console::show(const Report& report) {
    if (style_ == Style::none) return;
    auto text = line(report);
    if (style_ == Style::lines) {
        surroundings_.err << text << std::endl;
        return;
    }
    const std::size_t length = text.size();
    if (length < drawn_) text.append(drawn_ - length, ' ');
    surroundings_.err << '\r' << text << std::flush;
    drawn_ = length;
}

void Console::finish() {
    if (drawn_ > 0) surroundings_.err << std::endl;
    drawn_ = 0;
}

void Console::record(const Report& report) { log("record", report); }

void Console::warn(const std::string& sentence) {
    finish();
    surroundings_.err << program_ << ": warning: " << visible(sentence) << std::endl;
    log("warning", sentence);
}

void Console::note(const std::string& sentence) {
    log("note", sentence);
    aside(sentence);
}

void Console::aside(const std::string& sentence) {
    if (quiet_) return;
    finish();
    surroundings_.err << program_ << ": " << visible(sentence) << std::endl;
}

Index Console::mark() { return log_name_.empty() ? 0 : length_of(log_name_); }

void Console::rewind(Index mark) {
    if (mark <= 0 || log_before_ < mark) return;
    std::error_code failed;
    std::filesystem::resize_file(log_name_, static_cast<std::uintmax_t>(mark), failed);
}

std::string Console::line(const Report& report) const {
    std::string out = program_ + ":";
    const auto add = [&](const auto&... parts) { out += text(" ", parts...); };
    if (!program_.ends_with(report.task)) add(report.task);
    add(singular(report.unit), " ", report.done);
    if (report.total > 0) {
        const double part = static_cast<double>(report.done) / static_cast<double>(report.total);
        const auto tenths = static_cast<int>(1000 * part);
        out += text("/", report.total);
        add(tenths / 10, ".", tenths % 10, "%");
    }
    for (const auto& [name, value] : report.figures) add(name, " ", figure(value));
    const double seconds = elapsed();
    const double rate = seconds > 0 ? static_cast<double>(report.done - first_done_) / seconds : 0;
    if (rate > 0) add(figure(rate, 3), " ", report.unit, "/s");
    add("elapsed ", clock_text(seconds));
    if (rate > 0 && report.done < report.total) {
        add("eta ", clock_text(static_cast<double>(report.total - report.done) / rate));
    }
    return out;
}

void Console::log(std::string_view event, const Report& report) {
    if (!log_.is_open()) return;
    Json object{{"event", event},
                {"task", report.task},
                {"done", report.done},
                {"total", report.total},
                {"unit", report.unit}};
    for (const auto& [name, value] : report.figures) {
        object[std::string(name)] = finite_or_null(value);
    }
    write_to_log(object.dump());
}

void Console::log(std::string_view event, std::string_view sentence) {
    if (!log_.is_open()) return;
    const Json line{{"event", event}, {"text", sentence}};
    write_to_log(line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Console::write_to_log(const std::string& line) {
    log_ << line << std::endl;
    require(log_.good(), Failure::io, log_name_, ": cannot write to the log");
}

}  // namespace si::cli
