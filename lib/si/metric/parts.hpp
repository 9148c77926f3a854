#pragma once

#include "si/base/types.hpp"
#include "si/random/draw.hpp"

// The parts of samples and reference that a comparison draws.

namespace si {

/// `count` columns from place `first` of a shuffled order. They keep their own order, in which
/// neighbours may depend on each other.
Matrix drawn(ConstMatrix from, const Permutation& order, Index first, Index count);

}  // namespace si
