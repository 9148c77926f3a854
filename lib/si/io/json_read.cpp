#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "si/io/input_file.hpp"
#include "si/io/json_file.hpp"

namespace si {
namespace {

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
/// without its exception and its position, and with a bound on the piece of input it repeats.
std::string reason(std::string_view what) {
    if (what.starts_with('[')) what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    if (what.starts_with("parse error at ")) {
        what.remove_prefix(std::min(what.find(": ") + 2, what.size()));
    }
    return shortened(std::string(what), 160);
}

std::string position_text(std::string_view bytes, std::size_t position) {
    const auto before = bytes.substr(0, position > 0 ? position - 1 : 0);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n');
    const auto column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
    return text("line ", lines + 1, ", column ", column + 1);
}

/// Builds the document from the events of nlohmann's parser. Its own builder would let the
/// last of two equal keys win, turn large integers into doubles, and nest without end.
class Builder {
  public:
    using number_integer_t = Json::number_integer_t;
    using number_unsigned_t = Json::number_unsigned_t;
    using number_float_t = Json::number_float_t;
    using string_t = Json::string_t;
    using binary_t = Json::binary_t;

    explicit Builder(std::string_view bytes) : bytes_(bytes) {}

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(number_integer_t value) { return add(value); }
    bool number_unsigned(number_unsigned_t value) { return add(value); }
    bool number_float(number_float_t value, const string_t& spelling) {
        // A whole number arrives here when it does not fit into 64 bits.
        if (spelling.find_first_of(".eE") == string_t::npos) {
            fail(text("the integer ", shortened(spelling, 40), " does not fit into 64 bits"));
        }
        return add(value);
    }
    bool string(string_t& value) { return add(std::move(value)); }
    bool binary(binary_t&) { return false; }

    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(string_t& key) {
        Level& level = levels_.back();
        level.key = std::move(key);
        if (!level.keys.insert(level.key).second) fail("given twice");
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& e) {
        throw Error(Failure::data, text(position_text(bytes_, position), ": ", reason(e.what())));
    }

    Json result() { return std::move(document_); }

  private:
    /// An object or array whose end has not been seen.
    struct Level {
        Json value;
        std::string key;                       ///< of the member being read
        std::unordered_set<std::string> keys;  ///< seen so far
    };

    bool open(Json value) {
        if (levels_.size() == kDeepestJson) fail(text("nested deeper than ", kDeepestJson));
        levels_.push_back({std::move(value), {}, {}});
        return true;
    }

    bool close() {
        Json value = std::move(levels_.back().value);
        levels_.pop_back();
        return add(std::move(value));
    }

    bool add(Json value) {
        if (levels_.empty()) {
            document_ = std::move(value);
            return true;
        }
        Level& level = levels_.back();
        if (level.value.is_array()) {
            level.value.get_ref<Json::array_t&>().push_back(std::move(value));
        } else {
            // Straight into the underlying vector: the key is known to be new.
            level.value.get_ref<Json::object_t&>().emplace_back(level.key, std::move(value));
        }
        return true;
    }

    [[noreturn]] void fail(const std::string& what) const {
        std::string pointer;
        for (const Level& level : levels_) {
            pointer += level.value.is_array() ? text("/", level.value.size())
                                              : json_pointer_step(level.key);
        }
        throw Error(Failure::data, pointer.empty() ? what : text(pointer, ": ", what));
    }

    std::string_view bytes_;
    Json document_;
    std::vector<Level> levels_;
};

}  // namespace

Json parse_json(std::string_view bytes) {
    Builder builder(bytes);
    Json::sax_parse(bytes.begin(), bytes.end(), &builder);
    // The parser takes a zero byte for the end, and would pass over all that follows.
    const auto zero = bytes.find('\0');
    require(zero == std::string_view::npos, Failure::data, position_text(bytes, zero + 1),
            ": a zero byte, which JSON does not have");
    return builder.result();
}

Json read_json(const std::string& file, std::size_t limit) {
    InputFile input(file);
    const std::string bytes = input.read_all(limit);
    return in_file(input.name(), [&] {
        require(!bytes.empty(), Failure::data, "is empty");
        require(
            !bytes.starts_with("\x89HDF\r\n"), Failure::data,
            "is an HDF5 file, such as a data set, and a model is a JSON file; si-data info shows "
            "data sets");
        return parse_json(bytes);
    });
}

std::string json_pointer_step(std::string_view key) {
    std::string step = "/";
    for (const char c : key) {
        if (c == '~') {
            step += "~0";
        } else if (c == '/') {
            step += "~1";
        } else {
            step += c;
        }
    }
    return step;
}

}  // namespace si
