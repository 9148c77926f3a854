#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/json.hpp"

// Options that do something only in the company of others, as rows of a table. A program refuses
// them elsewhere, so that no option is ignored in silence.

namespace si {

/// The options of a run by their names on the command line, without the dashes in front.
class Asked {
  public:
    /// `values` holds what every option is now, null for one that is absent; `given` names those
    /// that somebody asked for.
    Asked(Json values, std::vector<std::string> given)
        : values_(std::move(values)), given_(std::move(given)) {}

    /// Somebody asked for the option, be it for its default.
    bool given(std::string_view option) const {
        value(option);
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

/// One row: the option does nothing unless `useful`. The refusal reads "--OPTION: goes with
/// COMPANY", so `company` names what is missing or in the way: "--sde, which is not given".
struct GoesWith {
    std::string_view option;
    std::string_view company;
    bool (*useful)(const Asked& asked);
};

/// A table. That of the options of one spec is a static member of the spec, goes_with().
using GoesWithTable = std::vector<GoesWith>;

}  // namespace si
