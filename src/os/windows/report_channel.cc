// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/report_channel.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "os/windows/view.h"

// A section that both sides map: the sender appends records, the receiver reads them. A child sends
// few records in its life, so the memory of records that were read is not reused.

namespace procession::inline v0::detail::os {

namespace {

constexpr std::size_t kBytes = 65536;

struct Mailbox {
    std::atomic<std::uint32_t> written;  // bytes of `records` that have been written
    std::atomic<std::uint32_t> read;
    std::byte records[kBytes - 8];  // each has 4 bytes of length, then its bytes
};
static_assert(sizeof(Mailbox) == kBytes);

}  // namespace

std::error_code ReportChannel::create(ReportChannel& created) noexcept {
    Handle section(
        ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, kBytes, nullptr));
    if (!section.valid()) return last_error();
    Handle copy = duplicate_here(section.get(), 0, false);
    if (!copy.valid()) return last_error();
    created.receiver = std::move(section);
    created.sender = std::move(copy);
    return {};
}

bool send_report(NativeHandle sender, std::span<const std::byte> record) noexcept {
    const View view(sender, FILE_MAP_WRITE, sizeof(Mailbox));
    if (!view.valid()) return false;
    auto* const box = view.as<Mailbox>();
    const auto length = static_cast<std::uint32_t>(record.size());
    const std::uint32_t at = box->written.load(std::memory_order_relaxed);  // one thread sends
    if (at > sizeof box->records || sizeof box->records - at < sizeof length + record.size())
        return false;
    std::memcpy(box->records + at, &length, sizeof length);
    std::memcpy(box->records + at + sizeof length, record.data(), record.size());
    box->written.store(at + static_cast<std::uint32_t>(sizeof length) + length,
                       std::memory_order_release);
    return true;
}

std::optional<std::size_t> receive_report(NativeHandle receiver,
                                          std::span<std::byte> space) noexcept {
    const View view(receiver, FILE_MAP_WRITE, sizeof(Mailbox));
    if (!view.valid()) return std::nullopt;
    auto* const box = view.as<Mailbox>();
    const std::uint32_t end = box->written.load(std::memory_order_acquire);
    const std::uint32_t at = box->read.load(std::memory_order_relaxed);  // one thread receives
    std::uint32_t length = 0;
    // The child has written all of this, so every value is checked.
    if (end > sizeof box->records || at > end || end - at < sizeof length) return std::nullopt;
    std::memcpy(&length, box->records + at, sizeof length);
    if (length > end - at - sizeof length) return std::nullopt;
    const std::size_t taken = std::min<std::size_t>(length, space.size());
    std::memcpy(space.data(), box->records + at + sizeof length, taken);
    box->read.store(at + static_cast<std::uint32_t>(sizeof length) + length,
                    std::memory_order_relaxed);
    return taken;
}

}  // namespace procession::inline v0::detail::os
