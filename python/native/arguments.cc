// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <chrono>
#include <cmath>
#include <cstdint>

#include "errors.h"

namespace procession::python {

Deadline deadline_after(PyObject* timeout) {
    if (timeout == nullptr || timeout == Py_None) return Deadline::never();
    const double seconds = PyFloat_AsDouble(timeout);
    if (PyErr_Occurred() != nullptr) {
        if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) throw Raised{};
        PyErr_Format(PyExc_TypeError, "timeout is a number of seconds or None, not %R", timeout);
        throw Raised{};
    }
    if (std::isnan(seconds)) {
        raise(PyExc_ValueError, "timeout is nan; it is a number of seconds or None");
    }
    return std::chrono::duration<double>(seconds);
}

Deadline deadline_of(PyObject* block, PyObject* timeout) {
    if (!truth_of(block, true)) return Deadline::now();
    return deadline_after(timeout);
}

bool truth_of(PyObject* value, bool otherwise) {
    if (value == nullptr) return otherwise;
    if (value == Py_True) return true;
    if (value == Py_False) return false;
    const int truth = PyObject_IsTrue(value);
    check(truth);
    return truth != 0;
}

std::uint64_t count_of(PyObject* value, const char* what) {
    const Ref number = checked(PyNumber_Index(value));
    const long long count = PyLong_AsLongLong(number.get());
    const bool failed = count == -1 && PyErr_Occurred() != nullptr;
    if (failed && PyErr_ExceptionMatches(PyExc_OverflowError) == 0) throw Raised{};
    if (failed || count < 0) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s is %R; it is a whole number from 0 to 2**63 - 1", what,
                     number.get());
        throw Raised{};
    }
    return static_cast<std::uint64_t>(count);
}

}  // namespace procession::python
