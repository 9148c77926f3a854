#include "si/cli/program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>

#include <unistd.h>

#include "si/base/leftover.hpp"
#include "si/base/ranks.hpp"
#include "si/base/remarks.hpp"
#include "si/base/visible.hpp"
#include "si/cli/signals.hpp"

namespace si::cli {
namespace {

/// Options are described before run() stands around everything, and there are destructors that
/// allocate. Memory that ends there ends in a line as well, made without any.
[[noreturn]] void last_word() {
    int status = 70;
    const char* what = ": internal error\n";
    if (const auto error = std::current_exception()) {
        try {
            std::rethrow_exception(error);
        } catch (const std::bad_alloc&) {
            status = 71;
            what = ": out of memory\n";
        } catch (...) {
        }
    }
    remove_leftovers();
    for (const char* part : {static_cast<const char*>(program_invocation_short_name), what}) {
        if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
    }
    ::_exit(status);
}
const auto kBefore = std::set_terminate(last_word);

}  // namespace

Program::Program(std::string name, std::string summary, std::ostream& out, std::ostream& err)
    : out_(out), err_(err), real_(&out == &std::cout && &err == &std::cerr) {
    manual_.name = std::move(name);
    manual_.summary = std::move(summary);
}

Program::Program(std::string name, std::string summary)
    : Program(std::move(name), std::move(summary), std::cout, std::cerr) {}

Program& Program::about(std::string paragraph) {
    manual_.about = std::move(paragraph);
    return *this;
}

Program& Program::example(std::string command, std::string meaning) {
    manual_.examples.push_back({std::move(command), std::move(meaning)});
    return *this;
}

Program& Program::command(std::string name, std::string summary, int (*main)(int, char**)) {
    manual_.commands.push_back({std::move(name), std::move(summary)});
    mains_.push_back(main);
    return *this;
}

Program& Program::choices(std::vector<RowInfo> rows) {
    manual_.inputs.back().rows = std::move(rows);
    return *this;
}

Program& Program::common(Messages& messages) {
    messages_ = &messages;
    return options("Messages", messages).unrecorded({});
}

Program& Program::common(Common& common) {
    messages_ = &common;
    return options("Common", common).unrecorded({"seed"});
}

Program& Program::output(Output& output) {
    output_ = &output;
    return options("Output", output).unrecorded({});
}

Program& Program::unrecorded(const std::vector<std::string>& except) {
    for (auto& option : manual_.groups.back().options) {
        option.recorded = std::find(except.begin(), except.end(), option.info.name) != except.end();
    }
    return *this;
}

Program& Program::required(const std::string& option) {
    for (auto& group : manual_.groups) {
        for (auto& one : group.options) {
            if (one.info.name == option) one.required = true;
        }
    }
    return *this;
}

Program& Program::add(Input input) {
    manual_.inputs.push_back(std::move(input));
    return *this;
}

Program& Program::add(const std::string& title, Option option) {
    // Underscores are for files: "max_time" there is --max-time on a command line.
    std::replace(option.info.name.begin(), option.info.name.end(), '_', '-');
    auto& groups = manual_.groups;
    if (groups.empty() || groups.back().title != title) groups.push_back({title, {}});
    groups.back().options.push_back(std::move(option));
    return *this;
}

int Program::fail(int status, std::string message) {
    std::replace(message.begin(), message.end(), '\n', ' ');
    const bool tells = !across_ranks_ || ranks().leave(status);
    if (tells) err_ << manual_.name << ": " << visible(message) << std::endl;
    ranks().part(status);
    return status;
}

int Program::run(int argc, char** argv, const std::function<void(Console&)>& body) {
    for (std::size_t i = 0; i < mains_.size() && argc > 1; ++i) {
        if (mains_[i] == nullptr || manual_.commands[i].name != argv[1]) continue;
        return mains_[i](argc - 1, argv + 1);
    }
    const int status = carry_out(argc, argv, body);
    if (across_ranks_ && status == 0) {
        ranks().leave(status);
        ranks().part(status);
    }
    return status;
}

void Program::join_ranks(int argc, char** argv) {
    std::string words;
    for (int i = 1; i < argc; ++i) words += text(argv[i], '\n');
    ranks().join(words);
    // The first says what there is to say; errors are told by whom they befall.
    if (!ranks().first()) out_.rdbuf(nullptr);
}

int Program::carry_out(int argc, char** argv, const std::function<void(Console&)>& body) {
    try {
        if (real_) leave_nothing_behind();
        if (across_ranks_ && real_) join_ranks(argc, argv);
        if (!read(argc, argv)) {
            const Messages standard;
            static std::ostream nowhere(nullptr);
            auto outside = !ranks().first()
                               ? Console::Surroundings{nowhere, false, [] { return 0.0; }}
                           : real_ ? process_surroundings(err_)
                                   : Console::Surroundings{err_, false, [] { return 0.0; }};
            Console console(manual_.name, command_line_,
                            messages_ != nullptr ? *messages_ : standard, std::move(outside));
            const Hearing hearing(console);
            body(console);
        }
        out_.flush();
        require(out_.good() || !ranks().first(), Failure::io, "cannot write to standard output");
        return 0;
    } catch (const Error& error) {
        return fail(static_cast<int>(error.kind()), error.what());
    } catch (const std::bad_alloc&) {
        return fail(static_cast<int>(Failure::resource), "out of memory");
    } catch (const std::length_error&) {  // what a vector says to a size beyond all memory
        return fail(static_cast<int>(Failure::resource), "out of memory");
    } catch (const std::exception& error) {
        return fail(static_cast<int>(Failure::internal),
                    text("this is a bug, please report it with the command line: ", error.what()));
    }
}

}  // namespace si::cli
