#include "si/cli/config.hpp"

#include <algorithm>
#include <cctype>

#include "si/cli/common.hpp"

namespace si::cli {
namespace {

[[noreturn]] void refuse_line(std::size_t line, std::string_view why) {
    throw Error(Failure::config, text("line ", line, ": ", why));
}

/// Takes one line apart, from left to right.
class Line {
  public:
    Line(std::string_view rest, std::size_t number) : rest_(rest), number_(number) { skip(); }

    /// Nothing but spaces and a comment is left.
    bool over() const { return rest_.empty() || rest_[0] == '#'; }

    std::string key() {
        const auto plain = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
        };
        if (rest_[0] == '[') refuse("there are no sections; write key = value");
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), plain);
        const std::string name(rest_.begin(), end);
        if (name.empty()) refuse("expected key = value");
        take(name.size());
        if (!accept('=')) refuse("expected '=' after the key");
        return name;
    }

    std::string value() {
        if (!accept('[')) return scalar();
        std::vector<std::string> items;
        while (!accept(']')) {
            items.push_back(scalar());
            if (!accept(',') && (over() || rest_[0] != ']')) refuse("expected ',' or ']'");
        }
        return join(items, ",");
    }

    [[noreturn]] void refuse(std::string_view why) const { refuse_line(number_, why); }

  private:
    std::string scalar() {
        if (over()) refuse("expected a value");
        if (rest_[0] == '"' || rest_[0] == '\'') return quoted(rest_[0]);
        const auto end = rest_.find_first_of(" \t,]#");
        const std::string word(rest_.substr(0, end));
        const bool number = parse_real(word).has_value() || parse_integer(word).has_value();
        if (!number && word != "true" && word != "false") {
            refuse(text("expected a number, true, false or a string in quotes, got ",
                        shortened(word, 40)));
        }
        take(word.size());
        return word;
    }

    std::string quoted(char quote) {
        std::string out;
        std::size_t at = 1;
        for (; at < rest_.size() && rest_[at] != quote; ++at) {
            char c = rest_[at];
            if (c == '\\' && quote == '"') {
                constexpr std::string_view kNames = "\"\\nt", kChars = "\"\\\n\t";
                const auto which = ++at < rest_.size() ? kNames.find(rest_[at]) : kNames.npos;
                if (which == kNames.npos)
                    refuse("expected \\\", \\\\, \\n or \\t after a backslash");
                c = kChars[which];
            }
            out += c;
        }
        if (at >= rest_.size()) refuse("a string does not end");
        take(at + 1);
        return out;
    }

    bool accept(char c) {
        if (rest_.empty() || rest_[0] != c) return false;
        take(1);
        return true;
    }
    void take(std::size_t count) {
        rest_.remove_prefix(count);
        skip();
    }
    void skip() {
        while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) {
            rest_.remove_prefix(1);
        }
    }

    std::string_view rest_;
    std::size_t number_;
};

/// A value as it is typed on a command line.
std::string typed(const Json& value) {
    if (!value.is_array()) return spelled(value);
    std::vector<std::string> items;
    for (const auto& item : value) items.push_back(spelled(item));
    return join(items, ",");
}

std::string in_quotes(const std::string& word) {
    std::string out = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out + "\"";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_toml(std::string_view content) {
    std::vector<std::pair<std::string, std::string>> entries;
    std::size_t number = 0;
    for (const auto bytes : split(content, '\n')) {
        Line line(bytes, ++number);
        if (line.over()) continue;
        auto key = line.key();
        for (const auto& [other, value] : entries) {
            if (other == key) line.refuse(text("'", key, "' is given twice"));
        }
        auto value = line.value();
        if (!line.over()) line.refuse("there is something after the value");
        entries.emplace_back(std::move(key), std::move(value));
    }
    return entries;
}

std::string toml_text(const std::vector<Option*>& options) {
    std::string out;
    for (const auto* option : options) {
        const Json value = option->dump();
        if (value.is_null() || option->required) continue;
        auto name = option->info.name;
        std::replace(name.begin(), name.end(), '-', '_');
        const bool bare = value.is_number() || value.is_boolean();
        out += text(name, " = ", bare ? value.dump() : in_quotes(typed(value)), "\n");
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> environment_options(const char* const* variables) {
    constexpr std::string_view kPrefix = "SI_";
    std::vector<std::string> known;
    for (const auto& info : describe<Common>()) {
        auto name = info.name;
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        known.push_back(text(kPrefix, name));
    }
    std::vector<std::pair<std::string, std::string>> found;
    for (; variables != nullptr && *variables != nullptr; ++variables) {
        const std::string_view entry = *variables;
        const auto equals = entry.find('=');
        if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
        const std::string variable(entry.substr(0, equals));
        if (variable == "SI_ISA") continue;  // of matrix products, which read it themselves
        require(std::find(known.begin(), known.end(), variable) != known.end(), Failure::config,
                variable, ": no such variable", did_you_mean(variable, known));
        std::string name = variable.substr(kPrefix.size());
        for (char& c : name) {
            c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        found.emplace_back(name, std::string(entry.substr(equals + 1)));
    }
    return found;
}

}  // namespace si::cli
