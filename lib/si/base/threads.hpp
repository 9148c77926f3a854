#pragma once

#include <memory>
#include <vector>

#include "si/base/types.hpp"

// Threads that cannot change a result: work is cut by its own size, and parts are joined in
// order, so the number of threads decides only how long it takes.

namespace si {

/// Half-open range of columns.
struct Columns {
    Index first = 0, count = 0;
};

/// Cuts n columns into consecutive ranges of at most `size`.
std::vector<Columns> chunks(Index n, Index size);

/// The processors that this process may use: affinity, cgroup quota and SLURM_CPUS_PER_TASK,
/// not the whole node. At least 1.
int available_threads();

/// A team of threads that lives as long as the object; the caller is one of them.
class Threads {
  public:
    /// `count` threads, or available_threads() when it is 0. Throws Failure::resource.
    explicit Threads(int count = 0);
    ~Threads();
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    int count() const { return count_; }

    /// Runs body(item, worker) for item = 0 .. items-1, and waits. `worker` in [0, count())
    /// names the thread, for its scratch memory. Items are taken in order. If bodies throw,
    /// the error of the smallest item is thrown again here.
    template <class Body>
    void for_each(Index items, const Body& body) {
        run(items, {&body, [](const void* what, Index item, int worker) {
                        (*static_cast<const Body*>(what))(item, worker);
                    }});
    }

  private:
    /// A reference to a body: making a std::function of it would allocate at every call.
    struct Call {
        const void* body;
        void (*call)(const void* body, Index item, int worker);
    };
    void run(Index items, Call call);

    struct Team;
    int count_;
    std::unique_ptr<Team> team_;
};

}  // namespace si
