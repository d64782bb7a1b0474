// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stream.h"

#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "os/windows/pipe.h"
#include "os/windows/process_name.h"
#include "os/windows/stream_name.h"
#include "os/windows/view.h"
// After windows.h.
#include <winternl.h>

// A stream is a named pipe of messages. Each transfer is one message, a record, which begins with
// its kind. Records are always read as a whole: only then can a record that does not fit be
// withdrawn as a whole (the system does not tell how much of a record that was begun has been
// read).
//
// The state that the holders of an end share, and that no pipe carries, stands in a section that is
// named after the stream: which process has a side, what is under way, what was ended.

namespace procession::os {

namespace {

enum class Kind : std::uint8_t {
    data = 'D',       // bytes
    with_note = 'N',  // 2 bytes: the length of a note; the note; bytes
    end = 'E',        // no more will come. It stays in the pipe, for all holders of this end
};
constexpr std::size_t kRecordBytesMax = 65536;  // of data
static_assert(kRecordBytesMax + note_bytes_max + 3 <= pipe_message_bytes_max);

/// Of one end and side. In memory that others can write: every value is possible.
struct SharedSide {
    std::atomic<std::uint64_t> owner;  // 0, or the process that has it, see process_name.h
    std::atomic<std::uint32_t> under_way;
    std::atomic<std::uint32_t> ended;
};
using SharedEnd = std::array<SharedSide, 2>;  // by Side
struct Shared {
    std::array<SharedEnd, 2> ends;
};

/// Writes the end record: at once, or, when there is no room for it, as soon as there is, while
/// this process holds the end.
class EndRecord {
  public:
    explicit EndRecord(NativeHandle end) noexcept : end_(end) {
        call_.hEvent = event_.get();
        static constexpr Kind record = Kind::end;
        if (event_.valid() && !::WriteFile(end_, &record, sizeof record, nullptr, &call_))
            is_pending_ = ::GetLastError() == ERROR_IO_PENDING;
    }
    ~EndRecord() {
        if (!is_pending_) return;
        ::CancelIoEx(end_, &call_);
        DWORD count = 0;
        ::GetOverlappedResult(end_, &call_, &count, TRUE);
    }
    EndRecord(const EndRecord&) = delete;
    EndRecord& operator=(const EndRecord&) = delete;

  private:
    NativeHandle end_;
    Handle event_{::CreateEventW(nullptr, TRUE, FALSE, nullptr)};
    OVERLAPPED call_{};
    bool is_pending_ = false;
};

void append(std::vector<std::byte>& record, std::span<const std::byte> bytes) {
    record.insert(record.end(), bytes.begin(), bytes.end());
}

}  // namespace

struct Stream::Rest {
    Handle section;
    View view;
    bool is_server = false;
    std::string label;
    std::vector<std::byte> record;  // that is being sent
    std::vector<std::byte> staged;  // what has been read, and not been received
    std::size_t staged_from = 0;
    std::optional<EndRecord> end_record;

    [[nodiscard]] SharedSide& ours(Side side) const noexcept {
        return view.as<Shared>()->ends[is_server ? 1 : 0][static_cast<std::size_t>(side)];
    }
    [[nodiscard]] SharedSide& peers(Side side) const noexcept {
        return view.as<Shared>()->ends[is_server ? 0 : 1][static_cast<std::size_t>(side)];
    }
    /// Returns: how many of the bytes are in it.
    std::size_t make_record(std::span<const std::span<const std::byte>> parts,
                            std::span<const std::byte> note) {
        record.assign(1, static_cast<std::byte>(note.empty() ? Kind::data : Kind::with_note));
        if (!note.empty()) {
            const auto length = static_cast<std::uint16_t>(note.size());
            append(record, std::as_bytes(std::span(&length, 1)));
            append(record, note);
        }
        std::size_t room = kRecordBytesMax;
        for (const auto& part : parts) {
            const auto taken = part.first(std::min(part.size(), room));
            append(record, taken);
            room -= taken.size();
        }
        return kRecordBytesMax - room;
    }
    /// Parses the head of the record that has been read.
    [[nodiscard]] std::error_code open_record(std::vector<std::byte>& note) {
        const auto malformed = std::make_error_code(std::errc::bad_message);
        const std::span all(staged);
        if (all.empty()) return malformed;
        staged_from = 1;
        // Without bytes it would look like the end.
        if (static_cast<Kind>(all[0]) == Kind::data)
            return all.size() > 1 ? std::error_code{} : malformed;
        std::uint16_t length = 0;
        if (static_cast<Kind>(all[0]) != Kind::with_note || all.size() < 1 + sizeof length)
            return malformed;
        std::memcpy(&length, all.data() + 1, sizeof length);
        const auto rest = all.subspan(1 + sizeof length);
        if (length >= rest.size() || length > note_bytes_max || !note.empty()) return malformed;
        note.assign(rest.begin(), rest.begin() + length);
        staged_from += sizeof length + length;
        return {};
    }
};

std::error_code create_stream(Handle& one, Handle& other) noexcept try {
    const auto name = StreamName::fresh();
    if (!name) return std::make_error_code(std::errc::io_error);
    return make_pipe_pair(name->pipe(), one, other);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

bool is_stream(const Handle& end) noexcept { return ::GetFileType(end.get()) == FILE_TYPE_PIPE; }
bool has_peer(const Handle& end) noexcept { return peek_pipe(end.get()).error == 0; }
FileIdentity other_end_of(const FileIdentity& end) noexcept {
    return {end.device, end.inode ^ 1};  // see StreamName::identity()
}
bool has_other_holder(const Handle& end) noexcept {
    PUBLIC_OBJECT_BASIC_INFORMATION about{};
    const NTSTATUS status =
        ::NtQueryObject(end.get(), ObjectBasicInformation, &about, sizeof about, nullptr);
    return status < 0 || about.HandleCount > 1;  // not known: perhaps
}

std::error_code identify_end(const Handle& end, std::string_view label,
                             FileIdentity& identity) noexcept try {
    const auto name = StreamName::of(end.get(), label);
    if (!name) return std::make_error_code(std::errc::bad_file_descriptor);
    identity = name->identity();
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

Stream::Stream() noexcept = default;
Stream::~Stream() { close(); }
Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
    std::swap(end_, other.end_);
    std::swap(rest_, other.rest_);
    return *this;
}

std::error_code Stream::open(Handle& end, std::string_view label, Stream& opened) noexcept try {
    const auto name = StreamName::of(end.get(), label);
    if (!name) return std::make_error_code(std::errc::bad_file_descriptor);
    auto rest = std::make_unique<Rest>();
    rest->label = name->label();
    rest->is_server = name->is_server();
    rest->section.reset(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0,
                                             sizeof(Shared), name->section().c_str()));
    if (!rest->section.valid()) return last_error();
    rest->view = View(rest->section.get(), FILE_MAP_WRITE, sizeof(Shared));
    if (!rest->view.valid()) return last_error();
    opened.close();
    opened.end_ = std::move(end);
    opened.rest_ = std::move(rest);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::string Stream::label() const { return rest_->label; }
void Stream::close() noexcept {
    rest_.reset();  // first: what is pending needs the end
    end_.reset();
}
Handle Stream::release() noexcept {
    rest_.reset();
    return std::exchange(end_, Handle());
}

std::error_code Stream::send_within(std::span<const std::span<const std::byte>> parts,
                                    const Beside& beside, Deadline deadline,
                                    std::size_t& sent) noexcept try {
    sent = 0;
    if (!beside.handles.empty() || beside.note.size() > note_bytes_max)
        return std::make_error_code(std::errc::argument_list_too_long);
    // acquire: pairs with end_sending() and end_receiving()
    const bool ended = rest_->ours(Side::sending).ended.load(std::memory_order_acquire) != 0 ||
                       rest_->peers(Side::receiving).ended.load(std::memory_order_acquire) != 0;
    if (ended) return std::make_error_code(std::errc::broken_pipe);
    const std::size_t bytes = rest_->make_record(parts, beside.note);
    const auto problem = write_message(end_.get(), rest_->record, deadline);
    if (!problem) sent = bytes;
    return problem == std::errc::not_connected ? std::make_error_code(std::errc::broken_pipe)
                                               : problem;
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code Stream::receive_some(std::span<std::byte> space, std::size_t& got,
                                     CameBeside& beside) noexcept try {
    got = 0;
    if (rest_->staged_from == rest_->staged.size()) {
        if (rest_->ours(Side::receiving).ended.load(std::memory_order_acquire) != 0) return {};
        // Read before the look at the pipe: what was sent before the end is in the pipe then.
        const bool ended = rest_->peers(Side::sending).ended.load(std::memory_order_acquire) != 0;
        const auto found = peek_pipe(end_.get());
        if (found.error == ERROR_BROKEN_PIPE || found.error == ERROR_PIPE_NOT_CONNECTED) return {};
        if (found.error != 0) return error_of(found.error);
        if (found.available == 0)
            return ended ? std::error_code{}
                         : std::make_error_code(std::errc::operation_would_block);
        if (static_cast<Kind>(found.first) == Kind::end) return {};
        rest_->staged_from = 0;
        auto problem = read_message(end_.get(), rest_->staged);
        if (!problem) problem = rest_->open_record(beside.note);
        if (problem) {
            rest_->staged.clear();
            rest_->staged_from = 0;
            return problem;
        }
    }
    const auto left = std::span<const std::byte>(rest_->staged).subspan(rest_->staged_from);
    got = std::min(left.size(), space.size());
    std::copy_n(left.begin(), got, space.begin());
    rest_->staged_from += got;
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

void Stream::end_sending() noexcept {
    // release: pairs with receive_some(). Once: a second record would be of no use.
    if (rest_->ours(Side::sending).ended.exchange(1, std::memory_order_release) == 0)
        rest_->end_record.emplace(end_.get());
}
void Stream::end_receiving() noexcept {
    rest_->ours(Side::receiving).ended.store(1, std::memory_order_release);
}

std::error_code Stream::try_lock_side(Side side) noexcept {
    auto& owner = rest_->ours(side).owner;
    const std::uint64_t own = own_process_name();
    if (own == 0) return std::make_error_code(std::errc::invalid_argument);
    std::uint64_t found = owner.load(std::memory_order_acquire);
    if (found == own) return {};
    const auto busy = std::make_error_code(std::errc::device_or_resource_busy);
    if (found != 0 && process_lives(found)) return busy;
    // acq_rel: what its last owner has marked is seen. Strong: a failure means that another process
    // was faster, and it lives.
    return owner.compare_exchange_strong(found, own, std::memory_order_acq_rel) ? std::error_code{}
                                                                                : busy;
}
void Stream::unlock_side(Side side) noexcept {
    std::uint64_t own = own_process_name();
    // Only what is ours. release: pairs with try_lock_side()
    rest_->ours(side).owner.compare_exchange_strong(own, 0, std::memory_order_release,
                                                    std::memory_order_relaxed);
}

// relaxed: under the lock of the side
void Stream::mark_under_way(Side side, bool under_way) noexcept {
    rest_->ours(side).under_way.store(under_way ? 1 : 0, std::memory_order_relaxed);
}
bool Stream::is_under_way(Side side) const noexcept {
    return rest_->ours(side).under_way.load(std::memory_order_relaxed) != 0;
}

}  // namespace procession::os
