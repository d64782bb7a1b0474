// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/child.h"
#include "procession/joinable_queue.h"
#include "procession/process.h"
#include "procession/queue.h"
#include "support/asleep.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

// What the contract tests of queues share: one text for Queue and JoinableQueue, for fork and
// spawn.

namespace procession::testing {

using namespace detail;

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

struct Plain {
    template <class T>
    using Queue = procession::Queue<T>;
    static constexpr const char* name = "Queue";
};
struct Joinable {
    template <class T>
    using Queue = procession::JoinableQueue<T>;
    static constexpr const char* name = "JoinableQueue";
};

template <class Kind, StartMethod start_method>
struct Started : Kind {
    static constexpr StartMethod method = start_method;
};

struct KindName {
    template <class Kind>
    static std::string GetName(int) {
        std::string name = Kind::name;
        if constexpr (requires { Kind::method; }) name += "_" + std::string(name_of(Kind::method));
        return name;
    }
};

using BothKinds = ::testing::Types<Plain, Joinable>;
#ifdef _WIN32
using BothKindsStarted =
    ::testing::Types<Started<Plain, StartMethod::spawn>, Started<Joinable, StartMethod::spawn>>;
#else
using BothKindsStarted =
    ::testing::Types<Started<Plain, StartMethod::fork>, Started<Plain, StartMethod::spawn>,
                     Started<Joinable, StartMethod::fork>, Started<Joinable, StartMethod::spawn>>;
#endif

/// A test that holds for both kinds of queue. `Queue<T>` in it is the kind under test.
template <class Kind>
class ForKind : public ::testing::Test {
  public:
    template <class T>
    using QueueOf = typename Kind::template Queue<T>;
    using Ints = QueueOf<int>;
    using Texts = QueueOf<std::string>;
};

/// As the first line of a test.
#define PROCESSION_NEEDS_FORK() \
    if (!os::can_fork) GTEST_SKIP() << "there is no fork on this system"

/// A test of either start method.
class ForStart : public ::testing::TestWithParam<StartMethod> {
  protected:
    [[nodiscard]] static StartMethod method() { return GetParam(); }
};
inline auto both_start_methods() { return ::testing::ValuesIn(get_all_start_methods()); }
inline std::string start_method_name(const ::testing::TestParamInfo<StartMethod>& info) {
    return std::string(name_of(info.param));
}

/// The value of an item; that of a lease is finished.
template <class T>
T value_of(T value) {
    return value;
}
template <class T>
T value_of(Lease<T> lease) {
    T value = std::move(*lease);
    lease.done();
    return value;
}
/// get(), and done() where there is one.
template <class Queue>
auto take(const Queue& queue, Deadline deadline = Deadline::never()) {
    return value_of(queue.get(deadline));
}
/// All that is there now.
template <class Queue>
auto take_all(const Queue& queue) {
    std::vector<typename Queue::value_type> values;
    while (!queue.empty()) values.push_back(take(queue, Deadline::now()));
    return values;
}

/// Where there is join(): it has nothing to wait for.
template <class Queue>
void expect_joined(const Queue& queue) {
    if constexpr (requires { queue.unfinished(); }) {
        EXPECT_TRUE(queue.join(0ms));
        EXPECT_EQ(queue.unfinished(), 0U);
    }
}

/// For children: ends the function by an exception that says where.
inline void must(bool holds, std::source_location where = std::source_location::current()) {
    if (holds) return;
    throw std::runtime_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                             " in " + where.function_name() + ": it does not hold");
}

/// Whether the child returns from its function, however long that takes.
inline ::testing::AssertionResult ends_well(Process& child) {
    child.join();
    if (child.exit_code() == 0) return ::testing::AssertionSuccess();
    auto failure = ::testing::AssertionFailure();
    failure << child.name() << " ended with " << child.exit_code().value_or(-999);
    if (const auto why = child.exception()) failure << ": " << why->type << ": " << why->message;
    return failure;
}
inline ::testing::AssertionResult ends_well(Process&& child) { return ends_well(child); }

/// For children: the end is a signal from the parent.
[[noreturn]] inline void wait_to_be_killed() {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// What an exception of this very kind says; empty when none was thrown.
template <class Expected, class Act>
std::string message_of(Act act) {
    try {
        act();
    } catch (const Expected& thrown) {
        return thrown.what();
    }
    return {};
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << '"' << text << "\" does not contain \"" << part << '"';
}

/// An object encoded for a child that never starts: it can arrive here, as any type.
class OnItsWay {
  public:
    template <class T>
    explicit OnItsWay(const T& object) {
        encode(writer_, object);
    }
    template <class T>
    [[nodiscard]] T arrive() const {
        std::vector<os::Handle> copies;
        for (const os::NativeHandle each : spawning_.handles())
            copies.push_back(os::Handle::duplicate_of(each));
        const transfer::ReceiveContext context(std::move(copies));
        Reader reader(writer_.bytes());
        return decode<T>(reader);
    }

  private:
    const transfer::SendContext spawning_;
    Writer writer_;
};

}  // namespace procession::testing
