#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "si/base/lists.hpp"
#include "si/base/spec.hpp"

// Tables of named rows: whatever a user picks by name is a row, and help, manual, JSON,
// completion and did-you-mean are made from the table. A new member of a family is one row.

namespace si {

/// The other names that a row answers to, where its type has `aliases`: a string_view of words
/// with one space between. They are for typing; files and listings hold the row's own name.
template <class Row>
std::vector<std::string_view> aliases_of(const Row& row) {
    if constexpr (requires { row.aliases; }) {
        if (!row.aliases.empty()) return split(row.aliases, ' ');
    }
    return {};
}

/// The closed list of one family of things that a user picks by name: paths, solvers,
/// networks. A Row has at least `name`, `summary` and `spec`. Each family is one constexpr
/// table in one .cpp file; help, manual, checks and laws all iterate over it.
template <class Row>
class Catalogue {
  public:
    constexpr Catalogue(std::string_view family, std::span<const Row> rows)
        : family_(family), rows_(rows) {}

    auto begin() const { return rows_.begin(); }
    auto end() const { return rows_.end(); }
    std::string_view family() const { return family_; }

    /// By name or alias. Throws Failure::usage with the nearest one when there is no such row.
    const Row& at(std::string_view name) const {
        const auto row = std::find_if(begin(), end(), [&](const Row& r) {
            const auto others = aliases_of(r);
            return r.name == name || std::find(others.begin(), others.end(), name) != others.end();
        });
        if (row == end()) {
            const auto hint = did_you_mean(name, names_and_aliases());
            throw Error(
                Failure::usage,
                text("no ", family_, " is called '", shortened(std::string(name), 40), "'",
                     hint.empty() ? text(" (there are: ", join(names(), ", "), ")") : hint));
        }
        return *row;
    }

    std::vector<std::string> names() const {
        std::vector<std::string> list;
        for (const Row& row : *this) list.emplace_back(row.name);
        return list;
    }

    std::vector<RowInfo> info() const {
        std::vector<RowInfo> list;
        for (const Row& row : *this) {
            const auto others = aliases_of(row);
            const std::string also =
                others.empty() ? ""
                               : text(" (also ", join({others.begin(), others.end()}, ", "), ")");
            list.push_back({std::string(row.name), text(row.summary, also), row.spec});
        }
        return list;
    }

  private:
    std::vector<std::string> names_and_aliases() const {
        std::vector<std::string> list = names();
        for (const Row& row : *this) {
            for (const auto alias : aliases_of(row)) list.emplace_back(alias);
        }
        return list;
    }

    std::string_view family_;
    std::span<const Row> rows_;
};

/// The `make` of a row from a function that takes the row's own spec first.
template <auto Make>
struct Maker;

template <class Result, class Spec, class... Rest, Result (*Make)(const Spec&, Rest...)>
struct Maker<Make> {
    static Result from_json(const Json& settings, Rest... rest) {
        return Make(read_spec<Spec>(settings), std::forward<Rest>(rest)...);
    }
};

template <auto Make>
inline constexpr auto from_json = &Maker<Make>::from_json;

/// A row picked from a family, with all of its settings resolved. `Family` is the function
/// that returns the catalogue. Spelled "mlp,width=256" by people and
/// {"kind": "mlp", "width": 256, ...} in files.
template <auto Family>
class Choice {
  public:
    /// From "kind,key=value,...". Throws Failure::usage.
    Choice(
        std::string_view spelling) {  // NOLINT(google-explicit-constructor): a default reads best
        const auto pieces = split(spelling, ',');
        const auto& row = Family().at(pieces.front());
        Json settings = Json::object();
        in_context(row.name, [&] {
            for (std::size_t i = 1; i < pieces.size(); ++i) {
                const auto equals = pieces[i].find('=');
                require(equals != std::string_view::npos, Failure::usage,
                        "expected key=value, got '", pieces[i], "'");
                const std::string key(pieces[i].substr(0, equals));
                require(!settings.contains(key), Failure::usage, key, ": given twice");
                settings[key] = row.spec.parse(key, pieces[i].substr(equals + 1));
                given_.push_back(key);
            }
            resolve(row, settings);
        });
    }
    Choice(const char* spelling) : Choice(std::string_view(spelling)) {}  // NOLINT

    /// From a JSON object with a "kind".
    static Choice from_json(const Json& object) {
        require(object.is_object(), Failure::data, "expected {\"kind\": ...}");
        const auto kind = member_as<std::string>(object, "kind");
        Choice choice;
        const Json settings = without_kind(object);
        choice.resolve(Family().at(kind), settings);
        for (const auto& [key, value] : settings.items()) choice.given_.push_back(key);
        return choice;
    }

    const Json& json() const { return json_; }
    const auto& row() const {
        return Family().at(json_.at("kind").template get_ref<const std::string&>());
    }
    std::string_view kind() const { return row().name; }
    Json settings() const { return without_kind(json_); }

    /// The settings that its text asks for, be it for their defaults. A text that has all of them
    /// is one that a program printed, and asks for those that differ from their defaults.
    std::vector<std::string> asked() const {
        const Json now = settings(), defaults = row().spec.resolve(Json::object());
        const auto given = [&](const std::string& key) {
            return std::find(given_.begin(), given_.end(), key) != given_.end();
        };
        bool all = true;
        std::vector<std::string> changed;
        for (const auto& [key, value] : now.items()) {
            all = all && (value.is_null() || given(key));
            if (value != defaults.at(key)) changed.push_back(key);
        }
        return all ? changed : given_;
    }
    bool asks(std::string_view key) const {
        const auto keys = asked();
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    }

    /// Throws Failure::usage for a setting that is asked for and does nothing beside the others.
    void check_company() const {
        const auto table = row().spec.goes_with();
        if (table.empty()) return;
        if (const auto* useless = first_useless(table, Asked(settings(), asked()))) {
            throw Error(Failure::usage, text(kind(), ": ", useless->name(), useless->refusal()));
        }
    }

    /// Calls the row's `make` with its settings.
    template <class... Args>
    decltype(auto) make(Args&&... args) const {
        return row().make(settings(), std::forward<Args>(args)...);
    }

    friend bool operator==(const Choice& a, const Choice& b) { return a.json_ == b.json_; }

  private:
    Choice() = default;

    template <class Row>
    void resolve(const Row& row, const Json& settings) {
        json_ = Json::object();
        json_["kind"] = row.name;
        json_.update(row.spec.resolve(settings));
    }

    Json json_;
    std::vector<std::string> given_;  ///< settings that the text or the object has
};

/// Calls f with each choice in a value: a choice, one that may be absent, or a list of them.
template <class T, class F>
void for_each_choice(const T& value, const F& f) {
    if constexpr (requires { value.check_company(); }) {
        f(value);
    } else if constexpr (requires { value.has_value(); }) {
        if (value) for_each_choice(*value, f);
    } else if constexpr (requires { value.each.begin(); }) {
        for (const auto& one : value.each) for_each_choice(one, f);
    }
}

template <auto Family>
struct Setting<Choice<Family>> {
    static std::string value() { return "KIND,..."; }
    static Choice<Family> from_text(std::string_view word) { return Choice<Family>(word); }
    static Choice<Family> from_json(const Json& node) { return Choice<Family>::from_json(node); }
    static Json to_json(const Choice<Family>& v) { return v.json(); }
};

template <auto Family>
struct SettingRows<Choice<Family>> {
    static constexpr std::vector<RowInfo> (*rows)() = [] { return Family().info(); };
};

}  // namespace si
