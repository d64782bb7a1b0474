// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "procession/child_exception.h"
#include "procession/crossing.h"
#include "procession/current_process.h"
#include "procession/deadline.h"
#include "procession/init.h"
#include "procession/launch.h"
#include "procession/native_handle.h"
#include "procession/process_options.h"
#include "procession/start_method.h"
#include "procession/system_exit.h"

namespace procession {

/// A child process. The destructor waits for it, like std::jthread; a daemon is terminated first,
/// and so is a child whose Process object is destroyed by an exception.
///
///     mp::Process counter(mp::spawn, count_lines, path);          // a function and its argument
///     mp::Process worker(mp::spawn, {.name = "w1"}, machine);     // an object with operator()
///     counter.join();
///
/// The callable and its arguments are taken as std::thread takes them: the child calls
/// std::invoke(callable, arguments...) with copies of its own. Under spawn they are encoded and
/// rebuilt; under fork they are the child's copy of the caller's memory. Either way the caller's
/// objects are only read. The return value is ignored. A string literal arrives as a std::string.
///
/// Under mp::fork anything invocable will do. Under mp::spawn, a StartMethod known only at run
/// time, or the default method, the callable is a function, a lambda without captures, or an object
/// whose fields are all passable, and so is each argument; anything else is a compile error.
///
/// An exception that leaves the callable is printed on the child's stderr, carried to exception(),
/// and gives exit code 1; SystemExit sets the exit code.
///
/// Threads:    any; one object may be waited for by several.
/// Processes:  the one that made it. In a child made by fork its members throw ValueError and its
///             destructor does nothing.
/// Python:     multiprocessing.Process, started at once
class Process {
  public:
    /// No child. Every member but the destructor and the assignment throws ValueError.
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

    template <class Method, class F, class... Args>
        requires NamesStartMethod<Method> && StartsWithCallable<F>
    Process(Method method, F&& callable, Args&&... arguments)
        : Process(method, ProcessOptions{}, std::forward<F>(callable),
                  std::forward<Args>(arguments)...) {}

    /// Starts the child; does not wait for it to do anything.
    ///
    /// Throws:  ProcessError when the system refuses another process, or init() was not called;
    ///          SharingError or EncodeError from the encoding of an argument. Then there is no
    ///          child.
    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(fork_t, const ProcessOptions& options, F&& callable, Args&&... arguments)
        : child_(process::fork_with(options, callable, std::forward<Args>(arguments)...)) {}

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(spawn_t, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        process::require_spawnable<F, Args...>();
        if constexpr (process::spawnable<F, Args...>)
            child_ = process::spawn_with(StartMethod::spawn, options, callable, arguments...);
    }

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(forkserver_t, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        process::require_spawnable<F, Args...>();
        if constexpr (process::spawnable<F, Args...>)
            child_ = process::spawn_with(StartMethod::forkserver, options, callable, arguments...);
    }

    template <class F, class... Args>
        requires StartsWithCallable<F>
    Process(StartMethod method, const ProcessOptions& options, F&& callable, Args&&... arguments) {
        process::require_spawnable<F, Args...>();
        if constexpr (process::spawnable<F, Args...>) {
            child_ = method == StartMethod::fork
                         ? process::fork_with(options, callable, std::forward<Args>(arguments)...)
                         : process::spawn_with(method, options, callable, arguments...);
        }
    }

    Process(Process&& other) noexcept = default;
    /// Waits for the child held so far, as the destructor does.
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// Waits for the child. It gets SIGTERM first, and SIGKILL if it is still there after 5 s, when
    /// it is a daemon, or when an exception (a SystemExit, too) that was thrown after its start
    /// destroys this object: then no statement that follows can tell the child that the work is
    /// over. Several Process objects, in a vector say, are destroyed one after the other.
    ~Process();

    [[nodiscard]] int pid() const;
    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] bool daemon() const;

    /// Nothing while the child runs; then what it gave, or minus the number of the signal that
    /// killed it. 255 when it cannot be known: the program ignores SIGCHLD or collected the child
    /// behind our back, and the child did not live to report it.
    [[nodiscard]] std::optional<int> exit_code() const;
    [[nodiscard]] bool is_alive() const;

    /// Waits until the child ends.
    ///
    /// Blocks:   until the child has ended or the deadline passes.
    /// Returns:  whether it has ended.
    bool join(Deadline deadline = Deadline::never());

    /// SIGTERM, which a program may handle.  None of these touches the child's own children, and
    /// none is an error when the child has ended.
    void terminate();
    /// SIGKILL, which none can.
    void kill();
    /// SIGINT, what Ctrl-C sends.
    void interrupt();

    /// A descriptor that becomes readable when the child ends, for poll, epoll and the like. Owned
    /// by this object.
    [[nodiscard]] NativeHandle sentinel() const;

    /// The exception that ended the child's function. Nothing while it runs, or when there was
    /// none. Its type is "procession::ProcessError" when the child ended before it had rebuilt its
    /// arguments.
    [[nodiscard]] std::optional<ChildException> exception() const;

    /// Lets go of the child that has ended. Throws: ValueError while it is alive.
    void close();

  private:
    [[nodiscard]] bool is_unwound() const noexcept;

    std::shared_ptr<process::ChildRecord> child_;
    // Moves with the child. More of them in the destructor: one of those destroys it.
    int exceptions_at_start_ = std::uncaught_exceptions();
};

}  // namespace procession
