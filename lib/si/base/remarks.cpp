#include "si/base/remarks.hpp"

#include <mutex>
#include <set>
#include <utility>

namespace si {
namespace {

std::mutex remarks_mutex;
Progress* listener = nullptr;

std::set<std::string>& said_before() {
    static std::set<std::string> sentences;
    return sentences;
}

void say(const std::string& sentence, void (Progress::*way)(const std::string&)) {
    const std::lock_guard lock(remarks_mutex);
    if (listener != nullptr && said_before().insert(sentence).second) (listener->*way)(sentence);
}

}  // namespace

Hearing::Hearing(Progress& progress) {
    const std::lock_guard lock(remarks_mutex);
    before_ = std::exchange(listener, &progress);
    said_before().clear();
}

Hearing::~Hearing() {
    const std::lock_guard lock(remarks_mutex);
    listener = before_;
}

void remark(const std::string& sentence) { say(sentence, &Progress::aside); }
void doubt(const std::string& sentence) { say(sentence, &Progress::warn); }

}  // namespace si
