// The module that programs load when they find themselves started by mpirun: the calls of
// si/base/ranks.hpp by MPI.

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include <mpi.h>

#include "si/base/ranks.hpp"

namespace si {
namespace {

/// Lengths are int in MPI: longer messages go in parts.
constexpr std::size_t kMost = std::size_t{1} << 30;

template <class Byte, class Call>
void in_parts(Byte* data, std::size_t bytes, const Call& call) {
    for (std::size_t at = 0; at < bytes; at += kMost) {
        call(data + at, static_cast<int>(std::min(kMost, bytes - at)));
    }
}

MPI_Datatype type_of(std::size_t width) { return width == 8 ? MPI_DOUBLE : MPI_FLOAT; }

/// Of each rank, how many elements and from where.
struct Cut {
    explicit Cut(const Index* cuts) {
        int count = 0;
        MPI_Comm_size(MPI_COMM_WORLD, &count);
        for (int r = 0; r < count; ++r) {
            first.push_back(static_cast<int>(cuts[r]));
            length.push_back(static_cast<int>(cuts[r + 1] - cuts[r]));
        }
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    }
    int own() const { return length[static_cast<std::size_t>(rank)]; }
    void* place(void* data, std::size_t width) const {
        return static_cast<char*>(data) +
               static_cast<std::size_t>(first[static_cast<std::size_t>(rank)]) * width;
    }
    std::vector<int> first, length;
    int rank = 0;
};

void meet() { MPI_Barrier(MPI_COMM_WORLD); }

void broadcast(void* data, std::size_t bytes, int root) {
    in_parts(static_cast<char*>(data), bytes,
             [&](char* at, int length) { MPI_Bcast(at, length, MPI_BYTE, root, MPI_COMM_WORLD); });
}

void scatter(void* data, const Index* cuts, std::size_t width, int root) {
    const Cut cut(cuts);
    const auto type = type_of(width);
    void* to = cut.rank == root ? MPI_IN_PLACE : cut.place(data, width);
    MPI_Scatterv(data, cut.length.data(), cut.first.data(), type, to, cut.own(), type, root,
                 MPI_COMM_WORLD);
}

void share(void* data, const Index* cuts, std::size_t width) {
    const Cut cut(cuts);
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, cut.length.data(), cut.first.data(),
                   type_of(width), MPI_COMM_WORLD);
}

void send(const void* data, std::size_t bytes, int to) {
    in_parts(static_cast<const char*>(data), bytes, [&](const char* at, int length) {
        MPI_Send(at, length, MPI_BYTE, to, 0, MPI_COMM_WORLD);
    });
}

void receive(void* data, std::size_t bytes, int from) {
    in_parts(static_cast<char*>(data), bytes, [&](char* at, int length) {
        MPI_Recv(at, length, MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    });
}

bool end(int status, double seconds, int* all) {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgather(&status, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD, &request);
    using Clock = std::chrono::steady_clock;
    const auto begun = Clock::now();
    for (int done = 0;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (done != 0) return true;
        if (std::chrono::duration<double>(Clock::now() - begun).count() > seconds) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void leave() { MPI_Finalize(); }
void abort_all(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

}  // namespace
}  // namespace si

extern "C" __attribute__((visibility("default"))) const si::RankCalls* si_rank_calls() {
    static si::RankCalls calls{0,           1,         si::meet,     si::broadcast,
                               si::scatter, si::share, si::send,     si::receive,
                               si::end,     si::leave, si::abort_all};
    // Threads of a rank work while the one that called in here waits.
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &calls.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &calls.count);
    return &calls;
}
