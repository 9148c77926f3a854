#include "si/cli/signals.hpp"

#include <csignal>

#include "si/base/leftover.hpp"

namespace si::cli {
namespace {

volatile std::sig_atomic_t stop = 0, save = 0;

void listen(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

/// The signal comes again when its handler is over, and then ends the process.
extern "C" void leave(int signal) {
    remove_leftovers();
    listen(signal, SIG_DFL);
    static_cast<void>(::raise(signal));
}
extern "C" void note_stop(int signal) {
    stop = 1;
    if (signal == SIGINT) listen(signal, leave);
}
extern "C" void note_save(int) { save = 1; }

/// What a parent had ignored, as nohup does with HUP, stays so.
bool ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void listen_to_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) {
        if (!ignored(signal)) listen(signal, note_stop);
    }
    listen(SIGUSR1, note_save);
}

void leave_nothing_behind() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXCPU}) {
        if (!ignored(signal)) listen(signal, leave);
    }
    // A write beyond the limit on sizes of files then fails as one on a full disk does.
    listen(SIGXFSZ, SIG_IGN);
}

bool asked_to_stop() { return stop != 0; }

bool asked_to_save() {
    if (save == 0) return false;
    save = 0;
    return true;
}

}  // namespace si::cli
