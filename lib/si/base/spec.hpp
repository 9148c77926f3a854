#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "si/base/goes_with.hpp"
#include "si/base/json.hpp"

// A setting is described once. A spec is a struct of settings with defaults, and a static
// `fields()` that names them:
//
//     struct MlpSpec {
//         Index width = 256;
//         static constexpr auto fields() {
//             return std::tuple{
//                 field("width", &MlpSpec::width, "Units in a hidden layer", kPositive)};
//         }
//     };
//
// JSON, command line, help, manual and validation all follow from that tuple. A static goes_with()
// says which of the settings do something only beside others.

namespace si {

/// What a value must satisfy: a test of its number, or a closed list of words.
struct Rule {
    bool (*holds)(double) = nullptr;
    std::string_view text;                          ///< after "must be", as in "positive"
    std::vector<std::string> (*words)() = nullptr;  ///< for strings: one of these
};

inline constexpr Rule kAny{};
inline constexpr Rule kPositive{[](double v) { return v > 0; }, "positive"};
inline constexpr Rule kNonNegative{[](double v) { return v >= 0; }, "zero or more"};
inline constexpr Rule kUnit{[](double v) { return v >= 0 && v <= 1; }, "between 0 and 1"};
inline constexpr Rule kBelowOne{[](double v) { return v >= 0 && v < 1; }, "at least 0 and below 1"};

constexpr Rule one_of(std::vector<std::string> (*words)()) { return {nullptr, "", words}; }

/// A span of time, in seconds. Spelled "90", "90s", "5m", "1h30m", "1:02:03".
struct Seconds {
    double value = 0;
    friend bool operator==(Seconds, Seconds) = default;
};

/// What one row of a family says of itself.
struct RowInfo;

/// One setting with its type forgotten: what help, manual and completion show.
struct FieldInfo {
    std::string name;
    char letter = 0;    ///< short option, or 0
    std::string value;  ///< what stands for the value: "N", "FILE", "KIND,..."
    std::string help;
    std::string fallback;  ///< the default, in words; may be empty
    std::string rule;      ///< "positive", "one of relu, silu", or empty
    bool flag = false;     ///< true for a bool, which takes no value on the command line
    std::vector<RowInfo> (*rows)() = nullptr;  ///< for a choice from a family: its rows
};

/// A spec type with its C++ type forgotten.
struct SpecInfo {
    std::vector<FieldInfo> (*fields)();
    Json (*resolve)(const Json& object);                         ///< strict, defaults filled in
    Json (*parse)(std::string_view key, std::string_view word);  ///< value of one key, from text
    GoesWithTable (*goes_with)();                                ///< of its settings
};

struct RowInfo {
    std::string name, summary;
    SpecInfo spec;
};

/// How a type of setting is spelled: `value()` for help, from_text, from_json, to_json.
/// Conversions throw Failure::usage (text) or Failure::data (JSON) without a place.
template <class T>
struct Setting;

/// One member of a spec.
template <class Owner, class T>
struct SpecField {
    std::string_view name;
    T Owner::*member;
    std::string_view help;
    Rule rule;
    char short_name = 0;
    std::string_view shown;
    bool quiet = false;  ///< written to JSON only where it is not the default

    /// The same setting with a one-letter option.
    constexpr SpecField letter(char c) const { return {name, member, help, rule, c, shown, quiet}; }
    /// The same setting with another word for its value in help.
    constexpr SpecField value(std::string_view word) const {
        return {name, member, help, rule, short_name, word, quiet};
    }
    /// The same setting, which JSON leaves out where it has its default: one that came after files
    /// without it were written.
    constexpr SpecField unless_default() const {
        return {name, member, help, rule, short_name, shown, true};
    }

    /// Throws Failure::usage unless `candidate` keeps the rule.
    void check(const T& candidate) const;
    /// What help shows; the default is the value in `defaults`.
    FieldInfo info(const Owner& defaults = Owner{}) const;
};

template <class Owner, class T>
constexpr SpecField<Owner, T> field(std::string_view name, T Owner::*member, std::string_view help,
                                    Rule rule = kAny) {
    return {name, member, help, rule};
}

template <class Spec, class Visit>
void for_each_field(Visit&& visit) {
    std::apply([&](const auto&... f) { (visit(f), ...); }, Spec::fields());
}

/// Checks every rule of a spec that was filled in by hand.
template <class Spec>
void check_spec(const Spec& spec) {
    for_each_field<Spec>(
        [&](const auto& f) { in_context(text("/", f.name), [&] { f.check(spec.*f.member); }); });
}

/// Reads a spec from a JSON object. A missing key keeps its default; an unknown key, a wrong
/// type or a broken rule is an error that names the place.
template <class Spec>
Spec read_spec(const Json& object) {
    require(object.is_object(), Failure::data, "expected an object");
    Spec spec;
    std::vector<std::string> names;
    for_each_field<Spec>([&](const auto& f) {
        names.emplace_back(f.name);
        const auto entry = object.find(f.name);
        if (entry == object.end()) return;
        in_context(text("/", f.name), [&] {
            using T = std::decay_t<decltype(spec.*f.member)>;
            T value = Setting<T>::from_json(*entry);
            f.check(value);
            spec.*f.member = std::move(value);
        });
    });
    for (const auto& item : object.items()) {
        const bool known = std::find(names.begin(), names.end(), item.key()) != names.end();
        require(known, Failure::usage, "/", item.key(), ": unknown key",
                known ? "" : did_you_mean(item.key(), names));
    }
    return spec;
}

/// The inverse of read_spec: every setting, defaults included, but for those that are left out
/// unless_default().
template <class Spec>
Json write_spec(const Spec& spec) {
    Json object = Json::object();
    for_each_field<Spec>([&](const auto& f) {
        using T = std::decay_t<decltype(spec.*f.member)>;
        Json value = Setting<T>::to_json(spec.*f.member);
        if (f.quiet && value == Setting<T>::to_json(Spec{}.*f.member)) return;
        object[std::string(f.name)] = std::move(value);
    });
    return object;
}

template <class Spec>
std::vector<FieldInfo> describe() {
    std::vector<FieldInfo> list;
    const Spec spec{};  // whose defaults may differ from those of a base that has the field
    for_each_field<Spec>([&](const auto& f) { list.push_back(f.info(spec)); });
    return list;
}

template <class Spec>
Json resolve(const Json& object) {
    return write_spec(read_spec<Spec>(object));
}

/// The JSON value of setting `key` spelled as `word`; an unknown key is helped.
template <class Spec>
Json parse_setting(std::string_view key, std::string_view word) {
    Json value;
    bool known = false;
    std::vector<std::string> names;
    for_each_field<Spec>([&](const auto& f) {
        names.emplace_back(f.name);
        if (f.name != key) return;
        known = true;
        in_context(key, [&] {
            using T = std::decay_t<decltype(std::declval<Spec>().*f.member)>;
            T parsed = Setting<T>::from_text(word);
            f.check(parsed);
            value = Setting<T>::to_json(parsed);
        });
    });
    if (!known) {
        throw Error(Failure::usage,
                    text("no setting is called '", key, "'",
                         names.empty() ? " (there are none)" : did_you_mean(key, names)));
    }
    return value;
}

/// The table of what the settings of a spec go with; empty for a spec that has none.
template <class Spec>
GoesWithTable goes_with_of() {
    if constexpr (requires { Spec::goes_with(); }) {
        return Spec::goes_with();
    } else {
        return {};
    }
}

template <class Spec>
inline constexpr SpecInfo spec_of{&describe<Spec>, &resolve<Spec>, &parse_setting<Spec>,
                                  &goes_with_of<Spec>};

/// The spec of a row that has no settings.
struct NoSettings {
    static constexpr auto fields() { return std::tuple{}; }
};

// ---------------------------------------------------------------------------------------------

[[noreturn]] inline void refuse(std::string_view wanted, std::string_view word) {
    throw Error(Failure::usage,
                text("expected ", wanted, ", got '", shortened(std::string(word)), "'"));
}

template <std::integral T>
struct Setting<T> {
    static std::string value() { return "N"; }
    static T from_text(std::string_view word) {
        if constexpr (std::is_unsigned_v<T>) {
            const auto number = parse_unsigned(word);
            if (!number || !std::in_range<T>(*number)) refuse("an integer of zero or more", word);
            return static_cast<T>(*number);
        } else {
            const auto number = parse_integer(word);
            if (!number || !std::in_range<T>(*number)) refuse("an integer", word);
            return static_cast<T>(*number);
        }
    }
    static T from_json(const Json& node) { return exactly<T>(node); }
    static Json to_json(T v) { return v; }
};

/// 64-bit seeds are strings in JSON: numbers above 2^53 are not portable.
template <>
struct Setting<std::uint64_t> {
    static std::string value() { return "N"; }
    static std::uint64_t from_text(std::string_view word) {
        const auto number = parse_unsigned(word);
        if (!number) refuse("an integer from 0 to 18446744073709551615", word);
        return *number;
    }
    static std::uint64_t from_json(const Json& node) {
        return node.is_string() ? from_text(node.get_ref<const std::string&>())
                                : exactly<std::uint64_t>(node);
    }
    static Json to_json(std::uint64_t v) { return std::to_string(v); }
};

template <>
struct Setting<bool> {
    static std::string value() { return "on|off"; }
    static bool from_text(std::string_view word) {
        if (word == "on" || word == "true" || word == "yes") return true;
        if (word == "off" || word == "false" || word == "no") return false;
        refuse("on or off", word);
    }
    static bool from_json(const Json& node) { return exactly<bool>(node); }
    static Json to_json(bool v) { return v; }
};

template <>
struct Setting<double> {
    static std::string value() { return "X"; }
    static double from_text(std::string_view word) {
        const auto number = parse_real(word);
        if (!number) refuse("a number", word);
        return *number;
    }
    static double from_json(const Json& node) { return exactly<double>(node); }
    static Json to_json(double v) { return v; }
};

template <>
struct Setting<std::string> {
    static std::string value() { return "WORD"; }
    static std::string from_text(std::string_view word) { return std::string(word); }
    static std::string from_json(const Json& node) { return exactly<std::string>(node); }
    static Json to_json(const std::string& v) { return v; }
};

template <>
struct Setting<Seconds> {
    static std::string value() { return "T"; }
    static Seconds from_text(std::string_view word) {
        const auto seconds = parse_duration(word);
        if (!seconds) refuse("a time such as 90s, 5m or 1h30m", word);
        return {*seconds};
    }
    static Seconds from_json(const Json& node) { return {exactly<double>(node)}; }
    static Json to_json(Seconds v) { return v.value; }
};

/// Lists are "1,2,3", or "1:2:3" inside a choice, where the comma is taken.
template <class T>
struct Setting<std::vector<T>> {
    static std::string value() { return Setting<T>::value() + ",..."; }
    static std::vector<T> from_text(std::string_view word) {
        std::vector<T> list;
        if (word.empty()) return list;
        const char separator = word.find(',') == std::string_view::npos ? ':' : ',';
        for (const auto piece : split(word, separator))
            list.push_back(Setting<T>::from_text(piece));
        return list;
    }
    static std::vector<T> from_json(const Json& node) {
        require(node.is_array(), Failure::data, "expected a list");
        std::vector<T> list;
        for (const auto& item : node) list.push_back(Setting<T>::from_json(item));
        return list;
    }
    static Json to_json(const std::vector<T>& v) {
        Json list = Json::array();
        for (const auto& item : v) list.push_back(Setting<T>::to_json(item));
        return list;
    }
};

/// A setting that may be absent: null in JSON.
template <class T>
struct Setting<std::optional<T>> {
    static std::string value() { return Setting<T>::value(); }
    static std::optional<T> from_text(std::string_view word) { return Setting<T>::from_text(word); }
    static std::optional<T> from_json(const Json& node) {
        if (node.is_null()) return {};
        return Setting<T>::from_json(node);
    }
    static Json to_json(const std::optional<T>& v) {
        return v ? Setting<T>::to_json(*v) : Json(nullptr);
    }
};

template <class T>
struct SettingRows {
    static constexpr std::vector<RowInfo> (*rows)() = nullptr;
};
template <class T>
struct SettingRows<std::optional<T>> : SettingRows<T> {};

/// A JSON value as a person would type it: strings bare, {"kind": "mlp", "width": 64} as
/// "mlp,width=64", lists with ':' inside a choice.
std::string spelled(const Json& value);

/// The value of an option as it is typed on a command line, where lists have commas.
std::string typed(const Json& value);

template <class Owner, class T>
void SpecField<Owner, T>::check(const T& candidate) const {
    const auto check_one = [&](const auto& one) {
        using V = std::decay_t<decltype(one)>;
        if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, Seconds>) {
            double number = 0;
            if constexpr (std::is_same_v<V, Seconds>) {
                number = one.value;
            } else {
                number = static_cast<double>(one);
            }
            require(std::isfinite(number), Failure::usage, "must be finite");
            require(rule.holds == nullptr || rule.holds(number), Failure::usage, "must be ",
                    rule.text, ", is ", number);
        } else if constexpr (std::is_same_v<V, std::string>) {
            if (rule.words == nullptr) return;
            const auto words = rule.words();
            const bool known = std::find(words.begin(), words.end(), one) != words.end();
            require(known, Failure::usage, "'", one, "' is not one of ", join(words, ", "),
                    known ? "" : did_you_mean(one, words));
        }
    };
    if constexpr (requires { candidate.has_value(); }) {
        if (candidate) check_one(*candidate);
    } else if constexpr (requires { candidate.begin(); } && !std::is_same_v<T, std::string>) {
        for (const auto& one : candidate) check_one(one);
    } else {
        check_one(candidate);
    }
}

template <class Owner, class T>
FieldInfo SpecField<Owner, T>::info(const Owner& defaults) const {
    const Json fallback = Setting<T>::to_json(defaults.*member);
    const std::string limits =
        rule.words != nullptr ? text("one of ", join(rule.words(), ", ")) : std::string(rule.text);
    return {std::string(name),
            short_name,
            shown.empty() ? Setting<T>::value() : std::string(shown),
            std::string(help),
            std::is_same_v<T, bool> && fallback == false ? "" : spelled(fallback),
            limits,
            std::is_same_v<T, bool>,
            SettingRows<T>::rows};
}

}  // namespace si
