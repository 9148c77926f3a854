#include "si/cli/completion.hpp"

#include <algorithm>
#include <array>

namespace si::cli {
namespace {

constexpr std::string_view kBash = R"sh(_si_complete() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    case ${COMPREPLY[0]} in *[=,]) compopt -o nospace ;; esac
}
complete -o default -F _si_complete NAME
)sh";

constexpr std::string_view kZsh = R"sh(#compdef NAME
local -a offers
offers=(${(f)"$($words[1] --complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
if (( $#offers )); then compadd -S '' -- $offers; else _files; fi
)sh";

constexpr std::string_view kFish =
    R"sh(complete -c NAME -a '(NAME --complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
)sh";

constexpr auto kShells = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}});

const Option* find_option(const Manual& manual, const std::string& word) {
    for (const auto& group : manual.groups) {
        for (const auto& option : group.options) {
            const auto& info = option.info;
            const bool letter = info.letter != 0 && word == text("-", info.letter);
            if (word == option.spelling() || word == text("--", info.name) || letter) {
                return &option;
            }
        }
    }
    return nullptr;
}

/// Kinds, and behind "kind," the settings of that kind that are not there yet.
std::vector<std::string> of_family(const std::vector<RowInfo>& rows, const std::string& typed) {
    std::vector<std::string> offers;
    const auto comma = typed.find(',');
    for (const auto& row : rows) {
        if (comma == std::string::npos) {
            offers.push_back(row.name);
            continue;
        }
        if (typed.substr(0, comma) != row.name) continue;
        const auto last = typed.rfind(',') + 1;
        for (const auto& setting : row.spec.fields()) {
            if (typed.find(text(",", setting.name, "=")) != std::string::npos) continue;
            offers.push_back(text(typed.substr(0, last), setting.name, "="));
        }
    }
    return offers;
}

std::vector<std::string> of_option(const FieldInfo& info, const std::string& typed) {
    if (info.rows != nullptr) return of_family(info.rows(), typed);
    constexpr std::string_view choice = "one of ";
    std::vector<std::string> offers;
    if (!info.rule.starts_with(choice)) return offers;
    for (auto name : split(std::string_view(info.rule).substr(choice.size()), ',')) {
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        offers.emplace_back(name);
    }
    return offers;
}

}  // namespace

std::vector<std::string> completions(const Manual& manual, const std::vector<std::string>& words) {
    const std::string typed = words.empty() ? "" : words.back();
    const Option* before =
        words.size() > 1 ? find_option(manual, words[words.size() - 2]) : nullptr;
    std::vector<std::string> offers;
    if (before != nullptr && !before->info.flag) {
        offers = of_option(before->info, typed);
    } else if (const auto equals = typed.find('=');
               typed.starts_with("--") && equals != std::string::npos) {
        const auto head = typed.substr(0, equals);
        if (const Option* option = find_option(manual, head)) {
            offers = of_option(option->info, typed.substr(equals + 1));
            for (auto& offer : offers) offer = text(head, "=", offer);
        }
    } else if (typed.starts_with('-')) {
        offers = {"--help", "--version"};
        for (const auto& group : manual.groups) {
            for (const auto& option : group.options) {
                const auto spelling = option.spelling();
                const bool there = std::find(words.begin(), words.end(), spelling) != words.end();
                if (!there || spelling == typed) offers.push_back(spelling);
            }
        }
    } else {
        if (words.size() <= 1) {
            for (const auto& command : manual.commands) offers.push_back(command.name);
        }
        if (!manual.inputs.empty()) {
            const auto more = of_family(manual.inputs.front().rows, typed);
            offers.insert(offers.end(), more.begin(), more.end());
        }
    }
    std::erase_if(offers, [&](const std::string& offer) { return !offer.starts_with(typed); });
    return offers;
}

std::string completion_script(std::string_view program, std::string_view shell) {
    for (const auto& [name, script] : kShells) {
        if (name != shell) continue;
        std::string out(script);
        for (auto at = out.find("NAME"); at != std::string::npos; at = out.find("NAME", at)) {
            out.replace(at, 4, program);
        }
        return out;
    }
    throw Error(Failure::usage,
                text("--completion: expected bash, zsh or fish, not '", shell, "'"));
}

}  // namespace si::cli
