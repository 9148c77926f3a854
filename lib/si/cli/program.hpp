#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/goes_with.hpp"
#include "si/base/spec.hpp"
#include "si/cli/common.hpp"
#include "si/cli/console.hpp"
#include "si/cli/help.hpp"

// The frame of every program: options made from specs, help, manual, completion, errors and exit
// status.

namespace si::cli {

struct Words;  // parse.hpp

/// A program of the toolkit: its command line, its help and manual, its errors and exit status.
///
///     int main(int argc, char** argv) {
///         Options options;
///         si::cli::Common common;
///         si::cli::Output output;
///         return si::cli::Program("si-demo", "do something")
///             .input("FILE", options.file, "what is read")
///             .options("Demo", options)
///             .output(output)
///             .common(common)
///             .example("si-demo a.h5 -o b.h5", "what this does")
///             .run(argc, argv, [&](si::cli::Console& console) { ... });
///     }
///
/// Every value on the command line is read by Setting<T>::from_text and checked by the rule of
/// its field. Options are `--name value` or `--name=value`; a field named by one letter is `-n
/// value`; a bool is `--name` or `--name=off`. Options and inputs may be mixed; after `--`
/// everything is an input. An option given twice is an error, and so is one that would do nothing
/// (goes_with()). Values filled in by hand before run() are the defaults that help shows. What the
/// command line leaves out comes from the environment (SI_THREADS=4 is --threads 4), then from
/// --config, then from these defaults.
class Program {
  public:
    /// Data of the program go to `out`, everything else to `err`. Without streams these are
    /// standard output and standard error.
    Program(std::string name, std::string summary);
    Program(std::string name, std::string summary, std::ostream& out, std::ostream& err);

    /// A paragraph for --help, after the summary.
    Program& about(std::string paragraph);

    /// A positional argument, in the order of these calls: one that is needed, one that may be
    /// left out, and one or more up to the end of the line.
    template <class T>
    Program& input(std::string name, T& target, std::string help) {
        return add(Input{std::move(name), std::move(help), true, false, reader(target)});
    }
    template <class T>
    Program& optional_input(std::string name, T& target, std::string help) {
        return add(Input{std::move(name), std::move(help), false, false, reader(target)});
    }
    template <class T>
    Program& inputs(std::string name, std::vector<T>& targets, std::string help) {
        return add(Input{std::move(name), std::move(help), true, true, [&](std::string_view word) {
                             targets.push_back(Setting<T>::from_text(word));
                         }});
    }

    /// The rows of a family that an input chooses from, for help.
    Program& choices(std::vector<RowInfo> rows);

    /// A group of options, from the fields of a spec, and its table of what they go with.
    template <class Spec>
    Program& options(const std::string& title, Spec& spec) {
        if constexpr (requires { Spec::goes_with(); }) goes_with(Spec::goes_with());
        for_each_field<Spec>([&](const auto& f) {
            using T = std::decay_t<decltype(spec.*f.member)>;
            const auto accept = [f, &spec](T value) {
                f.check(value);
                for_each_choice(value, [](const auto& choice) { choice.check_company(); });
                spec.*f.member = std::move(value);
            };
            auto info = f.info(spec);
            // A family of one row without settings leaves nothing to choose.
            if (info.rows != nullptr) {
                const auto rows = info.rows();
                if (rows.size() == 1 && rows.front().spec.fields().empty()) return;
            }
            if constexpr (std::is_same_v<T, Seconds>) info.fallback += "s";
            const Json fallback = Setting<T>::to_json(spec.*f.member);
            if (fallback.is_array()) info.fallback = typed(fallback);
            add(title, Option{std::move(info),
                              [accept](std::string_view w) { accept(Setting<T>::from_text(w)); },
                              [accept](const Json& v) { accept(Setting<T>::from_json(v)); },
                              [f, &spec] { return Setting<T>::to_json(spec.*f.member); },
                              [f, &spec] {
                                  std::vector<std::string> asked;
                                  for_each_choice(spec.*f.member, [&](const auto& choice) {
                                      for (auto& key : choice.asked()) asked.push_back(key);
                                  });
                                  return asked;
                              },
                              [f, &spec] {
                                  return [f, &spec, value = spec.*f.member] {
                                      spec.*f.member = value;
                                  };
                              }});
        });
        return *this;
    }

    /// Options that cannot change a result, and are left out of command().
    template <class Spec>
    Program& unrecorded_options(const std::string& title, Spec& spec) {
        return options(title, spec).unrecorded({});
    }

    /// The shared options. Messages also configure the console.
    Program& common(Messages& messages);
    Program& common(Common& common);
    /// -o. Binary data are refused for a terminal.
    Program& output(Output& output);
    /// An option that names a file to write, as -o and --log do. All other options and inputs that
    /// name files are read, and no output may be one of them: Failure::usage.
    Program& writes(const std::string& option) {
        writes_.insert(option);
        return *this;
    }
    /// The option must be given.
    Program& required(const std::string& option);

    /// A command line that gives both is refused; the one that it gives wins over the other in the
    /// environment and the configuration.
    Program& alternatives(std::string one, std::string other) {
        alternatives_.emplace_back(std::move(one), std::move(other));
        return *this;
    }

    /// Rows of the table of what goes with what, where options of several specs meet. An option
    /// that is given and would do nothing is refused with Failure::usage. In a configuration, an
    /// option that only repeats its default asks for nothing. One that does nothing because of the
    /// command line is put aside; one that does nothing in the configuration by itself is refused
    /// with its place and Failure::config.
    Program& goes_with(const GoesWithTable& rows) {
        goes_with_.insert(goes_with_.end(), rows.begin(), rows.end());
        return *this;
    }

    /// The program may be started as several ranks (si/base/ranks.hpp): only rank 0 prints.
    Program& across_ranks() {
        across_ranks_ = true;
        return *this;
    }

    Program& example(std::string command, std::string meaning);

    /// A command, `si-demo NAME ...`: run by `main` with argv[0] = NAME. Its Program is called
    /// "si-demo NAME". Without `main` it is only listed.
    Program& command(std::string name, std::string summary, int (*main)(int, char**));

    /// Reads the command line, runs `body`, flushes the output, and returns the exit status: 0, or
    /// the value of a Failure after one line on standard error.
    int run(int argc, char** argv, const std::function<void(Console&)>& body);

    /// What was asked, as text for a shell: inputs, then the options that can change a result
    /// (so not --threads, -o or --log), so equal results name equal commands.
    const std::string& command() const { return command_line_; }

  private:
    template <class T>
    static std::function<void(std::string_view)> reader(T& target) {
        return [&target](std::string_view word) {
            T value = Setting<T>::from_text(word);
            for_each_choice(value, [](const auto& choice) { choice.check_company(); });
            target = std::move(value);
        };
    }
    Program& add(Input input);
    Program& add(const std::string& title, Option option);
    /// Leaves options of the last group out of command(), all but those in `except`.
    Program& unrecorded(const std::vector<std::string>& except);

    /// True when the command line asked for help or version, which is then printed.
    bool read(int argc, char** argv);
    bool answer_shell(int argc, char** argv) const;
    void answer(const Words& words, bool json);
    void print_mdoc();
    void choose_alternatives(std::vector<std::string>& given);
    void load_environment(std::vector<std::string>& given);
    void load_config(const std::string& file, const std::vector<std::string>& given);
    void load_json(const std::string& content, const std::vector<std::string>& given);
    void load_toml(const std::string& content, const std::vector<std::string>& given);
    /// Takes a value from a configuration by `take`, and notes it with its place. One that is
    /// `given` elsewhere is noted only.
    void load_option(Option& option, const std::string& place, bool given,
                     const std::function<void()>& take);
    void check_company();
    Asked asked_now();
    Asked asked_in_config();  ///< what the configuration asks for by itself
    std::vector<Option*> all_options();
    std::vector<Option*> configurable();  ///< those that a configuration may give
    void assign_inputs(const std::vector<std::string>& rest);
    void check_streams();
    void check_files(const std::vector<std::string>& rest);
    [[noreturn]] void refuse_extra(const std::string& word, bool option) const;
    std::vector<std::string> long_names() const;
    std::vector<std::string> command_names() const;
    void join_ranks(int argc, char** argv);
    int carry_out(int argc, char** argv, const std::function<void(Console&)>& body);
    int fail(int status, std::string message);

    Manual manual_;
    std::ostream& out_;
    std::ostream& err_;
    bool real_;  ///< the streams are those of the process
    bool across_ranks_ = false;
    Messages* messages_ = nullptr;
    Output* output_ = nullptr;
    std::vector<int (*)(int, char**)> mains_;
    std::vector<std::pair<std::string, std::string>> alternatives_;
    GoesWithTable goes_with_;
    /// What a configuration says of an option, whatever the command line says.
    struct Configured {
        Json value;
        std::vector<std::string> settings;
        std::string place;  ///< "line 3, column 1: net", or "/net" in JSON
    };
    std::map<std::string, Json> defaults_;
    std::map<std::string, std::function<void()>> restore_;  ///< sets an option to its default
    std::vector<std::string> asked_;                        ///< options that the command line gives
    std::map<std::string, Configured> from_config_;
    std::set<std::string> writes_{"output", "log"};  ///< options that name outputs
    std::set<std::string> put_aside_;  ///< of the configuration, because of the command line
    std::string command_line_;
};

}  // namespace si::cli
