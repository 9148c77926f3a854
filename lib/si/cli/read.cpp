#include <algorithm>
#include <cctype>
#include <fstream>
#include <ostream>

#include <unistd.h>

#include <Eigen/Core>

#include "si/base/formats.hpp"
#include "si/base/ranks.hpp"
#include "si/cli/completion.hpp"
#include "si/cli/config.hpp"
#include "si/cli/files.hpp"
#include "si/cli/parse.hpp"
#include "si/cli/program.hpp"
#include "si/cli/suite.hpp"
#include "si/version.hpp"

// How a Program reads its command line.

namespace si::cli {
namespace {

#if defined(__x86_64__)
constexpr const char* kArchitecture = "x86_64";
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
#else
constexpr const char* kArchitecture = "portable";
bool has_avx2() { return false; }
bool has_avx512() { return false; }
#endif

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

std::string content_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    require(stream.good(), Failure::config, "cannot be read");
    constexpr std::size_t kLargest = 1 << 20;
    std::string content(kLargest + 1, '\0');
    stream.read(content.data(), std::ssize(content));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    require(!stream.bad() && content.size() <= kLargest, Failure::config,
            "cannot be read, or is larger than 1 MiB");
    return content;
}

std::string underscored(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

std::string spelling_of(const std::string& name) {
    return text(name.size() == 1 ? "-" : "--", name);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// What the program is made of, for reports of bugs.
Json version_json(const std::string& program) {
    return {
        {"program", program},
        {"version", kVersion},
        {"compiler", __VERSION__},
        {"built_for", kArchitecture},
        {"instructions", {{"avx2", has_avx2()}, {"avx512f", has_avx512()}}},
        {"eigen", text(EIGEN_WORLD_VERSION, ".", EIGEN_MAJOR_VERSION, ".", EIGEN_MINOR_VERSION)},
        {"json", text(NLOHMANN_JSON_VERSION_MAJOR, ".", NLOHMANN_JSON_VERSION_MINOR, ".",
                      NLOHMANN_JSON_VERSION_PATCH)},
        {"formats",
         {{"si-dataset", {kDatasetFormat.major, kDatasetFormat.minor}},
          {"si-model", {kModelFormat.major, kModelFormat.minor}},
          {"si-checkpoint", {kCheckpointFormat}}}}};
}

}  // namespace

std::vector<std::string> Program::long_names() const {
    std::vector<std::string> names{"--help", "--version"};
    for (const auto& group : manual_.groups) {
        for (const auto& option : group.options) {
            if (option.info.name.size() > 1) names.push_back(option.spelling());
        }
    }
    return names;
}

std::vector<std::string> Program::command_names() const {
    std::vector<std::string> names;
    for (const auto& command : manual_.commands) names.push_back(command.name);
    return names;
}

void Program::refuse_extra(const std::string& word, bool option) const {
    const auto name = option ? word.substr(0, word.find('=')) : word;
    // One letter is near everything, so it has no hint.
    std::string hint;
    if (name.size() >= 3) {
        if (!option) hint = did_you_mean(name, command_names());
        if (hint.empty()) hint = did_you_mean(option ? name : text("--", name), long_names());
    }
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
                const auto hint = did_you_mean(rest[next], command_names());
                const std::string what = error.what();
                const bool helped = what.find("did you mean") != std::string::npos;
                throw Error(error.kind(), helped ? what : what + hint);
            }
        }
    }
    if (next < rest.size()) refuse_extra(rest[next], false);
}

std::vector<Option*> Program::all_options() {
    std::vector<Option*> options;
    for (auto& group : manual_.groups) {
        for (auto& option : group.options) options.push_back(&option);
    }
    return options;
}

std::vector<Option*> Program::configurable() {
    auto options = all_options();
    std::erase_if(options, [](const Option* option) {
        return option->info.name == "config" || option->info.name == "print-config";
    });
    return options;
}

void Program::load_environment(std::vector<std::string>& given) {
    for (const auto& [name, value] : environment_options(environ)) {
        for (auto* option : all_options()) {
            if (option->info.name != name || contains(given, name)) continue;
            try {
                in_context(text("environment, ", option->spelling()),
                           [&, &word = value] { option->assign(word); });
            } catch (const Error& error) {
                throw error.as(Failure::config);
            }
            if (option->recorded) {
                command_line_ += text(" ", option->spelling(), " ", quoted(value));
            }
            given.push_back(name);
            break;
        }
    }
}

void Program::load_option(Option& option, const std::string& place, bool given,
                          const std::function<void()>& take) {
    const auto note = [&] {
        from_config_[option.info.name] = {option.dump(), option.settings(), place};
    };
    if (!given) {
        take();
        option.required = false;
        note();
        return;
    }
    const auto bring_back = option.remember();
    try {
        take();
        note();
    } catch (const Error&) {  // which nobody asks for here
    }
    bring_back();
}

void Program::load_json(const std::string& content, const std::vector<std::string>& given) {
    std::vector<std::string> seen;
    const auto once = [&](int depth, Json::parse_event_t event, const Json& parsed) {
        if (event != Json::parse_event_t::key || depth != 1) return true;
        const auto key = parsed.get<std::string>();
        require(!contains(seen, key), Failure::config, "/", key, ": is given twice");
        seen.push_back(key);
        return true;
    };
    const auto object = Json::parse(content, once, false);
    require(object.is_object(), Failure::config, "is not a JSON object");
    std::vector<std::string> names;
    for (auto* option : configurable()) {
        const auto name = underscored(option->info.name);
        names.push_back(name);
        const auto entry = object.find(name);
        if (entry == object.end()) continue;
        const std::string place = text("/", name);
        load_option(*option, place, contains(given, option->info.name),
                    [&] { in_context(place, [&] { option->load(*entry); }); });
    }
    for (const auto& [key, value] : object.items()) {
        const bool known = contains(names, key);
        require(known, Failure::config, "/", key, ": unknown key",
                known ? "" : did_you_mean(key, names));
    }
}

void Program::load_toml(const std::string& content, const std::vector<std::string>& given) {
    const auto options = configurable();
    std::vector<std::string> names;
    for (const auto* option : options) names.push_back(underscored(option->info.name));
    const std::string program = manual_.name.substr(0, manual_.name.find(' '));
    const auto entries = parse_toml(content);
    // What is for this program alone comes last, and stays.
    for (const std::string& section : {std::string(), program}) {
        for (const TomlEntry& entry : entries) {
            if (entry.section != section) continue;
            const auto at = std::find(names.begin(), names.end(), entry.key);
            if (at == names.end()) {
                throw Error(Failure::config, text(entry.place, ": ", entry.key, ": unknown key",
                                                  did_you_mean(entry.key, names)));
            }
            auto* option = options[static_cast<std::size_t>(at - names.begin())];
            load_option(*option, text(entry.place, ": ", entry.key),
                        contains(given, option->info.name), [&] { entry.give_to(*option); });
        }
    }
    const auto of_another = [&](const TomlEntry& entry) {
        return !entry.section.empty() && entry.section != program;
    };
    if (std::none_of(entries.begin(), entries.end(), of_another)) return;
    auto programs = Suite().names();
    programs.push_back(program);
    for (const TomlEntry& entry : entries) {
        require(!of_another(entry) || contains(programs, entry.section), Failure::config,
                entry.place, ": [", entry.section, "]: no such program",
                did_you_mean(entry.section, programs));
    }
}

void Program::load_config(const std::string& file, const std::vector<std::string>& given) {
    try {
        in_context(file, [&] {
            const auto content = content_of(file);
            const auto start = content.find_first_not_of(" \t\r\n");
            if (start != std::string::npos && content[start] == '{') {
                load_json(content, given);
            } else {
                load_toml(content, given);
            }
        });
    } catch (const Error& error) {
        throw error.as(Failure::config);
    }
}

void Program::print_mdoc() {
    out_ << help_mdoc(manual_);
    for (std::size_t i = 0; i < mains_.size(); ++i) {
        if (mains_[i] == nullptr) continue;
        std::string name = manual_.commands[i].name, option = "--help-mdoc";
        char* arguments[] = {name.data(), option.data(), nullptr};
        out_ << ".Ss The " << name << " command\n";
        mains_[i](2, arguments);
    }
}

/// `--complete WORD...` and `--completion SHELL`, which shells ask: the first word only, so that
/// these are values like others behind an option.
bool Program::answer_shell(int argc, char** argv) const {
    const std::string_view first = argc > 1 ? argv[1] : "";
    if (first == "--completion" && argc == 3) {
        out_ << completion_script(manual_.name, argv[2]);
        return true;
    }
    if (first != "--complete") return false;
    for (std::size_t i = 0; i < mains_.size() && argc > 3; ++i) {
        if (mains_[i] == nullptr || manual_.commands[i].name != argv[2]) continue;
        argv[2] = argv[1];  // the command's own "--complete"
        mains_[i](argc - 1, argv + 1);
        return true;
    }
    for (const auto& offer : completions(manual_, {argv + 2, argv + argc})) out_ << offer << '\n';
    return true;
}

/// Of two alternatives the command line gives one; the other is not for others to give.
void Program::choose_alternatives(std::vector<std::string>& given) {
    for (const auto& [one, other] : alternatives_) {
        require(!contains(given, one) || !contains(given, other), Failure::usage, spelling_of(one),
                " and ", spelling_of(other), ": give one of them");
        if (contains(given, one)) put_aside_.insert(other);
        if (contains(given, other)) put_aside_.insert(one);
    }
    given.insert(given.end(), put_aside_.begin(), put_aside_.end());
}

Asked Program::asked_now() {
    Json values = Json::object();
    std::vector<std::string> given;
    const auto give = [&](const std::string& name) {
        if (!put_aside_.contains(name)) given.push_back(name);
    };
    for (const auto* option : all_options()) {
        const std::string& name = option->info.name;
        values[name] = option->dump();
        const bool typed = contains(asked_, name);
        const auto found = from_config_.find(name);
        if (!typed && (found == from_config_.end() || values[name] == defaults_[name])) continue;
        give(name);
        for (const auto& key : option->settings()) give(text(name, ".", key));
    }
    return {std::move(values), std::move(given)};
}

Asked Program::asked_in_config() {
    Json values = Json::object();
    std::vector<std::string> given;
    for (const auto& [name, value] : defaults_) values[name] = value;
    for (const auto& [name, configured] : from_config_) {
        if (configured.value == defaults_[name]) continue;
        values[name] = configured.value;
        given.push_back(name);
        for (const auto& key : configured.settings) given.push_back(text(name, ".", key));
    }
    return {std::move(values), std::move(given)};
}

/// Refuses options that would do nothing, and puts those of the configuration aside that the
/// command line has made so.
void Program::check_company() {
    for (;;) {
        const GoesWith* row = first_useless(goes_with_, asked_now());
        if (row == nullptr) return;
        const std::string name = row->name();
        require(!contains(asked_, name), Failure::usage, spelling_of(name), row->refusal());
        require(row->useful(asked_in_config()), Failure::config, messages_->config, ": ",
                from_config_.at(name).place, row->refusal());
        put_aside_.insert(row->option);
        if (name == row->option) restore_.at(name)();
    }
}

/// Prints what --help, --version or --help-mdoc asks for.
void Program::answer(const Words& words, bool json) {
    if (words.help) {
        out_ << help_text(manual_);
    } else if (words.version) {
        out_ << (json ? version_json(manual_.name).dump() : text(manual_.name, " ", kVersion))
             << '\n';
    } else {
        print_mdoc();
    }
}

namespace {

void assign_once(Option& option, const std::vector<std::string>& values) {
    require(values.size() == 1, Failure::usage, "given twice");
    const bool list = option.info.value.ends_with(",...");
    require(!list || !values[0].empty(), Failure::usage, "an empty list says nothing");
    option.assign(values[0]);
}

}  // namespace

bool Program::read(int argc, char** argv) {
    if (answer_shell(argc, argv)) return true;
    const std::vector<Option*> options = all_options();
    const auto words = parse(argc, argv, options);
    if (words.help || words.version || words.mdoc) {
        answer(words, std::find(argv, argv + argc, std::string_view("--json")) != argv + argc);
        return true;
    }
    if (!words.unknown.empty()) refuse_extra(words.unknown, true);

    for (const auto* option : options) {
        defaults_[option->info.name] = option->dump();
        restore_[option->info.name] = option->remember();
    }
    std::vector<std::string> given;
    command_line_ = manual_.name;
    for (const auto& word : words.rest) command_line_ += text(" ", quoted(word));
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (words.values[i].empty()) continue;
        given.push_back(options[i]->info.name);
        if (options[i]->recorded) {
            command_line_ += text(" ", options[i]->spelling(), " ", quoted(words.values[i][0]));
        }
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
        const auto& values = words.values[i];
        if (values.empty()) continue;
        in_context(options[i]->spelling(), [&] { assign_once(*options[i], values); });
        options[i]->required = false;
    }
    asked_ = given;
    choose_alternatives(given);
    if (real_) load_environment(given);
    if (messages_ != nullptr && !messages_->config.empty()) {
        load_config(messages_->config, given);
    }
    if (messages_ != nullptr && !ranks().first()) {
        messages_->quiet = true;
        messages_->log.clear();
    }
    if (messages_ != nullptr && messages_->print_config) {
        out_ << toml_text(configurable());
        return true;
    }
    check_company();
    assign_inputs(words.rest);
    for (const auto* option : options) {
        require(!option->required, Failure::usage, "missing ", option->spelling(), "; see ",
                manual_.name, " --help");
    }
    if (real_) check_streams();
    check_files(words.rest);
    for (const auto& word : words.rest) {
        const bool standard_input = word == "-" || word.starts_with("-:/");
        require(!real_ || !standard_input || isatty(STDIN_FILENO) == 0, Failure::usage,
                "standard input is a terminal; see ", manual_.name, " --help");
    }
    return false;
}

/// Before any work, and before the log is opened.
void Program::check_files(const std::vector<std::string>& rest) {
    std::vector<NamedFile> inputs, outputs;
    for (std::size_t i = 0; i < rest.size() && !manual_.inputs.empty(); ++i) {
        const Input& input = manual_.inputs[std::min(i, manual_.inputs.size() - 1)];
        const auto kind = split(rest[i], ',').front();
        const bool row = std::any_of(input.rows.begin(), input.rows.end(),
                                     [&](const RowInfo& one) { return one.name == kind; });
        // The name of a row of a family is none of a file.
        if (!row) inputs.push_back({text("the input ", input.name), rest[i]});
    }
    for (const auto* option : all_options()) {
        for (auto& file : files_in(*option)) {
            const bool written = writes_.contains(option->info.name);
            (written ? outputs : inputs).push_back(std::move(file));
        }
    }
    require_different(outputs, inputs);
}

void Program::check_streams() {
    const bool terminal =
        output_ != nullptr && output_->output == "-" && isatty(STDOUT_FILENO) == 1;
    const auto unused = [asked = asked_now()](const GoesWith& row) {
        return row.option == "output" && !row.useful(asked);
    };
    if (std::any_of(goes_with_.begin(), goes_with_.end(), unused)) return;
    require(!terminal, Failure::usage, "standard output is a terminal; give -o FILE");
}

}  // namespace si::cli
