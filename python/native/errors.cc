// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "errors.h"

#include <array>
#include <exception>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <utility>

#include "procession/error.h"

namespace procession::python {

namespace {

/// The classes of procession._errors, by name; for the life of the process.
std::map<std::string, PyObject*, std::less<>>& classes() {
    static auto* const only = new std::map<std::string, PyObject*, std::less<>>;
    return *only;
}

struct Mapping {
    bool (*is_it)(const Error& error);
    const char* name;             // in procession._errors
    bool tells_the_verb = false;  // its operation is what was done to a queue
};

template <class Type>
bool is(const Error& error) {
    return dynamic_cast<const Type*>(&error) != nullptr;
}

/// Every type of procession/error.h that may come out of a queue, derived ones before their base.
constexpr std::array kTable{
    Mapping{is<Full>, "Full", true},
    Mapping{is<Empty>, "Empty", true},
    Mapping{is<ShutDown>, "ShutDown", true},
    Mapping{is<ClosedError>, "ClosedError", true},
    Mapping{is<ValueError>, "ValueError", true},
    Mapping{is<TimeoutError>, "TimeoutError", true},
    Mapping{is<SharingError>, "SharingError"},
    Mapping{is<EncodeError>, "EncodeError"},
    Mapping{is<DecodeError>, "DecodeError"},
    Mapping{is<TypeMismatch>, "TypeMismatch"},
    Mapping{is<VersionMismatch>, "VersionMismatch"},
    Mapping{is<CorruptSegment>, "CorruptSegment", true},
    Mapping{is<MemoryError>, "MemoryError", true},
    Mapping{is<ProcessError>, "ProcessError"},
    Mapping{is<EOFError>, "EOFError"},
    Mapping{[](const Error& /*any*/) { return true; }, "Error"},
};

void raise_os_error(const Error& error) {
    const Ref text = text_of(error.what());
    PyObject* made = PyObject_CallFunction(PyExc_OSError, "iO", error.code().value(), text.get());
    if (made == nullptr) return;
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made)), made);
    Py_DECREF(made);
}

void raise_error(const Error& error, const char* verb) {
    if (is<OSError>(error) && error.code()) return raise_os_error(error);
    for (const Mapping& mapping : kTable) {
        if (!mapping.is_it(error)) continue;
        std::string text = error.what();
        const std::string& operation = error.operation();
        if (verb != nullptr && mapping.tells_the_verb && text.starts_with(operation)) {
            text.replace(0, operation.size(), verb);
        }
        return PyErr_SetObject(error_class(mapping.name), text_of(text).get());
    }
}

}  // namespace

void use_error_classes(PyObject* module) {
    for (const Mapping& mapping : kTable) {
        Ref found = checked(PyObject_GetAttrString(module, mapping.name));
        Py_XDECREF(std::exchange(classes()[mapping.name], found.release()));
    }
}

PyObject* error_class(std::string_view name) noexcept {
    const auto found = classes().find(name);
    return found == classes().end() ? PyExc_RuntimeError : found->second;
}

PyObject* raise_current(const char* verb) noexcept try {
    try {
        throw;
    } catch (const Raised&) {
        // set already
        return nullptr;
    } catch (const Error& error) {
        raise_error(error, verb);
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetObject(error_class("Error"), text_of(error.what()).get());
    }
    return nullptr;
} catch (const Raised&) {
    return nullptr;  // not even the text of the error could be made: that is set instead
} catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
}

void raise(PyObject* type, const char* text) {
    PyErr_SetString(type, text);
    throw Raised{};
}

Ref Cause::text() {
    PyErr_NormalizeException(&type_, &value_, &traceback_);
    const Ref name = checked(PyType_GetName(reinterpret_cast<PyTypeObject*>(type_)));
    Ref said(PyUnicode_FromFormat("%U: %S", name.get(), value_));
    if (said) return said;
    PyErr_Clear();  // its __str__ raises
    return checked(Py_NewRef(name.get()));
}

void Cause::raise_as(PyObject* type, PyObject* text) {
    PyErr_NormalizeException(&type_, &value_, &traceback_);
    if (traceback_ != nullptr) check(PyException_SetTraceback(value_, traceback_));
    const Ref made = checked(PyObject_CallFunctionObjArgs(type, text, nullptr));
    PyException_SetCause(made.get(), Py_XNewRef(value_));
    PyException_SetContext(made.get(), Py_XNewRef(value_));
    PyErr_SetObject(type, made.get());
}

}  // namespace procession::python
