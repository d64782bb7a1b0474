// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/byte_lock.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr std::size_t kMapped = 1;  // the kernel rounds to a page

/// The one POSIX record lock that this process may hold for a claim.
class RecordLock {
  public:
    [[nodiscard]] std::error_code try_lock(const Handle& file, const FileIdentity& identity,
                                           std::uint64_t at) noexcept {
        // Record locks do not exclude the threads of one process from each other, so `owner_` does.
        // It is the pid, because a child that was made while this lock was held does not hold it.
        int owner = owner_.load(std::memory_order_relaxed);
        const int self = calls::getpid();
        // acquire: pairs with unlock()
        if (owner == self ||
            !owner_.compare_exchange_strong(owner, self, std::memory_order_acquire))
            return std::make_error_code(std::errc::device_or_resource_busy);
        file_ = file.get();
        identity_ = identity;
        at_ = at;
        struct flock request = calls::one_byte(at, F_WRLCK);
        if (calls::uninterrupted([&] { return calls::set_process_lock(file_, &request); }) == 0)
            return {};
        const std::error_code failed = calls::lock_error();
        owner_.store(0, std::memory_order_release);
        return failed;
    }
    void unlock() noexcept {
        // If other code has closed the descriptor, the lock is gone, and the number may refer to
        // another file.
        Handle borrowed(file_);
        struct flock request = calls::one_byte(at_, F_UNLCK);
        if (!refers_to(borrowed, identity_)) calls::set_process_lock(file_, &request);
        [[maybe_unused]] const int not_owned = borrowed.release();
        owner_.store(0, std::memory_order_release);  // pairs with try_lock()
    }

  private:
    std::atomic<int> owner_{0};
    int file_ = no_handle;
    FileIdentity identity_;
    std::uint64_t at_ = 0;
};
constinit RecordLock record_lock;

/// Whether try_lock() failed because this process cannot open its own files in /proc.
bool is_hidden(const std::error_code& failed) noexcept {
    return failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory ||
           failed == std::errc::permission_denied || failed == std::errc::operation_not_permitted ||
           failed == std::errc::function_not_supported;
}

}  // namespace

const char* ByteLock::why(const std::error_code& failed) noexcept {
    if (failed == std::errc::bad_file_descriptor) {
        return "another part of this program has closed the descriptor of the queue (closefrom, "
               "daemon?)";
    }
    if (failed == std::errc::too_many_files_open ||
        failed == std::errc::too_many_files_open_in_system) {
        return "too many files are open; raise the limit (ulimit -n)";
    }
    if (is_hidden(failed)) {
        return "this process cannot open /proc/thread-self/fd, which it needs to show the other "
               "processes that it is alive (chroot, no /proc, a filter of system calls?); call a "
               "method of the queue, such as qsize(), before the process confines itself";
    }
    return "the system refused to lock a byte";
}

std::error_code ByteLock::try_claim(const Handle& file, const FileIdentity& identity,
                                    std::uint64_t at, ByteLock& taken) noexcept {
    const std::error_code failed = try_lock(file, identity, at, taken);
    if (!is_hidden(failed)) return failed;
    if (const std::error_code refused = record_lock.try_lock(file, identity, at)) return refused;
    ByteLock fresh;
    fresh.mapping_ = &record_lock;
    taken = std::move(fresh);
    return {};
}

std::error_code ByteLock::try_lock(const Handle& file, const FileIdentity& identity,
                                   std::uint64_t at, ByteLock& taken) noexcept {
    // Not /proc/self, which is empty once the main thread of the process has ended.
    char path[64];
    std::snprintf(path, sizeof path, "/proc/thread-self/fd/%d", file.get());
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const Handle own(calls::uninterrupted([&] { return calls::open(path, flags); }));
    if (!own.valid()) {
        // The descriptor was closed, its number was reused for an object that cannot be opened, or
        // there is no /proc.
        const std::error_code failed = calls::last_error();
        const std::error_code wrong_file = refers_to(file, identity);
        return wrong_file ? wrong_file : failed;
    }
    if (const std::error_code wrong_file = refers_to(own, identity)) return wrong_file;
    struct flock request = calls::one_byte(at, F_WRLCK);
    if (calls::uninterrupted([&] { return calls::set_lock(own.get(), &request); }) != 0)
        return calls::lock_error();
    void* mapping = calls::mmap(kMapped, PROT_NONE, MAP_SHARED, own.get());
    if (mapping == MAP_FAILED) return calls::last_error();
    ByteLock fresh;
    fresh.mapping_ = mapping;
    if (calls::madvise(mapping, kMapped, MADV_DONTFORK) != 0) return calls::last_error();
    taken = std::move(fresh);
    return {};
}

bool ByteLock::is_locked(const Handle& file, const FileIdentity& identity,
                         std::uint64_t at) noexcept {
    struct flock request = calls::one_byte(at, F_WRLCK);
    if (calls::get_lock(file.get(), &request) != 0 || request.l_type != F_UNLCK) return true;
    // Another part of the program may have closed the descriptor, and its number may refer to
    // another file. This is checked last: a number that was reused does not become right again.
    return static_cast<bool>(refers_to(file, identity));
}

bool ByteLock::is_any_locked(const Handle& file, std::uint64_t from, std::uint64_t count) noexcept {
    struct flock request = calls::one_byte(from, F_WRLCK);
    request.l_len = static_cast<off_t>(count);
    return calls::get_lock(file.get(), &request) != 0 || request.l_type != F_UNLCK;
}

void ByteLock::unlock() noexcept {
    if (mapping_ == nullptr) return;
    const int kept = errno;
    if (mapping_ == &record_lock) {
        record_lock.unlock();
        errno = kept;
        mapping_ = nullptr;
        return;
    }
    // This drops the last reference to the description, so the kernel releases the lock before
    // munmap returns.
    calls::munmap(mapping_, kMapped);
    errno = kept;
    mapping_ = nullptr;
}

}  // namespace procession::inline v0::detail::os
