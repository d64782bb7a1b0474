// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>

#include "arguments.h"
#include "errors.h"
#include "procession/detail/codec/format.h"
#include "procession/error.h"
#include "queue_object.h"
#include "receive.h"
#include "waiting.h"

namespace procession::python {

using namespace detail;

namespace {

/// What Python's queues say that they hold: any object, each item with its own format.
TypeStamp python_stamp() {
    const std::string signature = "python.object";
    return {Format::pickle, stamp_hash(Format::pickle, signature), signature};
}

double seconds(Deadline::Clock::time_point when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}

void append(const Ref& list, const Ref& item) { check(PyList_Append(list.get(), item.get())); }

std::uint32_t deliveries_of(PyObject* given) {
    constexpr std::uint64_t most = UINT32_MAX;
    const std::uint64_t count = count_of(given, "max_deliveries");
    if (count == 0 || count > most) {
        PyErr_Format(error_class("ValueError"),
                     "max_deliveries is %R; it is a whole number from 1 to 2**32 - 1", given);
        throw Raised{};
    }
    return static_cast<std::uint32_t>(count);
}

Ref truth(bool value) { return Ref::to(value ? Py_True : Py_False); }

Ref death_record(const Death& death) {
    return checked(Py_BuildValue("(KKiidddiIIIII)", static_cast<unsigned long long>(death.number),
                                 static_cast<unsigned long long>(death.id), death.pid,
                                 static_cast<int>(death.slot), seconds(death.joined),
                                 seconds(death.noticed), seconds(death.repaired), death.repaired_by,
                                 death.items_held, death.redelivered, death.dead_lettered,
                                 death.dropped, death.lost_in_hand));
}

}  // namespace

PyObject* queue_make(PyObject* self, PyObject* arguments) {
    return answer([&] {
        int joinable = 0;
        int dead_letter = 0;
        long long maxsize = 0;
        PyObject* max_bytes = nullptr;
        PyObject* memory_limit = nullptr;
        PyObject* max_deliveries = nullptr;
        const char* name = nullptr;
        int messagepack = 0;
        if (PyArg_ParseTuple(arguments, "pLOOOpsp", &joinable, &maxsize, &max_bytes, &memory_limit,
                             &max_deliveries, &dead_letter, &name, &messagepack) == 0) {
            throw Raised{};
        }
        QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
        if (state.queue) raise(error_class("ValueError"), "this queue has been made already");
        QueueOptions options = with_maxsize(maxsize);
        options.max_bytes = count_of(max_bytes, "max_bytes");
        if (const auto limit = count_of(memory_limit, "memory_limit")) options.memory_limit = limit;
        options.max_deliveries = deliveries_of(max_deliveries);
        options.on_exception = dead_letter != 0 ? OnException::dead_letter : OnException::give_back;
        options.name = name;
        const QueueKind kind = joinable != 0 ? QueueKind::joinable : QueueKind::plain;
        const TypeStamp stamp = messagepack != 0 ? any_messagepack_stamp() : python_stamp();
        set_queue(state, ByteQueue(kind, stamp, options));
        return none();
    });
}

PyObject* queue_convert_by(PyObject* self, PyObject* from_plain) {
    return answer([&] {
        // Also of one that is awaited still.
        QueueState& state = *reinterpret_cast<QueueObject*>(self)->state;
        state.from_plain = Ref::to(from_plain == Py_None ? nullptr : from_plain);
        return none();
    });
}

PyObject* queue_qsize(PyObject* self, PyObject* /*none*/) {
    return answer("qsize", [&] {
        QueueState& state = state_of(self);
        const std::uint64_t shared = state.queue->qsize();
        return checked(PyLong_FromUnsignedLongLong(shared + state.left_over.items()));
    });
}

PyObject* queue_empty(PyObject* self, PyObject* /*none*/) {
    return answer("empty", [&] {
        QueueState& state = state_of(self);
        const bool is_empty = state.queue->empty();
        return truth(is_empty && state.left_over.items() == 0);
    });
}

PyObject* queue_full(PyObject* self, PyObject* /*none*/) {
    return answer("full", [&] { return truth(queue_of(self).full()); });
}

PyObject* queue_unfinished(PyObject* self, PyObject* /*none*/) {
    return answer("unfinished", [&] {
        return checked(PyLong_FromUnsignedLongLong(queue_of(self).unfinished()));
    });
}

PyObject* queue_close(PyObject* self, PyObject* /*none*/) {
    return answer("close", [&] {
        QueueState& state = state_of(self);
        std::optional<ReadyHandle> items;
        std::optional<ReadyHandle> room;
        transfer::StandingDeposit reference;
        if (!state.queue->is_closed()) state.left_over.end(*state.queue);
        unlocked([&] { state.queue->close(); });
        {
            const std::lock_guard guard(state.lock);
            std::swap(items, state.items_ready);
            std::swap(room, state.room_ready);
            reference = std::move(state.reference);
        }
        unlocked([&] {
            items.reset();
            room.reset();
        });
        return none();
    });
}

PyObject* queue_is_closed(PyObject* self, PyObject* /*none*/) {
    return answer([&] { return truth(queue_of(self).is_closed()); });
}

PyObject* queue_is_shut_down(PyObject* self, PyObject* /*none*/) {
    return answer([&] { return truth(queue_of(self).is_shut_down()); });
}

PyObject* queue_shutdown(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("shutdown", [&] {
        const Arguments<1> arguments("shutdown", {"immediate"}, 0, given, count, keywords);
        const bool immediate = truth_of(arguments[0], false);
        const ByteQueue& queue = queue_of(self);
        unlocked([&] { queue.shutdown(immediate); });
        return none();
    });
}

PyObject* queue_stats(PyObject* self, PyObject* /*none*/) {
    return answer("stats", [&] {
        const ByteQueue& queue = queue_of(self);
        const QueueStats stats = unlocked([&] { return queue.stats(); });
        const auto number = [](std::uint64_t value) {
            return static_cast<unsigned long long>(value);
        };
        return checked(Py_BuildValue(
            "(KKKKKKKKKKKKI)", number(stats.put), number(stats.taken), number(stats.redelivered),
            number(stats.finished), number(stats.dead_lettered), number(stats.lost_in_hand),
            number(stats.deaths), number(stats.locks_repaired), number(stats.queued),
            number(stats.queued_bytes), number(stats.memory_bytes),
            number(stats.memory_reserved_bytes), stats.participants));
    });
}

PyObject* queue_label(PyObject* self, PyObject* /*none*/) {
    return answer([&] { return text_of(state_of(self).label); });
}

// (joinable, maxsize, whether an exception dead-letters)
PyObject* queue_options(PyObject* self, PyObject* /*none*/) {
    return answer([&] {
        const QueueState& state = state_of(self);
        const Ref joinable = truth(state.queue->kind() == QueueKind::joinable);
        const Ref maxsize = checked(PyLong_FromSize_t(state.maxsize));
        const Ref dead_letter = truth(state.dead_letters_on_exception);
        return checked(PyTuple_Pack(3, joinable.get(), maxsize.get(), dead_letter.get()));
    });
}

PyObject* queue_dead_letters(PyObject* self, PyObject* take) {
    const bool taking = take == Py_True;
    return answer(taking ? "take_dead_letters" : "dead_letters", [&] {
        const ByteQueue& queue = queue_of(self);
        const auto letters =
            unlocked([&] { return taking ? queue.take_dead_letters() : queue.dead_letters(); });
        const Ref list = checked(PyList_New(0));
        for (const DeadLetter& letter : letters) {
            append(list, checked(Py_BuildValue(
                             "(NiNIK)", text_of(letter.reason).release(),
                             static_cast<int>(letter.format), bytes_from(letter.bytes).release(),
                             letter.deliveries, static_cast<unsigned long long>(letter.number))));
        }
        return Ref::to(list.get());
    });
}

// (format, bytes) as in a dead letter
PyObject* queue_decode(PyObject* self, PyObject* arguments) {
    return answer([&] {
        int format = 0;
        PyObject* bytes = nullptr;
        if (PyArg_ParseTuple(arguments, "iS", &format, &bytes) == 0) throw Raised{};
        return decode(state_of(self), {static_cast<Format>(format), bytes_of(bytes), {}});
    });
}

PyObject* queue_participants(PyObject* self, PyObject* /*none*/) {
    return answer("participants", [&] {
        const ByteQueue& queue = queue_of(self);
        const auto all = unlocked([&] { return queue.participants(); });
        const Ref list = checked(PyList_New(0));
        for (const Participant& one : all) {
            append(list, checked(Py_BuildValue(
                             "(KiidNNK)", static_cast<unsigned long long>(one.id), one.pid,
                             static_cast<int>(one.slot), seconds(one.joined),
                             truth(one.is_this_process).release(), truth(one.is_alive).release(),
                             static_cast<unsigned long long>(one.items_held))));
        }
        return Ref::to(list.get());
    });
}

PyObject* queue_deaths(PyObject* self, Vector given, Py_ssize_t count, PyObject* keywords) {
    return answer("wait_for_deaths", [&] {
        const Arguments<2> arguments("wait_for_deaths", {"since", "timeout"}, 2, given, count,
                                     keywords);
        const std::uint64_t since = count_of(arguments[0], "since");
        const Deadline deadline = deadline_after(arguments[1]);
        const ByteQueue& queue = queue_of(self);
        std::vector<Death> deaths;
        const shm::WaitInParts one_wait;
        for (;;) {
            const Deadline until = end_of_slice(deadline);
            deaths = unlocked([&] { return queue.wait_for_deaths(since, until); });
            if (!deaths.empty() || deadline.expired()) break;
            run_signal_handlers();
        }
        const Ref list = checked(PyList_New(0));
        for (const Death& death : deaths) append(list, death_record(death));
        return Ref::to(list.get());
    });
}

PyObject* queue_notice_deaths(PyObject* self, PyObject* /*none*/) {
    return answer("notice_deaths", [&] {
        const ByteQueue& queue = queue_of(self);
        return checked(PyLong_FromSize_t(unlocked([&] { return queue.notice_deaths(); })));
    });
}

PyObject* queue_ready_fd(PyObject* self, PyObject* for_room) {
    return answer("fileno", [&] {
        const bool room = truth_of(for_room, false);
        QueueState& state = state_of(self);
        const std::lock_guard guard(state.lock);
        std::optional<ReadyHandle>& kept = room ? state.room_ready : state.items_ready;
        // Always asked for: after a fork what is kept is the parent's.
        kept = state.queue->ready_handle(room ? Ready::room : Ready::items);
        return checked(PyLong_FromLong(kept->native_handle()));
    });
}

PyObject* queue_look_again(PyObject* self, PyObject* /*none*/) {
    return answer([&] {
        queue_of(self).look_again(Ready::items);
        return none();
    });
}

}  // namespace procession::python
