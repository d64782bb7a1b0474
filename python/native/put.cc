// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "arguments.h"
#include "errors.h"
#include "messagepack.h"
#include "parcel.h"
#include "pickled.h"
#include "procession/detail/codec/writer.h"
#include "procession/error.h"
#include "procession/handle.h"
#include "queue_object.h"
#include "transfer/send_context.h"
#include "waiting.h"

namespace procession::python {

using namespace detail;

namespace {

/// Up to this size an item lies in the queue's log; a larger one has memory of its own.
constexpr std::size_t kLogMost = 4096;

/// Puts bytes that lie in one piece.
Result<void, PutError> put_piece(const ByteQueue& queue, const Piece& piece, Deadline deadline) {
    if (queue.put_at_once(piece)) [[likely]]
        return {};
    return wait_in_slices(deadline, [&](Deadline until) { return queue.try_put(piece, until); });
}

/// Puts an item that `write` writes, straight to the queue's memory.
template <class Write>
Result<void, PutError> put_written(const ByteQueue& queue, Format format, std::size_t size,
                                   Deadline deadline, Write write) {
    const auto room =
        wait_in_slices(deadline, [&](Deadline until) { return queue.await_room(size, until); });
    if (!room.has_value()) return room;
    ByteLoan loan = [&] {
        const WithoutGil others_run;  // there may be much memory to be had
        ByteLoan fresh = queue.loan(size);
        write(fresh.bytes().data());
        return fresh;
    }();
    return wait_in_slices(deadline,
                          [&](Deadline until) { return loan.try_publish(format, size, until); });
}

/// One object's item, made before anything is put.
class OutgoingItem {
  public:
    /// Throws: Raised: what pickling raises; SharingError, OSError for handles; EncodeError.
    OutgoingItem(const QueueState& state, PyObject* object) {
        const ByteQueue& queue = *state.queue;
        if (state.format == Format::msgpack) {
            encode_messagepack(message_.emplace(), object);
            return;
        }
        if (state.format == Format::raw) refuse_object(queue, object);
        const transfer::SendContext context;
        pickler_.emplace().dump(object);
        if (context.size() == 0 && pickled().buffers().empty()) return;
        if (context.size() != 0) leave_handles(queue, context);
        plan_ = plan_parcel(pickled(), deposit_.bytes().size());
    }

    [[nodiscard]] Format format() const noexcept {
        if (message_) return Format::msgpack;
        return plan_ ? Format::buffer : Format::pickle;
    }
    [[nodiscard]] std::size_t size() const noexcept {
        if (message_) return message_->size();
        return plan_ ? plan_->size : pickled().pickle_size();
    }
    /// As one piece, if it is one already.
    [[nodiscard]] std::optional<Piece> piece() const noexcept {
        if (message_) return Piece{Format::msgpack, message_->bytes()};
        if (plan_ || !pickled().is_contiguous()) return std::nullopt;
        return Piece{Format::pickle, pickled().text()};
    }
    void write(std::byte* place) const noexcept {
        if (message_) {
            std::memcpy(place, message_->bytes().data(), message_->size());
        } else if (plan_) {
            write_parcel(place, *plan_, pickled(), deposit_.bytes());
        } else {
            pickled().copy_pickle(place);
        }
    }
    /// It is in the queue.
    void was_put() noexcept { handles_.leave_to_item(); }

  private:
    [[nodiscard]] const Pickled& pickled() const noexcept { return pickler_->pickled(); }
    // At the broker, which keeps them until the item is done with.
    void leave_handles(const ByteQueue& queue, const transfer::SendContext& context) {
        const WithoutGil others_run;
        handles_ = queue.encode_item(
            deposit_,
            [](Writer& writer, const void* from) {
                const auto handles = static_cast<const transfer::SendContext*>(from)->handles();
                writer.array(handles.size());
                for (const NativeHandle handle : handles) {
                    transfer::encode_handle(writer, handle, "Queue");
                }
            },
            &context);
    }

    [[noreturn]] static void refuse_object(const ByteQueue& queue, PyObject* object) {
        PyErr_Format(error_class("EncodeError"),
                     "put: %s has elements of %s, which Python puts as bytes (see the struct "
                     "module), not as %R",
                     queue.label().c_str(), queue.stamp().signature.c_str(), Py_TYPE(object));
        throw Raised{};
    }

    std::optional<Writer> message_;  // in MessagePack; or
    std::optional<Pickler> pickler_;
    Writer deposit_;
    HandleDeposit handles_;
    std::optional<ParcelPlan> plan_;
};

/// In MessagePack, bytes are objects like others.
bool goes_as_it_is(const QueueState& state, PyObject* object) {
    return PyBytes_CheckExact(object) != 0 && state.format != Format::msgpack;
}

void require_put(const ByteQueue& queue, const Result<void, PutError>& result, const char* verb) {
    if (!result.has_value()) unlocked([&] { queue.refuse_put(result.error(), verb); });
}

Result<void, PutError> put_item(const ByteQueue& queue, const OutgoingItem& item,
                                Deadline deadline) {
    if (const auto piece = item.piece()) return put_piece(queue, *piece, deadline);
    if (item.size() > kLogMost) {
        return put_written(queue, item.format(), item.size(), deadline,
                           [&](std::byte* place) { item.write(place); });
    }
    std::array<std::byte, kLogMost> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    item.write(bytes.data());
    return put_piece(queue, {item.format(), std::span(bytes).first(item.size())}, deadline);
}

void put_object(PyObject* self, PyObject* object, Deadline deadline, const char* verb) {
    const QueueState& state = state_of(self);
    const ByteQueue& queue = *state.queue;
    if (goes_as_it_is(state, object)) {
        return require_put(queue, put_piece(queue, {Format::raw, bytes_of(object)}, deadline),
                           verb);
    }
    OutgoingItem item(state, object);
    require_put(queue, put_item(queue, item, deadline), verb);
    item.was_put();
}

/// The items of one put_many(): all of them are made before the first is put.
class OutgoingItems {
  public:
    OutgoingItems(const QueueState& state, PyObject* iterable)
        : list_(checked(PySequence_List(iterable))) {
        const Py_ssize_t count = PyList_Size(list_.get());
        pieces_.reserve(static_cast<std::size_t>(count));
        for (Py_ssize_t i = 0; i < count; ++i) {
            const Ref object = Ref::to(PyList_GetItem(list_.get(), i));
            add(state, object.get());
        }
    }
    [[nodiscard]] std::span<const Piece> pieces() const noexcept { return pieces_; }
    void were_put(std::size_t count) noexcept {
        for (const auto& item : with_handles_) {
            if (item.index < count) item.item->was_put();
        }
    }

  private:
    struct WithHandles {
        std::size_t index;
        std::unique_ptr<OutgoingItem> item;
    };

    void add(const QueueState& state, PyObject* object) {
        if (goes_as_it_is(state, object)) {
            pieces_.push_back({Format::raw, bytes_of(object)});  // the list holds it
            return;
        }
        auto item = std::make_unique<OutgoingItem>(state, object);
        std::byte* const place = room_for(item->size());
        item->write(place);
        pieces_.push_back({item->format(), {place, item->size()}});
        if (item->format() == Format::buffer) {
            with_handles_.push_back({pieces_.size() - 1, std::move(item)});
        }
    }
    std::byte* room_for(std::size_t size) {
        constexpr std::size_t least = std::size_t{64} << 10;
        if (blocks_.empty() || capacity_ - used_ < size) {
            capacity_ = std::max(size, least);
            blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));
            used_ = 0;
        }
        std::byte* const place = blocks_.back().get() + used_;
        used_ += (size + 7) / 8 * 8;
        used_ = std::min(used_, capacity_);
        return place;
    }

    Ref list_;
    std::vector<Piece> pieces_;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::size_t capacity_ = 0;
    std::size_t used_ = 0;
    std::vector<WithHandles> with_handles_;
};

/// Throws: TimeoutError when a stopped participant was the reason that nothing could be put.
void require_no_stopped(const ByteQueue& queue) {
    try {
        const WithoutGil others_run;
        queue.refuse_put(PutError::timed_out, "put_many");
    } catch (const Full&) {
        return;
    }
}

std::size_t put_all(const ByteQueue& queue, std::span<const Piece> pieces, Deadline deadline) {
    const shm::WaitInParts one_wait;
    std::size_t done = 0;
    for (;;) {
        const std::size_t before = done;
        bool is_over = false;
        try {
            const Deadline until = end_of_slice(deadline);
            const WithoutGil others_run;
            done += queue.put_many(Pieces(pieces.subspan(done)), until);
        } catch (const ShutDown&) {
            if (done == 0) throw;
            is_over = true;  // what was put before it is there
        }
        if (done == 0 && !is_over && deadline.expired() && !queue.full()) {
            require_no_stopped(queue);
        }
        if (done == pieces.size() || is_over || deadline.expired()) return done;
        if (done == before) run_signal_handlers();
    }
}

constexpr const char* kPrepared = "procession.prepared_items";

void drop_prepared(PyObject* capsule) {
    delete static_cast<OutgoingItems*>(PyCapsule_GetPointer(capsule, kPrepared));
}

}  // namespace

PyObject* queue_put(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("put", [&] {
        const Arguments<3> arguments("put", {"obj", "block", "timeout"}, 1, given, count, keywords);
        put_object(self, arguments[0], deadline_of(arguments[1], arguments[2]), "put");
        return none();
    });
}

PyObject* queue_put_nowait(PyObject* self, PyObject* object) {
    return answer("put_nowait", [&] {
        put_object(self, object, Deadline::now(), "put_nowait");
        return none();
    });
}

// (verb, object): put_nowait(). Its errors name `verb`.
PyObject* queue_put_for(PyObject* self, PyObject* arguments) {
    const char* verb = nullptr;
    PyObject* object = nullptr;
    if (PyArg_ParseTuple(arguments, "sO", &verb, &object) == 0) return nullptr;
    return answer(verb, [&] {
        put_object(self, object, Deadline::now(), verb);
        return none();
    });
}

PyObject* queue_put_many(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("put_many", [&] {
        const Arguments<2> arguments("put_many", {"objs", "timeout"}, 1, given, count, keywords);
        const QueueState& state = state_of(self);
        const Deadline deadline = deadline_after(arguments[1]);
        OutgoingItems items(state, arguments[0]);
        const std::size_t done =
            items.pieces().empty() ? 0 : put_all(*state.queue, items.pieces(), deadline);
        items.were_put(done);
        return checked(PyLong_FromSize_t(done));
    });
}

// What _put_prepared() takes: the items of an iterable, made before the first is put.
PyObject* queue_prepare_many(PyObject* self, PyObject* objects) {
    return answer("aput_many", [&] {
        auto items = std::make_unique<OutgoingItems>(state_of(self), objects);
        const Ref capsule = checked(PyCapsule_New(items.get(), kPrepared, drop_prepared));
        const std::size_t count = items.release()->pieces().size();
        return checked(Py_BuildValue("(On)", capsule.get(), static_cast<Py_ssize_t>(count)));
    });
}

// (prepared, how many of them were put before): puts more of them, as far as there is room, and
// returns how many were put altogether. ShutDown only when none was.
PyObject* queue_put_prepared(PyObject* self, PyObject* arguments) {
    return answer("aput_many", [&] {
        PyObject* capsule = nullptr;
        Py_ssize_t before = 0;
        if (PyArg_ParseTuple(arguments, "On", &capsule, &before) == 0) throw Raised{};
        auto* const items = static_cast<OutgoingItems*>(PyCapsule_GetPointer(capsule, kPrepared));
        if (items == nullptr) throw Raised{};
        const auto rest = items->pieces().subspan(static_cast<std::size_t>(before));
        const std::size_t done = static_cast<std::size_t>(before) +
                                 put_all(*state_of(self).queue, rest, Deadline::now());
        items->were_put(done);
        return checked(PyLong_FromSize_t(done));
    });
}

}  // namespace procession::python
