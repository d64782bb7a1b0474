// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "procession/deadline.h"
#include "references.h"

namespace procession::python {

/// What a method was called with, by position or by name, as METH_FASTCALL | METH_KEYWORDS hands it
/// over. The values are the caller's for the length of the call.
template <std::size_t N>
class Arguments {
  public:
    /// `names` are the parameters, the first `required` of which must be given.
    /// Throws: Raised (TypeError), as for a function written in Python.
    Arguments(const char* function, const std::array<const char*, N>& names, std::size_t required,
              PyObject* const* given, Py_ssize_t count, PyObject* keywords) {
        const auto positional = static_cast<std::size_t>(count);
        if (positional > N) {
            PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)", function,
                         N, count);
            throw Raised{};
        }
        for (std::size_t i = 0; i < positional; ++i) values_[i] = given[i];
        if (keywords != nullptr) take_named(function, names, given + count, keywords);
        for (std::size_t i = 0; i < required; ++i) {
            if (values_[i] != nullptr) continue;
            PyErr_Format(PyExc_TypeError, "%s() missing required argument: '%s'", function,
                         names[i]);
            throw Raised{};
        }
    }

    /// Null when it was not given.
    [[nodiscard]] PyObject* operator[](std::size_t i) const noexcept { return values_[i]; }

  private:
    void take_named(const char* function, const std::array<const char*, N>& names,
                    PyObject* const* given, PyObject* keywords) {
        const Py_ssize_t count = PyTuple_Size(keywords);
        for (Py_ssize_t k = 0; k < count; ++k) {
            PyObject* keyword = PyTuple_GetItem(keywords, k);
            std::size_t i = 0;
            while (i < N && PyUnicode_CompareWithASCIIString(keyword, names[i]) != 0) ++i;
            if (i < N && values_[i] == nullptr) {
                values_[i] = given[k];
                continue;
            }
            const char* const wrong = i < N ? "%s() got multiple values for argument '%U'"
                                            : "%s() got an unexpected keyword argument '%U'";
            PyErr_Format(PyExc_TypeError, wrong, function, keyword);
            throw Raised{};
        }
    }

    std::array<PyObject*, N> values_{};
};

/// The end of a wait of `timeout` seconds: None (or nothing) is without limit, what is not above
/// zero does not wait. Throws: Raised when it is no number.
[[nodiscard]] Deadline deadline_after(PyObject* timeout);
/// The same for put() and get(), where a false `block` makes it not wait at all.
[[nodiscard]] Deadline deadline_of(PyObject* block, PyObject* timeout);

[[nodiscard]] bool truth_of(PyObject* value, bool otherwise);
/// A number from 0 on. Throws: Raised: TypeError; ValueError that names `what`.
[[nodiscard]] std::uint64_t count_of(PyObject* value, const char* what);

}  // namespace procession::python
