// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "procession/child_exception.h"
#include "procession/current_process.h"
#include "procession/deadline.h"
#include "procession/detail/crossing.h"
#include "procession/detail/launch.h"
#include "procession/export.h"
#include "procession/init.h"
#include "procession/native_handle.h"
#include "procession/process_options.h"
#include "procession/start_method.h"
#include "procession/system_exit.h"

namespace procession::inline v0 {

/// A child process. The destructor waits for the child, but does not ask it to end. Only a daemon,
/// and a child whose Process object is destroyed because of an exception, are terminated first.
///
///     mp::Process counter(mp::spawn, count_lines, path);          // a function and its argument
///     mp::Process worker(mp::spawn, {.name = "w1"}, machine);     // an object with operator()
///     counter.join();
///
/// The callable and its arguments are passed as to std::thread: the child calls
/// std::invoke(callable, arguments...) with its own copies. With spawn and forkserver they are
/// encoded and decoded; with fork they are in the child's copy of the caller's memory. The caller's
/// objects are only read. The return value is ignored. A string literal, argv[1] and other pointers
/// to characters arrive as a std::string.
///
/// With mp::fork any callable and any arguments are allowed. With mp::spawn, with mp::forkserver,
/// with a StartMethod that is known only at run time, and with the default method, the callable
/// must be a function, a lambda without captures, or an object whose fields are all passable, and
/// each argument must be passable; anything else is a compile error.
///
/// An exception that leaves the callable is printed on the child's stderr, is returned by
/// exception(), and makes the exit code 1. SystemExit sets the exit code.
///
/// Threads:    any; several may wait for one object. But close(), a move and the destructor must
///             not run at the same time as another member.
/// Processes:  only the one that made it. In a child made by fork its members throw ValueError and
///             its destructor does nothing.
/// Python:     multiprocessing.Process, but the child is started at once
class PROCESSION_EXPORT Process {
  public:
    /// No child. All members except the destructor and the assignments throw ValueError.
    Process() noexcept = default;

    template <class F, class... Args>
        requires StartsWithCallable<F>
    explicit Process(F&& callable, Args&&... arguments)
        : Process(get_start_method(), ProcessOptions{}, std::forward<F>(callable),
                  std::forward<Args>(arguments)...) {}

    template <class F, class... Args>
        requires StartsWithCallable<F>
    explicit Process(const ProcessOptions& options, F&& callable, Args&&... arguments)
        : Process(get_start_method(), options, std::forward<F>(callable),
                  std::forward<Args>(arguments)...) {}

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(fork_t method, F&& callable, Args&&... arguments)
        : Process(method, ProcessOptions{}, std::forward<F>(callable),
                  std::forward<Args>(arguments)...) {}

    template <class Method, class F, class... Args>
        requires NamesStartMethod<Method> && StartsWithCallable<F>
    Process(Method method, F&& callable, Args&&... arguments)
        : Process(method, ProcessOptions{}, std::forward<F>(callable),
                  std::forward<Args>(arguments)...) {}

    /// Starts the child. Does not wait until the callable begins.
    ///
    /// Throws:  ProcessError when the system cannot create a process; ValueError when the system
    ///          has no such start method. With spawn and forkserver also ProcessError when init()
    ///          was not called, and SharingError or EncodeError when the callable or an argument
    ///          cannot be encoded. After an exception there is no child.
    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(fork_t, const ProcessOptions& options, F&& callable, Args&&... arguments)
        : child_(detail::process::fork_with(options, callable, std::forward<Args>(arguments)...)) {}

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(spawn_t, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        detail::process::require_spawnable<F, Args...>();
        if constexpr (detail::process::spawnable<F, Args...>)
            child_ =
                detail::process::spawn_with(StartMethod::spawn, options, callable, arguments...);
    }

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(forkserver_t, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        detail::process::require_spawnable<F, Args...>();
        if constexpr (detail::process::spawnable<F, Args...>)
            child_ = detail::process::spawn_with(StartMethod::forkserver, options, callable,
                                                 arguments...);
    }

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(StartMethod method, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        detail::process::require_spawnable<F, Args...>();
        if constexpr (detail::process::spawnable<F, Args...>) {
            child_ = method == StartMethod::fork
                         ? detail::process::fork_with(options, callable,
                                                      std::forward<Args>(arguments)...)
                         : detail::process::spawn_with(method, options, callable, arguments...);
        }
    }

    Process(Process&& other) noexcept = default;
    /// First waits for the current child, as the destructor does.
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// Waits for the child. In two cases it first sends SIGTERM, and SIGKILL if the child is still
    /// alive after 5 s: when the child is a daemon; and when this object is destroyed because of an
    /// exception (even a SystemExit) that was thrown after the start, since then the code that
    /// would tell the child to end may have been skipped. Several Process objects, as in a vector,
    /// are destroyed one after the other.
    ~Process();

    [[nodiscard]] int pid() const;
    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] bool daemon() const;

    /// Nothing while the child runs; then its exit code, or -n if signal n killed it. 255 when it
    /// is not known: the program ignores SIGCHLD or has reaped the child itself, and the child was
    /// killed before it could report its exit code.
    [[nodiscard]] std::optional<int> exit_code() const;
    [[nodiscard]] bool is_alive() const;

    /// Waits until the child ends.
    ///
    /// Blocks:   until the child has ended or the deadline passes.
    /// Returns:  whether it has ended.
    bool join(Deadline deadline = Deadline::never());

    /// Sends SIGTERM, which a program can handle. This, kill() and interrupt() do not affect the
    /// child's own children, and are not an error when the child has ended.
    void terminate();
    /// Sends SIGKILL, which a program cannot handle.
    void kill();
    /// Sends SIGINT, as Ctrl-C does.
    void interrupt();

    /// A descriptor for poll, epoll and the like, which becomes readable when the child ends. This
    /// object owns it.
    [[nodiscard]] NativeHandle sentinel() const;

    /// The exception that ended the child's function; nothing while the child runs, or if no
    /// exception (other than SystemExit) ended the function. If a child of spawn or forkserver
    /// ended before it had decoded its arguments, and this object had sent it no signal, the type
    /// is "procession::ProcessError".
    [[nodiscard]] std::optional<ChildException> exception() const;

    /// Releases the resources of a child that has ended. Throws: ValueError while it is alive.
    void close();

  private:
    [[nodiscard]] bool is_unwound() const noexcept;

    std::shared_ptr<detail::process::ChildRecord> child_;
    // How many exceptions were uncaught when the child was started; moves with the child. If more
    // are uncaught in the destructor, an exception destroys this object.
    int exceptions_at_start_ = std::uncaught_exceptions();
};

}  // namespace procession::inline v0
