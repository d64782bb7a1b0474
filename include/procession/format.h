// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// std::format for what a program may want to log, where the standard library has <format>. Not
// included by procession.h: <format> takes long to parse.

#include <version>

#include "procession/deadline.h"
#include "procession/death.h"
#include "procession/participant.h"
#include "procession/queue_stats.h"

#ifdef __cpp_lib_format

#include <concepts>
#include <format>
#include <string_view>

/// Formats the text of to_string(). The format specification is that of a string: "{:>60}".
template <class T>
    requires(std::same_as<T, procession::Deadline> || std::same_as<T, procession::QueueStats> ||
             std::same_as<T, procession::Death> || std::same_as<T, procession::Participant>)
struct std::formatter<T> : std::formatter<std::string_view> {
    template <class Context>
    auto format(const T& value, Context& context) const {
        return std::formatter<std::string_view>::format(procession::to_string(value), context);
    }
};

#endif
