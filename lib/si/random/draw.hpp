#pragma once

#include <cstdint>

#include "si/base/types.hpp"

// Random numbers are pure functions of an address: (seed, purpose, step, sample). Nothing has
// a state, so nothing depends on threads, chunks or order, and a checkpoint stores a step.

namespace si {

/// What a random number is for. Append only: renumbering changes every seeded result. 11 and 14
/// were used once, and are not to be used again.
enum class Purpose : std::uint8_t {
    weights = 1,   ///< initial parameters of a network
    split = 2,     ///< held-out rows
    order = 3,     ///< order of the data in training
    time = 4,      ///< training times
    base = 5,      ///< x0 drawn from the base, in training
    latent = 6,    ///< z of training
    start = 7,     ///< where samples start
    noise = 8,     ///< SDE increments
    probe = 9,     ///< Hutchinson probes
    data = 10,     ///< synthetic data sets
    pairing = 12,  ///< couplings
    check = 13,    ///< validation
    dropout = 15,
    dequantize = 16,  ///< noise on integers when they are scored
    paths = 17,       ///< noise of the paths that weigh a point
    inside = 18,      ///< SDE noise until a time inside of a step
    plan = 20,        ///< partners drawn from a plan
    fit = 21,         ///< batches and starts of light bridges
    truth = 22,       ///< pairs with a known bridge
    match = 23,       ///< times and noise on which a light bridge matches drifts
    mask = 26,        ///< what is hidden of a sample
    label = 27,       ///< labels that are left out in training
    parts = 40,       ///< rows of a reference that are held against each other
    directions = 41,  ///< projections to a line
    classifier = 42,  ///< batches of a classifier of two samples
    picture = 50,     ///< which samples a picture shows
};

/// Address of a batch of random columns. Column j at an address is the same on any thread, in
/// any chunk and in any order. `step` separates batches of one purpose.
struct Address {
    std::uint64_t seed = 0;
    Purpose purpose = Purpose::data;
    std::uint32_t step = 0;
};

/// Uniform numbers in the open interval (0, 1), multiples of 2^-53 apart: column j of `out` is
/// column `first` + j of the address.
void fill_uniform(const Address& address, Index first, MatrixRef out);

/// Independent standard normals, by Box and Muller.
void fill_normal(const Address& address, Index first, MatrixRef out);

/// One 64-bit random word per sample.
std::uint64_t random_word(const Address& address, Index sample);

/// A permutation of 0 .. n-1 that is evaluated, not stored: a Feistel network on the smallest
/// even number of bits, walked until it lands inside.
class Permutation {
  public:
    Permutation(const Address& address, Index n);
    Index operator()(Index i) const;

    /// Where `first` .. `first` + count - 1 go, in that order: many at once, for a fraction of the
    /// time each.
    void range(Index first, Index count, Index* out) const;

  private:
    Address address_;
    std::uint64_t n_;
    int half_bits_;
};

}  // namespace si
