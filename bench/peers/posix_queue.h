// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mqueue.h>

#include <cstddef>
#include <system_error>

namespace procession::bench {

/// A POSIX message queue that has no name any more: forked children inherit the descriptor.
class PosixQueue {
  public:
    /// What every user of a system may have, unless its administrator says otherwise
    /// (mq_overview(7): msg_max, msgsize_max).
    static constexpr std::size_t kCapacityMax = 10;
    static constexpr std::size_t kBytesMax = 8192;

    /// Throws: std::system_error
    PosixQueue(std::size_t capacity, std::size_t bytes);
    PosixQueue(const PosixQueue&) = delete;
    PosixQueue& operator=(const PosixQueue&) = delete;
    ~PosixQueue() { ::mq_close(queue_); }

    void send(const void* item) const;
    void receive(void* item) const;

    /// Why there are none on this system; no error when there are.
    [[nodiscard]] static std::error_code why_not();

  private:
    std::size_t bytes_;
    mqd_t queue_;
};

}  // namespace procession::bench
