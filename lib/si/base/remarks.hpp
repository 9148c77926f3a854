#pragma once

#include <string>

#include "si/base/progress.hpp"

// Sentences that readers of files have for the person who runs a program. They come from deep below
// a task, where no Progress is at hand.

namespace si {

/// While it lives, remark() and doubt() speak to a Progress. The last one made is spoken to.
class Hearing {
  public:
    explicit Hearing(Progress& progress);
    ~Hearing();
    Hearing(const Hearing&) = delete;
    Hearing& operator=(const Hearing&) = delete;

  private:
    Progress* before_;
};

/// How something was understood: Progress::aside(). A sentence is said once in a Hearing, however
/// often a file is opened; without a Hearing, nobody hears it.
void remark(const std::string& sentence);

/// The same for what is probably wrong: Progress::warn().
void doubt(const std::string& sentence);

}  // namespace si
