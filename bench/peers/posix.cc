// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "item.h"
#include "peers/peers.h"
#include "peers/posix_queue.h"

namespace procession::bench {

namespace {

class PosixContestant : public Contestant {
  public:
    explicit PosixContestant(const Case& which)
        : item_(which.bytes / 8),
          queue_(std::min(which.capacity, PosixQueue::kCapacityMax), which.bytes) {}

    [[nodiscard]] std::string name() const override { return kPosixName; }
    void put(std::uint64_t number) override {
        fill(item_, number);
        queue_.send(item_.data());
    }
    std::uint64_t take() override {
        queue_.receive(item_.data());
        return checksum(item_);
    }

  private:
    std::vector<std::uint64_t> item_;
    PosixQueue queue_;
};

}  // namespace

std::unique_ptr<Contestant> make_posix(const Case& which) {
    if (which.bytes > PosixQueue::kBytesMax || PosixQueue::why_not()) return nullptr;
    return std::make_unique<PosixContestant>(which);
}

}  // namespace procession::bench
