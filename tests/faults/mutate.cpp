#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.hpp"
#include "si/flow/transport.hpp"
#include "si/io/checkpoint.hpp"
#include "si/io/csv.hpp"
#include "si/io/dataset.hpp"
#include "si/io/hdf5.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"
#include "si/io/npy.hpp"
#include "si/net/network.hpp"

// mutate PARSER COUNT [FIRST]: gives a parser COUNT inputs that were valid before some bytes were
// changed, the same ones on every machine, after the files of corpus/PARSER (what once went wrong).
// Each must be read or refused by an si::Error, within 5 seconds and 1 GiB. What ends the process
// instead is reported with its number, and `mutate PARSER 1 NUMBER` does it again.

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

struct Parser {
    std::string name;
    std::function<void(const std::string& bytes)> parse;
    std::vector<std::string> seeds, words;
    /// Each input in a process of its own, as programs read them: libhdf5 keeps what it freed, so
    /// that one input would meet what another left behind.
    bool apart = false;
};

void read_everything(const DataFile& file) {
    for (const auto& info : file.list()) {
        try {
            if (info.readable) file.at(info.name);
        } catch (const Error&) {
            continue;
        }
    }
    file.attributes();
    file.samples();
}

std::string sealed_file(const Scratch& scratch) {
    DataWriter out(scratch / "seed.h5");
    out.attribute("command", "si-data ring");
    out.attribute("seed", 7);
    out.write("x", Matrix::Random(2, 20), {2}, ElementType::f32);
    out.write("label", std::vector<std::int64_t>(20, 3));
    out.commit();
    return slurp(scratch / "seed.h5");
}

/// As other programs write: chunks, filters, groups, text, a list of varying length.
std::string strange_file(const Scratch& scratch) {
    const auto path = scratch / "strange.h5";
    const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const std::array<hsize_t, 2> size{30, 3}, chunk{8, 2};
    const hid_t space = H5Screate_simple(2, size.data(), nullptr),
                creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk.data());
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 1);
    H5Pset_fletcher32(creation);
    const hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const Matrix x = Matrix::Random(3, 30);
    for (const hid_t where : {file, group}) {
        const hid_t set =
            H5Dcreate2(where, "x", H5T_IEEE_F64BE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x.data());
        H5Dclose(set);
    }
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const hid_t one = H5Screate(H5S_SCALAR),
                note = H5Acreate2(file, "note", text, one, H5P_DEFAULT, H5P_DEFAULT);
    const char* words = "a note";
    H5Awrite(note, text, &words);
    for (const hid_t id : {note}) H5Aclose(id);
    for (const hid_t id : {space, one}) H5Sclose(id);
    H5Tclose(text), H5Pclose(creation), H5Gclose(group), H5Fclose(file);
    return slurp(path);
}

std::vector<std::string> json_seeds(const Scratch& scratch) {
    Model model;
    model.dim = 2;
    model.shape = {2};
    model.transform = Transform::identity(2);
    model.field =
        Json::parse(R"({"kind": "affine", "A": [[0.3, -0.2], [0.1, -0.5]], "c": [0.4, -0.1]})");
    write_model(scratch / "m.json", model);
    return {slurp(scratch / "m.json"),
            R"({"format": "si-model", "format_version": [1, 0], "dim": 1,
 "interpolant": {"path": {"kind": "linear"}, "gamma": {"kind": "brownian", "a": 1}},
 "base": {"kind": "mixture", "weights": [1], "means": [[0]], "covariances": [[[1]]]},
 "field": {"kind": "mixture", "weights": [0.5, 0.5], "means": [[-2], [2]],
           "covariances": [[[0.25]], [[0.25]]]}})"};
}

std::string checkpoint_seed(const Scratch& scratch, const Json& identity) {
    TrainState state;
    state.done = 3, state.steps = 9;
    state.machine.parameters = state.machine.average = state.machine.first = state.machine.second =
        Eigen::VectorXf::LinSpaced(6, -1, 1);
    Progress quiet;
    const auto file = scratch / "seed.ckpt";
    FileCheckpoints(
        CheckpointSpec{file, {600}, "auto"}, identity, 0, 0, [] { return Checkpoints::Wish::none; },
        quiet)
        .save(state);
    return slurp(file);
}

std::vector<Parser> parsers(const Scratch& scratch) {
    hdf5::start();
    const auto in_file = [&scratch](const std::string& bytes) {
        return spill(scratch / "input", bytes);
    };
    const Json identity{{"training", 1}};
    const std::vector<std::string> numbers{
        "1e999", "-", "nan", "99999999999999999999", "0x1", "[", "{", "\"", ",", "null"};
    return {
        {"hdf5",
         [=](const std::string& bytes) { read_everything(DataFile(in_file(bytes))); },
         {sealed_file(scratch), strange_file(scratch)},
         {},
         true},
        {"stream",
         [](const std::string& bytes) {
             int ends[2];
             if (::pipe(ends) != 0) return;
             ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
             const bool sent = ::write(ends[1], bytes.data(), bytes.size()) >= 0;
             ::close(ends[1]);
             const std::shared_ptr<void> closing(nullptr, [&](void*) { ::close(ends[0]); });
             if (!sent) return;
             const DataFile file(text("/dev/fd/", ends[0]));
             const auto reader = file.reader(Passes::one);
             for (Index i = 0; i < reader.n(); ++i) reader.rows(i, 1);
             reader.finish();
         },
         {sealed_file(scratch), strange_file(scratch)},
         {},
         true},
        {"json", [](const std::string& bytes) { make_field(model_from_json(parse_json(bytes))); },
         json_seeds(scratch), numbers},
        {"csv",
         [](const std::string& bytes) { parse_csv(bytes, "input"); },
         {"a,b\n1,2\n3,4.5e-3\n", "# x\n1 2\n\n3 4\n", "1\t2\r\n3\t4\r\n"},
         numbers},
        {"npy",
         [](const std::string& bytes) { parse_npy(bytes); },
         {[&] {
             write_npy(scratch / "a.npy", Matrix::Random(3, 4), {3}, ElementType::f32);
             return slurp(scratch / "a.npy");
         }()},
         {"'shape': (", "True", "<f8", ">i2", "99999999999"}},
        {"checkpoint",
         [=](const std::string& bytes) {
             Progress quiet;
             FileCheckpoints(
                 CheckpointSpec{in_file(bytes), {600}, "yes"}, identity, 0, 0,
                 [] { return Checkpoints::Wish::none; }, quiet)
                 .resume();
         },
         {checkpoint_seed(scratch, identity)},
         numbers},
        {"spec",
         [](const std::string& bytes) {
             const auto with = [&](auto from) {
                 try {
                     from(bytes);
                 } catch (const Error&) {
                     return;
                 }
             };
             with([](const std::string& w) { Choice<networks> a(w); });
             with([](const std::string& w) { Choice<paths> a(w); });
             with([](const std::string& w) { Choice<ode_solvers>(w).make(); });
             with([](const std::string& w) { Setting<Seconds>::from_text(w); });
             with([](const std::string& w) { Setting<std::vector<double>>::from_text(w); });
             with([](const std::string& w) { Setting<std::uint64_t>::from_text(w); });
         },
         {"mlp,width=64,depth=3", "linear", "dopri5,rtol=1e-6", "1h30m", "0.1,0.2:3", "1:02:03"},
         numbers},
    };
}

enum Outcome { kRead = 0, kFailed = 1, kRefused = 2 };

Outcome outcome_of(const Parser& parser, const std::string& bytes) {
    ::alarm(5);
    try {
        parser.parse(bytes);
        return kRead;
    } catch (const Error&) {
        return kRefused;
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

}  // namespace

int main(int argc, char** argv) {
    const Scratch scratch;
    const std::string wanted = argc > 1 ? argv[1] : "";
    const long count = argc > 2 ? std::atol(argv[2]) : 1000,
               first = argc > 3 ? std::atol(argv[3]) : 0;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
        std::signal(signal, report);
    }
    for (const Parser& parser : parsers(scratch)) {
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
