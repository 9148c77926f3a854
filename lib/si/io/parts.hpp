#pragma once

#include <algorithm>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"

// Work on more samples than memory holds: a part after the other.

namespace si {

/// Cuts n samples of `numbers` numbers each into parts of about 8 MB, that are large enough to keep
/// all threads at work to the last.
inline std::vector<Columns> parts_of(Index n, Index numbers, const Threads& threads) {
    constexpr Index kNumbersAtOnce = Index{1} << 20, kRowsAtOnce = 65536, kRowsOfThread = 1024;
    const Index least = kRowsOfThread * threads.count();
    return chunks(n, std::clamp(kNumbersAtOnce / numbers, least, std::max(least, kRowsAtOnce)));
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
