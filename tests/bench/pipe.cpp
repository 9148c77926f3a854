#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "si/base/clock.hpp"
#include "si/io/dataset.hpp"
#include "si/io/posix.hpp"

// bench_pipe [GIB]: 16 doubles a row through a pipe, as bytes and as a data set that is written
// and read while it passes, checked for finite numbers and by checksums at both ends. Prints the
// speed of each, the largest resident size, and the ratio.

using namespace si;

namespace {

constexpr Index kDim = 16, kRows = 8192;

Index rows_of(double gib) {
    return static_cast<Index>(gib * (1 << 30) / (8 * kDim)) / kRows * kRows;
}

void write_raw(Index n, const Matrix& block) {
    widen_pipe(STDOUT_FILENO);
    const std::string_view bytes(reinterpret_cast<const char*>(block.data()),
                                 static_cast<std::size_t>(block.size()) * 8);
    for (Index i = 0; i < n; i += kRows) {
        if (!write_all(STDOUT_FILENO, bytes)) std::exit(74);
    }
}

double read_raw() {
    widen_pipe(STDIN_FILENO);
    std::vector<double> buffer(static_cast<std::size_t>(kDim * kRows));
    double sum = 0;
    while (true) {
        const auto got =
            read_fully(STDIN_FILENO, reinterpret_cast<char*>(buffer.data()), 8 * buffer.size());
        if (got <= 0) return sum;
        sum += buffer[0];
    }
}

void write_set(Index n, const Matrix& block) {
    DataWriter out("-");
    out.promise("x", n, {kDim});
    for (Index i = 0; i < n; i += kRows) out.append("x", block);
    out.commit();
}

double read_set() {
    const DataFile file("-");
    const auto reader = file.reader(Passes::one);
    double sum = 0;
    for (Index i = 0; i < reader.n(); i += kRows) sum += reader.rows(i, kRows)(0, 0);
    reader.finish();
    return sum;
}

template <class Write, class Read>
double seconds(Index n, Write&& write, Read&& read) {
    Matrix block(kDim, kRows);
    for (Index i = 0; i < block.size(); ++i) block.data()[i] = 1.0 / static_cast<double>(i + 1);
    int ends[2];
    if (::pipe(ends) != 0) std::exit(71);
    const double start = seconds_now();
    std::vector<pid_t> children;
    for (const bool writes : {true, false}) {
        children.push_back(::fork());
        if (children.back() != 0) continue;
        ::dup2(ends[writes ? 1 : 0], writes ? STDOUT_FILENO : STDIN_FILENO);
        ::close(ends[0]), ::close(ends[1]);
        if (writes) write(n, block);
        const bool wrong = !writes && read() != static_cast<double>(n / kRows);
        ::_exit(wrong ? 1 : 0);
    }
    ::close(ends[0]), ::close(ends[1]);
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        if (status != 0) std::exit(1);
    }
    return seconds_now() - start;
}

}  // namespace

int main(int argc, char** argv) {
    const Index n = rows_of(argc > 1 ? std::atof(argv[1]) : 1);
    const double gib = static_cast<double>(n * kDim * 8) / (1 << 30);
    std::vector<double> raw, set;
    for (int i = 0; i < 5; ++i) {  // in turns, so that what else the machine does is shared
        raw.push_back(seconds(n, write_raw, read_raw));
        set.push_back(seconds(n, write_set, read_set));
    }
    const double a = *std::min_element(raw.begin(), raw.end()),
                 b = *std::min_element(set.begin(), set.end());
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    std::printf("raw %.2f GiB/s, data set %.2f GiB/s, ratio %.2f, largest resident %ld MiB\n",
                gib / a, gib / b, a / b, usage.ru_maxrss / 1024);
}
