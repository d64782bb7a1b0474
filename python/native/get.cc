// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arguments.h"
#include "errors.h"
#include "left_over.h"
#include "procession/error.h"
#include "queue_object.h"
#include "receive.h"
#include "waiting.h"

namespace procession::python {

using namespace detail;

namespace {

/// How many get_many() takes without being told, if they come.
constexpr std::size_t kManyAtLeast = 1024;

/// An item that get_many() had taken before.
struct Left {
    MessageView item;
    std::shared_ptr<const Batch> bytes;
};

/// Throws: Raised: the failure of an item that get_many() met behind others.
std::optional<Left> next_left_over(QueueState& state) {
    if (!state.left_over.any()) [[likely]]
        return std::nullopt;
    auto run = state.left_over.take();
    if (!run) return std::nullopt;
    try {
        run->raise_failure();
    } catch (const Raised&) {
        state.left_over.keep(std::move(*run));
        throw;
    }
    Left next{run->take(), run->bytes()};
    state.left_over.keep(std::move(*run));
    return next;
}

/// Waits for an item. Nothing: another thread has left some over.
std::optional<ByteView> taken(const QueueState& state, Deadline deadline, const char* verb) {
    enum class End : std::uint8_t { timed_out, shut_down, left_over };
    const ByteQueue& queue = *state.queue;
    ByteView view;
    const auto result = wait_in_slices(deadline, [&](Deadline until) -> Result<void, End> {
        if (state.left_over.any()) return End::left_over;
        const auto tried = queue.try_borrow(view, until);
        if (tried.has_value()) return {};
        return tried.error() == GetError::shut_down ? End::shut_down : End::timed_out;
    });
    if (result.has_value()) return view;
    if (result.error() == End::left_over) return std::nullopt;
    const bool is_shut = result.error() == End::shut_down;
    const WithoutGil others_run;
    queue.refuse_get(is_shut ? GetError::shut_down : GetError::timed_out, verb);
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
    for (;;) {
        if (const auto left = next_left_over(state)) return receive(state, left->item);
        Message message;
        if (queue.get_at_once(message)) [[likely]]
            return remembered(state, receive(state, message.view()), message.view());
        if (const auto view = taken(state, deadline, verb)) {
            return remembered(state, receive(state, view->view()), view->view());
        }
    }
}

/// Of a str that the package gives. Empty when it gives something else.
const char* name_of_verb(PyObject* verb) {
    const char* const name = PyUnicode_AsUTF8AndSize(verb, nullptr);
    if (name == nullptr) PyErr_Clear();
    return name == nullptr ? "" : name;
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

/// Puts away items that are not made objects now: those of a plain queue wait for the next call,
/// those of a joinable queue go back.
void leave_over(QueueState& state, TakenRun run) {
    if (state.queue->kind() == QueueKind::joinable) {
        while (run.size() != 0) state.queue->undeliver(run.take());
    }
    state.left_over.keep(std::move(run));
}

/// Objects of a run, up to `most`, or to the first item that is none: its failure is raised when it
/// is the first, and by the next call when it is not.
Ref objects_of(QueueState& state, TakenRun run, std::size_t most) {
    Ref list = checked(PyList_New(0));
    try {
        run.raise_failure();
        for (std::size_t i = 0; i < most && run.size() != 0; ++i) {
            const MessageView item = run.take();
            const Ref object = remembered(state, receive(state, item), item);
            check(PyList_Append(list.get(), object.get()));
        }
    } catch (...) {
        const bool is_first = PyList_Size(list.get()) == 0;
        if (!is_first && !can_wait()) {
            raise_current();
            run.put_off_failure();
        }
        leave_over(state, std::move(run));
        if (is_first) throw;
        return list;
    }
    leave_over(state, std::move(run));
    return list;
}

/// What get_many() gives; an empty list when nothing came until `deadline`.
Ref get_several(PyObject* self, PyObject* limit, Deadline deadline, const char* verb) {
    const bool has_limit = limit != nullptr && limit != Py_None;
    const std::uint64_t most = has_limit ? count_of(limit, "most") : SIZE_MAX;
    QueueState& state = state_of(self);
    if (most == 0) return checked(PyList_New(0));
    enum class End : std::uint8_t { timed_out, shut_down, left_over };
    for (;;) {
        if (auto run = state.left_over.take()) return objects_of(state, std::move(*run), most);
        Batch batch;
        const auto result = wait_in_slices(deadline, [&](Deadline until) -> Result<void, End> {
            if (state.left_over.any()) return End::left_over;
            // Take what is there now: behind a fast producer, taking the rest would have no end.
            const std::size_t there = std::max(state.queue->about_waiting(), kManyAtLeast);
            const auto tried = state.queue->try_get_many(batch, has_limit ? most : there, until);
            if (tried.has_value()) return {};
            return tried.error() == GetError::shut_down ? End::shut_down : End::timed_out;
        });
        if (result.has_value()) return objects_of(state, TakenRun(std::move(batch)), most);
        if (result.error() == End::left_over) continue;
        const bool is_shut = result.error() == End::shut_down;
        if (!is_shut && state.queue->empty()) return checked(PyList_New(0));
        try {
            const WithoutGil others_run;
            state.queue->refuse_get(is_shut ? GetError::shut_down : GetError::timed_out, verb);
        } catch (const Empty&) {
            return checked(PyList_New(0));  // another one came just now
        }
    }
}

/// (object, ticket, deliveries)
Ref leased(QueueState& state, const std::shared_ptr<const ByteView>& item, bool in_place) {
    const MessageView view = item->view();
    try {
        const Ref object = in_place ? receive_in_place(state, view, item) : receive(state, view);
        const Ref ticket = ticket_bytes(view.ticket);
        const Ref deliveries = checked(PyLong_FromSize_t(view.ticket.deliveries));
        return checked(PyTuple_Pack(3, object.get(), ticket.get(), deliveries.get()));
    } catch (const std::bad_alloc&) {
        state.queue->undeliver(view);
        throw;
    }
}

Ref lease_object(PyObject* self, Deadline deadline, bool in_place, const char* verb) {
    QueueState& state = state_of(self);
    for (;;) {
        // Of a joinable queue only a failure is left over, which this raises.
        static_cast<void>(next_left_over(state));
        if (auto view = taken(state, deadline, verb)) {
            return leased(state, std::make_shared<const ByteView>(std::move(*view)), in_place);
        }
    }
}

}  // namespace

std::optional<Ticket> OpenTasks::take_oldest() {
    const std::lock_guard guard(lock_);
    if (tasks_.empty()) return std::nullopt;
    const auto is_mine = [me = base::this_thread_number()](const Task& task) {
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
    tasks_.push_front({base::this_thread_number(), ticket});
}

PyObject* queue_get(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("get", [&] {
        const Arguments<2> arguments("get", {"block", "timeout"}, 0, given, count, keywords);
        return get_object(self, deadline_of(arguments[0], arguments[1]), "get");
    });
}

PyObject* queue_get_nowait(PyObject* self, PyObject* /*none*/) {
    return answer("get_nowait", [&] { return get_object(self, Deadline::now(), "get_nowait"); });
}

// (verb): get_nowait(). Its errors name `verb`.
PyObject* queue_get_for(PyObject* self, PyObject* verb) {
    const char* const name = name_of_verb(verb);
    return answer(name, [&] { return get_object(self, Deadline::now(), name); });
}

PyObject* queue_get_many(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("get_many", [&] {
        const Arguments<2> arguments("get_many", {"most", "timeout"}, 0, given, count, keywords);
        return get_several(self, arguments[0], deadline_after(arguments[1]), "get_many");
    });
}

// (verb, most): get_many() that does not wait
PyObject* queue_get_many_for(PyObject* self, PyObject* arguments) {
    const char* verb = nullptr;
    PyObject* most = nullptr;
    if (PyArg_ParseTuple(arguments, "sO", &verb, &most) == 0) return nullptr;
    return answer(verb, [&] { return get_several(self, most, Deadline::now(), verb); });
}

PyObject* queue_borrow(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("borrow", [&] {
        const Arguments<2> arguments("borrow", {"block", "timeout"}, 0, given, count, keywords);
        const Deadline deadline = deadline_of(arguments[0], arguments[1]);
        QueueState& state = state_of(self);
        for (;;) {
            if (const auto left = next_left_over(state)) {
                return receive_in_place(state, left->item, left->bytes);
            }
            auto view = taken(state, deadline, "borrow");
            if (!view) continue;
            const auto item = std::make_shared<const ByteView>(std::move(*view));
            return remembered(state, receive_in_place(state, item->view(), item), item->view());
        }
    });
}

PyObject* queue_get_leased(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("lease", [&] {
        const Arguments<3> arguments("lease", {"block", "timeout", "borrow"}, 0, given, count,
                                     keywords);
        const Deadline deadline = deadline_of(arguments[0], arguments[1]);
        return lease_object(self, deadline, truth_of(arguments[2], false), "lease");
    });
}

// (verb): lease() that does not wait
PyObject* queue_lease_for(PyObject* self, PyObject* verb) {
    const char* const name = name_of_verb(verb);
    return answer(name, [&] { return lease_object(self, Deadline::now(), false, name); });
}

PyObject* queue_task_done(PyObject* self, PyObject* /*none*/) {
    return answer("task_done", [&] {
        QueueState& state = state_of(self);
        while (const auto oldest = state.tasks.take_oldest()) {
            try {
                unlocked([&] { state.queue->finish(*oldest); });
            } catch (const PeerStopped&) {
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
    return answer("done", [&] {
        const Ticket which = ticket_from(ticket);
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.finish(which); });
        return none();
    });
}

PyObject* queue_give_back(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("give_back", [&] {
        const Arguments<2> arguments("give_back", {"ticket", "why"}, 1, given, count, keywords);
        const Ticket which = ticket_from(arguments[0]);
        const std::string why =
            arguments[1] != nullptr ? readable_text_in(arguments[1]) : std::string();
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.give_back(which, why); });
        return none();
    });
}

PyObject* queue_reject(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("reject", [&] {
        const Arguments<2> arguments("reject", {"ticket", "reason"}, 2, given, count, keywords);
        const Ticket which = ticket_from(arguments[0]);
        if (PyUnicode_Check(arguments[1]) == 0) {
            PyErr_Format(PyExc_TypeError,
                         "reject() takes the reason as a str, not %R; the lease stays open",
                         reinterpret_cast<PyObject*>(Py_TYPE(arguments[1])));
            throw Raised{};
        }
        const std::string why = readable_text_in(arguments[1]);
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.reject(which, why); });
        return none();
    });
}

PyObject* queue_join(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    const char* verb = "join";
    if (count == 2) verb = name_of_verb(given[1]);
    return answer(verb, [&] {
        const Arguments<2> arguments("join", {"timeout", "verb"}, 0, given, count, keywords);
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
