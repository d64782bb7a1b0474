// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "references.h"

namespace procession::python {

/// The classes of procession._errors and queue that our exceptions become. Set once, by the
/// package; without it there are only the built-in ones.
void use_error_classes(PyObject* module);

/// The exception class of that name in procession._errors. Borrowed, and never gone. May be called
/// while an exception is set.
[[nodiscard]] PyObject* error_class(std::string_view name) noexcept;

/// In a catch block: sets the Python exception that says the same. Returns null. With `verb`, it
/// says that this failed, the method that the program called, whatever the queue did for it.
PyObject* raise_current(const char* verb = nullptr) noexcept;

[[noreturn]] void raise(PyObject* type, const char* text);

/// The exception that is being handled becomes the cause of one that is set next.
class Cause {
  public:
    Cause() noexcept { PyErr_Fetch(&type_, &value_, &traceback_); }
    ~Cause() {
        Py_XDECREF(type_);
        Py_XDECREF(value_);
        Py_XDECREF(traceback_);
    }
    Cause(const Cause&) = delete;
    Cause& operator=(const Cause&) = delete;

    [[nodiscard]] bool is_a(PyObject* type) const noexcept {
        return PyErr_GivenExceptionMatches(type_, type) != 0;
    }
    /// "AttributeError: no such name". Of an exception that does not tell, its class alone.
    [[nodiscard]] Ref text();
    /// Sets it again.
    void raise_again() noexcept {
        PyErr_Restore(std::exchange(type_, nullptr), std::exchange(value_, nullptr),
                      std::exchange(traceback_, nullptr));
    }
    /// Sets an exception with this one as its cause.
    void raise_as(PyObject* type, PyObject* text);

  private:
    PyObject* type_ = nullptr;
    PyObject* value_ = nullptr;
    PyObject* traceback_ = nullptr;
};

/// The body of a function that Python calls: what it throws becomes a Python exception.
template <class Work>
PyObject* answer(Work work) noexcept {
    try {
        return work().release();
    } catch (...) {
        return raise_current();
    }
}

/// The same for a method of queues: errors name that method.
template <class Work>
PyObject* answer(const char* verb, Work work) noexcept {
    try {
        return work().release();
    } catch (...) {
        return raise_current(verb);
    }
}

}  // namespace procession::python
