#include "si/io/conventions.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/remarks.hpp"

namespace si {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const Attribute* find(const std::vector<Attribute>& attributes, std::string_view name) {
    const auto at = std::find_if(attributes.begin(), attributes.end(),
                                 [&](const Attribute& one) { return one.name == name; });
    return at == attributes.end() ? nullptr : &*at;
}

std::string lower(std::string word) {
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return word;
}

/// Its numbers; some writers put them down as text.
std::vector<double> numbers_of(const Attribute& attribute) {
    if (!attribute.numbers.empty()) return attribute.numbers;
    const auto number = parse_real(attribute.text);
    require(number.has_value(), Failure::data, "its attribute ", attribute.name, " is '",
            shortened(attribute.text, 40), "', which is no number");
    return {*number};
}

/// One finite number.
double number_of(const Attribute& attribute) {
    const auto numbers = numbers_of(attribute);
    require(numbers.size() == 1 && std::isfinite(numbers[0]), Failure::data, "its attribute ",
            attribute.name, " is ", attribute.text, ", and should be one number");
    return numbers[0];
}

bool has_sign(ElementType type) { return type <= ElementType::i64; }

/// Attributes of a dataset, with its type: what they say of stored numbers is of that type.
class Reading {
  public:
    Reading(const std::vector<Attribute>& attributes, ElementType stored)
        : attributes_(attributes), stored_(stored) {
        if (const auto* given = find(attributes, "_Unsigned")) {
            rules_.is_unsigned = lower(given->text) == "true" && has_sign(stored);
        }
    }

    /// As a stored number is when it is read.
    double stored(double value) const {
        if (stored_ == ElementType::f32) return static_cast<double>(static_cast<float>(value));
        const bool wraps = rules_.is_unsigned && value < 0;
        return wraps ? value + std::ldexp(1.0, 8 * static_cast<int>(size_of(stored_))) : value;
    }

    void packing() {
        if (const auto* given = find(attributes_, "scale_factor")) {
            rules_.scale = number_of(*given);
            require(rules_.scale != 0, Failure::data, "its attribute scale_factor is 0");
        }
        if (const auto* given = find(attributes_, "add_offset")) rules_.offset = number_of(*given);
    }

    void missing(std::optional<double> fill, bool netcdf) {
        for (const char* name : {"_FillValue", "missing_value"}) {
            const auto* given = find(attributes_, name);
            if (given == nullptr) continue;
            for (const double value : numbers_of(*given)) add_missing(stored(value));
        }
        // Bytes take all their values, so what nobody wrote does not show in them.
        if (!fill || find(attributes_, "_FillValue") != nullptr) return;
        if (netcdf && size_of(stored_) > 1) {
            add_missing(stored(*fill));
        } else if (!netcdf && *fill != 0) {
            rules_.fill = fill;
        }
    }

    void range() {
        const Attribute* range = find(attributes_, "valid_range");
        if (range != nullptr) {
            const auto ends = numbers_of(*range);
            require(ends.size() == 2 && ends[0] <= ends[1], Failure::data,
                    "its attribute valid_range is ", range->text,
                    ", and should be two numbers, the lower first");
            rules_.least = ends[0];
            rules_.most = ends[1];
        }
        const Attribute* least = find(attributes_, "valid_min");
        const Attribute* most = find(attributes_, "valid_max");
        if (least != nullptr) rules_.least = number_of(*least);
        if (most != nullptr) rules_.most = number_of(*most);
        for (const Attribute* given : {range, least, most}) {
            if (given != nullptr) rules_.unpacked_range = is_of_unpacked(*given);
        }
        if (rules_.unpacked_range) return;
        if (rules_.least != -kInfinity) rules_.least = stored(rules_.least);
        if (rules_.most != kInfinity) rules_.most = stored(rules_.most);
    }

    Conventions rules() const { return rules_; }

  private:
    void add_missing(double value) {
        auto& all = rules_.missing;
        if (!std::isnan(value) && std::find(all.begin(), all.end(), value) == all.end()) {
            all.push_back(value);
        }
    }

    /// A range in the type of scale_factor, wider than that of the numbers, is one of what is
    /// read.
    bool is_of_unpacked(const Attribute& given) const {
        const auto* scale = find(attributes_, "scale_factor");
        if (scale == nullptr) scale = find(attributes_, "add_offset");
        return scale != nullptr && given.type && scale->type == given.type &&
               given.type != stored_ && *given.type >= ElementType::f32;
    }

    const std::vector<Attribute>& attributes_;
    ElementType stored_;
    Conventions rules_;
};

}  // namespace

bool Conventions::plain() const {
    return !packed() && missing.empty() && least == -kInfinity && most == kInfinity;
}

ElementType Conventions::read_as(ElementType stored) const {
    if (plain() || stored >= ElementType::f32) return stored;
    return ElementType::f64;
}

Index Conventions::apply(double* numbers, Index count) const {
    Index absent = 0;
    for (Index i = 0; i < count; ++i) {
        const double stored = numbers[i], read = scale * stored + offset;
        const double ranged = unpacked_range ? read : stored;
        const bool outside = ranged < least || ranged > most;
        const bool none =
            outside || std::find(missing.begin(), missing.end(), stored) != missing.end();
        absent += none ? 1 : 0;
        numbers[i] = none ? std::numeric_limits<double>::quiet_NaN() : read;
    }
    return absent;
}

std::string Conventions::said() const {
    std::vector<std::string> words;
    if (reversed) words.emplace_back("rows and columns as MATLAB shows them");
    if (is_unsigned) words.emplace_back("without a sign");
    if (packed()) {
        words.push_back(text("packed, ", scale == 1 ? "" : text(rounded(scale, 6), " "), "x",
                             offset == 0  ? ""
                             : offset > 0 ? text(" + ", rounded(offset, 6))
                                          : text(" - ", rounded(-offset, 6))));
    }
    if (!missing.empty()) {
        std::vector<std::string> values;
        for (const double value : missing) values.push_back(rounded(value, 6));
        words.push_back(text("missing where ", packed() ? "stored as " : "", join(values, " or ")));
    }
    const std::string of = unpacked_range || !packed() ? "" : "stored ";
    if (least != -kInfinity) words.push_back(text("missing below ", of, rounded(least, 6)));
    if (most != kInfinity) words.push_back(text("missing above ", of, rounded(most, 6)));
    return join(words, "; ");
}

Conventions conventions_of(const std::vector<Attribute>& attributes, ElementType stored,
                           std::optional<double> fill, bool netcdf) {
    if (const auto* matlab = find(attributes, "MATLAB_class")) {
        const auto* empty = find(attributes, "MATLAB_empty");
        require(empty == nullptr || empty->text == "0", Failure::data, "is empty, in MATLAB");
        require(matlab->text != "char", Failure::data, "holds text of MATLAB, which is not read");
        Conventions rules;
        rules.reversed = true;
        return rules;
    }
    Reading reading(attributes, stored);
    reading.packing();
    reading.missing(fill, netcdf);
    reading.range();
    return reading.rules();
}

void remark_foreign(const ForeignData& data) {
    const std::string each =
        data.shape == std::vector<Index>{1} ? "1 number" : shape_text(data.shape) + " numbers";
    std::string out = text(data.source, ": ", counted(data.n, "sample", "samples"), " of ", each,
                           " (", to_text(data.type), ")");
    std::vector<std::string> first;
    for (const double value : data.first) first.push_back(rounded(value, 6));
    const bool all = std::ssize(first) == count_of(data.shape);
    if (!first.empty()) out += text(", the first ", join(first, ", "), all ? "" : ", ...");
    if (!data.conventions.said().empty()) out += "; " + data.conventions.said();
    if (data.missing && *data.missing > 0) {
        out += text("; ", counted(*data.missing, "number is", "numbers are"), " missing");
    }
    remark(out);
}

bool is_dimension_scale(const std::vector<Attribute>& attributes) {
    const auto* given = find(attributes, "CLASS");
    return given != nullptr && given->text == "DIMENSION_SCALE";
}

bool is_bare_dimension(const std::vector<Attribute>& attributes) {
    const auto* name = find(attributes, "NAME");
    return is_dimension_scale(attributes) && name != nullptr &&
           name->text.starts_with("This is a netCDF dimension but not a netCDF variable");
}

}  // namespace si
