// The header may be precompiled without its implementation; both words ask for it.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// A name that a signal handler may still read is not given back (si/base/leftover.cpp).
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:si::Leftover::Leftover\n"; }
