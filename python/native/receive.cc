// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "receive.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"
#include "messagepack.h"
#include "own_buffer.h"
#include "parcel.h"
#include "procession/error.h"
#include "procession/handle.h"
#include "shared_view.h"
#include "transfer/receive_context.h"
#include "waiting.h"

namespace procession::python {

using namespace detail;

namespace {

PyObject* unpickle = nullptr;  // pickle.loads, for the life of the process

PyObject* unpickler() {
    if (unpickle == nullptr) raise(PyExc_RuntimeError, "the package has not been imported");
    return unpickle;
}

Ref unpickled(PyObject* pickle) {
    return checked(PyObject_CallFunctionObjArgs(unpickler(), pickle, nullptr));
}

/// Python reads them where they are; nothing of them outlives the call.
Ref readable(std::span<const std::byte> bytes) {
    // Read-only, so nothing is written there.
    auto* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    return checked(
        PyMemoryView_FromMemory(begin, static_cast<Py_ssize_t>(bytes.size()), PyBUF_READ));
}

Ref copied(std::span<const std::byte> bytes) {
    std::byte* place = nullptr;
    Ref made = bytes_to_fill(bytes.size(), place);
    copy(place, bytes.data(), bytes.size());
    return made;
}

/// A buffer of the receiver's own, which can be written to, but for that of a bytes object.
Ref copied_buffer(std::span<const std::byte> bytes, BufferSource source) {
    if (source == BufferSource::bytes) return copied(bytes);
    Ref made = source == BufferSource::readonly
                   ? new_own_buffer(bytes.size())
                   : checked(PyByteArray_FromStringAndSize(nullptr,
                                                           static_cast<Py_ssize_t>(bytes.size())));
    copy(reinterpret_cast<std::byte*>(PyByteArray_AsString(made.get())), bytes.data(),
         bytes.size());
    return made;
}

Ref unpickled(PyObject* pickle, PyObject* buffers) {
    const Ref arguments = checked(PyTuple_Pack(1, pickle));
    const Ref named = checked(PyDict_New());
    check(PyDict_SetItemString(named.get(), "buffers", buffers));
    return checked(PyObject_Call(unpickler(), arguments.get(), named.get()));
}

using Handles = std::vector<Handle>;

void decode_handles(Reader& reader, void* into) {
    const std::size_t count = reader.array();
    for (std::size_t i = 0; i < count; ++i) {
        static_cast<Handles*>(into)->push_back(transfer::decode_handle(reader, "Queue"));
    }
}

/// The handles that came with an item. They stay at the broker while it is leased.
Handles handles_of(const ByteQueue& queue, const MessageView& item, const ParcelPlan& plan) {
    Handles handles;
    if (plan.deposit_size == 0) return handles;
    const auto there = item.bytes.subspan(plan.deposit_at, plan.deposit_size);
    // A copy: it is read more than once.
    const std::vector<std::byte> deposit(there.begin(), there.end());
    const WithoutGil others_run;  // the broker is asked
    queue.decode_item({Format::msgpack, deposit, item.ticket}, decode_handles, &handles);
    return handles;
}

/// make_buffer(place) gives the object for each buffer.
template <class MakeBuffer>
Ref decode_parcel(const ByteQueue& queue, const MessageView& item, MakeBuffer make_buffer) {
    const ParcelPlan plan = read_parcel(item.bytes);
    const transfer::ReceiveContext context(handles_of(queue, item, plan));
    const Ref pickle = readable(item.bytes.subspan(plan.pickle_at, plan.pickle_size));
    const Ref buffers = checked(PyList_New(0));
    for (const ParcelPlan::Place& place : plan.buffers) {
        const Ref buffer = make_buffer(place);
        check(PyList_Append(buffers.get(), buffer.get()));
    }
    return unpickled(pickle.get(), buffers.get());
}

Ref decode_pickle(const MessageView& item) {
    // For a small one, a copy costs less than a memoryview.
    if (item.bytes.size() < kLongCopy) return unpickled(copied(item.bytes).get());
    return unpickled(readable(item.bytes).get());
}

Ref decode_message(const QueueState& state, const MessageView& item) {
    Ref object = decode_messagepack(item.bytes);
    if (!state.from_plain) return object;
    return checked(PyObject_CallFunctionObjArgs(state.from_plain.get(), object.get(), nullptr));
}

/// A queue that programs of other languages use must not have this one execute pickles.
void check_format(const QueueState& state, const MessageView& item) {
    const bool fits = state.format == Format::pickle
                          ? item.format == Format::pickle || item.format == Format::buffer
                          : item.format == state.format;
    if (fits || item.format == Format::raw) return;
    throw DecodeError(
        "decode", "Python object",
        "the item has format " + std::to_string(static_cast<int>(item.format)) +
            " (procession/detail/codec/format.h), which does not belong into this queue");
}

/// Decodes an item that is neither bytes nor a parcel.
Ref decode_other(const QueueState& state, const MessageView& item) {
    if (item.format == Format::msgpack) return decode_message(state, item);
    return decode_pickle(item);
}

/// What a dead letter says of `failure`, whatever its text is like.
std::string reason_in(const Ref& failure) {
    try {
        return readable_text_in(failure.get());
    } catch (const Raised&) {
        PyErr_Clear();
        return "it cannot be unpickled";
    }
}

/// The text of the failure; when there is not even memory for that, another one.
Ref text_in(Cause& cause) {
    try {
        return cause.text();
    } catch (const Raised&) {
        PyErr_Clear();
        return Ref(PyUnicode_FromString("it cannot be unpickled"));
    }
}

/// Ends with an exception set, after the item has found its place.
[[noreturn]] void keep_failed(const ByteQueue& queue, const MessageView& item) {
    Cause cause;
    const bool is_its_fault = cause.is_a(PyExc_Exception) && !cause.is_a(PyExc_MemoryError);
    if (!is_its_fault) {
        // Ctrl-C, or no memory here: the item may do better elsewhere.
        if (cause.is_a(PyExc_MemoryError)) {
            queue.undeliver(item);
        } else {
            queue.undeliver(item, "its consumer was interrupted (Ctrl-C?) while it unpickled it");
        }
        cause.raise_again();
        throw Raised{};
    }
    const Ref text = text_in(cause);
    queue.keep_undecodable(item, reason_in(text));
    cause.raise_as(error_class("DecodeError"), text.get());
    throw Raised{};
}

template <class Decode>
Ref received(const ByteQueue& queue, const MessageView& item, Decode decode_it) {
    try {
        return decode_it();
    } catch (const Raised&) {
        keep_failed(queue, item);
    } catch (const DecodeError& failed) {
        queue.keep_undecodable(item, failed.what());
        throw;
    } catch (const SharingError& failed) {
        queue.keep_undecodable(item, failed.what());
        throw DecodeError("decode", queue.label(), failed.what());
    } catch (const std::bad_alloc&) {
        queue.undeliver(item);
        throw;
    } catch (const OSError& failed) {  // this process cannot have its handles; another one may
        queue.undeliver(item, failed.what());
        throw;
    }
}

}  // namespace

Ref decode(const QueueState& state, const MessageView& item) {
    check_format(state, item);
    if (item.format == Format::raw) return copied(item.bytes);
    if (item.format != Format::buffer) return decode_other(state, item);
    return decode_parcel(*state.queue, item, [&](const ParcelPlan::Place& place) {
        return copied_buffer(item.bytes.subspan(place.at, place.size), place.source);
    });
}

Ref decode_in_place(const QueueState& state, const MessageView& item,
                    const std::shared_ptr<const void>& holder) {
    check_format(state, item);
    if (item.format == Format::raw) return view_of(item.bytes, holder);
    if (item.format != Format::buffer) return decode_other(state, item);
    return decode_parcel(*state.queue, item, [&](const ParcelPlan::Place& place) {
        return view_of(item.bytes.subspan(place.at, place.size), holder);
    });
}

Ref receive(const QueueState& state, const MessageView& item) {
    return received(*state.queue, item, [&] { return decode(state, item); });
}

Ref receive_in_place(const QueueState& state, const MessageView& item,
                     const std::shared_ptr<const void>& holder) {
    return received(*state.queue, item, [&] { return decode_in_place(state, item, holder); });
}

void use_unpickler(PyObject* loads) { Py_XDECREF(std::exchange(unpickle, Py_NewRef(loads))); }

}  // namespace procession::python
