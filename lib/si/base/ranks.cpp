#include "si/base/ranks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <dlfcn.h>
#include <sys/auxv.h>

#include "si/base/error.hpp"

namespace si {
namespace {

/// What others may need to come to their end, when all meet the same error.
constexpr double kPatience = 3;

/// How many processes a launcher says that it started; 1 when there is none.
std::int64_t launched() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
        const char* value = std::getenv(name);
        if (value == nullptr) continue;
        if (const auto count = parse_integer(value)) return *count;
    }
    return 1;
}

/// The file of this program. Where /proc is missing, the kernel still gives the name that it was
/// started by. Empty when neither is known.
std::filesystem::path program_file() {
    std::error_code failed;
    auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (!failed && program.is_absolute()) return program;
    const auto started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    if (started == nullptr) return {};
    program = std::filesystem::canonical(started, failed);
    return failed ? std::filesystem::path() : program;
}

/// Beside the programs, wherever they were installed or built. Never relative to the working
/// folder, where anybody may have put a module.
std::filesystem::path module_file() {
    const auto program = program_file();
    require(program.is_absolute(), Failure::config, "started as one of ", launched(),
            " ranks, but the place of this program, beside which the module for MPI is, cannot be "
            "found; is /proc mounted?");
    return program.parent_path().parent_path() / SI_MODULES / "si-mpi.so";
}

const RankCalls* load() {
    const auto file = module_file();
    void* module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    require(module != nullptr, Failure::config, "started as one of ", launched(),
            " ranks, but MPI cannot be used: ", ::dlerror());
    const auto begin = reinterpret_cast<const RankCalls* (*)()>(::dlsym(module, "si_rank_calls"));
    require(begin != nullptr, Failure::config, file.string(), ": is not the module for MPI");
    return begin();
}

/// FNV-1a: enough to tell two command lines apart.
std::uint64_t fingerprint(const std::string& text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

}  // namespace

std::vector<Index> Ranks::cuts(Index n) const {
    std::vector<Index> all(static_cast<std::size_t>(count()) + 1);
    for (std::size_t r = 0; r < all.size(); ++r) all[r] = static_cast<Index>(r) * n / count();
    return all;
}

void Ranks::meet() const {
    if (several()) calls_->meet();
}

void Ranks::scatter(float* data, const std::vector<Index>& cuts, int root) const {
    if (several()) calls_->scatter(data, cuts.data(), sizeof *data, root);
}

void Ranks::share(float* data, const std::vector<Index>& cuts) const {
    if (several()) calls_->share(data, cuts.data(), sizeof *data);
}

void Ranks::share(double* data, const std::vector<Index>& cuts) const {
    if (several()) calls_->share(data, cuts.data(), sizeof *data);
}

void Ranks::share_columns(MatrixRef all, const std::vector<int>& owners) const {
    if (!several()) return;
    std::vector<Index> order, cuts{0};
    for (int r = 0; r < count(); ++r) {
        for (Index k = 0; k < std::ssize(owners); ++k) {
            if (owners[static_cast<std::size_t>(k)] == r) order.push_back(k);
        }
        cuts.push_back(std::ssize(order) * all.rows());
    }
    Matrix together = all(Eigen::all, order);
    share(together.data(), cuts);
    for (Index k = 0; k < std::ssize(order); ++k) {
        all.col(order[static_cast<std::size_t>(k)]) = together.col(k);
    }
}

void Ranks::send(ConstMatrix matrix, int to) const {
    const std::array<Index, 2> size{matrix.rows(), matrix.cols()};
    calls_->send(size.data(), sizeof size, to);
    const Matrix packed = matrix;
    calls_->send(packed.data(), static_cast<std::size_t>(packed.size()) * sizeof(double), to);
}

Matrix Ranks::receive(int from) const {
    std::array<Index, 2> size{};
    calls_->receive(size.data(), sizeof size, from);
    Matrix matrix(size[0], size[1]);
    calls_->receive(matrix.data(), static_cast<std::size_t>(matrix.size()) * sizeof(double), from);
    return matrix;
}

void Ranks::join(const std::string& command) {
    if (launched() < 2) return;
    calls_ = load();
    const auto own = fingerprint(command);
    const double differ = agree(own) == own ? 0 : 1;
    Matrix all = Matrix::Constant(1, count(), differ);
    std::vector<int> owners(static_cast<std::size_t>(count()));
    for (int r = 0; r < count(); ++r) owners[static_cast<std::size_t>(r)] = r;
    share_columns(all, owners);
    require(all.isZero(0), Failure::config,
            "the ranks of one run have different command lines; for runs of their own, unset ",
            "OMPI_COMM_WORLD_SIZE or PMI_SIZE");
}

bool Ranks::leave(int status) {
    if (!several()) return true;
    std::vector<int> all(static_cast<std::size_t>(count()));
    // Who has done its part may have to wait long for the first, which writes.
    ended_ = calls_->end(status, status == 0 ? 1e9 : kPatience, all.data());
    return !ended_ ||
           std::all_of(all.begin(), all.begin() + rank(), [](int other) { return other == 0; });
}

void Ranks::part(int status) {
    if (!several()) return;
    if (!ended_) calls_->abort(status);
    calls_->meet();  // a launcher may end all as soon as one has gone
    calls_->leave();
}

Ranks& ranks() {
    static Ranks all;
    return all;
}

}  // namespace si
