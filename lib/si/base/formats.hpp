#pragma once

// The versions of the formats that the toolkit writes.

namespace si {

/// A change of `major` makes files that older programs cannot read.
struct FormatVersion {
    int major, minor;
};

inline constexpr FormatVersion kDatasetFormat{1, 0}, kModelFormat{1, 0};
inline constexpr int kCheckpointFormat = 1;

}  // namespace si
