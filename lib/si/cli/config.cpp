#include "si/cli/config.hpp"

#include <algorithm>
#include <cctype>

// An error of the parser is a value here, made into an Error of ours.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "si/base/isa.hpp"
#include "si/cli/common.hpp"

namespace si::cli {
namespace {

std::string place_of(const toml::source_position& at) {
    return text("line ", at.line, ", column ", at.column);
}

/// Throws Failure::config for what JSON cannot say.
Json json_of(const toml::node& node) {
    Json value;
    node.visit([&](const auto& one) {
        using Node = std::decay_t<decltype(one)>;
        if constexpr (toml::is_table<Node>) {
            value = Json::object();
            for (const auto& [key, item] : one) value[std::string(key.str())] = json_of(item);
        } else if constexpr (toml::is_array<Node>) {
            value = Json::array();
            for (const auto& item : one) value.push_back(json_of(item));
        } else if constexpr (toml::is_date<Node> || toml::is_time<Node> ||
                             toml::is_date_time<Node>) {
            throw Error(Failure::config, text(place_of(one.source().begin),
                                              ": no option is a date or a time of the day"));
        } else {
            value = one.get();
        }
    });
    return value;
}

/// The places of the keys of a table, and of those of the tables inside, each behind its pointer.
TomlEntry::Places places_of(const toml::node& node, const std::string& pointer = {}) {
    TomlEntry::Places places;
    if (!node.is_table()) return places;
    for (const auto& [key, item] : *node.as_table()) {
        const std::string here = text(pointer, "/", key.str());
        places.emplace_back(here, place_of(key.source().begin));
        for (auto& one : places_of(item, here)) places.push_back(std::move(one));
    }
    return places;
}

/// A table keeps its keys in the order of the alphabet; entries keep that of the file.
std::vector<TomlEntry> entries_of(const toml::table& table, const std::string& section) {
    std::vector<std::pair<toml::source_position, TomlEntry>> list;
    for (const auto& [key, node] : table) {
        const auto at = key.source().begin;
        const std::string name(key.str());
        if (section.empty() && node.is_table() && name.starts_with("si-")) {
            for (auto& entry : entries_of(*node.as_table(), name)) list.emplace_back(at, entry);
        } else {
            list.emplace_back(
                at, TomlEntry{section, name, json_of(node), place_of(at), places_of(node)});
        }
    }
    std::stable_sort(list.begin(), list.end(), [](const auto& one, const auto& other) {
        return std::pair(one.first.line, one.first.column) <
               std::pair(other.first.line, other.first.column);
    });
    std::vector<TomlEntry> entries;
    for (auto& [at, entry] : list) entries.push_back(std::move(entry));
    return entries;
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

const std::string& TomlEntry::place_of_error(std::string_view what) const {
    const auto begins = [&](const std::string& pointer) {
        return what.starts_with(pointer) &&
               (what.size() == pointer.size() || what[pointer.size()] == ':' ||
                what[pointer.size()] == '/');
    };
    const std::string* deepest = &place;
    for (const auto& [pointer, inner] : inside) {  // outer tables come first
        if (begins(pointer)) deepest = &inner;
    }
    return *deepest;
}

void TomlEntry::give_to(const Option& option) const {
    const auto is_word = [](const Json& item) { return item.is_string(); };
    const bool words = value.is_array() && std::all_of(value.begin(), value.end(), is_word);
    try {
        const Json now = option.dump();
        if (value.is_number() && (now.is_string() || now.is_array())) {
            option.assign(value.dump());  // one number of several, or as it would be typed
        } else if (words || value.is_string()) {
            option.assign(typed(value));
        } else {
            option.load(value);
        }
    } catch (const Error& error) {
        throw error.within(key).within(place_of_error(error.what()));
    }
}

std::vector<TomlEntry> parse_toml(std::string_view content) {
    const auto parsed = toml::parse(content);
    if (parsed) return entries_of(parsed.table(), "");
    std::string why(parsed.error().description());
    constexpr std::string_view kBeginning = "Error while parsing ";
    if (why.starts_with(kBeginning)) why.erase(0, kBeginning.size());
    if (!why.empty()) why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    throw Error(Failure::config, text(place_of(parsed.error().source().begin), ": ", why));
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
        if (variable ==
            "SI_ISA") {  // matrix products read it themselves, in programs that have some
            const auto wanted = entry.substr(equals + 1);
            const auto& sets = kInstructionSets;
            require(std::find(sets.begin(), sets.end(), wanted) != sets.end(), Failure::config,
                    "SI_ISA=", wanted, ": no such instruction set; there are ",
                    join(std::vector<std::string>(sets.begin(), sets.end()), ", "));
            continue;
        }
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
