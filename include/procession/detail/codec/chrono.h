// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "procession/detail/codec/scalars.h"

// Durations: their count. Points in time: the count since the epoch of their clock. For a steady
// clock, the count has the same meaning in all processes of one machine until it reboots, and no
// meaning on another machine.

namespace procession::inline v0::detail::codec {

template <class Number, class Period>
struct Builtin<std::chrono::duration<Number, Period>> : BuiltinDefaults {
    using Duration = std::chrono::duration<Number, Period>;
    using Parts = Types<Number>;
    static constexpr bool raw = is_raw<Number>();

    static bool well_formed(const Duration&) { return true; }
    static void describe(Signature& signature) {
        signature << "dur<";
        codec::describe<Number>(signature);
        signature << "," << std::uint64_t{Period::num} << "/" << std::uint64_t{Period::den} << ">";
    }
    static void encode(Writer& writer, const Duration& duration) {
        put<Number>(writer, duration.count());
    }
    static Duration decode(Reader& reader) { return Duration(take<Number>(reader)); }
};

template <class Clock, class Duration>
    requires(std::is_same_v<Clock, std::chrono::system_clock> ||
             std::is_same_v<Clock, std::chrono::steady_clock>)
struct Builtin<std::chrono::time_point<Clock, Duration>> : BuiltinDefaults {
    using Point = std::chrono::time_point<Clock, Duration>;
    using Parts = Types<Duration>;
    static constexpr bool raw = is_raw<Duration>();

    static bool well_formed(const Point&) { return true; }
    static void describe(Signature& signature) {
        const bool is_steady = std::is_same_v<Clock, std::chrono::steady_clock>;
        signature << (is_steady ? "steady<" : "system<");
        codec::describe<Duration>(signature);
        signature << ">";
    }
    static void encode(Writer& writer, const Point& point) {
        put<Duration>(writer, point.time_since_epoch());
    }
    static Point decode(Reader& reader) { return Point(take<Duration>(reader)); }
};

}  // namespace procession::inline v0::detail::codec
