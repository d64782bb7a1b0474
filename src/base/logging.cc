// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace procession::inline v0 {

namespace {

constexpr int kUnset = -1;
std::atomic<int> level_now{kUnset};
std::atomic<LogSink> sink_now{nullptr};

LogLevel level_from_environment() noexcept {
    const char* text = std::getenv("PROCESSION_LOG");  // NOLINT(concurrency-mt-unsafe): read only
    if (text == nullptr) return LogLevel::warning;
    const std::string_view name(text);
    if (name == "debug") return LogLevel::debug;
    if (name == "info") return LogLevel::info;
    if (name == "error") return LogLevel::error;
    if (name == "off") return LogLevel::off;
    if (name != "warning" && !name.empty()) {
        std::fprintf(
            stderr,
            "procession: PROCESSION_LOG=%s is not known; use debug, info, warning, error or off\n",
            text);
    }
    return LogLevel::warning;
}

const char* name_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
        case LogLevel::off: break;
    }
    return "off";
}

void write_line(LogLevel level, std::string_view text) noexcept {
    if (const LogSink sink = sink_now.load()) {
        try {
            sink(level, text);
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (...) {  // a bug in the program's sink loses the line, not the operation that logs
        }
        return;
    }
    char line[1100];
    const int length = std::snprintf(line, sizeof line, "[procession %s] %.*s\n", name_of(level),
                                     static_cast<int>(text.size()), text.data());
    std::fwrite(line, 1, static_cast<std::size_t>(length), stderr);  // unbuffered: one write(2)
}

/// A line that is delayed. Its text follows it in memory.
struct HeldLine {
    HeldLine* next = nullptr;
    LogLevel level = LogLevel::debug;
    std::size_t length = 0;
};

/// The delayed lines of one thread, oldest first.
struct HeldLines {
    const void* outermost = nullptr;  // the stack frame of the outermost LogHold
    bool is_flushing = false;
    unsigned lost = 0;
    HeldLine* first = nullptr;
    HeldLine** end = nullptr;

    void add(LogLevel level, std::string_view text) noexcept {
        void* const memory = std::malloc(sizeof(HeldLine) + text.size());
        if (memory == nullptr) {
            ++lost;
            return;
        }
        auto* const line = new (memory) HeldLine{nullptr, level, text.size()};
        std::memcpy(line + 1, text.data(), text.size());
        *(first == nullptr ? &first : end) = line;
        end = &line->next;
    }
};

// Has no destructor: a thread that ends in the middle of an operation loses its lines.
constinit thread_local HeldLines held;

}  // namespace

void set_log_level(LogLevel level) noexcept { level_now.store(static_cast<int>(level)); }

LogLevel log_level() noexcept {
    const int level = level_now.load(std::memory_order_relaxed);  // relaxed: guards no other data
    if (level != kUnset) return static_cast<LogLevel>(level);
    const LogLevel initial = level_from_environment();
    set_log_level(initial);
    return initial;
}

void set_log_sink(LogSink sink) noexcept { sink_now.store(sink); }

namespace detail::base {

bool logs(LogLevel level) noexcept { return level >= log_level() && level != LogLevel::off; }

void log(LogLevel level, const char* format, ...) noexcept {
    if (!logs(level)) return;
    char text[1001];
    va_list arguments;
    va_start(arguments, format);
    const int wanted = std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (wanted < 0) return;
    const std::string_view line(
        text, std::min<std::size_t>(static_cast<std::size_t>(wanted), sizeof text - 1));
    if (held.outermost != nullptr || held.is_flushing) {
        held.add(level, line);
    } else {
        write_line(level, line);
    }
}

LogHold::LogHold() noexcept : frame_(__builtin_frame_address(0)) {
    if (held.outermost == nullptr || held.outermost <= frame_) held.outermost = frame_;
}

LogHold::~LogHold() {
    if (held.outermost != frame_) return;
    held.outermost = nullptr;
    if (has_lines()) flush();
}

bool LogHold::has_lines() noexcept { return held.first != nullptr || held.lost != 0; }

// The sink may use queues, which log. Such lines are appended and written by this loop, so that
// flush() does not recurse.
void LogHold::flush() noexcept {
    if (held.is_flushing) return;
    held.is_flushing = true;
    while (HeldLine* const line = held.first) {
        held.first = line->next;
        write_line(line->level, {reinterpret_cast<const char*>(line + 1), line->length});
        std::free(line);
    }
    if (const unsigned lost = std::exchange(held.lost, 0)) {
        char text[64];
        std::snprintf(text, sizeof text, "%u log lines are lost: no memory", lost);
        write_line(LogLevel::warning, text);
    }
    held.is_flushing = false;
}

}  // namespace detail::base
}  // namespace procession::inline v0
