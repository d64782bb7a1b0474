// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>

#include "arguments.h"
#include "errors.h"
#include "procession/error.h"
#include "queue_object.h"
#include "receive.h"
#include "waiting.h"

namespace procession::python {

namespace {

/// How many get_many() takes without being told, if they come.
constexpr std::size_t kManyAtLeast = 1024;

ByteView taken(const ByteQueue& queue, Deadline deadline, const char* verb) {
    ByteView view;
    const auto result =
        wait_in_slices(deadline, [&](Deadline until) { return queue.try_borrow(view, until); });
    if (!result.has_value()) queue.refuse_get(result.error(), verb);
    return view;
}

/// The object of the item that `ticket` leases, for task_done().
Ref remembered(QueueState& state, Ref object, const MessageView& item) {
    if (state.queue->kind() != QueueKind::joinable) return object;
    try {
        state.tasks.add(item.ticket);
    } catch (const std::bad_alloc&) {
        state.queue->undeliver(item);
        throw;
    }
    return object;
}

Ref get_object(PyObject* self, Deadline deadline, const char* verb) {
    QueueState& state = state_of(self);
    const ByteQueue& queue = *state.queue;
    Message message;
    if (queue.get_at_once(message)) [[likely]]
        return remembered(state, receive(state, message.view()), message.view());
    const ByteView view = taken(queue, deadline, verb);
    return remembered(state, receive(state, view.view()), view.view());
}

Ref ticket_bytes(const Ticket& ticket) { return bytes_from(std::as_bytes(std::span(&ticket, 1))); }

Ticket ticket_from(PyObject* object) {
    Ticket ticket;
    const auto bytes = bytes_of(object);
    if (bytes.size() != sizeof ticket) {
        raise(PyExc_ValueError, "this is no ticket of a lease: use the methods of Lease");
    }
    std::memcpy(&ticket, bytes.data(), sizeof ticket);
    return ticket;
}

/// Whether the failure of one item of several may be put off: Ctrl-C comes again at once, and
/// memory or handles that are not there are met by the next call.
bool can_wait() noexcept {
    if (PyErr_Occurred() == nullptr) return true;
    const bool is_interrupt = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0;
    if (!is_interrupt && PyErr_ExceptionMatches(PyExc_MemoryError) == 0) return false;
    PyErr_Clear();
    if (is_interrupt) PyErr_SetInterrupt();
    return true;
}

/// Objects of a batch. What is undecodable becomes a dead letter, and is an error only when nothing
/// else came. When something else fails, what was not looked at yet is taken back.
Ref objects_of(QueueState& state, const Batch& batch) {
    Ref list = checked(PyList_New(0));
    std::size_t next = 0;
    try {
        while (next < batch.size()) {
            const MessageView& item = batch[next++];
            try {
                const Ref object = remembered(state, receive(state, item), item);
                check(PyList_Append(list.get(), object.get()));
            } catch (const DecodeError&) {
                if (next == batch.size() && PyList_Size(list.get()) == 0) throw;
            } catch (const Raised&) {
                const bool is_dead = PyErr_ExceptionMatches(error_class("DecodeError")) != 0;
                if (!is_dead || (next == batch.size() && PyList_Size(list.get()) == 0)) throw;
                PyErr_Clear();
            }
        }
    } catch (...) {
        for (; next < batch.size(); ++next) state.queue->undeliver(batch[next]);
        // Those that could be made must not be lost with it.
        if (PyList_Size(list.get()) == 0 || !can_wait()) throw;
    }
    return list;
}

}  // namespace

std::optional<Ticket> OpenTasks::take_oldest() {
    const std::lock_guard guard(lock_);
    if (tasks_.empty()) return std::nullopt;
    const auto is_mine = [me = std::this_thread::get_id()](const Task& task) {
        return task.thread == me;
    };
    auto found = std::find_if(tasks_.begin(), tasks_.end(), is_mine);
    if (found == tasks_.end()) found = tasks_.begin();
    const Ticket ticket = found->ticket;
    tasks_.erase(found);
    return ticket;
}

void OpenTasks::put_back(const Ticket& ticket) {
    const std::lock_guard guard(lock_);
    tasks_.push_front({std::this_thread::get_id(), ticket});
}

PyObject* queue_get(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<2> arguments("get", {"block", "timeout"}, 0, given, count, keywords);
        return get_object(self, deadline_of(arguments[0], arguments[1]), "get");
    });
}

PyObject* queue_get_nowait(PyObject* self, PyObject* /*none*/) {
    return answer([&] { return get_object(self, Deadline::now(), "get_nowait"); });
}

PyObject* queue_get_many(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<2> arguments("get_many", {"most", "timeout"}, 0, given, count, keywords);
        const bool has_limit = arguments[0] != nullptr && arguments[0] != Py_None;
        const std::uint64_t most = has_limit ? count_of(arguments[0], "most") : 0;
        const Deadline deadline = deadline_after(arguments[1]);
        QueueState& state = state_of(self);
        if (has_limit && most == 0) return checked(PyList_New(0));
        Batch batch;
        const auto result = wait_in_slices(deadline, [&](Deadline until) {
            // What is there now: behind a fast producer, taking the rest would have no end.
            const std::size_t there = std::max(state.queue->about_waiting(), kManyAtLeast);
            return state.queue->try_get_many(batch, has_limit ? most : there, until);
        });
        if (result.has_value()) return objects_of(state, batch);
        if (result.error() == GetError::timed_out) return checked(PyList_New(0));
        state.queue->refuse_get(result.error(), "get_many");
    });
}

PyObject* queue_borrow(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<2> arguments("borrow", {"block", "timeout"}, 0, given, count, keywords);
        const Deadline deadline = deadline_of(arguments[0], arguments[1]);
        QueueState& state = state_of(self);
        const auto item = std::make_shared<const ByteView>(taken(*state.queue, deadline, "borrow"));
        return remembered(state, receive_in_place(state, item), item->view());
    });
}

PyObject* queue_get_leased(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<3> arguments("lease", {"block", "timeout", "borrow"}, 0, given, count,
                                     keywords);
        const Deadline deadline = deadline_of(arguments[0], arguments[1]);
        const bool in_place = truth_of(arguments[2], false);
        const QueueState& state = state_of(self);
        const ByteQueue& queue = *state.queue;
        const auto item = std::make_shared<const ByteView>(taken(queue, deadline, "lease"));
        const MessageView view = item->view();
        try {
            const Ref object = in_place ? receive_in_place(state, item) : receive(state, view);
            const Ref ticket = ticket_bytes(view.ticket);
            const Ref deliveries = checked(PyLong_FromSize_t(view.ticket.deliveries));
            return checked(PyTuple_Pack(3, object.get(), ticket.get(), deliveries.get()));
        } catch (const std::bad_alloc&) {
            queue.undeliver(view);
            throw;
        }
    });
}

PyObject* queue_task_done(PyObject* self, PyObject* /*none*/) {
    return answer([&] {
        QueueState& state = state_of(self);
        while (const auto oldest = state.tasks.take_oldest()) {
            try {
                unlocked([&] { state.queue->finish(*oldest); });
            } catch (const TimeoutError&) {
                state.tasks.put_back(*oldest);
                throw;
            } catch (const ClosedError&) {
                throw;
            } catch (const ValueError&) {
                continue;  // it has ended, or is the parent's from before a fork
            }
            return none();
        }
        // What this thread has taken through another object of the same queue; or nothing.
        unlocked([&] { state.queue->task_done(); });
        return none();
    });
}

PyObject* queue_finish(PyObject* self, PyObject* ticket) {
    return answer([&] {
        const Ticket which = ticket_from(ticket);
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.finish(which); });
        return none();
    });
}

PyObject* queue_give_back(PyObject* self, PyObject* ticket) {
    return answer([&] {
        const Ticket which = ticket_from(ticket);
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.give_back(which); });
        return none();
    });
}

PyObject* queue_reject(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<2> arguments("reject", {"ticket", "reason"}, 2, given, count, keywords);
        const Ticket which = ticket_from(arguments[0]);
        const Ref reason = checked(PyUnicode_AsUTF8String(arguments[1]));
        const auto text = bytes_of(reason.get());
        const ByteQueue& queue = queue_of(self);
        const std::string_view why(reinterpret_cast<const char*>(text.data()), text.size());
        unlocked([&] { queue.reject(which, why); });
        return none();
    });
}

PyObject* queue_join(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer([&] {
        const Arguments<1> arguments("join", {"timeout"}, 0, given, count, keywords);
        const Deadline deadline = deadline_after(arguments[0]);
        const ByteQueue& queue = queue_of(self);
        enum class Late : std::uint8_t { timed_out };
        const auto result = wait_in_slices(deadline, [&](Deadline until) -> Result<void, Late> {
            if (queue.join(until)) return {};
            return Late::timed_out;
        });
        return Ref::to(result.has_value() ? Py_True : Py_False);
    });
}

}  // namespace procession::python
