// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace procession::bench {

/// A message_queue that has no name any more: forked children inherit its mapping, so no end of
/// this program leaves anything behind.
class BoostQueue {
  public:
    BoostQueue(std::size_t capacity, std::size_t bytes)
        : bytes_(bytes), queue_(boost::interprocess::create_only, unused_name(), capacity, bytes) {
        static_cast<void>(unused_name());
    }

    void send(const void* item) { queue_.send(item, bytes_, 0); }
    void receive(void* item) {
        std::size_t received = 0;
        unsigned priority = 0;
        queue_.receive(item, bytes_, received, priority);
        if (received != bytes_) throw std::runtime_error("Boost: a short message");
    }

  private:
    static const char* unused_name() {
        static const std::string name = "procession_bench_" + std::to_string(::getpid());
        boost::interprocess::message_queue::remove(name.c_str());
        return name.c_str();
    }

    std::size_t bytes_;
    boost::interprocess::message_queue queue_;
};

}  // namespace procession::bench
