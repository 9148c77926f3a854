#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/text.hpp"

// A small checker of XML, for pictures and reports.

namespace si {

inline bool is_xml_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '_';
}

class XmlChecker {
  public:
    explicit XmlChecker(std::string_view rest) : rest_(rest) {}

    std::string fault() {
        if (rest_.starts_with("<!DOCTYPE html>")) rest_.remove_prefix(15);
        while (fault_.empty() && !rest_.empty()) {
            if (rest_.front() == '<') {
                tag();
            } else {
                const auto end = std::min(rest_.find('<'), rest_.size());
                words(rest_.substr(0, end));
                rest_.remove_prefix(end);
            }
        }
        if (fault_.empty() && !open_.empty()) fault_ = text("<", open_.back(), "> is not closed");
        return fault_;
    }

  private:
    std::string_view name() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_xml_name) - rest_.begin();
        const auto found = rest_.substr(0, static_cast<std::size_t>(end));
        rest_.remove_prefix(found.size());
        return found;
    }

    void words(std::string_view some) {
        constexpr std::array<std::string_view, 5> kKnown{"&amp;", "&lt;", "&gt;", "&quot;",
                                                         "&#39;"};
        for (std::size_t i = 0; i < some.size(); ++i) {
            const auto here = some.substr(i);
            if (some[i] == '&' &&
                std::none_of(kKnown.begin(), kKnown.end(),
                             [&](const auto& known) { return here.starts_with(known); })) {
                fault_ = text("bare & at '", shortened(std::string(here), 20), "'");
            }
        }
    }

    void tag() {
        rest_.remove_prefix(1);
        if (rest_.starts_with('/')) {
            rest_.remove_prefix(1);
            const auto closed = name();
            if (open_.empty() || open_.back() != closed)
                fault_ = text("</", closed, "> opens nothing");
            if (!open_.empty()) open_.pop_back();
            expect('>');
            return;
        }
        const auto opened = name();
        if (opened.empty()) fault_ = "bare <";
        attributes(opened);
        if (rest_.starts_with('/')) {
            rest_.remove_prefix(1);
        } else {
            open_.emplace_back(opened);
        }
        expect('>');
    }

    void attributes(std::string_view of) {
        std::vector<std::string_view> seen;
        while (fault_.empty() && rest_.starts_with(' ')) {
            rest_.remove_prefix(1);
            const auto key = name();
            if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
                fault_ = text(key, " of <", of, "> is given twice");
            }
            seen.push_back(key);
            expect('=');
            expect('"');
            const auto value = rest_.substr(0, std::min(rest_.find('"'), rest_.size()));
            if (value.find('<') != std::string_view::npos) fault_ = text("< in ", key);
            words(value);
            if (key == "id") {
                if (std::find(ids_.begin(), ids_.end(), value) != ids_.end()) {
                    fault_ = text("id ", value, " is given twice");
                }
                ids_.push_back(value);
            }
            rest_.remove_prefix(value.size());
            expect('"');
        }
    }

    void expect(char c) {
        if (!fault_.empty()) return;
        if (rest_.starts_with(c)) {
            rest_.remove_prefix(1);
        } else {
            fault_ = text("expected ", c, " at '", shortened(std::string(rest_), 20), "'");
        }
    }

    std::string_view rest_;
    std::vector<std::string> open_;
    std::vector<std::string_view> ids_;
    std::string fault_;
};

/// What is wrong with a document as XML, in a few words, or "": tags that do not match, attributes
/// given twice or without quotes, names of characters that XML has not, an id given twice. Knows as
/// much of XML as pictures and reports use.
inline std::string xml_fault(std::string_view document) { return XmlChecker(document).fault(); }

}  // namespace si
