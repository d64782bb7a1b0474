// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "kill_contestants.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <mqueue.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "procession/joinable_queue.h"
#include "procession/queue.h"
#include "robust_ring.h"

#ifdef PROCESSION_BENCH_HAS_BOOST
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/version.hpp>
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
    KillItem take() override { return ring_.take(); }

  private:
    RobustRing<KillItem, kKillCapacity> ring_;
};

class PosixKill : public KillContestant {
  public:
    PosixKill() {
        // The name is gone at once; the children inherit the descriptor.
        const std::string name = "/procession_kill_score_" + std::to_string(::getpid());
        mq_attr attributes{};
        attributes.mq_maxmsg = static_cast<long>(kKillCapacity);
        attributes.mq_msgsize = sizeof(KillItem);
        queue_ = ::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attributes);
        if (queue_ < 0) throw std::system_error(errno, std::system_category(), "mq_open");
        ::mq_unlink(name.c_str());
    }
    PosixKill(const PosixKill&) = delete;
    PosixKill& operator=(const PosixKill&) = delete;
    ~PosixKill() override { ::mq_close(queue_); }

    void put(const KillItem& item) override {
        const auto* bytes = reinterpret_cast<const char*>(&item);
        if (::mq_send(queue_, bytes, sizeof item, 0) != 0) {
            throw std::system_error(errno, std::system_category(), "mq_send");
        }
    }
    KillItem take() override {
        KillItem item;
        if (::mq_receive(queue_, reinterpret_cast<char*>(&item), sizeof item, nullptr) !=
            static_cast<ssize_t>(sizeof item)) {
            throw std::system_error(errno, std::system_category(), "mq_receive");
        }
        return item;
    }

  private:
    mqd_t queue_;
};

std::error_code try_posix() {
    try {
        const PosixKill attempt;
        return {};
    } catch (const std::system_error& failed) {
        return failed.code();
    }
}

#ifdef PROCESSION_BENCH_HAS_BOOST

namespace ipc = boost::interprocess;

class BoostKill : public KillContestant {
  public:
    BoostKill() : queue_(ipc::create_only, unused_name(), kKillCapacity, sizeof(KillItem)) {
        // The children inherit the mapping; no end of this program leaves the name behind.
        static_cast<void>(unused_name());
    }

    void put(const KillItem& item) override { queue_.send(&item, sizeof item, 0); }
    KillItem take() override {
        KillItem item;
        std::size_t received = 0;
        unsigned priority = 0;
        queue_.receive(&item, sizeof item, received, priority);
        return item;
    }

  private:
    static const char* unused_name() {
        static const std::string name = "procession_kill_score_" + std::to_string(::getpid());
        ipc::message_queue::remove(name.c_str());
        return name.c_str();
    }

    ipc::message_queue queue_;
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
    all.push_back(entry<BoostKill>("Boost message_queue"));
#endif
    all.push_back(entry<RingKill>("ring, robust mutex"));
    if (!try_posix()) all.push_back(entry<PosixKill>("POSIX mq"));
    return all;
}

std::string about_kill_peers() {
    std::string text = "glibc " + std::string(::gnu_get_libc_version());
#ifdef PROCESSION_BENCH_HAS_BOOST
    text += ", Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
            std::to_string(BOOST_VERSION / 100 % 1000);
#else
    text += ", no Boost (Debian package libboost-dev)";
#endif
    if (const std::error_code code = try_posix()) {
        text += ", no POSIX message queues (" + code.message() + ")";
    }
    return text;
}

}  // namespace procession::bench
