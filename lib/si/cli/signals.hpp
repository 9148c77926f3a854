#pragma once

// Signals of the operating system, noted by a handler and asked for between two steps.

namespace si::cli {

/// Signals that ask a long computation for something, noted for it to look at between two steps.
///
/// INT, TERM, HUP and USR2 ask it to stop when its state is saved, USR1 to save it and go on. A
/// second INT ends the process at once, as without listening.
void listen_to_signals();

/// From now on a process that INT, TERM, HUP, PIPE or XCPU ends leaves no temporary files, and XFSZ
/// ends none: writing fails instead.
void leave_nothing_behind();

/// True from the first signal on that asks to stop.
bool asked_to_stop();

/// True once for the signals USR1 since the last call.
bool asked_to_save();

}  // namespace si::cli
