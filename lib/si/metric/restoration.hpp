#pragma once

#include <vector>

#include "si/base/estimate.hpp"
#include "si/base/types.hpp"

// Errors of restored or generated samples, images above all.

namespace si {

/// What restored samples (d, n) are worth against the truth, sample by sample. When all of them are
/// equal to it, the value of psnr is infinite.
struct Restored {
    Estimate square;         ///< mean of (x - truth)^2, over samples
    Estimate psnr;           ///< mean of 10 log10(range^2 / square), in dB, over unequal samples
    Index equal = 0;         ///< samples that are the truth itself, whose ratio is infinite
    Estimate hidden_square;  ///< of what the mask hides alone; value nan where it hides nothing
    double known_error = 0;  ///< largest |x - truth| of what the mask knows
    Estimate cost;           ///< mean of |x - truth|^2
};

/// `mask` (pixels, n) is 1 where x is known, and has no rows where there is none; row i of x
/// belongs to row i modulo pixels of it. `range` is from black to white.
Restored restored(const Matrix& x, const Matrix& truth, const Matrix& mask, double range);

/// Mean over samples of the mean of (m - m')^2, m and m' being the means over squares of `side`
/// pixels of images (channels, height, width) and of the truth. Whatever brings back a coarse image
/// exactly has 0. Throws Failure::usage unless squares tile the image.
Estimate block_square(const Matrix& x, const Matrix& truth, const std::vector<Index>& shape,
                      Index side);

}  // namespace si
