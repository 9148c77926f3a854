#include "si/cli/signals.hpp"

#include <csignal>

namespace si::cli {
namespace {

volatile std::sig_atomic_t stop = 0, save = 0;

extern "C" void note_stop(int) { stop = 1; }
extern "C" void note_save(int) { save = 1; }

void listen(int signal, void (*handler)(int), int flags) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags | SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

/// What a parent had ignored, as nohup does with HUP, stays so.
bool ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void listen_to_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) {
        if (!ignored(signal)) {
            listen(signal, note_stop, signal == SIGINT ? static_cast<int>(SA_RESETHAND) : 0);
        }
    }
    listen(SIGUSR1, note_save, 0);
}

bool asked_to_stop() { return stop != 0; }

bool asked_to_save() {
    if (save == 0) return false;
    save = 0;
    return true;
}

}  // namespace si::cli
