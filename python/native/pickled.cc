// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "pickled.h"

#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "errors.h"

namespace procession::python {

namespace {

/// Parts and buffers from this size on are not copied before the queue's memory is there. An item
/// of up to 4096 bytes lies in the queue's log as a whole.
constexpr std::size_t kLarge = 4096;

struct Sink {
    PyObject_HEAD Pickled* pickled;
};

PyTypeObject* sink_type = nullptr;  // for the life of the process
PyObject* make_pickler = nullptr;   // the same

/// Picklers that are not in use, with their sinks. With the interpreter's lock one thread at a time
/// is here; the mutex is for builds without it.
struct Idle {
    std::mutex lock;
    std::vector<std::pair<PyObject*, PyObject*>> picklers;
};
Idle& idle() {
    static auto* const only = new Idle;  // never destroyed: threads may outlive our statics
    return *only;
}
constexpr std::size_t kIdleMost = 8;

Pickled& pickled_of(PyObject* sink) { return *reinterpret_cast<Sink*>(sink)->pickled; }

PyObject* sink_write(PyObject* self, PyObject* chunk) {
    return answer([&] {
        pickled_of(self).write(chunk);
        return none();
    });
}

// What pickle's buffer_callback answers: true has the buffer pickled with everything else.
PyObject* sink_add_buffer(PyObject* self, PyObject* buffer) {
    return answer(
        [&] { return Ref::to(pickled_of(self).keep_out_of_band(buffer) ? Py_False : Py_True); });
}

void sink_free(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    delete reinterpret_cast<Sink*>(self)->pickled;
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

std::array sink_methods{
    PyMethodDef{"write", sink_write, METH_O, "Takes the next part of a pickle."},
    PyMethodDef{"add_buffer", sink_add_buffer, METH_O,
                "Takes a buffer that the pickle leaves out."},
    PyMethodDef{nullptr, nullptr, 0, nullptr}};

std::array sink_slots{PyType_Slot{Py_tp_methods, sink_methods.data()},
                      PyType_Slot{Py_tp_dealloc, reinterpret_cast<void*>(sink_free)},
                      PyType_Slot{0, nullptr}};
PyType_Spec sink_spec{"procession._native.Sink", sizeof(Sink), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, sink_slots.data()};

Ref new_sink() {
    const auto alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(sink_type, Py_tp_alloc));
    Ref sink = checked(alloc(sink_type, 0));
    reinterpret_cast<Sink*>(sink.get())->pickled = new Pickled;
    return sink;
}

}  // namespace

const Py_buffer& Pickled::hold(PyObject* object, int flags) {
    held_.emplace_back();
    if (PyObject_GetBuffer(object, &held_.back(), flags) != 0) {
        held_.pop_back();
        throw Raised{};
    }
    return held_.back();
}

void Pickled::write(PyObject* chunk) {
    const Py_buffer& view = hold(chunk, PyBUF_SIMPLE);
    const std::span bytes(static_cast<const std::byte*>(view.buf),
                          static_cast<std::size_t>(view.len));
    pickle_size_ += bytes.size();
    if (bytes.size() >= kLarge) {
        parts_.push_back({text_.size(), bytes});
        return;
    }
    text_.insert(text_.end(), bytes.begin(), bytes.end());
    PyBuffer_Release(&held_.back());
    held_.pop_back();
}

bool Pickled::keep_out_of_band(PyObject* buffer) {
    // Arrays in Fortran's order are flat memory, too.
    const Py_buffer& view = hold(buffer, PyBUF_ANY_CONTIGUOUS);
    const auto size = static_cast<std::size_t>(view.len);
    const bool is_bytes = view.obj != nullptr && PyBytes_Check(view.obj) != 0;
    if (is_bytes && size < kLarge) {
        PyBuffer_Release(&held_.back());
        held_.pop_back();
        return false;
    }
    const auto source = is_bytes             ? BufferSource::bytes
                        : view.readonly != 0 ? BufferSource::readonly
                                             : BufferSource::writable;
    buffers_.push_back({{static_cast<const std::byte*>(view.buf), size}, source});
    return true;
}

void Pickled::copy_pickle(std::byte* place) const noexcept {
    std::size_t done = 0;
    const auto append = [&](std::span<const std::byte> bytes) {
        if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
        place += bytes.size();
    };
    for (const Part& part : parts_) {
        append(std::span(text_).subspan(done, part.text_before - done));
        append(part.bytes);
        done = part.text_before;
    }
    append(std::span(text_).subspan(done));
}

void Pickled::clear() noexcept {
    for (Py_buffer& view : held_) PyBuffer_Release(&view);
    held_.clear();
    text_.clear();
    parts_.clear();
    buffers_.clear();
    pickle_size_ = 0;
}

Pickler::Pickler() {
    {
        const std::lock_guard guard(idle().lock);
        if (!idle().picklers.empty()) {
            auto [sink, pickler] = idle().picklers.back();
            idle().picklers.pop_back();
            sink_ = Ref(sink);
            pickler_ = Ref(pickler);
        }
    }
    if (!sink_) {
        if (make_pickler == nullptr) raise(PyExc_RuntimeError, "the package has not been imported");
        sink_ = new_sink();
        pickler_ = checked(PyObject_CallFunctionObjArgs(make_pickler, sink_.get(), nullptr));
    }
    pickled_ = &pickled_of(sink_.get());
}

void Pickler::dump(PyObject* object) {
    static PyObject* const dump_name = PyUnicode_InternFromString("dump");
    static PyObject* const clear_name = PyUnicode_InternFromString("clear_memo");
    static_cast<void>(
        checked(PyObject_CallMethodObjArgs(pickler_.get(), dump_name, object, nullptr)));
    // It would keep the object alive.
    static_cast<void>(checked(PyObject_CallMethodObjArgs(pickler_.get(), clear_name, nullptr)));
    is_sound_ = true;
}

Pickler::~Pickler() {
    if (pickled_ != nullptr) pickled_->clear();
    if (!is_sound_) return;
    const std::lock_guard guard(idle().lock);
    if (idle().picklers.size() >= kIdleMost) return;
    try {
        idle().picklers.reserve(kIdleMost);
    } catch (const std::bad_alloc&) {
        return;  // then the next one is made anew
    }
    idle().picklers.emplace_back(sink_.release(), pickler_.release());
}

void use_pickler_factory(PyObject* make) {
    Py_XDECREF(std::exchange(make_pickler, Py_NewRef(make)));
}

int add_sink_type(PyObject* module) {
    PyObject* made = PyType_FromModuleAndSpec(module, &sink_spec, nullptr);
    if (made == nullptr) return -1;
    sink_type = reinterpret_cast<PyTypeObject*>(made);
    return 0;
}

}  // namespace procession::python
