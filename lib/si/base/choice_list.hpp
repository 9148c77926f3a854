#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"

// Several choices of one family, spelled one after another: "mmd,bandwidth=2,w2".

namespace si {

/// The choices in a list of them: a word with an equals sign is a setting of the one before it.
inline std::vector<std::string> split_choices(std::string_view list) {
    std::vector<std::string> items;
    for (const auto piece : split(list, ',')) {
        if (!items.empty() && piece.find('=') != std::string_view::npos) {
            items.back() += text(",", piece);
        } else {
            items.emplace_back(piece);
        }
    }
    return items;
}

template <auto Family>
struct ChoiceList {
    std::vector<Choice<Family>> each;

    ChoiceList(std::string_view spelling) {  // NOLINT(google-explicit-constructor): a default
        for (const auto& item : split_choices(spelling)) each.emplace_back(item);
    }
    ChoiceList(const char* spelling) : ChoiceList(std::string_view(spelling)) {}  // NOLINT
    explicit ChoiceList(std::vector<Choice<Family>> list) : each(std::move(list)) {}
};

/// In JSON a list, whose entries may be spelled as on the command line too.
template <auto Family>
struct Setting<ChoiceList<Family>> {
    static std::string value() { return "KIND,...[,KIND,...]"; }
    static ChoiceList<Family> from_text(std::string_view word) { return ChoiceList<Family>(word); }
    static ChoiceList<Family> from_json(const Json& node) {
        if (!node.is_array()) return ChoiceList<Family>({one_from_json(node)});
        std::vector<Choice<Family>> list;
        for (const Json& entry : node) list.push_back(one_from_json(entry));
        return ChoiceList<Family>(std::move(list));
    }
    static Json to_json(const ChoiceList<Family>& v) {
        Json list = Json::array();
        for (const auto& one : v.each) list.push_back(one.json());
        return list;
    }

  private:
    static Choice<Family> one_from_json(const Json& node) {
        return node.is_string() ? Choice<Family>(node.get<std::string>())
                                : Choice<Family>::from_json(node);
    }
};

template <auto Family>
struct SettingRows<ChoiceList<Family>> : SettingRows<Choice<Family>> {};

}  // namespace si
