#include "si/cli/parse.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace si::cli {
namespace {

std::string cli11_names(const FieldInfo& info) {
    std::string names = text("--", info.name);
    if (info.name.size() == 1) names += text(",-", info.name);  // both -t and --t
    if (info.letter != 0) names += text(",-", info.letter);
    return names;
}

char letter_of(const FieldInfo& info) { return info.name.size() == 1 ? info.name[0] : info.letter; }

}  // namespace

Words parse(int argc, const char* const* argv, const std::vector<Option*>& options) {
    // CLI11 takes the line apart and nothing more: its conversions read -5 as 2^64 - 5, 010 as 8,
    // "" as 0 and nan as positive, so that every value is fetched as the text it was.
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<CLI::Option*> known;
    for (const auto* option : options) {
        const auto names = cli11_names(option->info);
        auto* one = option->info.flag ? app.add_flag(names)
                                      : app.add_option(names, [](const auto&) { return true; });
        known.push_back(one->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
    }
    Words words;
    app.add_flag("-h,--help", words.help);
    app.add_flag("--version", words.version);
    app.add_flag("--help-mdoc", words.mdoc);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError&) {
        // Whatever follows an option is its value, so only the last word can lack one.
        throw Error(Failure::usage, text(argc > 1 ? argv[argc - 1] : "", ": needs a value"));
    }

    for (std::size_t i = 0; i < known.size(); ++i) {
        words.values.push_back(known[i]->results());
        const char letter = letter_of(options[i]->info);
        for (auto& value : words.values.back()) {  // -n=5 means what it says
            const auto typed = text("-", letter, value);
            const bool equals = letter != 0 && value.starts_with('=');
            if (equals && std::find(argv, argv + argc, typed) != argv + argc) value.erase(0, 1);
        }
    }
    bool literal = false;
    for (const auto& word : app.remaining()) {
        if (!literal && word == "--") {
            literal = true;
        } else if (!literal && word.size() > 1 && word[0] == '-' && !word.starts_with("-:/")) {
            if (words.unknown.empty()) words.unknown = word;
        } else {
            words.rest.push_back(word);
        }
    }
    return words;
}

}  // namespace si::cli
