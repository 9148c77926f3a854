#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What reads bytes that may be anything: the bodies that mutate and the targets of libFuzzer share.

namespace si {

/// What became of an input. Anything but an si::Error escapes.
enum Outcome { kRead = 0, kFailed = 1, kRefused = 2 };

int fuzz_hdf5(const std::uint8_t* bytes, std::size_t size);
int fuzz_stream(const std::uint8_t* bytes, std::size_t size);
int fuzz_json(const std::uint8_t* bytes, std::size_t size);
int fuzz_csv(const std::uint8_t* bytes, std::size_t size);
int fuzz_npy(const std::uint8_t* bytes, std::size_t size);
int fuzz_checkpoint(const std::uint8_t* bytes, std::size_t size);
int fuzz_spec(const std::uint8_t* bytes, std::size_t size);

struct Parser {
    std::string name;
    int (*parse)(const std::uint8_t* bytes, std::size_t size);
    std::vector<std::string> seeds;  ///< inputs that are read
    std::vector<std::string> words;  ///< to put into them
    /// Each input in a process of its own, as programs read them: libhdf5 keeps what it freed, so
    /// that one input would meet what another left behind.
    bool apart = false;
};

std::vector<Parser> parsers();

}  // namespace si
