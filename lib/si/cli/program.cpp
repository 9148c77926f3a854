#include "si/cli/program.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <new>

#include <unistd.h>

#include "si/cli/parse.hpp"
#include "si/version.hpp"

namespace si::cli {
namespace {

/// A word as a shell would need it typed.
std::string quoted(const std::string& word) {
    const auto plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("-_=+,.:/@%^").find(c) != std::string_view::npos;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    out += '\'';
    return out;
}

Json read_object(const std::string& file) {
    std::ifstream stream(file);
    require(stream.good(), Failure::config, "cannot be read");
    const auto object = Json::parse(stream, nullptr, false);
    require(object.is_object(), Failure::config, "is not a JSON object");
    return object;
}

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
    return options("Messages", messages);
}

Program& Program::common(Common& common) {
    messages_ = &common;
    return options("Common", common);
}

Program& Program::output(Output& output) {
    output_ = &output;
    return options("Output", output);
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
    auto& groups = manual_.groups;
    if (groups.empty() || groups.back().title != title) groups.push_back({title, {}});
    groups.back().options.push_back(std::move(option));
    return *this;
}

std::vector<std::string> Program::long_names() const {
    std::vector<std::string> names{"--help", "--version"};
    for (const auto& group : manual_.groups) {
        for (const auto& option : group.options) {
            if (option.info.name.size() > 1) names.push_back(option.spelling());
        }
    }
    return names;
}

void Program::refuse_extra(const std::string& word, bool option) const {
    const auto name = option ? word.substr(0, word.find('=')) : word;
    // One letter is near everything, so it has no hint.
    const auto hint =
        name.size() < 3 ? "" : did_you_mean(option ? name : text("--", name), long_names());
    throw Error(Failure::usage,
                text(option ? "unknown option '" : "unexpected argument '", name, "'", hint));
}

void Program::assign_inputs(const std::vector<std::string>& rest) {
    std::size_t next = 0;
    for (const auto& input : manual_.inputs) {
        require(next < rest.size() || !input.required, Failure::usage, "missing ", input.name,
                "; see ", manual_.name, " --help");
        const std::size_t stop = input.repeated ? rest.size() : std::min(next + 1, rest.size());
        for (; next < stop; ++next) {
            try {
                input.assign(rest[next]);
            } catch (const Error& error) {
                std::vector<std::string> names;
                for (const auto& command : manual_.commands) names.push_back(command.name);
                const auto hint = did_you_mean(rest[next], names);
                const std::string what = error.what();
                const bool helped = what.find("did you mean") != std::string::npos;
                throw Error(error.kind(), helped ? what : what + hint);
            }
        }
    }
    if (next < rest.size()) refuse_extra(rest[next], false);
}

void Program::load_config(const std::string& file, const std::vector<std::string>& given) {
    try {
        in_context(file, [&] {
            const auto object = read_object(file);
            std::vector<std::string> names;
            for (auto& group : manual_.groups) {
                for (auto& option : group.options) {
                    const auto& name = option.info.name;
                    names.push_back(name);
                    const auto entry = object.find(name);
                    if (entry == object.end()) continue;
                    if (std::find(given.begin(), given.end(), name) != given.end()) continue;
                    in_context(text("/", name), [&] { option.load(*entry); });
                    option.required = false;
                }
            }
            for (const auto& [key, value] : object.items()) {
                const bool known = std::find(names.begin(), names.end(), key) != names.end();
                require(known, Failure::config, "/", key, ": unknown key",
                        known ? "" : did_you_mean(key, names));
            }
        });
    } catch (const Error& error) {
        throw error.as(Failure::config);
    }
}

bool Program::read(int argc, char** argv) {
    std::vector<Option*> options;
    for (auto& group : manual_.groups) {
        for (auto& option : group.options) options.push_back(&option);
    }
    const auto words = parse(argc, argv, options);
    if (words.help || words.version || words.mdoc) {
        if (words.help) out_ << help_text(manual_);
        if (words.version && !words.help) out_ << manual_.name << ' ' << kVersion << '\n';
        if (words.mdoc) {
            out_ << help_mdoc(manual_);
            for (std::size_t i = 0; i < mains_.size(); ++i) {
                out_ << ".Ss The " << manual_.commands[i].name << " command\n";
                std::string name = manual_.commands[i].name, option = "--help-mdoc";
                char* arguments[] = {name.data(), option.data(), nullptr};
                mains_[i](2, arguments);
            }
        }
        return true;
    }
    if (!words.unknown.empty()) refuse_extra(words.unknown, true);

    std::vector<std::string> given;
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (!words.values[i].empty()) given.push_back(options[i]->info.name);
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
        const auto& values = words.values[i];
        if (values.empty()) continue;
        in_context(options[i]->spelling(), [&] {
            require(values.size() == 1, Failure::usage, "given twice");
            options[i]->assign(values[0]);
        });
        options[i]->required = false;
    }
    if (messages_ != nullptr && !messages_->config.empty()) {
        load_config(messages_->config, given);
    }
    assign_inputs(words.rest);
    for (const auto* option : options) {
        require(!option->required, Failure::usage, "missing ", option->spelling(), "; see ",
                manual_.name, " --help");
    }
    if (real_) check_streams();
    for (const auto& word : words.rest) {
        require(!real_ || word != "-" || isatty(STDIN_FILENO) == 0, Failure::usage,
                "standard input is a terminal; see ", manual_.name, " --help");
    }
    return false;
}

void Program::check_streams() const {
    const bool terminal =
        output_ != nullptr && output_->output == "-" && isatty(STDOUT_FILENO) == 1;
    require(!terminal, Failure::usage, "standard output is a terminal; give -o FILE");
}

int Program::fail(int status, std::string message) {
    std::replace(message.begin(), message.end(), '\n', ' ');
    err_ << manual_.name << ": " << message << std::endl;
    return status;
}

int Program::run(int argc, char** argv, const std::function<void(Console&)>& body) {
    for (std::size_t i = 0; i < mains_.size() && argc > 1; ++i) {
        if (manual_.commands[i].name == argv[1]) return mains_[i](argc - 1, argv + 1);
    }
    command_line_ = manual_.name;
    for (int i = 1; i < argc; ++i) command_line_ += text(" ", quoted(argv[i]));
    try {
        if (!read(argc, argv)) {
            const Messages standard;
            auto outside = real_ ? process_surroundings(err_)
                                 : Console::Surroundings{err_, false, [] { return 0.0; }};
            Console console(manual_.name, command_line_,
                            messages_ != nullptr ? *messages_ : standard, std::move(outside));
            body(console);
        }
        out_.flush();
        require(out_.good(), Failure::io, "cannot write to standard output");
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
