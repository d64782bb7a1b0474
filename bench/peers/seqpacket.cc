// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "item.h"
#include "peers/peers.h"

namespace procession::bench {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

/// All producers have one end of a pair, all consumers the other. Each message is one send().
class SeqpacketContestant : public Contestant {
  public:
    explicit SeqpacketContestant(const Case& which) : item_(which.bytes / 8) {
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()) != 0) {
            fail("socketpair");
        }
        // The kernel counts some hundred bytes of its own for each message.
        constexpr std::size_t kOverhead = 1024;
        const std::size_t wanted = which.capacity * (which.bytes + kOverhead);
        const int size = static_cast<int>(std::min(wanted, 32 * kMiB));
        // More than net.core.wmem_max is not given.
        if (::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0) {
            fail("setsockopt");
        }
    }
    SeqpacketContestant(const SeqpacketContestant&) = delete;
    SeqpacketContestant& operator=(const SeqpacketContestant&) = delete;
    ~SeqpacketContestant() override {
        for (const int end : ends_) ::close(end);
    }

    [[nodiscard]] std::string name() const override { return kSeqpacketName; }
    void put(std::uint64_t number) override {
        fill(item_, number);
        if (::send(ends_[0], item_.data(), bytes(), 0) != static_cast<ssize_t>(bytes())) {
            fail("send");
        }
    }
    std::uint64_t take() override {
        if (::recv(ends_[1], item_.data(), bytes(), 0) != static_cast<ssize_t>(bytes())) {
            fail("recv");
        }
        return checksum(item_);
    }

    /// Whether one message fits into the buffer that the system gives.
    [[nodiscard]] bool holds_one() {
        if (::send(ends_[0], item_.data(), bytes(), MSG_DONTWAIT) < 0) return false;
        return ::recv(ends_[1], item_.data(), bytes(), 0) == static_cast<ssize_t>(bytes());
    }

  private:
    [[nodiscard]] std::size_t bytes() const { return item_.size() * 8; }

    std::vector<std::uint64_t> item_;
    std::array<int, 2> ends_{};
};

}  // namespace

std::unique_ptr<Contestant> make_seqpacket(const Case& which) {
    auto made = std::make_unique<SeqpacketContestant>(which);
    if (!made->holds_one()) return nullptr;
    return made;
}

}  // namespace procession::bench
