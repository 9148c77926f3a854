#pragma once

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/json.hpp"

// Options, and settings of what an option chooses, that do something only in the company of others,
// as rows of a table. A program refuses them elsewhere, so that no option is ignored in silence.

namespace si {

/// The options of a run by their names on the command line, without the dashes in front, or the
/// settings of one choice.
class Asked {
  public:
    /// `values` holds what every option is now, null for one that is absent; `given` names those
    /// that somebody asked for.
    Asked(Json values, std::vector<std::string> given)
        : values_(std::move(values)), given_(std::move(given)) {}

    /// Somebody asked for the option, be it for its default. "net.width" is the setting "width" of
    /// what --net chooses.
    bool given(std::string_view option) const {
        value(option.substr(0, option.find('.')));
        return std::find(given_.begin(), given_.end(), option) != given_.end();
    }
    /// Its value, or its default. Throws std::logic_error for a name that no option has, which is
    /// an error in a table.
    const Json& value(std::string_view option) const {
        const auto found = values_.find(option);
        if (found == values_.end()) throw std::logic_error("no option --" + std::string(option));
        return *found;
    }

  private:
    Json values_;
    std::vector<std::string> given_;
};

/// One row: the option, or the setting "option.key", does nothing unless `useful`. The refusal
/// reads
/// "--OPTION: goes with COMPANY", so `company` names what is missing or in the way: "--sde, which
/// is not given".
struct GoesWith {
    std::string option;
    std::string company;
    std::function<bool(const Asked& asked)> useful;

    /// The option, without the key of a setting.
    std::string name() const { return option.substr(0, option.find('.')); }
    /// ": goes with COMPANY", or ": KEY: goes with COMPANY", to follow name().
    std::string refusal() const {
        const auto dot = option.find('.');
        const auto key = dot == std::string::npos ? "" : ": " + option.substr(dot + 1);
        return key + ": goes with " + company;
    }
};

/// A table. That of the options, or settings, of one spec is a static member of the spec,
/// goes_with().
using GoesWithTable = std::vector<GoesWith>;

/// The first row whose option is given and does nothing; null where there is none.
inline const GoesWith* first_useless(const GoesWithTable& table, const Asked& asked) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const GoesWith& row) {
        return asked.given(row.option) && !row.useful(asked);
    });
    return found == table.end() ? nullptr : &*found;
}
/// The row would be gone with the table.
const GoesWith* first_useless(GoesWithTable&& table, const Asked& asked) = delete;

}  // namespace si
