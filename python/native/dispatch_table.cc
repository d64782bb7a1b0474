// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "dispatch_table.h"

#include <array>

#include "errors.h"

namespace procession::python {

namespace {

struct DispatchTable {
    PyObject_HEAD PyObject* first;
    PyObject* second;
};

DispatchTable& table(PyObject* self) { return *reinterpret_cast<DispatchTable*>(self); }

PyObject* table_new(PyTypeObject* type, PyObject* arguments, PyObject* /*keywords*/) {
    return answer([&] {
        PyObject* first = nullptr;
        PyObject* second = nullptr;
        if (PyArg_ParseTuple(arguments, "O!O!", &PyDict_Type, &first, &PyDict_Type, &second) == 0) {
            throw Raised{};
        }
        const auto alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
        Ref made = checked(alloc(type, 0));
        table(made.get()).first = Py_NewRef(first);
        table(made.get()).second = Py_NewRef(second);
        return made;
    });
}

// Nothing is thrown here: not to find the type is the usual case.
PyObject* table_get(PyObject* self, PyObject* key) {
    for (PyObject* dict : {table(self).first, table(self).second}) {
        if (PyObject* found = PyDict_GetItemWithError(dict, key)) return Py_NewRef(found);
        if (PyErr_Occurred() != nullptr) return nullptr;
    }
    PyErr_SetObject(PyExc_KeyError, key);
    return nullptr;
}

int table_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(table(self).first);
    Py_VISIT(table(self).second);
    Py_VISIT(Py_TYPE(self));
    return 0;
}

int table_clear(PyObject* self) {
    Py_CLEAR(table(self).first);
    Py_CLEAR(table(self).second);
    return 0;
}

void table_free(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* type = Py_TYPE(self);
    static_cast<void>(table_clear(self));
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

std::array slots{PyType_Slot{Py_tp_new, reinterpret_cast<void*>(table_new)},
                 PyType_Slot{Py_mp_subscript, reinterpret_cast<void*>(table_get)},
                 PyType_Slot{Py_tp_traverse, reinterpret_cast<void*>(table_traverse)},
                 PyType_Slot{Py_tp_clear, reinterpret_cast<void*>(table_clear)},
                 PyType_Slot{Py_tp_dealloc, reinterpret_cast<void*>(table_free)},
                 PyType_Slot{0, nullptr}};
PyType_Spec spec{"procession._native.DispatchTable", sizeof(DispatchTable), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots.data()};

}  // namespace

int add_dispatch_table_type(PyObject* module) {
    const Ref made(PyType_FromModuleAndSpec(module, &spec, nullptr));
    if (!made) return -1;
    return PyModule_AddObjectRef(module, "DispatchTable", made.get());
}

}  // namespace procession::python
