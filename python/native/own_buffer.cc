// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "own_buffer.h"

#include <array>

namespace procession::python {

namespace {

PyTypeObject* own_buffer_type = nullptr;  // for the life of the process
std::size_t base_size = 0;                // of a bytearray object: what is ours lies behind it

// Not all headers of the limited API name them.
using GetBuffer = int (*)(PyObject*, Py_buffer*, int);
using ReleaseBuffer = void (*)(PyObject*, Py_buffer*);

/// Whether the unpickler has looked at it.
bool& was_looked_at(PyObject* self) {
    return *reinterpret_cast<bool*>(reinterpret_cast<std::byte*>(self) + base_size);
}

int get_buffer(PyObject* self, Py_buffer* buffer, int flags) {
    const auto inherited =
        reinterpret_cast<GetBuffer>(PyType_GetSlot(&PyByteArray_Type, Py_bf_getbuffer));
    if (inherited(self, buffer, flags) != 0) return -1;
    if (!was_looked_at(self)) buffer->readonly = 1;
    was_looked_at(self) = true;
    return 0;
}

void release_buffer(PyObject* self, Py_buffer* buffer) {
    reinterpret_cast<ReleaseBuffer>(PyType_GetSlot(&PyByteArray_Type, Py_bf_releasebuffer))(self,
                                                                                            buffer);
}

std::array slots{PyType_Slot{Py_tp_base, &PyByteArray_Type},
                 PyType_Slot{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
                 PyType_Slot{Py_bf_releasebuffer, reinterpret_cast<void*>(release_buffer)},
                 PyType_Slot{0, nullptr}};

}  // namespace

Ref new_own_buffer(std::size_t size) {
    Ref made = checked(PyObject_CallFunction(reinterpret_cast<PyObject*>(own_buffer_type), "n",
                                             static_cast<Py_ssize_t>(size)));
    was_looked_at(made.get()) = false;
    return made;
}

int add_own_buffer_type(PyObject* module) {
    PyObject* const size =
        PyObject_GetAttrString(reinterpret_cast<PyObject*>(&PyByteArray_Type), "__basicsize__");
    if (size == nullptr) return -1;
    base_size = PyLong_AsSize_t(size);
    Py_DECREF(size);
    PyType_Spec spec{"procession._native.OwnBuffer", static_cast<int>(base_size + sizeof(void*)), 0,
                     Py_TPFLAGS_DEFAULT, slots.data()};
    PyObject* const made = PyType_FromModuleAndSpec(module, &spec, nullptr);
    if (made == nullptr) return -1;
    own_buffer_type = reinterpret_cast<PyTypeObject*>(made);
    return 0;
}

}  // namespace procession::python
