// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shared_view.h"

#include <array>
#include <span>

namespace procession::python {

namespace {

/// What the memoryviews of one part of an item share. It never changes.
struct SharedView {
    PyObject_HEAD std::shared_ptr<const void>* holder;
    const std::byte* begin;
    std::size_t size;
};

PyTypeObject* shared_view_type = nullptr;  // for the life of the process

int get_buffer(PyObject* self, Py_buffer* buffer, int flags) {
    const auto& view = *reinterpret_cast<SharedView*>(self);
    // Marked as read-only: the interpreter writes to none of it.
    return PyBuffer_FillInfo(buffer, self, const_cast<std::byte*>(view.begin),
                             static_cast<Py_ssize_t>(view.size), 1, flags);
}

void shared_view_free(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    delete reinterpret_cast<SharedView*>(self)->holder;
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

std::array slots{PyType_Slot{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
                 PyType_Slot{Py_tp_dealloc, reinterpret_cast<void*>(shared_view_free)},
                 PyType_Slot{0, nullptr}};
PyType_Spec spec{"procession._native.SharedView", sizeof(SharedView), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots.data()};

}  // namespace

Ref view_of(std::span<const std::byte> bytes, const std::shared_ptr<const void>& holder) {
    const auto alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(shared_view_type, Py_tp_alloc));
    const Ref made = checked(alloc(shared_view_type, 0));
    auto& view = *reinterpret_cast<SharedView*>(made.get());
    view.holder = new std::shared_ptr<const void>(holder);
    view.begin = bytes.data();
    view.size = bytes.size();
    return checked(PyMemoryView_FromObject(made.get()));
}

int add_shared_view_type(PyObject* module) {
    PyObject* made = PyType_FromModuleAndSpec(module, &spec, nullptr);
    if (made == nullptr) return -1;
    shared_view_type = reinterpret_cast<PyTypeObject*>(made);
    return 0;
}

}  // namespace procession::python
