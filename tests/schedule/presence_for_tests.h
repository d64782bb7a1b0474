// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sync/presence.h"

namespace procession::sync {

/// Gives each coroutine the presence of a thread. The records stay, and are used again.
struct PresenceForTests {
    /// From now on this thread is the one with this number.
    static void become(std::size_t number) { Presence::mine_ = &record(number); }
    static void reset(std::size_t number) {
        record(number).inside.store(record(number).idle);
        record(number).several = {};
    }
    static void* word_of(std::size_t number) { return &record(number).inside; }
    static constexpr std::size_t kWordBytes = sizeof(Presence::Thread::inside);

  private:
    static Presence::Thread& record(std::size_t number) {
        static std::vector<Presence::Thread*> records;
        while (records.size() <= number) {
            Presence::Thread* const before = Presence::mine_;
            records.push_back(&Presence::register_this_thread());
            Presence::mine_ = before;
        }
        return *records[number];
    }
};

}  // namespace procession::sync
