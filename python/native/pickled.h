// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "references.h"

namespace procession::python {

/// What a buffer was taken from.
enum class BufferSource : std::uint8_t {
    writable,
    readonly,  // such as an array that is marked so
    bytes,     // arrives as bytes
};

/// What an object was pickled into: one pickle, in parts, and the buffers that it leaves out.
/// Large parts are not copied: they stay with the objects that they were found in, which are held
/// until clear().
///
/// Threads: one at a time.
class Pickled {
  public:
    Pickled() = default;
    ~Pickled() { clear(); }
    Pickled(const Pickled&) = delete;
    Pickled& operator=(const Pickled&) = delete;

    /// The next part of the pickle. Throws: Raised when `chunk` has no bytes.
    void write(PyObject* chunk);
    /// Returns: false for a small one of a bytes object, which goes into the pickle. A small one of
    /// an array does not: there, what was read-only could not be told from what may be written to.
    [[nodiscard]] bool keep_out_of_band(PyObject* buffer);

    [[nodiscard]] std::size_t pickle_size() const noexcept { return pickle_size_; }
    /// The pickle as one piece, if it is one.
    [[nodiscard]] bool is_contiguous() const noexcept { return parts_.empty(); }
    [[nodiscard]] std::span<const std::byte> text() const noexcept { return text_; }
    /// Writes the pickle to `place`, which has pickle_size() bytes.
    void copy_pickle(std::byte* place) const noexcept;

    struct Buffer {
        std::span<const std::byte> bytes;
        BufferSource source = BufferSource::writable;
    };
    [[nodiscard]] const std::vector<Buffer>& buffers() const noexcept { return buffers_; }

    void clear() noexcept;

  private:
    /// A large part, and how much of `text_` stands before it.
    struct Part {
        std::size_t text_before = 0;
        std::span<const std::byte> bytes;
    };
    [[nodiscard]] const Py_buffer& hold(PyObject* object, int flags);

    std::vector<std::byte> text_;  // the small parts, one behind the other
    std::vector<Part> parts_;
    std::vector<Buffer> buffers_;
    std::deque<Py_buffer> held_;  // its elements do not move: a Py_buffer points into itself
    std::size_t pickle_size_ = 0;
};

/// A pickler of Python's own, which writes into a Pickled. Taken from a pool and given back to it:
/// making one costs more than pickling a small object.
class Pickler {
  public:
    /// Throws: Raised.
    Pickler();
    ~Pickler();
    Pickler(const Pickler&) = delete;
    Pickler& operator=(const Pickler&) = delete;

    /// Throws: Raised, with whatever exception the object's own code raised.
    void dump(PyObject* object);
    [[nodiscard]] const Pickled& pickled() const noexcept { return *pickled_; }

  private:
    Ref sink_;
    Ref pickler_;
    Pickled* pickled_ = nullptr;  // in sink_
    bool is_sound_ = false;       // not after an exception: its memo may hold anything
};

/// `make(sink)` gives a pickler that writes to sink.write and hands buffers to sink.add_buffer.
void use_pickler_factory(PyObject* make);
/// Makes the type of sinks known. Returns: 0, or -1 with an exception set.
int add_sink_type(PyObject* module);

}  // namespace procession::python
