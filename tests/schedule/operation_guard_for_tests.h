// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "shm/active_operations.h"

namespace procession::inline v0::detail::shm {

/// Gives each coroutine the presence of a thread. The records stay, and are used again.
struct OperationGuardForTests {
    /// From now on this thread is the one with this number.
    static void become(std::size_t number) { OperationGuard::mine_ = &record(number); }
    static void reset(std::size_t number) {
        record(number).inside.store(record(number).idle);
        record(number).several = {};
    }
    static void* word_of(std::size_t number) { return &record(number).inside; }
    static constexpr std::size_t kWordBytes = sizeof(OperationGuard::Thread::inside);

  private:
    static OperationGuard::Thread& record(std::size_t number) {
        static std::vector<OperationGuard::Thread*> records;
        while (records.size() <= number) {
            OperationGuard::Thread* const before = OperationGuard::mine_;
            records.push_back(&OperationGuard::register_this_thread());
            OperationGuard::mine_ = before;
        }
        return *records[number];
    }
};

}  // namespace procession::inline v0::detail::shm
