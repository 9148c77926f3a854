#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parsers.hpp"
#include "scratch.hpp"

// mutate PARSER COUNT [FIRST]: gives a parser COUNT inputs that were valid before some bytes were
// changed, the same ones on every machine, after the files of corpus/PARSER (what once went wrong).
// Each must be read or refused by an si::Error, within 5 seconds and 1 GiB. What ends the process
// instead is reported with its number, and `mutate PARSER 1 NUMBER` does it again.
//
// mutate seeds FOLDER: writes the valid ones to FOLDER/PARSER/, and as FOLDER/PARSER.dict what is
// put into them, for libFuzzer.

using namespace si;

namespace {

volatile long now_at = -1;
const char* parser_name = "";

extern "C" void report(int signal) {
    char line[120];
    const int length = std::snprintf(line, sizeof line, "mutate %s: signal %d at input %ld\n",
                                     parser_name, signal, static_cast<long>(now_at));
    static_cast<void>(!::write(STDERR_FILENO, line, static_cast<std::size_t>(length)));
    ::_exit(1);
}

/// SplitMix64: a generator that is the same everywhere.
struct Random {
    std::uint64_t state;
    std::uint64_t next() {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    std::size_t below(std::size_t n) { return n == 0 ? 0 : next() % n; }
};

std::string mutated(std::string bytes, Random& random, const std::vector<std::string>& words) {
    constexpr std::array<unsigned char, 6> kEdges{0, 1, 0x7f, 0x80, 0xfe, 0xff};
    for (auto changes = 1 + random.below(4); changes > 0; --changes) {
        const auto at = random.below(bytes.size());
        switch (random.below(8)) {
            case 0:
            case 1:
                if (!bytes.empty()) bytes[at] ^= static_cast<char>(1U << random.below(8));
                break;
            case 2:
                if (!bytes.empty()) bytes[at] = static_cast<char>(random.next());
                break;
            case 3:
                for (auto i = at; i < std::min(bytes.size(), at + 1 + random.below(8)); ++i) {
                    bytes[i] = static_cast<char>(kEdges[random.below(kEdges.size())]);
                }
                break;
            case 4:
                bytes.erase(at, 1 + random.below(16));
                break;
            case 5:
                bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(40)));
                break;
            case 6:
                if (random.below(4) == 0) bytes.resize(at);
                break;
            default:
                bytes.insert(at, words.empty() ? "\xff" : words[random.below(words.size())]);
        }
    }
    return bytes;
}

Outcome outcome_of(const Parser& parser, const std::string& bytes) {
    ::alarm(5);
    try {
        return static_cast<Outcome>(
            parser.parse(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "mutate %s: input %ld: %s\n", parser_name, static_cast<long>(now_at),
                     error.what());
        return kFailed;
    }
}

Outcome outcome_apart(const Parser& parser, const std::string& bytes) {
    if (!parser.apart) return outcome_of(parser, bytes);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(outcome_of(parser, bytes));
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return kFailed;
    return static_cast<Outcome>(WEXITSTATUS(status));
}

/// How many of the inputs had each outcome.
using Counts = std::array<long, 3>;

void replay(const std::string& folder, const Parser& parser, Counts& counts) {
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder + "/" + parser.name, none)) {
        ++counts[outcome_apart(parser, slurp(entry.path()))];
    }
}

long largest_resident() {
    rusage own{}, children{};
    ::getrusage(RUSAGE_SELF, &own);
    ::getrusage(RUSAGE_CHILDREN, &children);
    return std::max(own.ru_maxrss, children.ru_maxrss);
}

void write_seeds(const std::string& folder) {
    for (const Parser& parser : parsers()) {
        const auto own = folder + "/" + parser.name;
        std::filesystem::create_directories(own);
        for (std::size_t k = 0; k < parser.seeds.size(); ++k) {
            spill(own + "/seed-" + std::to_string(k), parser.seeds[k]);
        }
        std::string dictionary;
        for (const std::string& word : parser.words) {
            dictionary += '"';
            for (const char c : word) dictionary += c == '"' ? "\\\"" : std::string(1, c);
            dictionary += "\"\n";
        }
        spill(own + ".dict", dictionary);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string wanted = argc > 1 ? argv[1] : "";
    const long count = argc > 2 ? std::atol(argv[2]) : 1000,
               first = argc > 3 ? std::atol(argv[3]) : 0;
    if (wanted == "seeds" && argc == 3) {
        write_seeds(argv[2]);
        return 0;
    }
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
        std::signal(signal, report);
    }
    for (const Parser& parser : parsers()) {
        if (parser.name != wanted) continue;
        parser_name = parser.name.c_str();
        Counts counts{};
        if (const char* corpus = std::getenv("FAULT_CORPUS")) replay(corpus, parser, counts);
        for (long number = first; number < first + count; ++number) {
            now_at = number;
            Random random{0x5eedULL + static_cast<std::uint64_t>(number)};
            const auto bytes =
                mutated(parser.seeds[random.below(parser.seeds.size())], random, parser.words);
            ++counts[outcome_apart(parser, bytes)];
        }
        std::printf("%s: %ld inputs, %ld refused, %ld failed, largest resident %ld MiB\n",
                    parser_name, count, counts[kRefused], counts[kFailed],
                    largest_resident() / 1024);
        return counts[kFailed] == 0 && largest_resident() < 1 << 20 ? 0 : 1;
    }
    std::fprintf(stderr, "mutate: no parser '%s'\n", wanted.c_str());
    return 64;
}
