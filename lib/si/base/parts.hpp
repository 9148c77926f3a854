#pragma once

#include <algorithm>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/ranks.hpp"
#include "si/base/threads.hpp"

// Work on more samples than memory holds: a part after the other.

namespace si {

/// Cuts n samples of `numbers` numbers each into parts of about 8 MB, that are large enough to keep
/// all threads at work to the last.
inline std::vector<Columns> parts_of(Index n, Index numbers, const Threads& threads) {
    constexpr Index kNumbersAtOnce = Index{1} << 20, kRowsAtOnce = 65536, kRowsOfThread = 1024;
    const Index least = kRowsOfThread * threads.count(), each = n / ranks().count() + 1;
    Index size = std::clamp(kNumbersAtOnce / numbers, least, std::max(least, kRowsAtOnce));
    if (ranks().several()) size = std::min(size, std::max(kRowsOfThread, each));
    return chunks(n, ranks().agree(size));
}

/// Work on parts by all ranks: part k by rank k mod ranks().count(), which hands what it made to
/// the first, and that takes them in their order.
///
/// `make(columns)` makes what `take(columns, made)` takes, and `each(made, f)` calls f on the
/// matrices that it is made of; `blank` has as many of them, of any size.
template <class Made, class Make, class Each, class Take>
void by_ranks(const std::vector<Columns>& parts, const Made& blank, const Make& make,
              const Each& each, const Take& take) {
    const Ranks& all = ranks();
    for (Index k = 0; k < std::ssize(parts); ++k) {
        const Columns& part = parts[static_cast<std::size_t>(k)];
        if (all.owns(k)) {
            Made made = make(part);
            if (all.first()) {
                take(part, std::move(made));
            } else {
                each(made, [&](auto& matrix) { all.send(matrix.template cast<double>(), 0); });
            }
        } else if (all.first()) {
            Made made = blank;
            each(made, [&](auto& matrix) {
                using Number = typename std::decay_t<decltype(matrix)>::Scalar;
                matrix = all.receive(all.owner(k)).template cast<Number>();
            });
            take(part, std::move(made));
        }
    }
}

/// Part of a computation to somebody who asks after the whole.
class PartProgress : public Progress {
  public:
    PartProgress(Progress& whole, Index first, Index total)
        : whole_(whole), first_(first), total_(total) {}
    void update(const Report& report) override {
        Report of_whole = report;
        of_whole.done += first_;
        of_whole.total = total_;
        whole_.update(of_whole);
    }
    void warn(const std::string& sentence) override { whole_.warn(sentence); }
    void note(const std::string& sentence) override { whole_.note(sentence); }

  private:
    Progress& whole_;
    Index first_, total_;
};

}  // namespace si
