#include "si/io/atomic_file.hpp"

#include <csignal>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "scratch.hpp"
#include "si/io/dataset.hpp"
#include "si/io/input_file.hpp"

using namespace si;

namespace {

/// Standard output of a child goes to `file`.
void redirect(const std::string& file, int flags) {
    ::dup2(::open(file.c_str(), flags, 0666), STDOUT_FILENO);
}

}  // namespace

TEST_CASE("a file appears on commit, and not before") {
    const Scratch scratch;
    const auto file = spill(scratch / "out", "old");
    {
        AtomicFile out(file);
        out.write("new");
        CHECK(slurp(file) == "old");
        CHECK(scratch.count() == 2);
    }
    CHECK(slurp(file) == "old");
    CHECK(scratch.count() == 1);
    write_file(file, "new");
    CHECK(slurp(file) == "new");
    CHECK(scratch.count() == 1);
}

TEST_CASE("permissions and symbolic links stay as they were") {
    const Scratch scratch;
    const auto file = spill(scratch / "file", "old");
    ::chmod(file.c_str(), 0640);
    std::filesystem::create_symlink("file", scratch / "link");
    write_file(scratch / "link", "new");
    CHECK(std::filesystem::is_symlink(scratch / "link"));
    CHECK(slurp(file) == "new");
    // One that leads by another to what is not there yet.
    std::filesystem::create_directory(scratch / "folder");
    std::filesystem::create_symlink("../later", scratch / "folder/second");
    std::filesystem::create_symlink("folder/second", scratch / "first");
    write_file(scratch / "first", "new");
    CHECK(std::filesystem::is_symlink(scratch / "first"));
    CHECK(slurp(scratch / "later") == "new");
    std::filesystem::create_symlink("nowhere/file", scratch / "broken");
    CHECK(failure([&] { write_file(scratch / "broken", "x"); }).substr(0, 2) == "73");
    struct stat status {};
    ::stat(file.c_str(), &status);
    CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("an output that cannot be created says why, with status 73") {
    const Scratch scratch;
    const auto writing = [&](const std::string& file) {
        return failure([&] { write_file(file, "x"); });
    };
    const auto loop = scratch / "loop";
    std::filesystem::create_symlink("loop", loop);
    const auto missing = scratch / "no/out";
    const auto long_name = scratch / std::string(300, 'x');
    CHECK(writing(missing) == "73 " + missing + ": cannot create: No such file or directory");
    CHECK(writing(scratch.path()) == "73 " + scratch.path() + ": cannot write: Is a directory");
    CHECK(writing(loop) == "73 " + loop + ": cannot create: Too many levels of symbolic links");
    CHECK(writing(long_name) == "73 " + long_name + ": cannot create: File name too long");
    CHECK(writing("") == "73 '': cannot create: No such file or directory");
    CHECK(writing("/proc/out").starts_with("73 /proc/out: cannot create: "));
    const auto locked = scratch / "locked";
    std::filesystem::create_directory(locked);
    ::chmod(locked.c_str(), 0500);
    if (::geteuid() != 0) {
        CHECK(writing(locked + "/out") ==
              "73 " + locked + "/out: cannot create: Permission denied");
    }
    CHECK(scratch.count() == 2);
}

TEST_CASE("a full disk is status 74, and nothing is left") {
    const Scratch scratch;
    ::setenv("TMPDIR", scratch.path().c_str(), 1);
    CHECK(failure([] { write_file("/dev/full", "x"); }) ==
          "74 /dev/full: cannot write: No space left on device");
    CHECK(failure([] {
              DataWriter out("/dev/full");
              out.write("x", Matrix::Zero(2, 3), {2});
              out.commit();
          }) == "74 /dev/full: cannot write: No space left on device");
    CHECK(in_child([] {
              redirect("/dev/full", O_WRONLY);
              write_file("-", "x");
              return 0;
          }) == 74);
    ::unsetenv("TMPDIR");
    CHECK(scratch.count() == 0);
}

TEST_CASE("a file that stops growing at any size is status 74, and the old one stays") {
    const Scratch scratch;
    const auto file = spill(scratch / "out.h5", "old");
    for (rlim_t limit = 0; limit < 70000; limit += 4096 - 96) {
        CHECK(in_child([&] {
                  std::signal(SIGXFSZ, SIG_IGN);
                  const rlimit small{limit, limit};
                  ::setrlimit(RLIMIT_FSIZE, &small);
                  DataWriter out(file);
                  out.write("x", Matrix::Zero(2, 2500), {2});
                  out.write("y", Matrix::Zero(1, 4000), {});
                  out.commit();
                  return 0;
              }) == 74);
    }
    CHECK(slurp(file) == "old");
    CHECK(scratch.count() == 1);
    const auto error = failure([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit small{8192, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const auto restore =
            std::shared_ptr<void>(nullptr, [&](void*) { ::setrlimit(RLIMIT_FSIZE, &before); });
        DataWriter out(file);
        out.promise("x", 2500, {2});
        out.append("x", Matrix::Zero(2, 2500));
    });
    CHECK(error == "74 " + file + ": cannot write: File too large");
}

TEST_CASE("permissions stay, but for the right to run as somebody else") {
    const Scratch scratch;
    const auto file = spill(scratch / "out", "old");
    REQUIRE(::chmod(file.c_str(), 06750) == 0);
    write_file(file, "new");
    struct stat now {};
    REQUIRE(::stat(file.c_str(), &now) == 0);
    CHECK((now.st_mode & 07777) == 0750);
}

TEST_CASE("standard output gets everything, through a file, a pipe or a device") {
    const Scratch scratch;
    ::setenv("TMPDIR", scratch.path().c_str(), 1);
    const std::string bytes(3000000, 'x');
    const auto file = scratch / "out";
    CHECK(in_child([&] {
              redirect(file, O_WRONLY | O_CREAT);
              write_file("-", bytes, Content::binary);
              return 0;
          }) == 0);
    CHECK(slurp(file) == bytes);
    write_file("/dev/null", bytes);
    CHECK(in_child([&] {
              ::close(STDOUT_FILENO);
              write_file("-", bytes);
              return 0;
          }) == 73);
    CHECK(in_child([&] {  // a reader that leaves
              int ends[2];
              if (::pipe(ends) != 0) return 1;
              ::close(ends[0]);
              ::dup2(ends[1], STDOUT_FILENO);
              std::signal(SIGPIPE, SIG_DFL);
              write_file("-", bytes);
              return 0;
          }) == 128 + SIGPIPE);
    ::unsetenv("TMPDIR");
    CHECK(scratch.count() == 1);
}

TEST_CASE("binary data are not written to a terminal") {
    int leader = 0, follower = 0;
    if (::openpty(&leader, &follower, nullptr, nullptr, nullptr) != 0) return;
    CHECK(in_child([&] {
              ::dup2(follower, STDOUT_FILENO);
              const auto error = failure([] { DataWriter out("-"); });
              const char* text = "64 standard output is a terminal; use -o FILE or a pipe";
              if (error != text) return 1;
              write_file("-", "text is welcome\n");
              return 0;
          }) == 0);
    ::close(leader);
    ::close(follower);
}

TEST_CASE("an input that cannot be opened is status 66; standard input is taken once") {
    const Scratch scratch;
    CHECK(failure([] { read_file("no/such", 10); }) == "66 no/such: No such file or directory");
    CHECK(failure([&] { read_file(scratch.path(), 10); }) ==
          "66 " + scratch.path() + ": Is a directory");
    const auto file = spill(scratch / "in", "12345");
    CHECK(read_file(file, 5) == "12345");
    CHECK(failure([&] { read_file(file, 4); }) == "65 " + file + ": larger than 4 bytes");
    CHECK(in_child([&] {
              ::dup2(::open(file.c_str(), O_RDONLY), STDIN_FILENO);
              if (read_file("-", 100) != "12345") return 1;
              const auto again = failure([] { read_file("-", 100); });
              return again == "64 standard input ('-') can be only one of the inputs" ? 0 : 2;
          }) == 0);
    CHECK(in_child([] {
              ::close(STDIN_FILENO);
              const auto error = failure([] { read_file("-", 100); });
              return error == "66 standard input: Bad file descriptor" ? 0 : 1;
          }) == 0);
}
