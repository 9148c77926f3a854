#include "si/io/file_lock.hpp"

#include <csignal>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "scratch.hpp"

using namespace si;

TEST_CASE("a file is held by one process at a time, which others are told of") {
    const Scratch scratch;
    const auto file = scratch / "run.ckpt";
    Progress silent;
    const auto locked = [&] { return failure([&] { const FileLock lock(file, silent); }); };
    {
        FileLock first(file, silent);
        const FileLock lock = std::move(first);
        // To read it here as well would let go of it.
        const auto start = text("71 ", file, ": is in use by process ", ::getpid(), " on host ");
        CHECK(in_child([&] { return locked().starts_with(start) ? 0 : 1; }) == 0);
        CHECK(scratch.count() == 1);
    }
    CHECK(scratch.count() == 0);
    CHECK(in_child([&] { return locked() == "no error" ? 0 : 1; }) == 0);
}

TEST_CASE("the lock of a killed process holds nobody, and another file is no lock") {
    const Scratch scratch;
    const auto file = scratch / "run.ckpt";
    Progress silent;
    CHECK(in_child([&] {
              const FileLock lock(file, silent);
              ::raise(SIGKILL);
              return 0;
          }) == 128 + SIGKILL);
    CHECK(scratch.count() == 1);
    CHECK(failure([&] { const FileLock lock(file, silent); }) == "no error");
    CHECK(scratch.count() == 0);
    spill(file + ".lock", "my notes");
    CHECK(failure([&] {
              const FileLock lock(file, silent);
          }).starts_with("73 " + file + ".lock: is there already, and is no lock"));
    CHECK(slurp(file + ".lock") == "my notes");
    CHECK(failure([&] { const FileLock lock(scratch / "none/run.ckpt", silent); }) ==
          "73 " + (scratch / "none/run.ckpt.lock") + ": cannot create: No such file or directory");
}
