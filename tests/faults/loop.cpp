#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "scratch.hpp"
#include "si/base/threads.hpp"
#include "si/flow/transport.hpp"
#include "si/io/csv.hpp"
#include "si/io/dataset.hpp"
#include "si/io/model_file.hpp"
#include "si/task/log_density.hpp"
#include "si/task/sample.hpp"

// loop COUNT: calls the library COUNT times for every kind of work on files, half of it refused, in
// one process, and prints by how much its memory and its open files have grown. Status 1 when that
// is more than a MiB, or a file.

using namespace si;

namespace {

long resident_kib() {
    long pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

long open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

void refused(const std::function<void()>& body) {
    if (failure(body) == "no error") std::abort();
}

constexpr const char* kModel = R"({"format": "si-model", "format_version": [1, 0], "dim": 2,
    "interpolant": {"path": {"kind": "linear"}, "gamma": {"kind": "brownian", "a": 1}},
    "base": {"kind": "normal"},
    "field": {"kind": "mixture", "weights": [1], "means": [[1, 2]],
              "covariances": [[[1, 0], [0, 1]]]}})";

void everything(const Scratch& folder, Threads& threads, Progress& progress) {
    const auto model_file = spill(folder / "m.json", kModel);
    auto model = read_model(model_file);
    SampleSpec samples;
    samples.n = 5;
    TransportSpec transport;
    const auto field = field_along(model, samples);
    sample_to(
        folder / "s.h5", model, *field,
        {.points = samples, .transport = transport, .provenance = {.command = "loop", .seed = 1}},
        threads, progress);
    read_samples(folder / "s.h5");
    log_densities_of_file(model, folder / "s.h5", {}, {.seed = 1, .keep = Keep::summary}, threads,
                          progress);
    write_model(folder / "again.json", model);
    spill(folder / "t.csv", "1,2\n3,4\n");
    read_samples(folder / "t.csv");

    refused([&] { read_model(spill(folder / "bad.json", std::string(kModel).substr(0, 200))); });
    const auto bytes = slurp(folder / "s.h5");
    refused([&] { read_samples(spill(folder / "cut.h5", bytes.substr(0, bytes.size() / 2))); });
    refused([&] { read_samples(folder / "none.h5"); });
    refused([&] { read_samples(folder / "s.h5:/none"); });
    refused([&] { read_samples(spill(folder / "bad.csv", "1,2\n3,x\n")); });
    refused([&] { DataWriter(folder / "none/o.h5"); });
    DataWriter given_up(folder / "o.h5");
}

}  // namespace

int main(int argc, char** argv) {
    const long count = argc > 1 ? std::atol(argv[1]) : 1000;
    const Scratch folder;
    Threads threads(1);
    Progress progress;
    const auto run = [&](long times) {
        for (long k = 0; k < times; ++k) everything(folder, threads, progress);
    };
    run(200);  // until what is kept for reuse is there
    const long memory = resident_kib(), files = open_files();
    run(count);
    const long more = resident_kib() - memory, more_files = open_files() - files;
    std::printf("memory grew by %ld KiB, open files by %ld\n", more, more_files);
    return more <= 1024 && more_files == 0 && folder.count() == 7 ? 0 : 1;
}
