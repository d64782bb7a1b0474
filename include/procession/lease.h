// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "procession/byte_queue.h"
#include "procession/error.h"

namespace procession::inline v0 {

/// An item of a JoinableQueue that this process has taken, from get() until done(), give_back(),
/// reject() or detach(). If the process dies first, another process puts the item back.
///
/// If an open lease is destroyed or assigned to, its item is given back, or becomes a dead letter
/// (see QueueOptions::on_exception). So join() does not wait for ever for a forgotten item. A
/// warning is logged, unless an exception leaves the scope: done() was probably forgotten. In a
/// fork child the destructor does nothing, because the lease belongs to the parent. It also does
/// nothing after close() or at the end of the process, which have given the item back already. Like
/// give_back(), the destructor waits while a process is stopped inside the queue.
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
    /// Compile errors, since a temporary lease would end with the expression.
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

    /// Finishes the item. Throws: ValueError when the lease has ended already.
    void done() {
        end("done", [&] { queue_.finish(ticket_, "done"); });
    }
    /// Puts the item back into the queue, before all younger ones. Any process may take it next.
    /// The delivery counts: after max_deliveries the item becomes a dead letter instead.
    ///
    /// Blocks:     while a process is stopped inside the queue.
    /// Throws:     ValueError when the lease has ended already; ClosedError.
    void give_back() {
        end("give_back", [&] { queue_.give_back(ticket_); });
    }
    /// Moves the item to the dead letters. The item counts as finished.
    ///
    /// Blocks:     while a process is stopped inside the queue.
    /// Throws:     MemoryError when there is no memory for the dead letter; the lease stays open.
    ///             ValueError when the lease has ended already; ClosedError.
    void reject(std::string_view reason) {
        end("reject", [&] { queue_.reject(ticket_, reason); });
    }
    /// Calls `work(value)`, then done(), and returns what `work` returned. If `work` throws, the
    /// item is given back or becomes a dead letter, as QueueOptions::on_exception says, and the
    /// exception is rethrown. The reason of the dead letter is the exception's type and text. (If
    /// an exception leaves the scope of a lease without run(), the destructor cannot know these.)
    ///
    /// If `work` ends the lease itself, run() does not change that.
    /// Throws:     what `work` throws; ValueError when the lease has ended already.
    template <class Work>
    decltype(auto) run(Work&& work) {
        if (state_ != State::open) refuse_ended("run");
        using Returned = std::invoke_result_t<Work, T&>;
        try {
            if constexpr (std::is_void_v<Returned>) {
                std::apply(std::forward<Work>(work), std::tuple<T&>(value_));
                finish_if_open();
            } else {
                decltype(auto) result =
                    std::apply(std::forward<Work>(work), std::tuple<T&>(value_));
                finish_if_open();
                return static_cast<Returned>(std::forward<Returned>(result));
            }
        } catch (...) {
            if (std::exchange(state_, State::ended) == State::open)
                queue_.abandon(ticket_, Abandoned::by_current_exception);
            throw;
        }
    }
    /// Ends the lease without finishing the item: this thread must finish the item later by
    /// task_done() of the queue, as in Python. If the thread ends first, no call can finish the
    /// item; it is put back when this process ends or closes the queue. `auto job =
    /// jobs.get().detach();` returns the value; `lease.detach();` leaves the value in the lease.
    /// Throws: ValueError when the lease has ended already; std::bad_alloc.
    void detach() & {
        end("detach", [&] { queue_.detach(ticket_); });
        state_ = State::detached;
    }
    [[nodiscard]] T detach() && {
        detach();
        return std::move(value_);
    }
    /// How often the item has been delivered, including this time: 1 unless a consumer failed to
    /// finish it.
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
    int exceptions_ = std::uncaught_exceptions();  // when it was made or moved to last
    State state_ = State::open;
};

}  // namespace procession::inline v0
