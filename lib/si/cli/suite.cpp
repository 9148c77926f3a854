#include "si/cli/suite.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <unistd.h>

namespace si::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "si-";

std::vector<fs::path> folders() {
    std::vector<fs::path> list;
    std::error_code ignored;
    const auto self = fs::read_symlink("/proc/self/exe", ignored);
    if (!self.empty()) list.push_back(self.parent_path());
    const char* path = std::getenv("PATH");
    for (const auto folder : split(path == nullptr ? "" : path, ':')) {
        if (!folder.empty()) list.emplace_back(folder);
    }
    return list;
}

/// The rest of the first line of --help, which reads "si-NAME: summary".
std::string summary_of(const std::string& path) {
    if (path.find('\'') != std::string::npos) return "";
    const auto command = text("'", path, "' --help 2>/dev/null </dev/null");
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::array<char, 200> line{};
    if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return "";
    while (std::fgetc(pipe.get()) != EOF) continue;  // it may write to the end, without SIGPIPE
    std::string summary = line.data();
    if (summary.ends_with('\n')) summary.pop_back();
    const auto colon = summary.find(": ");
    return colon == std::string::npos ? "" : summary.substr(colon + 2);
}

}  // namespace

Suite::Suite() {
    for (const auto& folder : folders()) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            const auto file = entry.path().filename().string();
            if (!file.starts_with(kPrefix) || access(entry.path().c_str(), X_OK) != 0) continue;
            paths_.try_emplace(file.substr(kPrefix.size()), entry.path().string());
        }
    }
}

std::vector<std::string> Suite::names() const {
    std::vector<std::string> list;
    for (const auto& [name, path] : paths_) list.push_back(text(kPrefix, name));
    return list;
}

std::vector<Command> Suite::programs() const {
    std::vector<Command> list;
    for (const auto& [name, path] : paths_) list.push_back({name, summary_of(path)});
    return list;
}

void Suite::become(const std::string& name, char** argv) const {
    const auto found = paths_.find(name);
    if (found == paths_.end()) {
        std::vector<std::string> names;
        for (const auto& [one, path] : paths_) names.push_back(one);
        const auto hint = did_you_mean(name, names);
        throw Error(Failure::usage, text("no program is called '", name, "'",
                                         hint.empty() ? "; see si --help" : hint));
    }
    std::string path = found->second;
    argv[0] = path.data();
    execv(path.c_str(), argv);
    throw Error(Failure::resource, text(path, ": ", std::strerror(errno)));
}

}  // namespace si::cli
