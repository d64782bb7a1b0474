// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "item.h"
#include "peers/peers.h"
#include "team.h"

namespace procession::bench {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

/// A mutex between processes, as a pipe shared by several writers needs.
class SharedMutex {
  public:
    SharedMutex() : mutex_(1) {
        pthread_mutexattr_t attributes;
        ::pthread_mutexattr_init(&attributes);
        ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        ::pthread_mutex_init(&mutex_[0], &attributes);
        ::pthread_mutexattr_destroy(&attributes);
    }
    void lock() { ::pthread_mutex_lock(&mutex_[0]); }
    void unlock() { ::pthread_mutex_unlock(&mutex_[0]); }

  private:
    SharedArray<pthread_mutex_t> mutex_;
};

/// Each message is one write, or with batches several: up to PIPE_BUF bytes at once. Up to that
/// size the kernel keeps what one process writes together, and gives a reader whole messages, as
/// long as all have one size that divides a page. Larger messages of several processes need a lock
/// on each side.
class PipeContestant : public Contestant {
  public:
    explicit PipeContestant(const Case& which)
        : item_(which.bytes / 8),
          batch_(item_.size() * std::clamp<std::size_t>(which.batch, 1, most(which.bytes))),
          locked_(which.members > 1 && which.bytes > PIPE_BUF) {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail("pipe2");
        // Without the right to more than the system's default, it stays at 64 KiB.
        static_cast<void>(::fcntl(ends_[1], F_SETPIPE_SZ, 1 << 20));
    }
    PipeContestant(const PipeContestant&) = delete;
    PipeContestant& operator=(const PipeContestant&) = delete;
    ~PipeContestant() override {
        for (const int end : ends_) ::close(end);
    }

    [[nodiscard]] std::string name() const override { return kPipeName; }
    void put(std::uint64_t number) override {
        fill(item_, number);
        const auto guard = guard_of(writing_);
        write_whole(item_);
    }
    std::uint64_t take() override {
        const auto guard = guard_of(reading_);
        read_whole(item_);
        return checksum(item_);
    }

    void produce(const Share& share) override {
        if (batch_.size() <= item_.size()) return Contestant::produce(share);
        const std::size_t most_at_once = batch_.size() / item_.size();
        for (std::uint64_t done = 0; done < share.count;) {
            const auto size = std::min<std::uint64_t>(most_at_once, share.count - done);
            for (std::size_t i = 0; i < size; ++i) {
                fill(nth(i), share.first + (done + i) * share.step);
            }
            write_whole(std::span(batch_).first(size * item_.size()));
            done += size;
        }
    }
    std::uint64_t consume(std::uint64_t count) override {
        if (batch_.size() <= item_.size()) return Contestant::consume(count);
        std::uint64_t sum = 0;
        for (std::uint64_t done = 0; done < count;) {
            const std::size_t wanted =
                std::min<std::uint64_t>(batch_.size(), (count - done) * item_.size());
            const std::size_t read = read_some(std::span(batch_).first(wanted)) / item_.size();
            for (std::size_t i = 0; i < read; ++i) sum += checksum(nth(i));
            done += read;
        }
        return sum;
    }

  private:
    static std::size_t most(std::size_t bytes) {
        return std::max<std::size_t>(1, PIPE_BUF / bytes);
    }

    [[nodiscard]] std::unique_lock<SharedMutex> guard_of(SharedMutex& side) const {
        return locked_ ? std::unique_lock(side) : std::unique_lock<SharedMutex>();
    }
    std::span<std::uint64_t> nth(std::size_t index) {
        return std::span(batch_).subspan(index * item_.size(), item_.size());
    }
    void write_whole(std::span<const std::uint64_t> words) {
        auto bytes = std::as_bytes(words);
        while (!bytes.empty()) {
            const ssize_t written = ::write(ends_[1], bytes.data(), bytes.size());
            if (written <= 0) fail("write to a pipe");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void read_whole(std::span<std::uint64_t> words) {
        for (std::size_t done = 0; done < words.size();) done += read_some(words.subspan(done));
    }
    /// Returns how many words; whole messages for messages of up to PIPE_BUF bytes.
    std::size_t read_some(std::span<std::uint64_t> words) {
        // Readers wait for each other on purpose: a message is whole then.
        // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
        const ssize_t read = ::read(ends_[0], words.data(), words.size() * 8);
        if (read <= 0) fail("read from a pipe");
        const auto bytes = static_cast<std::size_t>(read);
        const std::size_t unit = std::min<std::size_t>(item_.size() * 8, PIPE_BUF);
        if (bytes % 8 != 0 || (unit < PIPE_BUF && bytes % unit != 0)) {
            throw std::runtime_error("the pipe gave part of a message");
        }
        return bytes / 8;
    }

    std::vector<std::uint64_t> item_;
    std::vector<std::uint64_t> batch_;
    bool locked_;
    std::array<int, 2> ends_{};
    SharedMutex reading_;
    SharedMutex writing_;
};

}  // namespace

std::unique_ptr<Contestant> make_pipe(const Case& which) {
    return std::make_unique<PipeContestant>(which);
}

}  // namespace procession::bench
