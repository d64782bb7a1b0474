// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "log_lines.h"
#include "procession/deadline.h"
#include "references.h"
#include "shm/wait_slices.h"

namespace procession::python {

using namespace detail;

/// Others may run Python code while one lives.
///
/// A daemon thread that comes back while the interpreter is being torn down is ended by
/// pthread_exit(), which would unwind through frames that must not be left that way, and drop
/// references without the lock. It sleeps instead until the process is gone, as in CPython 3.14.
class WithoutGil {
  public:
    WithoutGil() noexcept : state_(PyEval_SaveThread()) {}
    ~WithoutGil() {
        try {
            PyEval_RestoreThread(state_);
        } catch (const abi::__forced_unwind&) {
            for (;;) ::pause();
        }
    }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

  private:
    PyThreadState* const state_;
};

/// work() without the interpreter's lock.
template <class Work>
auto unlocked(Work work) {
    const WithoutGil others_run;
    return work();
}

/// Signal handlers run at least so often. One that comes to the waiting thread itself, as to the
/// main thread, ends its sleep, so that its handler runs at once (shm::WaitInParts).
inline constexpr std::chrono::milliseconds kSlice = shm::WaitSlices::kIdle;

/// The end of the next slice of a wait until `deadline`.
[[nodiscard]] inline Deadline end_of_slice(Deadline deadline) {
    if (deadline.expired()) return Deadline::now();
    const Deadline slice = kSlice;
    return slice.time_point() < deadline.time_point() ? slice : deadline;
}

/// Runs the handlers of signals that have come. Throws: Raised when one of them raised.
inline void run_signal_handlers() {
    log_lines();
    check(PyErr_CheckSignals());
}

/// Calls attempt(until) without the interpreter's lock until it succeeds or fails for another
/// reason than its time, or until `deadline`.
template <class Attempt>
auto wait_in_slices(Deadline deadline, Attempt attempt) {
    const shm::WaitInParts one_wait;
    for (;;) {
        const Deadline until = end_of_slice(deadline);
        const auto result = unlocked([&] { return attempt(until); });
        using Reason = typename decltype(result)::error_type;
        // A taken item must not be dropped for a signal.
        if (result.has_value() || result.error() != Reason::timed_out) return result;
        if (deadline.expired()) return result;
        run_signal_handlers();
    }
}

/// Copying less than this takes less time than letting others run.
inline constexpr std::size_t kLongCopy = std::size_t{64} << 10;

inline void copy(std::byte* to, const std::byte* from, std::size_t size) {
    if (size == 0) return;
    if (size < kLongCopy) {
        std::memcpy(to, from, size);
        return;
    }
    const WithoutGil others_run;
    std::memcpy(to, from, size);
}

}  // namespace procession::python
