#include <hdf5.h>

#include "parsers.hpp"

// fuzz_PARSER, a target of libFuzzer for each parser; see fuzz.sh.

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    // Or libhdf5 keeps what it freed, and no sanitizer sees what is done with it after.
    H5set_free_list_limits(0, 0, 0, 0, 0, 0);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    si::SI_FUZZED(bytes, size);
    return 0;
}
