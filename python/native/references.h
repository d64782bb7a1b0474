// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace procession::python {

/// Thrown where a Python exception is set: the function that returns to the interpreter passes it
/// on.
struct Raised {};

/// Owns one reference to a Python object, or none. All of it needs the interpreter's lock.
///
/// No reference is borrowed across a call that may run Python code: what a container holds may be
/// gone afterwards, and in builds without the lock at any time.
class Ref {
  public:
    Ref() noexcept = default;
    /// Takes over a reference.
    explicit Ref(PyObject* owned) noexcept : object_(owned) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref&& other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    ~Ref() { Py_XDECREF(object_); }

    /// One more reference to an object that is owned elsewhere.
    [[nodiscard]] static Ref to(PyObject* borrowed) noexcept { return Ref(Py_XNewRef(borrowed)); }

    [[nodiscard]] PyObject* get() const noexcept { return object_; }
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }
    [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }

  private:
    PyObject* object_ = nullptr;
};

/// What a call of the interpreter returned: a new reference, or null with an exception set.
[[nodiscard]] inline Ref checked(PyObject* result) {
    if (result == nullptr) throw Raised{};
    return Ref(result);
}
inline void check(int result) {
    if (result < 0) throw Raised{};
}

[[nodiscard]] inline Ref none() noexcept { return Ref::to(Py_None); }

[[nodiscard]] inline std::span<const std::byte> bytes_of(PyObject* bytes) {
    char* begin = nullptr;
    Py_ssize_t size = 0;
    check(PyBytes_AsStringAndSize(bytes, &begin, &size));
    return std::as_bytes(std::span(begin, static_cast<std::size_t>(size)));
}

/// A bytes object that is still to be filled.
[[nodiscard]] inline Ref bytes_to_fill(std::size_t size, std::byte*& place) {
    Ref made = checked(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size)));
    place = reinterpret_cast<std::byte*>(PyBytes_AsString(made.get()));
    return made;
}

[[nodiscard]] inline Ref bytes_from(std::span<const std::byte> bytes) {
    return checked(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()),
                                             static_cast<Py_ssize_t>(bytes.size())));
}

/// A str of UTF-8. Bytes that are none are replaced: it is for people.
[[nodiscard]] inline Ref text_of(std::string_view text) {
    return checked(
        PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

/// A str as UTF-8 for people. Half of a surrogate pair, as in names of files, becomes "\\udc80".
/// Throws: Raised when `text` is no str.
[[nodiscard]] inline std::string readable_text_in(PyObject* text) {
    const Ref encoded = checked(PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace"));
    const auto bytes = bytes_of(encoded.get());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A str as UTF-8. Throws: Raised.
[[nodiscard]] inline std::string text_in(PyObject* text) {
    Py_ssize_t size = 0;
    const char* const begin = PyUnicode_AsUTF8AndSize(text, &size);
    if (begin == nullptr) throw Raised{};
    return {begin, static_cast<std::size_t>(size)};
}

}  // namespace procession::python
