// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "log_lines.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/at_fork.h"
#include "procession/log.h"

namespace procession::python {

using namespace detail;

namespace {

PyObject* logger = nullptr;  // for the life of the process

struct Line {
    LogLevel level;
    std::string text;
};

/// The lines that wait for Python. A fork child has none of its parent's.
class Waiting final : public os::ForkListener {
  public:
    static Waiting& lines() {
        static auto* const only = new Waiting;
        return *only;
    }

    /// Beyond so many, which no thread takes, the oldest are dropped.
    void add(LogLevel level, std::string_view text) {
        constexpr std::size_t most = 1000;
        const std::lock_guard guard(lock_);
        if (lines_.size() >= most) lines_.erase(lines_.begin());
        lines_.push_back({level, std::string(text)});
        any_.store(true, std::memory_order_relaxed);  // relaxed: the mutex orders the lines
    }
    [[nodiscard]] std::vector<Line> take() noexcept {
        if (!any_.load(std::memory_order_relaxed)) return {};
        const std::lock_guard guard(lock_);
        any_.store(false, std::memory_order_relaxed);
        return std::exchange(lines_, {});
    }
    void after_fork_in_child() noexcept override {
        new (&lock_) std::mutex;
        // The list itself may have been in the hands of another thread of the parent.
        new (&lines_) std::vector<Line>;
        any_.store(false, std::memory_order_relaxed);
    }

  private:
    Waiting() noexcept { start_listening(); }

    std::mutex lock_;
    std::vector<Line> lines_;
    std::atomic<bool> any_{false};
};

[[maybe_unused]] const Waiting& made_early = Waiting::lines();

int log_pending(void* /*none*/) {
    log_lines();
    return 0;
}

void take_line(LogLevel level, std::string_view text) {
    try {
        Waiting::lines().add(level, text);
    } catch (const std::exception&) {
        return;  // no memory for the line
    }
    // When too many calls wait already, one of the next slices hands the line over.
    static_cast<void>(Py_AddPendingCall(log_pending, nullptr));
}

}  // namespace

void log_lines() noexcept {
    for (const Line& line : Waiting::lines().take()) {
        try {
            const Ref text = text_of(line.text);
            static_cast<void>(checked(
                PyObject_CallFunction(logger, "iO", static_cast<int>(line.level), text.get())));
        } catch (const Raised&) {
            PyErr_WriteUnraisable(logger);
        }
    }
}

void use_logger(PyObject* log) {
    if (log == Py_None) {
        set_log_sink(nullptr);
        log_lines();
        return;
    }
    Py_XDECREF(std::exchange(logger, Py_NewRef(log)));
    set_log_sink(take_line);
}

}  // namespace procession::python
