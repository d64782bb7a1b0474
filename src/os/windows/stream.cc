// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stream.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "os/windows/pipe.h"
#include "os/windows/process_identity.h"
#include "os/windows/stream_name.h"
#include "os/windows/view.h"
// After windows.h.
#include <winternl.h>

// A stream is a named pipe in message mode. Each transfer is one message, a record, which begins
// with its kind. Records are always read as a whole. This way a write that does not complete in
// time can be cancelled as a whole. (The system does not tell how much of a partly read record was
// read.)
//
// A section, whose name contains that of the stream, has the state that the holders of an end
// share: which process has locked a side, whether a message is in progress, which sides were ended.

namespace procession::inline v0::detail::os {

namespace {

enum class Kind : std::uint8_t {
    data = 'D',      // bytes
    with_key = 'N',  // the length of a deposit key, in 2 bytes; the key; bytes
    end = 'E',       // nothing follows. It stays in the pipe, so that all holders of the end see it
};
constexpr std::size_t kRecordBytesMax = 65536;  // without head and key
static_assert(kRecordBytesMax + deposit_key_bytes_max + 3 <= pipe_message_bytes_max);

/// The state of one side of one end. Other processes can write it, so every value is possible.
struct SideState {
    std::atomic<std::uint64_t> owner;  // 0, or the process that has locked it: process_identity.h
    std::atomic<std::uint32_t> in_progress;
    std::atomic<std::uint32_t> ended;
};
struct StreamState {
    std::array<std::array<SideState, 2>, 2> ends;  // by end and Side
};

/// Writes the end record as soon as there is room for it in the pipe, if this process has not
/// closed its end by then.
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

struct Stream::Impl {
    Handle section;
    View view;
    bool is_server = false;
    std::string label;
    std::vector<std::byte> record;  // the record that is being sent
    std::vector<std::byte> staged;  // the record that was read last
    std::size_t staged_from = 0;    // the offset of the first byte that was not received yet
    std::optional<EndRecord> end_record;

    [[nodiscard]] SideState& ours(Side side) const noexcept {
        return view.as<StreamState>()->ends[is_server ? 1 : 0][static_cast<std::size_t>(side)];
    }
    [[nodiscard]] SideState& peers(Side side) const noexcept {
        return view.as<StreamState>()->ends[is_server ? 0 : 1][static_cast<std::size_t>(side)];
    }
    /// Returns: how many bytes of the parts the record contains.
    std::size_t make_record(std::span<const std::span<const std::byte>> parts,
                            std::span<const std::byte> deposit_key) {
        record.assign(1, static_cast<std::byte>(deposit_key.empty() ? Kind::data : Kind::with_key));
        if (!deposit_key.empty()) {
            const auto length = static_cast<std::uint16_t>(deposit_key.size());
            append(record, std::as_bytes(std::span(&length, 1)));
            append(record, deposit_key);
        }
        std::size_t room = kRecordBytesMax;
        for (const auto& part : parts) {
            const auto taken = part.first(std::min(part.size(), room));
            append(record, taken);
            room -= taken.size();
        }
        return kRecordBytesMax - room;
    }
    /// Parses the head of the staged record.
    [[nodiscard]] std::error_code open_record(std::vector<std::byte>& deposit_key) {
        const auto malformed = std::make_error_code(std::errc::bad_message);
        const std::span all(staged);
        if (all.empty()) return malformed;
        staged_from = 1;
        // A record without bytes is malformed, since 0 received bytes mean the end.
        if (static_cast<Kind>(all[0]) == Kind::data)
            return all.size() > 1 ? std::error_code{} : malformed;
        std::uint16_t length = 0;
        if (static_cast<Kind>(all[0]) != Kind::with_key || all.size() < 1 + sizeof length)
            return malformed;
        std::memcpy(&length, all.data() + 1, sizeof length);
        const auto rest = all.subspan(1 + sizeof length);
        if (length >= rest.size() || length > deposit_key_bytes_max || !deposit_key.empty())
            return malformed;
        deposit_key.assign(rest.begin(), rest.begin() + length);
        staged_from += sizeof length + length;
        return {};
    }
};

std::error_code create_stream_pair(Handle& one, Handle& other) noexcept try {
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
    return status < 0 || about.HandleCount > 1;  // if the system does not tell, perhaps
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
    std::swap(impl_, other.impl_);
    return *this;
}

std::error_code Stream::open(Handle& end, std::string_view label, Stream& opened) noexcept try {
    const auto name = StreamName::of(end.get(), label);
    if (!name) return std::make_error_code(std::errc::bad_file_descriptor);
    auto impl = std::make_unique<Impl>();
    impl->label = name->label();
    impl->is_server = name->is_server();
    impl->section.reset(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0,
                                             sizeof(StreamState), name->section().c_str()));
    if (!impl->section.valid()) return last_error();
    impl->view = View(impl->section.get(), FILE_MAP_WRITE, sizeof(StreamState));
    if (!impl->view.valid()) return last_error();
    opened.close();
    opened.end_ = std::move(end);
    opened.impl_ = std::move(impl);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::string Stream::label() const { return impl_->label; }
void Stream::close() noexcept {
    impl_.reset();  // first, because a pending write uses the handle
    end_.reset();
}
Handle Stream::release() noexcept {
    impl_.reset();
    return std::exchange(end_, Handle());
}

std::error_code Stream::send_within(std::span<const std::span<const std::byte>> parts,
                                    const AncillaryData& ancillary, Deadline deadline,
                                    std::size_t& sent) noexcept try {
    sent = 0;
    if (!ancillary.handles.empty() || ancillary.deposit_key.size() > deposit_key_bytes_max)
        return std::make_error_code(std::errc::argument_list_too_long);
    // acquire: pairs with end_sending() and end_receiving()
    const bool ended = impl_->ours(Side::sending).ended.load(std::memory_order_acquire) != 0 ||
                       impl_->peers(Side::receiving).ended.load(std::memory_order_acquire) != 0;
    if (ended) return std::make_error_code(std::errc::broken_pipe);
    const std::size_t bytes = impl_->make_record(parts, ancillary.deposit_key);
    const auto problem = write_message(end_.get(), impl_->record, deadline);
    if (!problem) sent = bytes;
    return problem == std::errc::not_connected ? std::make_error_code(std::errc::broken_pipe)
                                               : problem;
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code Stream::receive_some(std::span<std::byte> space, std::size_t& got,
                                     ReceivedAncillaryData& ancillary) noexcept try {
    got = 0;
    if (impl_->staged_from == impl_->staged.size()) {
        if (impl_->ours(Side::receiving).ended.load(std::memory_order_acquire) != 0) return {};
        // Read before peek_pipe(), so that what was sent before the end is in the pipe by then.
        const bool ended = impl_->peers(Side::sending).ended.load(std::memory_order_acquire) != 0;
        const auto found = peek_pipe(end_.get());
        if (found.error == ERROR_BROKEN_PIPE || found.error == ERROR_PIPE_NOT_CONNECTED) return {};
        if (found.error != 0) return error_of(found.error);
        if (found.available == 0)
            return ended ? std::error_code{}
                         : std::make_error_code(std::errc::operation_would_block);
        if (static_cast<Kind>(found.first) == Kind::end) return {};
        impl_->staged_from = 0;
        auto problem = read_message(end_.get(), impl_->staged);
        if (!problem) problem = impl_->open_record(ancillary.deposit_key);
        if (problem) {
            impl_->staged.clear();
            impl_->staged_from = 0;
            return problem;
        }
    }
    const auto left = std::span<const std::byte>(impl_->staged).subspan(impl_->staged_from);
    got = std::min(left.size(), space.size());
    std::copy_n(left.begin(), got, space.begin());
    impl_->staged_from += got;
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

void Stream::end_sending() noexcept {
    // release: pairs with receive_some(). Only the first call writes a record.
    if (impl_->ours(Side::sending).ended.exchange(1, std::memory_order_release) == 0)
        impl_->end_record.emplace(end_.get());
}
void Stream::end_receiving() noexcept {
    impl_->ours(Side::receiving).ended.store(1, std::memory_order_release);
}

std::error_code Stream::try_lock_side(Side side) noexcept {
    auto& owner = impl_->ours(side).owner;
    const std::uint64_t own = own_process_identity();
    if (own == 0) return std::make_error_code(std::errc::invalid_argument);
    std::uint64_t found = owner.load(std::memory_order_acquire);
    if (found == own) return {};
    const auto busy = std::make_error_code(std::errc::device_or_resource_busy);
    if (found != 0 && is_process_alive(found)) return busy;
    // acq_rel: makes visible what the last owner has set. Strong: a failure means that another
    // process, which is alive, was faster.
    return owner.compare_exchange_strong(found, own, std::memory_order_acq_rel) ? std::error_code{}
                                                                                : busy;
}
void Stream::unlock_side(Side side) noexcept {
    std::uint64_t own = own_process_identity();
    // Only if this process owns it. release: pairs with try_lock_side()
    impl_->ours(side).owner.compare_exchange_strong(own, 0, std::memory_order_release,
                                                    std::memory_order_relaxed);
}

// relaxed: the lock of the side is held
void Stream::set_in_progress(Side side, bool in_progress) noexcept {
    impl_->ours(side).in_progress.store(in_progress ? 1 : 0, std::memory_order_relaxed);
}
bool Stream::is_in_progress(Side side) const noexcept {
    return impl_->ours(side).in_progress.load(std::memory_order_relaxed) != 0;
}

}  // namespace procession::inline v0::detail::os
