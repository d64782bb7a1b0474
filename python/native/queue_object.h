// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "base/thread_number.h"
#include "left_over.h"
#include "procession/byte_queue.h"
#include "procession/detail/message.h"
#include "procession/ready_handle.h"
#include "references.h"
#include "transfer/broker_client.h"

namespace procession::python {

using namespace detail;

/// The items that get() has handed out through one Python object, for task_done().
///
/// Threads: any.
class OpenTasks {
  public:
    void add(const Ticket& ticket) {
        const std::lock_guard guard(lock_);
        tasks_.push_back({base::this_thread_number(), ticket});
    }
    /// The oldest that this thread took; without one, the oldest of all. Python programs may get()
    /// in one thread and finish in another.
    [[nodiscard]] std::optional<Ticket> take_oldest();
    /// Instead of finishing it.
    void put_back(const Ticket& ticket);

  private:
    struct Task {
        std::uint64_t thread = 0;
        Ticket ticket;
    };
    std::mutex lock_;
    std::deque<Task> tasks_;
};

/// What a Python queue object holds.
///
/// Threads: any: what stands first is set once, before others have the object; the rest has locks
/// of its own.
struct QueueState {
    std::optional<ByteQueue> queue;
    Format format = Format::pickle;  // of what is put: that of the queue's stamp
    // What is told of a queue that this process has closed, too.
    std::string label;
    std::size_t maxsize = 0;
    bool dead_letters_on_exception = false;
    Ref from_plain;  // makes objects of what MessagePack gives; none: they stay
    OpenTasks tasks;
    LeftOver left_over;
    // Of the following. Taken with the interpreter's lock and never kept without it, so that no
    // fork finds it taken; builds of Python without that lock have no such guarantee.
    std::mutex lock;
    std::optional<ReadyHandle> items_ready;
    std::optional<ReadyHandle> room_ready;
    transfer::StandingDeposit reference;  // see `_reference`
    // Where the queue is to be had, when it could not be had at once: see `_follow_later`.
    std::optional<DepositKey> awaited;
    bool awaits_joinable = false;
};

/// Makes the object that has this state a handle to the queue.
void set_queue(QueueState& state, ByteQueue queue);

struct QueueObject {
    PyObject_HEAD QueueState* state;
};

/// Throws: Raised when it was not made yet; as follow_awaited() when it could not be received.
[[nodiscard]] QueueState& state_of(PyObject* self);
[[nodiscard]] const ByteQueue& queue_of(PyObject* self);
/// Throws: ClosedError, too, which says that `verb` failed.
[[nodiscard]] const ByteQueue& open_queue_of(PyObject* self, const char* verb);

// put.cc, get.cc, status.cc, passing.cc: the methods, as their documentation in Python says.
using Vector = PyObject* const*;
PyObject* queue_put(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_put_nowait(PyObject* self, PyObject* object);
PyObject* queue_put_many(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_put_for(PyObject* self, PyObject* arguments);
PyObject* queue_prepare_many(PyObject* self, PyObject* objects);
PyObject* queue_put_prepared(PyObject* self, PyObject* arguments);

PyObject* queue_get(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_get_nowait(PyObject* self, PyObject* none);
PyObject* queue_get_many(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_get_for(PyObject* self, PyObject* verb);
PyObject* queue_get_many_for(PyObject* self, PyObject* arguments);
PyObject* queue_borrow(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_get_leased(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_lease_for(PyObject* self, PyObject* verb);

PyObject* queue_task_done(PyObject* self, PyObject* none);
PyObject* queue_finish(PyObject* self, PyObject* ticket);
PyObject* queue_give_back(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_reject(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_join(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_unfinished(PyObject* self, PyObject* none);

PyObject* queue_make(PyObject* self, PyObject* arguments);
PyObject* queue_convert_by(PyObject* self, PyObject* from_plain);
PyObject* queue_qsize(PyObject* self, PyObject* none);
PyObject* queue_empty(PyObject* self, PyObject* none);
PyObject* queue_full(PyObject* self, PyObject* none);
PyObject* queue_close(PyObject* self, PyObject* none);
PyObject* queue_is_closed(PyObject* self, PyObject* none);
PyObject* queue_is_shut_down(PyObject* self, PyObject* none);
PyObject* queue_shutdown(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_stats(PyObject* self, PyObject* none);
PyObject* queue_label(PyObject* self, PyObject* none);
PyObject* queue_options(PyObject* self, PyObject* none);
PyObject* queue_dead_letters(PyObject* self, PyObject* take);
PyObject* queue_decode(PyObject* self, PyObject* arguments);
PyObject* queue_participants(PyObject* self, PyObject* none);
PyObject* queue_deaths(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords);
PyObject* queue_notice_deaths(PyObject* self, PyObject* none);
PyObject* queue_ready_fd(PyObject* self, PyObject* for_room);
PyObject* queue_look_again(PyObject* self, PyObject* none);

PyObject* queue_memory_fd(PyObject* self, PyObject* none);
PyObject* queue_attach(PyObject* self, PyObject* arguments);
PyObject* queue_send_handle(PyObject* self, PyObject* none);
PyObject* queue_take_handle(PyObject* self, PyObject* state);
PyObject* queue_reference(PyObject* self, PyObject* none);
PyObject* queue_follow(PyObject* self, PyObject* arguments);
PyObject* queue_follow_later(PyObject* self, PyObject* arguments);
/// Tries to get the queue that is awaited. Throws: SharingError, OSError, TypeMismatch and others.
void follow_awaited(PyObject* self);

/// Makes the type known. Returns: 0, or -1 with an exception set.
int add_queue_type(PyObject* module);

}  // namespace procession::python
