#include "si/cli/completion.hpp"

#include <sstream>

#include <doctest/doctest.h>

#include "si/cli/program.hpp"
#include "si/interpolant/interpolant.hpp"

namespace {

using namespace si;

struct Spec {
    Choice<paths> path{"linear"};
    std::string mode = "auto";
    bool loud = false;

    static constexpr auto fields() {
        return std::tuple{field("path", &Spec::path, "path"),
                          field("mode", &Spec::mode, "mode", one_of(+[] {
                                    return std::vector<std::string>{"auto", "on", "off"};
                                })),
                          field("loud", &Spec::loud, "loud").letter('l')};
    }
};

int nothing(int, char**) { return 0; }

/// The offers for these words, one line.
std::string offers(std::vector<std::string> words) {
    std::ostringstream out, err;
    std::string file;
    Spec spec;
    words.insert(words.begin(), {"si-demo", "--complete"});
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    const int status = cli::Program("si-demo", "demo", out, err)
                           .input("FILE", file, "file")
                           .options("Demo", spec)
                           .command("part", "a part", nothing)
                           .run(static_cast<int>(argv.size()), argv.data(), [](auto&) {});
    CHECK(status == 0);
    std::string line = out.str();
    for (char& c : line) c = c == '\n' ? ' ' : c;
    return line;
}

}  // namespace

TEST_CASE("a shell is offered options, kinds, settings of a kind, choices and commands") {
    CHECK(offers({"--"}) == "--help --version --path --mode --loud ");
    CHECK(offers({"a.h5", "--path", "linear", "--"}) == "--help --version --mode --loud ");
    CHECK(offers({"--path", "pol"}) == "polynomial ");
    CHECK(offers({"--path=pol"}) == "--path=polynomial ");
    CHECK(offers({"--path", "polynomial,"}) == "polynomial,n= ");
    CHECK(offers({"--path", "polynomial,n=2,"}).empty());
    CHECK(offers({"--mode", "o"}) == "on off ");
    CHECK(offers({"--loud", "--m"}) == "--mode ");
    CHECK(offers({"-l", ""}).empty());  // files
    CHECK(offers({"p"}) == "part ");
    CHECK(offers({"--nonsense", "x"}).empty());
}

TEST_CASE("every shell has a script, and others are refused") {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto script = cli::completion_script("si-demo", shell);
        CHECK(script.find("si-demo") != std::string::npos);
        CHECK(script.find("NAME") == std::string::npos);
    }
    CHECK_THROWS_AS(cli::completion_script("si-demo", "csh"), Error);
}
