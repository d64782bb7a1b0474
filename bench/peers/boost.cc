// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#ifdef PROCESSION_BENCH_HAS_BOOST

#include "item.h"
#include "peers/boost_queue.h"

namespace procession::bench {

namespace {

class BoostContestant : public Contestant {
  public:
    explicit BoostContestant(const Case& which)
        : item_(which.bytes / 8), queue_(which.capacity, which.bytes) {}

    [[nodiscard]] std::string name() const override { return kBoostName; }
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
    BoostQueue queue_;
};

}  // namespace

std::unique_ptr<Contestant> make_boost(const Case& which) {
    return std::make_unique<BoostContestant>(which);
}

}  // namespace procession::bench

#else

namespace procession::bench {

std::unique_ptr<Contestant> make_boost(const Case& /*which*/) { return nullptr; }

}  // namespace procession::bench

#endif
