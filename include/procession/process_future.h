// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "procession/connection.h"
#include "procession/error.h"
#include "procession/pipe.h"
#include "procession/process.h"
#include "procession/wait.h"

namespace procession::inline v0 {

namespace detail {

/// What a function that returns nothing sends.
struct Returned {};

template <class R>
using Sent = std::conditional_t<std::is_void_v<R>, Returned, R>;

/// The callable of the child: calls the function, and sends what it returns.
template <class R>
struct RunAndSend {
    template <class F, class... Args>
    void operator()(const Connection<Sent<R>>& parent, F&& callable, Args&&... arguments) const {
        auto call = [&]() -> decltype(auto) {
            return std::apply(callable, std::forward_as_tuple(std::forward<Args>(arguments)...));
        };
        if constexpr (std::is_void_v<R>) {
            call();
            parent.send(Returned{});
        } else {
            parent.send(call());
        }
    }
};

template <class F, class... Args>
using ResultOf =
    std::decay_t<std::invoke_result_t<process::Arrived<F>&, process::Arrived<Args>...>>;

}  // namespace detail

/// The result that a function has in another process: see run().
///
/// Move-only. Its destructor is that of the Process: it waits for the child.
/// Threads: one at a time.   Processes: only the one that called run().
template <class R>
class ProcessFuture {
    static_assert(std::is_void_v<R> || Passable<R>,
                  "procession: what the function returns cannot be passed to another process");

  public:
    /// The value that the function returned. To be called once, since the value is moved out.
    ///
    /// Blocks:     until the function has ended, or the deadline.
    /// Throws:     TimeoutError at the deadline: call again. ChildError if an exception ended the
    ///             function. ProcessError if the child ended without a result: a signal killed it,
    ///             it exited, it could not decode its arguments, or the value cannot be encoded.
    ///             ValueError when the value was taken already.
    /// Peer dies:  ProcessError.
    /// Python:     concurrent.futures.Future.result(timeout)
    R get(Deadline deadline = Deadline::never()) {
        if (is_taken_) throw ValueError("get", process_.name(), "its result was taken already");
        if (!value_) value_ = receive(deadline);
        if (!value_) throw_failure();
        is_taken_ = true;
        if constexpr (!std::is_void_v<R>) return *std::move(value_);
    }
    /// Whether get() would not wait. Throws: OSError.
    [[nodiscard]] bool is_ready() {
        return value_.has_value() || !wait({connection_, process_}, Deadline::now()).empty();
    }
    /// The child: to join(), kill() or watch it.
    [[nodiscard]] Process& process() noexcept { return process_; }

  private:
    using Sent = detail::Sent<R>;
    template <class Method, class F, class... Args>
        requires NamesStartMethod<Method>
    friend auto run(Method method, const ProcessOptions& options, F&& callable, Args&&... arguments)
        -> ProcessFuture<detail::ResultOf<F, Args...>>;

    ProcessFuture(Process process, Connection<Sent> connection)
        : process_(std::move(process)), connection_(std::move(connection)) {}

    // Nothing when the child has ended without a result. The end of the process tells that, too:
    // another child may have inherited the child's end of the connection.
    std::optional<Sent> receive(Deadline deadline) {
        constexpr std::chrono::milliseconds slice{100};
        for (;;) {
            const auto ready = wait({connection_, process_}, deadline);
            const bool has_ended = !ready.empty() && ready.back() == 1;
            const Deadline whole = has_ended ? Deadline::now() : Deadline(slice);
            auto received = connection_.try_recv(whole);
            if (received.has_value()) return *std::move(received);
            if (has_ended || received.error() == RecvError::ended) return std::nullopt;
            if (deadline.expired()) {
                throw TimeoutError("get", process_.name(), "its function has not ended in time");
            }
        }
    }
    [[noreturn]] void throw_failure() {
        process_.join();
        if (const auto thrown = process_.exception()) {
            throw ChildError(process_.name(), thrown->type, thrown->message);
        }
        throw ProcessError({}, "get", process_.name(),
                           "it ended without a result: its exit code is " +
                               std::to_string(process_.exit_code().value_or(255)));
    }

    Process process_;
    Connection<Sent> connection_;
    std::optional<Sent> value_;
    bool is_taken_ = false;
};

/// Calls a function in a new process, and gives its result:
///
///     auto sum = mp::run(mp::spawn, add, 1, 2);
///     int three = sum.get();
///
/// The callable and its arguments are passed as those of a Process. What the function returns must
/// be passable.
/// Throws:     as the constructor of Process, and make_pipe().
/// Python:     concurrent.futures.ProcessPoolExecutor.submit(), with a process of its own
template <class Method, class F, class... Args>
    requires NamesStartMethod<Method>
[[nodiscard]] auto run(Method method, const ProcessOptions& options, F&& callable,
                       Args&&... arguments) -> ProcessFuture<detail::ResultOf<F, Args...>> {
    using R = detail::ResultOf<F, Args...>;
    auto [mine, theirs] = make_pipe<detail::Sent<R>>(false);
    Process process(method, options, detail::RunAndSend<R>{}, theirs, std::forward<F>(callable),
                    std::forward<Args>(arguments)...);
    theirs.close();
    return ProcessFuture<R>(std::move(process), std::move(mine));
}
template <class Method, class F, class... Args>
    requires(NamesStartMethod<Method> && !std::is_same_v<std::decay_t<F>, ProcessOptions>)
[[nodiscard]] auto run(Method method, F&& callable, Args&&... arguments) {
    return run(method, ProcessOptions{}, std::forward<F>(callable),
               std::forward<Args>(arguments)...);
}

}  // namespace procession::inline v0
