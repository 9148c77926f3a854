#include "si/base/threads.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <sched.h>

#include "si/base/error.hpp"

namespace si {

std::vector<Columns> chunks(Index n, Index size) {
    std::vector<Columns> list;
    for (Index first = 0; first < n; first += size)
        list.push_back({first, std::min(size, n - first)});
    return list;
}

namespace {

/// The cgroup's share of the machine in processors, or a large number.
double cgroup_quota() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) return 1e9;
    return parse_real(quota).value_or(1e9) / period;
}

}  // namespace

int available_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    count = std::min(count, static_cast<int>(std::max(1.0, std::min(1e6, cgroup_quota()))));
    if (const char* share = std::getenv("SLURM_CPUS_PER_TASK")) {
        if (const auto n = parse_integer(share); n && *n > 0 && *n < count)
            count = static_cast<int>(*n);
    }
    // Ranks that were not tied to processors of their own share those of their node.
    if (const char* ranks = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE")) {
        const auto all = static_cast<std::int64_t>(std::thread::hardware_concurrency());
        if (const auto n = parse_integer(ranks); n && *n > 0)
            count = static_cast<int>(
                std::min<std::int64_t>(count, std::max<std::int64_t>(all / *n, 1)));
    }
    return std::max(count, 1);
}

namespace {

/// Looks this often whether there is work before it goes to sleep: what happens between two
/// parallel parts of a step takes less time than waking up does.
constexpr int kLooks = 2000;

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

}  // namespace

struct Threads::Team {
    std::mutex mutex;
    std::condition_variable work, done;
    std::atomic<std::uint64_t> round = 0;
    std::atomic<int> running = 0;
    std::atomic<bool> stop = false;

    Call call{};
    Index items = 0;
    std::atomic<Index> next = 0;
    Index failed_item = 0;
    std::exception_ptr failure;

    std::vector<std::thread> members;

    void take_items(int worker) {
        for (;;) {
            const Index item = next.fetch_add(1, std::memory_order_relaxed);
            if (item >= items) return;
            try {
                call.call(call.body, item, worker);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failure || item < failed_item) {
                    failure = std::current_exception();
                    failed_item = item;
                }
            }
        }
    }

    void serve(int worker) {
        std::uint64_t seen = 0;
        for (;;) {
            for (int look = 0; look < kLooks && !stop && round == seen; ++look) pause();
            {
                std::unique_lock lock(mutex);
                work.wait(lock, [&] { return stop || round != seen; });
                if (stop) return;
                seen = round;
            }
            take_items(worker);
            if (--running == 0) {
                const std::lock_guard lock(mutex);
                done.notify_one();
            }
        }
    }

    void dismiss() {
        {
            const std::lock_guard lock(mutex);
            stop = true;
        }
        work.notify_all();
        for (auto& member : members) member.join();
    }
};

Threads::Threads(int count)
    : count_(count > 0 ? count : available_threads()), team_(std::make_unique<Team>()) {
    try {
        for (int worker = 1; worker < count_; ++worker) {
            team_->members.emplace_back([team = team_.get(), worker] { team->serve(worker); });
        }
    } catch (const std::system_error& error) {
        team_->dismiss();
        throw Error(Failure::resource, text("cannot start ", count_, " threads: ", error.what()));
    }
}

Threads::~Threads() { team_->dismiss(); }

void Threads::run(Index items, Call call) {
    if (items <= 0) return;
    Team& team = *team_;
    const bool alone = items == 1 || team.members.empty();
    {
        const std::lock_guard lock(team.mutex);
        team.call = call;
        team.items = items;
        team.next = 0;
        team.failure = nullptr;
        if (!alone) {
            team.running = static_cast<int>(team.members.size());
            ++team.round;
        }
    }
    if (!alone) team.work.notify_all();
    team.take_items(0);
    if (!alone) {
        for (int look = 0; look < kLooks && team.running != 0; ++look) pause();
        std::unique_lock lock(team.mutex);
        team.done.wait(lock, [&] { return team.running == 0; });
    }
    if (team.failure) std::rethrow_exception(team.failure);
}

}  // namespace si
