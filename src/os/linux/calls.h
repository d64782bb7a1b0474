// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "os/linux/fault_hook.h"

/// Every system call that src/os/linux makes, under its own name. Each function makes exactly that
/// call. In builds with PROCESSION_FAULTS a test can make it fail instead. tools/check_style.cpp
/// rejects system calls that are made anywhere else.
namespace procession::inline v0::detail::os::calls {

/// The error of the system call that failed last in this thread.
[[nodiscard]] inline std::error_code last_error() noexcept {
    return {errno, std::generic_category()};
}

/// Whether a test makes this call fail. If so, errno is set.
inline bool fails(Call call) noexcept {
    const int number = fault(call);
    if (number <= 0) return false;
    errno = number;
    return true;
}

/// How many bytes this call may transfer: `count`; half of it, in a test of short transfers; or -1,
/// with errno set, when a test makes the call fail.
inline ssize_t allowed(Call call, std::size_t count) noexcept {
    const int number = fault(call);
    if (number > 0) {
        errno = number;
        return -1;
    }
    return static_cast<ssize_t>(number == kShort ? (count + 1) / 2 : count);
}

/// Makes the call again while a signal interrupts it.
template <class MakeCall>
auto uninterrupted(MakeCall make_call) noexcept {
    for (;;) {
        const auto result = make_call();
        if (result != -1 || errno != EINTR) return result;
    }
}

/// Makes a call that is a POSIX cancellation point, with cancellation disabled: its callers are
/// noexcept and must finish what they have begun. A cancellation request (pthread_cancel) stays
/// pending until the program's own next cancellation point.
template <class MakeCall>
auto uncancelled(MakeCall make_call) noexcept {
    int before = 0;
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    const auto result = make_call();
    ::pthread_setcancelstate(before, nullptr);  // leaves errno alone
    return result;
}

// ---- descriptors -------------------------------------------------------------------------------

inline int open(const char* path, int flags) noexcept {
    return fails(Call::open) ? -1 : uncancelled([&] { return ::open(path, flags); });
}
/// The descriptor is released even if close fails (close(2)).
inline int close(int fd) noexcept {
    const int number = fault(Call::close);
    const int result = uncancelled([&] { return ::close(fd); });
    if (number <= 0) return result;
    errno = number;
    return -1;
}
inline ssize_t read(int fd, void* to, std::size_t count) noexcept {
    const ssize_t most = allowed(Call::read, count);
    return most < 0 ? -1
                    : uncancelled([&] { return ::read(fd, to, static_cast<std::size_t>(most)); });
}
inline ssize_t write(int fd, const void* from, std::size_t count) noexcept {
    const ssize_t most = allowed(Call::write, count);
    return most < 0
               ? -1
               : uncancelled([&] { return ::write(fd, from, static_cast<std::size_t>(most)); });
}
/// Cannot fail with these arguments.
inline void change_signal_mask(int how, const sigset_t* mask, sigset_t* before) noexcept {
    ::pthread_sigmask(how, mask, before);
}
inline ssize_t readlink(const char* path, char* to, std::size_t size) noexcept {
    return fails(Call::readlink) ? -1 : ::readlink(path, to, size);
}
inline int fstat(int fd, struct stat* status) noexcept {
    return fails(Call::fstat) ? -1 : ::fstat(fd, status);
}
inline int fstatfs(int fd, struct statfs* status) noexcept {
    return fails(Call::fstatfs) ? -1 : ::fstatfs(fd, status);
}
inline int poll(pollfd* watched, nfds_t count, int milliseconds) noexcept {
    return fails(Call::poll) ? -1
                             : uncancelled([&] { return ::poll(watched, count, milliseconds); });
}
inline int ppoll(pollfd* watched, nfds_t count, const timespec* limit) noexcept {
    return fails(Call::ppoll)
               ? -1
               : uncancelled([&] { return ::ppoll(watched, count, limit, nullptr); });
}
inline int pipe2(int (&ends)[2], int flags) noexcept {
    return fails(Call::pipe2) ? -1 : ::pipe2(ends, flags);
}
inline int eventfd(unsigned count, int flags) noexcept {
    return fails(Call::eventfd) ? -1 : ::eventfd(count, flags);
}
inline int epoll_create1(int flags) noexcept {
    return fails(Call::epoll_create1) ? -1 : ::epoll_create1(flags);
}
inline int epoll_add(int set, int fd, epoll_event* event) noexcept {
    return fails(Call::epoll_add) ? -1 : ::epoll_ctl(set, EPOLL_CTL_ADD, fd, event);
}
/// Cannot fail when `fd` is in the set.
inline void epoll_remove(int set, int fd) noexcept { ::epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr); }
inline int socketpair(int domain, int type, int protocol, int (&ends)[2]) noexcept {
    return fails(Call::socketpair) ? -1 : ::socketpair(domain, type, protocol, ends);
}
inline ssize_t send(int fd, const void* from, std::size_t count, int flags) noexcept {
    return fails(Call::send) ? -1 : uncancelled([&] { return ::send(fd, from, count, flags); });
}
inline ssize_t recv(int fd, void* to, std::size_t count, int flags) noexcept {
    return fails(Call::recv) ? -1 : uncancelled([&] { return ::recv(fd, to, count, flags); });
}
inline ssize_t sendmsg(int fd, const msghdr* message, int flags) noexcept {
    return fails(Call::sendmsg) ? -1 : uncancelled([&] { return ::sendmsg(fd, message, flags); });
}
inline ssize_t recvmsg(int fd, msghdr* message, int flags) noexcept {
    return fails(Call::recvmsg) ? -1 : uncancelled([&] { return ::recvmsg(fd, message, flags); });
}
inline int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
    return fails(Call::getsockopt) ? -1 : ::getsockopt(fd, level, option, value, length);
}
inline int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
    return fails(Call::setsockopt) ? -1 : ::setsockopt(fd, level, option, value, length);
}
inline int socket(int domain, int type, int protocol) noexcept {
    return fails(Call::socket) ? -1 : ::socket(domain, type, protocol);
}
inline int bind(int fd, const sockaddr* address, socklen_t length) noexcept {
    return fails(Call::bind) ? -1 : ::bind(fd, address, length);
}
inline int listen(int fd, int backlog) noexcept {
    return fails(Call::listen) ? -1 : ::listen(fd, backlog);
}
inline int accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
    return fails(Call::accept4)
               ? -1
               : uncancelled([&] { return ::accept4(fd, address, length, flags); });
}
inline int connect(int fd, const sockaddr* address, socklen_t length) noexcept {
    return fails(Call::connect) ? -1 : uncancelled([&] { return ::connect(fd, address, length); });
}
inline int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
    return fails(Call::getsockname) ? -1 : ::getsockname(fd, address, length);
}
inline int chmod(const char* path, mode_t mode) noexcept {
    return fails(Call::chmod) ? -1 : ::chmod(path, mode);
}
inline int lstat(const char* path, struct stat* status) noexcept {
    return fails(Call::lstat) ? -1 : ::lstat(path, status);
}
inline int unlink(const char* path) noexcept { return fails(Call::unlink) ? -1 : ::unlink(path); }
inline ssize_t getrandom(void* to, std::size_t count) noexcept {
    return fails(Call::getrandom) ? -1 : uncancelled([&] { return ::getrandom(to, count, 0); });
}

// ---- fcntl, by its commands --------------------------------------------------------------------

/// A request to lock or unlock one byte of a file.
inline struct flock one_byte(std::uint64_t at, short type) noexcept {
    struct flock request{};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(at);
    request.l_len = 1;
    return request;
}
/// After set_lock() or set_process_lock() has failed: device_or_resource_busy when another owner
/// holds the lock, for which the system has two error numbers.
[[nodiscard]] inline std::error_code lock_error() noexcept {
    const bool busy = errno == EACCES || errno == EAGAIN;
    return busy ? std::make_error_code(std::errc::device_or_resource_busy) : last_error();
}

inline int add_seals(int fd, int seals) noexcept {
    return fails(Call::fcntl_add_seals) ? -1 : ::fcntl(fd, F_ADD_SEALS, seals);
}
inline int get_seals(int fd) noexcept {
    return fails(Call::fcntl_get_seals) ? -1 : ::fcntl(fd, F_GET_SEALS);
}
inline int duplicate(int fd, int at_least) noexcept {
    return fails(Call::fcntl_dupfd) ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, at_least);
}
inline int set_lock(int fd, struct flock* request) noexcept {
    return fails(Call::fcntl_set_lock) ? -1 : ::fcntl(fd, F_OFD_SETLK, request);
}
/// POSIX record locks, which belong to the process.
inline int set_process_lock(int fd, struct flock* request) noexcept {
    return fails(Call::fcntl_set_process_lock) ? -1 : ::fcntl(fd, F_SETLK, request);
}
inline int get_lock(int fd, struct flock* request) noexcept {
    return fails(Call::fcntl_get_lock) ? -1 : ::fcntl(fd, F_OFD_GETLK, request);
}
inline int get_descriptor_flags(int fd) noexcept {
    return fails(Call::fcntl_getfd) ? -1 : ::fcntl(fd, F_GETFD);
}
inline int set_descriptor_flags(int fd, int flags) noexcept {
    return fails(Call::fcntl_setfd) ? -1 : ::fcntl(fd, F_SETFD, flags);
}
inline int get_status_flags(int fd) noexcept {
    return fails(Call::fcntl_getfl) ? -1 : ::fcntl(fd, F_GETFL);
}
inline int set_status_flags(int fd, int flags) noexcept {
    return fails(Call::fcntl_setfl) ? -1 : ::fcntl(fd, F_SETFL, flags);
}
inline int set_signal(int fd, int number) noexcept {
    return fails(Call::fcntl_setsig) ? -1 : ::fcntl(fd, F_SETSIG, number);
}
inline int set_owner(int fd, pid_t owner) noexcept {
    return fails(Call::fcntl_setown) ? -1 : ::fcntl(fd, F_SETOWN, owner);
}

// ---- memory ------------------------------------------------------------------------------------

inline int memfd_create(const char* name, unsigned flags) noexcept {
    return fails(Call::memfd_create) ? -1 : ::memfd_create(name, flags);
}
inline int fallocate(int fd, int mode, off_t from, off_t bytes) noexcept {
    return fails(Call::fallocate) ? -1
                                  : uncancelled([&] { return ::fallocate(fd, mode, from, bytes); });
}
inline void* mmap(std::size_t bytes, int protection, int flags, int fd) noexcept {
    return fails(Call::mmap) ? MAP_FAILED : ::mmap(nullptr, bytes, protection, flags, fd, 0);
}
inline int madvise(void* base, std::size_t bytes, int advice) noexcept {
    return fails(Call::madvise) ? -1 : ::madvise(base, bytes, advice);
}
inline long membarrier(int command) noexcept {
    return fails(Call::membarrier) ? -1 : ::syscall(SYS_membarrier, command, 0, 0);
}
/// Never fails for a whole mapping; only splitting one can fail.
inline int munmap(void* base, std::size_t bytes) noexcept {
    const int number = fault(Call::munmap);
    const int result = ::munmap(base, bytes);
    if (number <= 0) return result;
    errno = number;
    return -1;
}
inline int getrlimit(__rlimit_resource_t resource, rlimit* limit) noexcept {
    return fails(Call::getrlimit) ? -1 : ::getrlimit(resource, limit);
}
inline int setrlimit(__rlimit_resource_t resource, const rlimit* limit) noexcept {
    return fails(Call::setrlimit) ? -1 : ::setrlimit(resource, limit);
}
inline long futex_wait(void* word, std::uint32_t expected, const timespec* limit) noexcept {
    if (fails(Call::futex_wait)) return -1;
    return ::syscall(SYS_futex, word, FUTEX_WAIT, expected, limit, nullptr, 0);
}
inline long futex_wake(void* word, int count) noexcept {
    if (fails(Call::futex_wake)) return -1;
    return ::syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

// ---- processes ---------------------------------------------------------------------------------

inline pid_t fork() noexcept { return fails(Call::fork) ? -1 : ::fork(); }
/// These four return the error number and leave errno alone.
inline int posix_spawn_init(posix_spawn_file_actions_t* actions) noexcept {
    const int number = fault(Call::posix_spawn_init);
    return number > 0 ? number : ::posix_spawn_file_actions_init(actions);
}
inline int posix_spawn_adddup2(posix_spawn_file_actions_t* actions, int fd, int as) noexcept {
    const int number = fault(Call::posix_spawn_adddup2);
    return number > 0 ? number : ::posix_spawn_file_actions_adddup2(actions, fd, as);
}
inline int posix_spawn_attributes(posix_spawnattr_t* attributes) noexcept {
    const int number = fault(Call::posix_spawn_attributes);
    return number > 0 ? number : ::posix_spawnattr_init(attributes);
}
inline int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                       const posix_spawnattr_t* attributes, char* const* arguments,
                       char* const* environment) noexcept {
    const int number = fault(Call::posix_spawn);
    if (number > 0) return number;
    return ::posix_spawn(pid, path, actions, attributes, arguments, environment);
}
// By syscall(2), since <sys/pidfd.h> of glibc 2.36 declares these two without extern "C".
inline int pidfd_open(pid_t pid) noexcept {
    return fails(Call::pidfd_open) ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}
inline int pidfd_send_signal(int pidfd, int number) noexcept {
    if (fails(Call::pidfd_send_signal)) return -1;
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0));
}
inline int waitid(idtype_t type, id_t id, siginfo_t* info, int options) noexcept {
    return fails(Call::waitid) ? -1
                               : uncancelled([&] { return ::waitid(type, id, info, options); });
}
inline pid_t waitpid(pid_t pid, int* status, int options) noexcept {
    return fails(Call::waitpid) ? -1 : uncancelled([&] { return ::waitpid(pid, status, options); });
}
inline int kill(pid_t pid, int number) noexcept {
    return fails(Call::kill) ? -1 : ::kill(pid, number);
}
/// kcmp(2): 0 when both refer to one open file description.
inline long compare_files(int one, int other) noexcept {
    if (fails(Call::kcmp)) return -1;
    const pid_t self = ::getpid();
    return ::syscall(SYS_kcmp, self, self, KCMP_FILE, one, other);
}
inline int name_thread(const char* name) noexcept {
    return fails(Call::prctl) ? -1 : ::prctl(PR_SET_NAME, name);
}
inline long sysconf(int name) noexcept { return fails(Call::sysconf) ? -1 : ::sysconf(name); }

// These cannot fail, or their failure does not matter.
inline void sched_yield() noexcept { ::sched_yield(); }
inline void ignore_signal(int number) noexcept {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(number, &ignore, nullptr);
}
inline void shutdown(int fd, int how) noexcept { ::shutdown(fd, how); }
inline uid_t geteuid() noexcept { return ::geteuid(); }
inline pid_t getpid() noexcept { return ::getpid(); }
[[noreturn]] inline void exit_now(int code) noexcept { ::_exit(code); }

}  // namespace procession::inline v0::detail::os::calls
