// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/byte_lock.h"

#include <utility>

#include "os/windows/mapped_heads.h"
#include "os/windows/process_identity.h"

namespace procession::inline v0::detail::os {

namespace {

using Word = std::atomic<std::uint64_t>;

/// Whether `owner`, the value of a lock's word, means that the byte is locked.
bool is_live_owner(std::uint64_t owner) noexcept { return owner != 0 && is_process_alive(owner); }

bool is_locked_word(const Word& word) noexcept {
    return is_live_owner(word.load(std::memory_order_acquire));  // pairs with the exchange
}

/// The word of the byte at offset `at`; nullptr when it is not in the table.
Word* word_of(SectionHead& head, std::uint64_t at) noexcept {
    const std::uint64_t index = at / 64;
    return index < head.locks.size() ? &head.locks[index] : nullptr;
}

}  // namespace

const char* ByteLock::why(const std::error_code& /*failed*/) noexcept {
    return "the system refused to share its memory";
}

std::error_code ByteLock::try_claim(const Handle& file, const FileIdentity& identity,
                                    std::uint64_t at, ByteLock& taken) noexcept {
    return try_lock(file, identity, at, taken);
}

std::error_code ByteLock::try_lock(const Handle& file, const FileIdentity& identity,
                                   std::uint64_t at, ByteLock& taken) noexcept {
    SectionHeadView head;
    if (const auto problem = SectionHeadView::map(file.get(), head)) return problem;
    if (head->identity() != identity) return std::make_error_code(std::errc::bad_file_descriptor);
    Word* const word = word_of(*head, at);
    if (word == nullptr || own_process_identity() == 0)
        return std::make_error_code(std::errc::invalid_argument);
    std::uint64_t owner = word->load(std::memory_order_acquire);
    if (is_live_owner(owner)) return std::make_error_code(std::errc::device_or_resource_busy);
    // acq_rel: makes the writes of the last owner visible. Strong: a failure means that another
    // process, which is alive, was faster.
    if (!word->compare_exchange_strong(owner, own_process_identity(), std::memory_order_acq_rel))
        return std::make_error_code(std::errc::device_or_resource_busy);
    ByteLock fresh;
    fresh.mapping_ = word;  // points into the view, which stays mapped
    head.release();
    taken = std::move(fresh);
    return {};
}

bool ByteLock::is_locked(const Handle& file, const FileIdentity& identity,
                         std::uint64_t at) noexcept {
    // If this process has mapped the file, read that mapping: it costs nothing and needs no handle.
    if (const auto owner = owner_in_mapped_head(identity, at / 64)) return is_live_owner(*owner);
    SectionHeadView head;
    if (SectionHeadView::map(file.get(), head)) return true;
    if (head->identity() != identity) return true;
    const Word* const word = word_of(*head, at);
    return word == nullptr || is_locked_word(*word);
}

bool ByteLock::is_any_locked(const Handle& file, std::uint64_t from, std::uint64_t count) noexcept {
    SectionHeadView head;
    if (SectionHeadView::map(file.get(), head)) return true;
    for (std::uint64_t at = from / 64 * 64; at < from + count; at += 64) {
        const Word* const word = word_of(*head, at);
        if (word == nullptr || is_locked_word(*word)) return true;
    }
    return false;
}

void ByteLock::unlock() noexcept {
    if (mapping_ == nullptr) return;
    const DWORD kept = ::GetLastError();
    static_cast<Word*>(mapping_)->store(0, std::memory_order_release);
    // A view begins at a multiple of section_head_bytes, and the head is not longer than that.
    const auto address = reinterpret_cast<std::uintptr_t>(mapping_);
    ::UnmapViewOfFile(reinterpret_cast<void*>(address / section_head_bytes * section_head_bytes));
    ::SetLastError(kept);
    mapping_ = nullptr;
}

}  // namespace procession::inline v0::detail::os
