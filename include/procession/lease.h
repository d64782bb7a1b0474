// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "procession/byte_queue.h"
#include "procession/error.h"

namespace procession {

/// An item of a JoinableQueue in this process's hands, from get() until done(), give_back() or
/// reject(). When the process dies first, the item goes back at once.
///
/// The destructor: when an exception leaves the scope, the item is given back (or dead-lettered,
/// see QueueOptions::on_exception). When the scope ends otherwise, the lease stays open, as in
/// Python, for task_done() on the queue; an item that nobody finishes keeps join() waiting.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread.
template <class T>
class [[nodiscard]] Lease {
  public:
    Lease(ByteQueue queue, const Ticket& ticket, T value)
        : queue_(std::move(queue)), ticket_(ticket), value_(std::move(value)) {}
    Lease(Lease&& other) noexcept
        : queue_(std::move(other.queue_)),
          ticket_(other.ticket_),
          value_(std::move(other.value_)),
          exceptions_(other.exceptions_),
          open_(std::exchange(other.open_, false)) {}
    Lease& operator=(Lease&& other) noexcept {
        if (this == &other) return *this;
        end_by_exception();
        queue_ = std::move(other.queue_);
        ticket_ = other.ticket_;
        value_ = std::move(other.value_);
        exceptions_ = other.exceptions_;
        open_ = std::exchange(other.open_, false);
        return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { end_by_exception(); }

    [[nodiscard]] T& operator*() noexcept { return value_; }
    [[nodiscard]] const T& operator*() const noexcept { return value_; }
    [[nodiscard]] T* operator->() noexcept { return &value_; }
    [[nodiscard]] const T* operator->() const noexcept { return &value_; }

    /// The item is finished. Throws: ValueError when the lease has ended already.
    void done() {
        end([&] { queue_.finish(ticket_); });
    }
    /// The item waits again, before all younger ones; somebody else, or this process, gets it.
    void give_back() {
        end([&] { queue_.give_back(ticket_); });
    }
    /// The item goes to the dead letters and counts as finished.
    void reject(std::string_view reason) {
        end([&] { queue_.reject(ticket_, reason); });
    }
    /// How often the item has been handed out, this time included: 1 unless somebody failed on it.
    [[nodiscard]] std::uint32_t deliveries() const noexcept { return ticket_.deliveries; }

  private:
    template <class How>
    void end(How how) {
        if (!open_) {
            throw ValueError("task_done", queue_.label(), "this lease has ended already");
        }
        how();
        open_ = false;
    }
    void end_by_exception() noexcept {
        if (!open_ || std::uncaught_exceptions() <= exceptions_) return;
        try {
            if (queue_.dead_letters_on_exception()) {
                queue_.reject(ticket_, "an exception left the scope of the lease");
            } else {
                queue_.give_back(ticket_);
            }
        } catch (const std::exception&) {
            // Finished by task_done(), or the queue is closed, which gave it back.
            open_ = false;
        }
    }

    ByteQueue queue_;
    Ticket ticket_;
    T value_;
    int exceptions_ = std::uncaught_exceptions();
    bool open_ = true;
};

}  // namespace procession
