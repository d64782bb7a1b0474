// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "messagepack.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "errors.h"
#include "procession/detail/codec/reader.h"
#include "procession/error.h"

namespace procession::python {

namespace {

PyObject* make_plain = nullptr;  // for the life of the process

void encode_integer(Writer& writer, PyObject* number) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (value == -1 && PyErr_Occurred() != nullptr) throw Raised{};
    if (overflow == 0) return writer.integer(value);
    const unsigned long long large = overflow > 0 ? PyLong_AsUnsignedLongLong(number) : 0;
    if (overflow < 0 || PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw EncodeError("encode", "int",
                          "MessagePack has integers from -2**63 to 2**64 - 1 only: put it as a str "
                          "or as bytes");
    }
    writer.integer(large);
}

// Instead of the error that is set, if it is of that kind.
void refuse_instead_of(PyObject* kind, const char* format, PyObject* object) {
    if (PyErr_ExceptionMatches(kind) == 0) throw Raised{};
    PyErr_Clear();
    PyErr_Format(error_class("EncodeError"), format, object);
    throw Raised{};
}

void encode_text(Writer& writer, PyObject* text) {
    Py_ssize_t size = 0;
    const char* const begin = PyUnicode_AsUTF8AndSize(text, &size);
    if (begin == nullptr) {
        refuse_instead_of(PyExc_UnicodeEncodeError,
                          "encode str: %.100A holds half of a surrogate pair, as names of files "
                          "do that are no UTF-8; MessagePack has none: put it as bytes, by "
                          "os.fsencode()",
                          text);
    }
    writer.string({begin, static_cast<std::size_t>(size)});
}

void encode_buffer(Writer& writer, PyObject* object) {
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0) {
        refuse_instead_of(PyExc_BufferError,
                          "encode memoryview: %.100R is not contiguous: put bytes() of it", object);
    }
    try {
        writer.binary(
            {static_cast<const std::byte*>(view.buf), static_cast<std::size_t>(view.len)});
    } catch (...) {
        PyBuffer_Release(&view);
        throw;
    }
    PyBuffer_Release(&view);
}

void encode_sequence(Writer& writer, PyObject* sequence) {
    const Writer::Nested deeper(writer);
    // A copy of its own: what is in it stays while Python code runs for the items.
    const Ref items = checked(PySequence_Tuple(sequence));
    const Py_ssize_t count = PyTuple_Size(items.get());
    writer.array(static_cast<std::size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i) {
        encode_messagepack(writer, PyTuple_GetItem(items.get(), i));
    }
}

void encode_dict(Writer& writer, PyObject* dict) {
    const Writer::Nested deeper(writer);
    const Ref items = checked(PyDict_Items(dict));
    const Py_ssize_t count = PyList_Size(items.get());
    writer.map(static_cast<std::size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i) {
        const Ref pair = Ref::to(PyList_GetItem(items.get(), i));
        encode_messagepack(writer, PyTuple_GetItem(pair.get(), 0));
        encode_messagepack(writer, PyTuple_GetItem(pair.get(), 1));
    }
}

/// Reads objects of whatever type comes.
class Decoder {
  public:
    explicit Decoder(std::span<const std::byte> bytes) : bytes_(bytes), reader_(bytes, "object") {}

    Ref all() {
        Ref object = one();
        reader_.expect_end();
        return object;
    }

  private:
    Ref one() {
        switch (reader_.peek()) {
            case Reader::Kind::nil: reader_.nil(); return none();
            case Reader::Kind::boolean: return Ref::to(reader_.boolean() ? Py_True : Py_False);
            case Reader::Kind::integer: return integer();
            case Reader::Kind::real: return checked(PyFloat_FromDouble(reader_.real<double>()));
            case Reader::Kind::string: return text();
            case Reader::Kind::binary: return bytes_from(reader_.binary());
            case Reader::Kind::array: return list();
            case Reader::Kind::map: return dict();
            default: reader_.fail("expected what Python knows, found an extension");
        }
    }
    Ref integer() {
        // int 8 to 64, and the short negative ones: these fit what is signed.
        const unsigned head = std::to_integer<unsigned>(bytes_[reader_.position()]);
        const bool is_signed = (head >= 0xd0 && head <= 0xd3) || head >= 0xe0;
        if (is_signed) return checked(PyLong_FromLongLong(reader_.integer<std::int64_t>()));
        return checked(PyLong_FromUnsignedLongLong(reader_.integer<std::uint64_t>()));
    }
    Ref text() {
        const std::string_view found = reader_.string_view();
        return checked(
            PyUnicode_DecodeUTF8(found.data(), static_cast<Py_ssize_t>(found.size()), "strict"));
    }
    Ref list() {
        const Reader::Nested deeper(reader_);
        const std::uint32_t count = reader_.array();
        Ref made = checked(PyList_New(0));
        for (std::uint32_t i = 0; i < count; ++i) {
            const Ref item = one();
            check(PyList_Append(made.get(), item.get()));
        }
        return made;
    }
    Ref dict() {
        const Reader::Nested deeper(reader_);
        const std::uint32_t count = reader_.map();
        Ref made = checked(PyDict_New());
        for (std::uint32_t i = 0; i < count; ++i) {
            const Ref key = one();
            const Ref value = one();
            check(PyDict_SetItem(made.get(), key.get(), value.get()));
        }
        return made;
    }

    const std::span<const std::byte> bytes_;
    Reader reader_;
};

}  // namespace

void encode_messagepack(Writer& writer, PyObject* object) {
    if (object == Py_None) return writer.nil();
    if (object == Py_True || object == Py_False) return writer.boolean(object == Py_True);
    if (PyLong_CheckExact(object) != 0) return encode_integer(writer, object);
    if (PyFloat_CheckExact(object) != 0) return writer.real(PyFloat_AsDouble(object));
    if (PyUnicode_CheckExact(object) != 0) return encode_text(writer, object);
    if (PyBytes_Check(object) != 0 || PyByteArray_Check(object) != 0 ||
        PyMemoryView_Check(object) != 0) {
        return encode_buffer(writer, object);
    }
    if (PyList_Check(object) != 0 || PyTuple_Check(object) != 0) {
        return encode_sequence(writer, object);
    }
    if (PyDict_Check(object) != 0) return encode_dict(writer, object);
    const Writer::Nested deeper(writer);  // an object that gives itself ends, too
    const Ref plain = checked(PyObject_CallFunctionObjArgs(make_plain, object, nullptr));
    encode_messagepack(writer, plain.get());
}

Ref decode_messagepack(std::span<const std::byte> bytes) { return Decoder(bytes).all(); }

void use_plain_maker(PyObject* to_plain) {
    Py_XDECREF(std::exchange(make_plain, Py_NewRef(to_plain)));
}

}  // namespace procession::python
