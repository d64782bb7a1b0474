// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#ifdef PROCESSION_BENCH_HAS_ZEROMQ

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include "item.h"
#include "os/futex.h"
#include "team.h"

namespace procession::bench {

using namespace detail;

namespace {

/// Contexts and sockets are made in each process, as ZeroMQ asks for. A PUSH socket deals its
/// messages out in turn, and passes over a consumer whose pipe is full: so the share of each
/// consumer is not known, and the consumer that counts the last message tells the others by an
/// eventfd.
class ZeroMqContestant : public Contestant {
  public:
    explicit ZeroMqContestant(const Case& which)
        : members_(which.members),
          high_water_(static_cast<int>(std::max<std::size_t>(1, which.capacity / 2))),
          item_(which.bytes / 8),
          shared_(1),
          all_taken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (all_taken_ < 0) throw std::runtime_error("eventfd");
    }
    ZeroMqContestant(const ZeroMqContestant&) = delete;
    ZeroMqContestant& operator=(const ZeroMqContestant&) = delete;
    ~ZeroMqContestant() override { ::close(all_taken_); }

    [[nodiscard]] std::string name() const override { return kZeroMqName; }
    void prepare(const Seat& seat) override {
        context_ = ::zmq_ctx_new();
        is_producer_ = seat.role == Role::producer;
        socket_ = ::zmq_socket(context_, is_producer_ ? ZMQ_PUSH : ZMQ_PULL);
        require(socket_ != nullptr);
        set(is_producer_ ? ZMQ_SNDHWM : ZMQ_RCVHWM, high_water_);
        set(ZMQ_RECONNECT_IVL, 1);  // the consumer may come later
        is_producer_ ? connect_to_all() : bind_own(seat.index);
    }
    /// Producers stay until the consumers have gone: a consumer whose own limit was reached gives
    /// up what is still in the kernel when the connection ends (libzmq 4.3.4,
    /// stream_engine_base.cpp: in_event_internal() with its input stopped).
    void leave() override {
        std::atomic<std::uint32_t>& gone = shared_[0].consumers_gone;
        if (is_producer_) {
            for (std::uint32_t seen = gone.load(); seen < members_; seen = gone.load()) {
                os::futex_wait(gone, seen, std::chrono::seconds(1));
            }
        } else {
            gone.fetch_add(1);
            os::futex_wake(gone, INT32_MAX);
        }
        require(::zmq_close(socket_) == 0);
        require(::zmq_ctx_term(context_) == 0);
    }
    void put(std::uint64_t number) override {
        fill(item_, number);
        send_item();
    }
    std::uint64_t take() override {
        require(receive(0));
        return checksum(item_);
    }
    std::uint64_t consume(std::uint64_t count) override {
        if (members_ == 1) return Contestant::consume(count);
        const std::uint64_t all = count * members_;
        std::uint64_t sum = 0;
        std::uint64_t own = 0;  // not added to the common number yet
        for (;;) {
            if (receive(ZMQ_DONTWAIT)) {
                sum += checksum(item_);
                ++own;
                continue;
            }
            const std::uint64_t taken = shared_[0].taken.fetch_add(own) + own;
            own = 0;
            if (taken == all) {
                const std::uint64_t one = 1;
                require(::write(all_taken_, &one, sizeof one) == sizeof one);
            }
            std::array<zmq_pollitem_t, 2> items{
                {{socket_, 0, ZMQ_POLLIN, 0}, {nullptr, all_taken_, ZMQ_POLLIN, 0}}};
            require(::zmq_poll(items.data(), 2, -1) > 0);
            if (items[1].revents != 0) return sum;
        }
    }

  private:
    /// Of this round.
    struct Shared {
        std::atomic<std::uint64_t> taken;  // items
        std::atomic<std::uint32_t> consumers_gone;
    };

    static void require(bool holds) {
        if (!holds) throw std::runtime_error(std::string("ZeroMQ: ") + ::zmq_strerror(errno));
    }
    [[nodiscard]] std::size_t bytes() const { return item_.size() * 8; }
    /// In the abstract namespace: no file is left behind.
    [[nodiscard]] std::string address_of(std::size_t consumer) const {
        return "ipc://@procession_bench_" + std::to_string(::getppid()) + "_" +
               std::to_string(all_taken_) + "_" + std::to_string(consumer);
    }
    void set(int option, int value) {
        require(::zmq_setsockopt(socket_, option, &value, sizeof value) == 0);
    }
    void send_item() {
        require(::zmq_send(socket_, item_.data(), bytes(), 0) == static_cast<int>(bytes()));
    }
    /// Whether there was one.
    bool receive(int flags) {
        const int received = ::zmq_recv(socket_, item_.data(), bytes(), flags);
        if (received < 0 && errno == EAGAIN) return false;
        require(received == static_cast<int>(bytes()));
        return true;
    }

    /// One greeting from each producer shows that the connections work before time is taken.
    void bind_own(std::size_t index) {
        if (index == 0) forget_last_round();
        require(::zmq_bind(socket_, address_of(index).c_str()) == 0);
        for (std::size_t i = 0; i < members_; ++i) require(receive(0));
    }
    void connect_to_all() {
        for (std::size_t i = 0; i < members_; ++i) {
            require(::zmq_connect(socket_, address_of(i).c_str()) == 0);
        }
        for (std::size_t i = 0; i < members_; ++i) send_item();
    }
    void forget_last_round() {
        shared_[0].taken.store(0);
        shared_[0].consumers_gone.store(0);
        std::uint64_t rest = 0;
        if (::read(all_taken_, &rest, sizeof rest) < 0) require(errno == EAGAIN);
    }

    const std::size_t members_;
    const int high_water_;
    // Of each process alone.
    std::vector<std::uint64_t> item_;
    void* context_ = nullptr;
    void* socket_ = nullptr;
    bool is_producer_ = false;
    // Shared.
    SharedArray<Shared> shared_;
    int all_taken_;
};

}  // namespace

std::unique_ptr<Contestant> make_zeromq(const Case& which) {
    return std::make_unique<ZeroMqContestant>(which);
}

}  // namespace procession::bench

#else

namespace procession::bench {

std::unique_ptr<Contestant> make_zeromq(const Case& /*which*/) { return nullptr; }

}  // namespace procession::bench

#endif
