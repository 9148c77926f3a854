#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include "si/base/error.hpp"

// What tests of files need: a folder of their own, bytes in and out, and the text of an error.

namespace si {

/// A new empty directory, removed with all it holds.
class Scratch {
  public:
    Scratch() {
        std::string pattern = (std::filesystem::temp_directory_path() / "si-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder_ = pattern;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::string path() const { return folder_.string(); }
    std::string operator/(std::string_view name) const { return (folder_ / name).string(); }

    /// How many files there are, hidden ones too: what is left over shows.
    std::ptrdiff_t count() const {
        return std::distance(std::filesystem::directory_iterator(folder_),
                             std::filesystem::directory_iterator());
    }

  private:
    std::filesystem::path folder_;
};

inline std::string slurp(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string spill(const std::string& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    return file;
}

/// The exit status that the Error thrown by `body` asks for, and its text: "65 place: reason".
inline std::string failure(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return std::to_string(static_cast<int>(error.kind())) + " " + error.what();
    }
    return "no error";
}

/// Exit status of `body` run in a process of its own, where it may replace standard streams.
inline int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        int status = 99;
        try {
            status = body();
        } catch (const Error& error) {
            status = static_cast<int>(error.kind());
        }
        std::_Exit(status);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace si
