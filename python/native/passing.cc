// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "errors.h"
#include "procession/detail/codec/reader.h"
#include "procession/detail/codec/writer.h"
#include "procession/error.h"
#include "procession/handle.h"
#include "queue_object.h"
#include "transfer/broker_client.h"
#include "transfer/send_context.h"
#include "waiting.h"

// How a Python queue object gets to another process: beside a message of ours, by a descriptor that
// other code passes on, or as a reference, which leads to the broker. Which of them it is the
// package decides.

namespace procession::python {

using namespace detail;

namespace {

const char* name_of(QueueKind kind) {
    return kind == QueueKind::joinable ? "JoinableQueue" : "Queue";
}

/// The object becomes a handle to the queue in `file`.
void attach(PyObject* self, Handle file, bool joinable) {
    QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
    if (state.queue) raise(error_class("ValueError"), "this queue has been made already");
    const auto found = [&] {
        const WithoutGil others_run;
        return ByteQueue::attach(std::move(file));
    }();
    const QueueKind wanted = joinable ? QueueKind::joinable : QueueKind::plain;
    const Format format = found.stamp().format;
    const bool is_known =
        format == Format::pickle || format == Format::msgpack || format == Format::raw;
    if (found.kind() != wanted || !is_known) {
        throw TypeMismatch("attach", found.label(),
                           std::string("it is a ") + name_of(found.kind()) + " of " +
                               found.stamp().signature + ", not a " + name_of(wanted) +
                               " of what Python reads");
    }
    set_queue(state, found);
}

DepositKey name_from(const char* broker, PyObject* token) {
    DepositKey name;
    name.broker = broker;
    const auto bytes = bytes_of(token);
    if (bytes.size() != name.token.size()) {
        throw DecodeError("decode", "Queue", "the reference has no token of 16 bytes");
    }
    std::copy(bytes.begin(), bytes.end(), name.token.begin());
    return name;
}

/// What _reference() gave, and the kind of the queue.
struct Reference {
    /// Throws: Raised; DecodeError.
    explicit Reference(PyObject* arguments) {
        const char* broker = nullptr;
        PyObject* token = nullptr;
        int is_joinable = 0;
        if (PyArg_ParseTuple(arguments, "sSp", &broker, &token, &is_joinable) == 0) throw Raised{};
        name = name_from(broker, token);
        joinable = is_joinable != 0;
    }
    DepositKey name;
    bool joinable = false;
};

/// The file of the queue that waits there.
Handle fetched(const DepositKey& name) {
    const WithoutGil others_run;
    std::vector<Handle> handles;
    try {
        handles = transfer::fetch(name);
    } catch (const SharingError& failed) {
        throw SharingError(
            "receive", "Queue",
            "it cannot be had any more: whoever passed it on had let go of it, or had ended, "
            "before "
            "it was received here. Keep the queue, or procession.share(queue), until then (" +
                std::string(failed.what()) + ")");
    }
    if (handles.empty())
        throw DecodeError("decode", "Queue", "the handle broker has no handle of it");
    return std::move(handles.front());
}

std::optional<DepositKey> known_reference(QueueState& state) {
    const std::lock_guard guard(state.lock);
    if (!state.reference.stands()) return std::nullopt;
    return state.reference.key();
}

Ref as_tuple(const DepositKey& name) {
    return checked(Py_BuildValue("(sN)", name.broker.c_str(), bytes_from(name.token).release()));
}

}  // namespace

// The number of the queue's own descriptor, which stays the queue's.
PyObject* queue_memory_fd(PyObject* self, PyObject* /*none*/) {
    return answer("descriptor", [&] {
        return checked(PyLong_FromLong(open_queue_of(self, "descriptor").native_handle()));
    });
}

// (descriptor, joinable): the descriptor is the object's from now on, also when this fails.
PyObject* queue_attach(PyObject* self, PyObject* arguments) {
    return answer([&] {
        int descriptor = -1;
        int joinable = 0;
        if (PyArg_ParseTuple(arguments, "ip", &descriptor, &joinable) == 0) throw Raised{};
        attach(self, Handle(descriptor), joinable != 0);
        return none();
    });
}

// None when this thread pickles no item of a queue.
PyObject* queue_send_handle(PyObject* self, PyObject* /*none*/) {
    return answer([&] {
        if (transfer::SendContext::current() == nullptr) return none();
        Writer writer;
        open_queue_of(self, "pass").encode_handle(writer);
        return bytes_from(writer.bytes());
    });
}

// (what _send_handle() gave, joinable)
PyObject* queue_take_handle(PyObject* self, PyObject* arguments) {
    return answer([&] {
        PyObject* sent = nullptr;
        int joinable = 0;
        if (PyArg_ParseTuple(arguments, "Sp", &sent, &joinable) == 0) throw Raised{};
        Reader reader(bytes_of(sent), "Queue");
        attach(self, transfer::decode_handle(reader, "Queue"), joinable != 0);
        return none();
    });
}

// (broker, token), by which any process of this user can get the queue while this one has it.
PyObject* queue_reference(PyObject* self, PyObject* /*none*/) {
    return answer("pass", [&] {
        static_cast<void>(open_queue_of(self, "pass"));
        QueueState& state = state_of(self);
        if (std::optional<DepositKey> known = known_reference(state)) return as_tuple(*known);
        transfer::StandingDeposit fresh = [&] {
            const WithoutGil others_run;  // the broker is asked
            // This shows the broker that the queue is in use.
            static_cast<void>(state.queue->participants());
            const Handle file = Handle::duplicate_of(state.queue->native_handle());
            const NativeHandle handles[] = {file.get()};
            return transfer::StandingDeposit(file, handles);
        }();
        // Another thread may have been faster: then this one's is dropped.
        if (std::optional<DepositKey> known = known_reference(state)) return as_tuple(*known);
        const Ref made = as_tuple(fresh.key());
        const std::lock_guard guard(state.lock);
        state.reference = std::move(fresh);
        return Ref::to(made.get());
    });
}

// (broker, token, joinable)
PyObject* queue_follow(PyObject* self, PyObject* arguments) {
    return answer([&] {
        const Reference reference(arguments);
        attach(self, fetched(reference.name), reference.joinable);
        return none();
    });
}

// The same, at the first use of the queue.
PyObject* queue_follow_later(PyObject* self, PyObject* arguments) {
    return answer([&] {
        const Reference reference(arguments);
        QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
        state.awaited = reference.name;
        state.awaits_joinable = reference.joinable;
        return none();
    });
}

void follow_awaited(PyObject* self) {
    const QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
    Handle file = fetched(*state.awaited);
    // Another thread may have been faster.
    if (!state.queue) attach(self, std::move(file), state.awaits_joinable);
}

}  // namespace procession::python
