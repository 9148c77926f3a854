#include <algorithm>
#include <cmath>
#include <optional>

#include "si/io/atomic_file.hpp"
#include "si/io/json_file.hpp"

namespace si {
namespace {

constexpr std::size_t kWidth = 100;

class Printer {
  public:
    std::string print(const Json& document) {
        check(document, "", 0);
        value(document, 0);
        out_ += '\n';
        return std::move(out_);
    }

  private:
    /// Before anything is printed, so that the place of a bad number is known and no recursion
    /// below can be too deep.
    void check(const Json& node, const std::string& pointer, std::size_t depth) {
        const auto place = [&](std::string_view what) {
            return pointer.empty() ? std::string(what) : text(pointer, ": ", what);
        };
        if (node.is_number_float()) {
            const double number = node.get<double>();
            require(std::isfinite(number), Failure::check,
                    place(text("is ", number, ", which JSON cannot hold")));
        }
        if (!node.is_structured()) return;
        require(depth < kDeepestJson, Failure::data,
                place(text("nested deeper than ", kDeepestJson)));
        if (node.is_array()) {
            for (std::size_t i = 0; i < node.size(); ++i) {
                // Building a pointer for each of many plain numbers would cost more than all else.
                const Json& item = node[i];
                const bool sound = item.is_number() && std::isfinite(item.get<double>());
                if (!sound) check(item, text(pointer, "/", i), depth + 1);
            }
        } else {
            for (const auto& [key, item] : node.items()) {
                check(item, pointer + json_pointer_step(key), depth + 1);
            }
        }
    }

    static bool all_plain(const Json& node) {
        return std::none_of(node.begin(), node.end(),
                            [](const Json& item) { return item.is_structured(); });
    }

    /// Columns of the value on one line, or nothing when it holds objects or exceeds the limit.
    static std::optional<std::size_t> width(const Json& node, std::size_t limit) {
        if (node.is_string()) {
            const auto size = node.get_ref<const std::string&>().size();
            return size <= limit ? std::optional(size + 2) : std::nullopt;
        }
        if (!node.is_structured()) return node.dump().size();
        std::size_t total = 2;
        for (const auto& [key, item] : node.items()) {
            if (item.is_object()) return {};
            const auto inner = width(item, limit);
            total += (node.is_object() ? key.size() + 6 : 2) + inner.value_or(limit);
            if (!inner || total > limit) return {};
        }
        return total;
    }

    /// `before` is what stands before the value on its line, less the indentation.
    void value(const Json& node, std::size_t indent, std::size_t before = 0) {
        if (!node.is_structured() || node.empty()) return scalar(node);
        const auto room = kWidth - std::min(kWidth, indent + before);
        const bool line = (node.is_array() && all_plain(node)) || width(node, room).has_value();
        members(node, line ? std::nullopt : std::optional(indent + 2));
        if (!line) new_line(indent);
        out_ += node.is_array() ? ']' : '}';
    }

    void members(const Json& node, std::optional<std::size_t> indent) {
        out_ += node.is_array() ? '[' : '{';
        bool first = true;
        const auto begin_member = [&] {
            if (!first) out_ += indent ? "," : ", ";
            if (indent) new_line(*indent);
            first = false;
        };
        if (node.is_array()) {
            for (const Json& item : node) {
                begin_member();
                value(item, indent.value_or(0));
            }
            return;
        }
        for (const auto& [key, item] : node.items()) {
            begin_member();
            string(key);
            out_ += ": ";
            value(item, indent.value_or(0), key.size() + 4);
        }
    }

    void new_line(std::size_t indent) { out_.append("\n").append(indent, ' '); }

    void scalar(const Json& node) {
        if (node.is_number_float()) {
            const std::string digits = to_text(node.get<double>());
            out_ += digits;
            if (digits.find_first_of(".e") == std::string::npos) out_ += ".0";
        } else if (node.is_string()) {
            string(node.get_ref<const std::string&>());
        } else {
            out_ += node.dump();
        }
    }

    void string(const std::string& value) {
        const auto plain = [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; };
        if (std::all_of(value.begin(), value.end(), plain)) {  // such as megabytes of base64
            out_.append(1, '"').append(value).append(1, '"');
            return;
        }
        try {
            out_ += Json(value).dump(-1, ' ', true);
        } catch (const Json::exception&) {
            throw Error(Failure::data, "holds text that is not UTF-8");
        }
    }

    std::string out_;
};

}  // namespace

std::string json_text(const Json& document) { return Printer().print(document); }

void write_json(const std::string& file, const Json& document) {
    const auto name = file == "-" ? std::string("standard output") : file;
    write_file(file, in_file(name, [&] { return json_text(document); }));
}

}  // namespace si
