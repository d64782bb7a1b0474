// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "procession/byte_queue.h"
#include "procession/error.h"

namespace procession {

/// An item of a JoinableQueue in this process's hands, from get() until done(), give_back(),
/// reject(), or detach(). When the process dies first, the item goes back at once.
///
/// The destructor, and an assignment over it, give an open lease's item back (or dead-letter it,
/// see QueueOptions::on_exception): silently when an exception leaves the scope, otherwise with a
/// warning in the log, since done() was forgotten. So no item stays behind that join() would wait
/// for. It does nothing in a fork child, whose copies are the parent's leases; nor after close()
/// or at the end of the process, which have given the items back. As give_back(), it waits while a
/// participant is stopped inside the queue.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread, and end there.
template <class T>
class [[nodiscard]] Lease {
  public:
    Lease(ByteQueue queue, const Ticket& ticket, T value)
        : queue_(std::move(queue)), ticket_(ticket), value_(std::move(value)) {}
    Lease(Lease&& other) noexcept
        : queue_(std::move(other.queue_)),
          ticket_(other.ticket_),
          value_(std::move(other.value_)),
          state_(std::exchange(other.state_, State::moved_away)) {}
    Lease& operator=(Lease&& other) noexcept {
        if (this == &other) return *this;
        abandon();
        queue_ = std::move(other.queue_);
        ticket_ = other.ticket_;
        value_ = std::move(other.value_);
        exceptions_ = std::uncaught_exceptions();
        state_ = std::exchange(other.state_, State::moved_away);
        return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { abandon(); }

    [[nodiscard]] T& operator*() & noexcept { return value_; }
    [[nodiscard]] const T& operator*() const& noexcept { return value_; }
    [[nodiscard]] T* operator->() & noexcept { return &value_; }
    [[nodiscard]] const T* operator->() const& noexcept { return &value_; }
    /// Of a temporary: compile errors.
    template <class Never = void>
    const T& operator*() const&& {
        refuse_temporary<Never>();
        return value_;
    }
    template <class Never = void>
    const T* operator->() const&& {
        refuse_temporary<Never>();
        return &value_;
    }

    /// The item is finished. Throws: ValueError when the lease has ended already.
    void done() {
        end("done", [&] { queue_.finish(ticket_, "done"); });
    }
    /// The item waits again, before all younger ones; another process, or this one, gets it.
    void give_back() {
        end("give_back", [&] { queue_.give_back(ticket_); });
    }
    /// The item goes to the dead letters and counts as finished.
    void reject(std::string_view reason) {
        end("reject", [&] { queue_.reject(ticket_, reason); });
    }
    /// Runs `work(value)`, then done(), and returns what `work` returned. When `work` throws, the
    /// item is given back or dead-lettered, as QueueOptions::on_exception says, and the exception
    /// goes on. Its text is told in the dead letter: of an exception that merely leaves the scope
    /// of a lease, no destructor can know it.
    ///
    /// When `work` has ended the lease itself, nothing more happens to it.
    /// Throws:     what `work` throws; ValueError when the lease has ended already.
    template <class Work>
    decltype(auto) run(Work&& work) {
        if (state_ != State::open) refuse_ended("run");
        using Returned = std::invoke_result_t<Work, T&>;
        try {
            if constexpr (std::is_void_v<Returned>) {
                std::invoke(std::forward<Work>(work), value_);
                finish_if_open();
            } else {
                decltype(auto) result = std::invoke(std::forward<Work>(work), value_);
                finish_if_open();
                return static_cast<Returned>(std::forward<Returned>(result));
            }
        } catch (...) {
            if (std::exchange(state_, State::ended) == State::open)
                queue_.abandon(ticket_, Abandoned::by_current_exception);
            throw;
        }
    }
    /// Leaves the item with this thread, for task_done() on the queue, as in Python; the lease
    /// ends. `auto job = jobs.get().detach();` has the value; a lease that has a name keeps it.
    /// When the process ends first, or closes the queue, the item goes back.
    /// Throws: ValueError when the lease has ended already; std::bad_alloc.
    void detach() & {
        end("detach", [&] { queue_.detach(ticket_); });
        state_ = State::detached;
    }
    [[nodiscard]] T detach() && {
        detach();
        return std::move(value_);
    }
    /// How often the item has been handed out, this time included: 1 unless a consumer failed on
    /// it.
    [[nodiscard]] std::uint32_t deliveries() const noexcept { return ticket_.deliveries; }

  private:
    enum class State : std::uint8_t { open, detached, ended, moved_away };

    template <class Never>
    static constexpr void refuse_temporary() {
        static_assert(!std::is_void_v<Never>,
                      "procession: this lease is a temporary: it ends with this expression, and "
                      "its item is given back. Keep it (auto lease = queue.get(); use *lease; "
                      "lease.done();), or write queue.get().detach() and queue.task_done() later");
    }
    [[noreturn]] void refuse_ended(const char* operation) const {
        if (state_ == State::moved_away) {
            throw ValueError(operation, "a lease that was moved away",
                             "another lease has its item since; end that one");
        }
        throw ValueError(operation, queue_.label(),
                         state_ == State::detached
                             ? "this lease was detached; task_done() finishes its item"
                             : "this lease has ended already");
    }
    template <class How>
    void end(const char* operation, How how) {
        if (state_ != State::open) refuse_ended(operation);
        how();
        state_ = State::ended;
    }
    void finish_if_open() {
        if (state_ == State::open) done();
    }
    void abandon() noexcept {
        if (std::exchange(state_, State::ended) != State::open) return;
        const bool thrown = std::uncaught_exceptions() > exceptions_;
        queue_.abandon(ticket_, thrown ? Abandoned::by_exception : Abandoned::by_destruction);
    }

    ByteQueue queue_;
    Ticket ticket_;
    T value_;
    int exceptions_ = std::uncaught_exceptions();  // of the thread that it was moved to last
    State state_ = State::open;
};

}  // namespace procession
