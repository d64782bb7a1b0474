// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "kill_contestants.h"

#include <optional>

#include "peers/peers.h"
#include "peers/posix_queue.h"
#include "peers/robust_ring.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

#ifdef PROCESSION_BENCH_HAS_BOOST
#include "peers/boost_queue.h"
#endif

namespace procession::bench {

namespace {

class JoinableKill : public KillContestant {
  public:
    void put(const KillItem& item) override { queue_.put(item); }
    KillItem take() override {
        lease_.emplace(queue_.get());
        return **lease_;
    }
    void finish() override { lease_->done(); }
    [[nodiscard]] bool redelivers() const override { return true; }

  private:
    JoinableQueue<KillItem> queue_{options()};
    std::optional<Lease<KillItem>> lease_;

    static QueueOptions options() {
        QueueOptions options = with_maxsize(kKillCapacity);
        options.max_deliveries = 1'000'000;
        return options;
    }
};

class PlainKill : public KillContestant {
  public:
    void put(const KillItem& item) override { queue_.put(item); }
    KillItem take() override { return queue_.get(); }

  private:
    Queue<KillItem> queue_{kKillCapacity};
};

class RingKill : public KillContestant {
  public:
    void put(const KillItem& item) override { ring_.put(item); }
    KillItem take() override {
        KillItem item;
        ring_.take(item);
        return item;
    }

  private:
    RobustRing<KillItem> ring_{kKillCapacity};
};

class PosixKill : public KillContestant {
  public:
    void put(const KillItem& item) override { queue_.send(&item); }
    KillItem take() override {
        KillItem item;
        queue_.receive(&item);
        return item;
    }

  private:
    PosixQueue queue_{kKillCapacity, sizeof(KillItem)};
};

#ifdef PROCESSION_BENCH_HAS_BOOST

class BoostKill : public KillContestant {
  public:
    void put(const KillItem& item) override { queue_.send(&item); }
    KillItem take() override {
        KillItem item;
        queue_.receive(&item);
        return item;
    }

  private:
    BoostQueue queue_{kKillCapacity, sizeof(KillItem)};
};

#endif

template <class Contestant>
KillEntry entry(const char* name) {
    return {name, [] { return std::make_unique<Contestant>(); }};
}

}  // namespace

std::vector<KillEntry> kill_contestants() {
    std::vector<KillEntry> all{entry<JoinableKill>("JoinableQueue"), entry<PlainKill>("Queue")};
#ifdef PROCESSION_BENCH_HAS_BOOST
    all.push_back(entry<BoostKill>(kBoostName));
#endif
    all.push_back(entry<RingKill>(kRingName));
    if (!PosixQueue::why_not()) all.push_back(entry<PosixKill>(kPosixName));
    return all;
}

}  // namespace procession::bench
