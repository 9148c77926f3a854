#pragma once

#include <string>
#include <string_view>

// Words from outside, made safe to be shown.

namespace si {

/// Words that come from a file or from elsewhere, safe for a terminal: control characters, those of
/// C1 as well, are written out as \n, \r, \t and \x1b. All other bytes stay.
std::string visible(std::string_view words);

}  // namespace si
