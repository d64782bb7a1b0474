// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace procession {

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

}  // namespace

void set_log_level(LogLevel level) noexcept { level_now.store(static_cast<int>(level)); }

LogLevel log_level() noexcept {
    const int level = level_now.load(std::memory_order_relaxed);  // relaxed: a lone setting
    if (level != kUnset) return static_cast<LogLevel>(level);
    const LogLevel initial = level_from_environment();
    set_log_level(initial);
    return initial;
}

void set_log_sink(LogSink sink) noexcept { sink_now.store(sink); }

namespace base {

bool logs(LogLevel level) noexcept { return level >= log_level() && level != LogLevel::off; }

void log(LogLevel level, const char* format, ...) noexcept {
    if (!logs(level)) return;
    char line[1024];
    const int head = std::snprintf(line, sizeof line, "[procession %s] ", name_of(level));
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line + head, sizeof line - static_cast<std::size_t>(head) - 2, format,
                   arguments);
    va_end(arguments);
    if (const LogSink sink = sink_now.load()) {
        sink(level, std::string_view(line + head));
        return;
    }
    std::size_t length = std::strlen(line);
    line[length++] = '\n';
    std::fwrite(line, 1, length, stderr);  // stderr is unbuffered: one write(2)
}

}  // namespace base
}  // namespace procession
