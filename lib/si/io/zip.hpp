#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Zip archives without compression, for NPZ files.

namespace si {

/// A zip archive whose files are stored as they are (APPNOTE.TXT 6.3), as NumPy's savez makes
/// them. Equal files make equal bytes: all are dated 1 January 1980.
class Zip {
  public:
    /// Throws Failure::data where 4 GB in all are passed, which this form cannot hold.
    void add(const std::string& name, std::string_view bytes);
    /// The whole archive. Nothing may be added after it.
    std::string finish();

  private:
    std::string archive_, directory_;
    std::uint16_t files_ = 0;
};

}  // namespace si
