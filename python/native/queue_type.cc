// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <new>
#include <utility>

#include "errors.h"
#include "procession/error.h"
#include "queue_object.h"
#include "waiting.h"

namespace procession::python {

namespace {

PyObject* queue_new(PyTypeObject* type, PyObject* /*arguments*/, PyObject* /*keywords*/) {
    return answer([&] {
        const auto alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
        Ref made = checked(alloc(type, 0));
        reinterpret_cast<QueueObject*>(made.get())->state = new QueueState;
        return made;
    });
}

// The package's classes take arguments; this one is not for users.
int queue_init(PyObject* /*self*/, PyObject* /*arguments*/, PyObject* /*keywords*/) { return 0; }

void queue_free(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    QueueState* const state = reinterpret_cast<QueueObject*>(self)->state;
    if (state != nullptr) {
        const Ref dropped_with_the_lock = std::move(state->from_plain);
        if (state->queue) state->left_over.end(*state->queue);
        // The last handle closes the queue, which may wait a moment; an event loop's thread ends.
        const WithoutGil others_run;
        delete state;
    }
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

using Fast = PyObject* (*)(PyObject*, Vector, Py_ssize_t, PyObject*);

PyMethodDef fast(const char* name, Fast function, const char* doc = nullptr) {
    // Python's own way to declare such functions: the flags say what it really is.
    return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)),
            METH_FASTCALL | METH_KEYWORDS, doc};
}
PyMethodDef no_arguments(const char* name, PyCFunction function, const char* doc = nullptr) {
    return {name, function, METH_NOARGS, doc};
}
PyMethodDef one_argument(const char* name, PyCFunction function, const char* doc = nullptr) {
    return {name, function, METH_O, doc};
}
PyMethodDef tuple(const char* name, PyCFunction function) {
    return {name, function, METH_VARARGS, nullptr};
}

// The documentation of the public ones; their signatures are in _native.pyi.
constexpr const char* kPut =
    "put(obj, block=True, timeout=None)\n--\n\n"
    "Append an object. When this returns, it is in shared memory, whatever happens to this "
    "process\n"
    "next. What pickling raises is raised here, and nothing was put. Full when there was no room.";
constexpr const char* kPutMany =
    "put_many(objs, timeout=None)\n--\n\n"
    "Append the objects of an iterable, as far as there is room in one step. Returns how many "
    "were\n"
    "put: fewer than all only when the time was over, or the queue was shut down on the way.";
constexpr const char* kGet =
    "get(block=True, timeout=None)\n--\n\n"
    "Take the oldest object. Empty when none came; ShutDown when none will; DecodeError when the\n"
    "bytes are no object here: then they are among the dead letters.";
constexpr const char* kGetMany =
    "get_many(most=None, timeout=None)\n--\n\n"
    "Wait for one object, then take those that are there, up to `most`. An empty list when none\n"
    "came in time. When one is no object here, those before it are returned, the next call raises\n"
    "its DecodeError, and those behind it are taken after that.";
constexpr const char* kBorrow =
    "borrow(block=True, timeout=None)\n--\n\n"
    "get() without a copy of what is large: buffers of arrays, and bytes as a memoryview, are "
    "shown\n"
    "read-only where they lie in the queue. The memory goes back when the last of them is gone.";

std::array methods{
    fast("put", queue_put, kPut),
    one_argument("put_nowait", queue_put_nowait,
                 "put_nowait(obj)\n--\n\nput() that does not wait."),
    fast("put_many", queue_put_many, kPutMany),
    tuple("_put_for", queue_put_for),
    one_argument("_prepare_many", queue_prepare_many),
    tuple("_put_prepared", queue_put_prepared),
    fast("get", queue_get, kGet),
    no_arguments("get_nowait", queue_get_nowait, "get_nowait()\n--\n\nget() that does not wait."),
    fast("get_many", queue_get_many, kGetMany),
    fast("borrow", queue_borrow, kBorrow),
    one_argument("_get_for", queue_get_for),
    tuple("_get_many_for", queue_get_many_for),
    fast("_get_leased", queue_get_leased),
    one_argument("_lease_for", queue_lease_for),
    no_arguments("_task_done", queue_task_done),
    one_argument("_finish", queue_finish),
    fast("_give_back", queue_give_back),
    fast("_reject", queue_reject),
    fast("_join", queue_join),
    no_arguments("_unfinished", queue_unfinished),
    tuple("_make", queue_make),
    one_argument("_convert_by", queue_convert_by),
    no_arguments("qsize", queue_qsize,
                 "qsize()\n--\n\nHow many objects wait: exact at one instant during the call."),
    no_arguments("empty", queue_empty, "empty()\n--\n\nWhether no object waits."),
    no_arguments("full", queue_full,
                 "full()\n--\n\n"
                 "Whether put_nowait() would raise Full: as many objects wait as maxsize says, or "
                 "as many\n"
                 "bytes as max_bytes says. An object may be too large for the bytes that are left "
                 "before."),
    no_arguments("_close", queue_close),
    no_arguments("_is_closed", queue_is_closed),
    no_arguments("_is_shut_down", queue_is_shut_down),
    fast("shutdown", queue_shutdown,
         "shutdown(immediate=False)\n--\n\n"
         "End the queue for all processes: put() raises ShutDown from now on; get() takes what is\n"
         "left, then raises it, too. With `immediate`, what is left is dropped. Wakes all who "
         "wait."),
    no_arguments("_stats", queue_stats),
    no_arguments("_label", queue_label),
    no_arguments("_options", queue_options),
    one_argument("_dead_letters", queue_dead_letters),
    tuple("_decode", queue_decode),
    no_arguments("_participants", queue_participants),
    fast("_wait_for_deaths", queue_deaths),
    no_arguments("notice_deaths", queue_notice_deaths,
                 "notice_deaths()\n--\n\n"
                 "Look now for processes that died. Calls that wait do so every few milliseconds."),
    one_argument("_ready_fd", queue_ready_fd),
    no_arguments("_look_again", queue_look_again),
    no_arguments("_memory_fd", queue_memory_fd),
    tuple("_attach", queue_attach),
    no_arguments("_send_handle", queue_send_handle),
    tuple("_take_handle", queue_take_handle),
    no_arguments("_reference", queue_reference),
    tuple("_follow", queue_follow),
    tuple("_follow_later", queue_follow_later),
    PyMethodDef{nullptr, nullptr, 0, nullptr}};

std::array slots{PyType_Slot{Py_tp_new, reinterpret_cast<void*>(queue_new)},
                 PyType_Slot{Py_tp_init, reinterpret_cast<void*>(queue_init)},
                 PyType_Slot{Py_tp_dealloc, reinterpret_cast<void*>(queue_free)},
                 PyType_Slot{Py_tp_methods, methods.data()}, PyType_Slot{0, nullptr}};
PyType_Spec spec{"procession._native.ByteQueue", sizeof(QueueObject), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots.data()};

}  // namespace

QueueState& state_of(PyObject* self) {
    QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
    if (!state.queue) [[unlikely]] {
        if (state.awaited) {
            follow_awaited(self);
            return state;
        }
        raise(error_class("ValueError"),
              "this queue was never made: a class derived from it calls super().__init__()");
    }
    return state;
}

const ByteQueue& queue_of(PyObject* self) { return *state_of(self).queue; }

void set_queue(QueueState& state, ByteQueue queue) {
    state.label = queue.label();
    state.maxsize = queue.maxsize();
    state.dead_letters_on_exception = queue.dead_letters_on_exception();
    state.format = queue.stamp().format;
    state.queue = std::move(queue);
}

const ByteQueue& open_queue_of(PyObject* self, const char* verb) {
    const QueueState& state = state_of(self);
    if (state.queue->is_closed()) {
        throw ClosedError(verb, state.label,
                          "it is closed in this process, with all its objects here; receive it "
                          "once more to use it");
    }
    return *state.queue;
}

int add_queue_type(PyObject* module) {
    const Ref made(PyType_FromModuleAndSpec(module, &spec, nullptr));
    if (!made) return -1;
    return PyModule_AddObjectRef(module, "ByteQueue", made.get());
}

}  // namespace procession::python
