// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/byte_lock.h"

#include <utility>

#include "os/windows/section_head.h"

namespace procession::os {

namespace {

/// When a process was created, in 100 ns; its low half tells apart those that get one number one
/// after the other, but for a chance of one in 2^32.
std::uint64_t name_of_process(DWORD number, HANDLE process) noexcept {
    FILETIME created{};
    FILETIME other{};
    if (!::GetProcessTimes(process, &created, &other, &other, &other)) return 0;
    return std::uint64_t{created.dwLowDateTime} << 32 | number;
}

std::uint64_t own_name() noexcept {
    static const std::uint64_t name =
        name_of_process(::GetCurrentProcessId(), ::GetCurrentProcess());
    return name;
}

/// Whether the process of that name runs. The process object tells: it is signalled after the last
/// thread has executed its last instruction. True when that cannot be told.
bool lives(std::uint64_t name) noexcept {
    if (name == own_name()) return true;
    const auto number = static_cast<DWORD>(name);
    const Handle process(
        ::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, number));
    // There is no process of that number. Another error: there is one, of somebody else.
    if (!process.valid()) return ::GetLastError() != ERROR_INVALID_PARAMETER;
    const std::uint64_t found = name_of_process(number, process.get());
    if (found == 0) return true;
    return found == name && ::WaitForSingleObject(process.get(), 0) != WAIT_OBJECT_0;
}

using Word = std::atomic<std::uint64_t>;

bool is_locked_word(const Word& word) noexcept {
    const std::uint64_t name = word.load(std::memory_order_acquire);  // pairs with the exchange
    return name != 0 && lives(name);
}

/// Of a byte; nullptr beyond the table.
Word* word_of(SectionHead& head, std::uint64_t at) noexcept {
    const std::uint64_t index = at / 64;
    return index < head.locks.size() ? &head.locks[index] : nullptr;
}

}  // namespace

std::error_code ByteLock::try_lock(const Handle& file, const FileIdentity& identity,
                                   std::uint64_t at, ByteLock& taken) noexcept {
    SectionHeadView head;
    if (const auto problem = SectionHeadView::map(file.get(), head)) return problem;
    if (head->identity() != identity) return std::make_error_code(std::errc::bad_file_descriptor);
    Word* const word = word_of(*head, at);
    if (word == nullptr || own_name() == 0)
        return std::make_error_code(std::errc::invalid_argument);
    std::uint64_t name = word->load(std::memory_order_acquire);
    if (name != 0 && lives(name)) return std::make_error_code(std::errc::device_or_resource_busy);
    // acq_rel: what the last owner has written is visible. Strong: whoever was faster lives.
    if (!word->compare_exchange_strong(name, own_name(), std::memory_order_acq_rel))
        return std::make_error_code(std::errc::device_or_resource_busy);
    ByteLock fresh;
    fresh.mapping_ = word;  // in the view, which stays
    head.release();
    taken = std::move(fresh);
    return {};
}

bool ByteLock::is_locked(const Handle& file, const FileIdentity& identity,
                         std::uint64_t at) noexcept {
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
    // Views begin at multiples of the granularity, and the head is no longer than that.
    const auto address = reinterpret_cast<std::uintptr_t>(mapping_);
    ::UnmapViewOfFile(reinterpret_cast<void*>(address / section_head_bytes * section_head_bytes));
    ::SetLastError(kept);
    mapping_ = nullptr;
}

}  // namespace procession::os
