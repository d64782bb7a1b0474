// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <io.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "os/child.h"
#include "os/signals.h"
#include "os/windows/pipe.h"
#include "support/files.h"
#include "support/windows/open_handles.h"

// What posix_fixture.h has, as far as the tests that run on Windows use it.

namespace procession::testing {

using namespace detail;

inline std::filesystem::path make_folder() {
    static unsigned counter = 0;
    const auto made =
        std::filesystem::temp_directory_path() /
        ("procession-" + std::to_string(::GetCurrentProcessId()) + "-" + std::to_string(++counter));
    std::filesystem::create_directory(made);
    return made;
}

/// See Folder::fifo(). It comes into being when it is opened.
inline std::string make_fifo(const std::filesystem::path& folder, const std::string& name) {
    return R"(\\.\pipe\)" + folder.filename().string() + "-" + name;
}

/// O_RDONLY makes the pipe and waits for the writer; O_WRONLY waits for the pipe.
inline os::Handle open_end(const std::string& path, int flags) {
    const std::wstring name = os::utf16_of(path);
    if ((flags & O_WRONLY) == 0) {
        os::Handle end = os::handle_or_none(::CreateNamedPipeW(
            name.c_str(), PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 0, 4096, 0, nullptr));
        if (!end.valid()) throw std::system_error(os::last_error(), path);
        // It may have come before, and even be gone again.
        if (!::ConnectNamedPipe(end.get(), nullptr) && ::GetLastError() != ERROR_PIPE_CONNECTED &&
            ::GetLastError() != ERROR_NO_DATA)
            throw std::system_error(os::last_error(), path);
        return end;
    }
    for (;;) {
        os::Handle end = os::handle_or_none(
            ::CreateFileW(name.c_str(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr));
        if (end.valid()) return end;
        std::this_thread::yield();
    }
}

/// See posix_fixture.h.
inline os::Handle open_file(const std::string& path) {
    return os::handle_or_none(::CreateFileW(
        os::utf16_of(path).c_str(), GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr));
}
inline os::NativeHandle no_such_handle() { return reinterpret_cast<os::NativeHandle>(0x123450); }
[[noreturn]] inline void kill_this_process() {
    os::exit_immediately(static_cast<int>(os::exit_code_of_signals | os::signal_kill));
}

/// One message, of whatever bytes.
inline void write_record(const os::Handle& channel, const std::string& bytes) {
    const auto problem = os::write_message(channel.get(), std::as_bytes(std::span(bytes)));
    if (problem) throw std::system_error(problem, "write");
}

inline void write_text(const os::Handle& to, const std::string& text) {
    DWORD written = 0;
    if (!::WriteFile(to.get(), text.data(), static_cast<DWORD>(text.size()), &written, nullptr))
        throw std::system_error(os::last_error(), "write");
}

/// See posix_fixture.h.
inline void write_stream(os::NativeHandle end, std::span<const std::byte> bytes) {
    constexpr std::size_t most = 65536;  // of a record, see os/windows/stream.cc
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), most));
        bytes = bytes.subspan(part.size());
        std::vector<std::byte> record{std::byte{'D'}};
        record.insert(record.end(), part.begin(), part.end());
        if (const auto problem = os::write_message(end, record, Deadline::never()))
            throw std::system_error(problem, "write");
    }
}

inline long position_of(const os::Handle& file) {
    return static_cast<long>(::SetFilePointer(file.get(), 0, nullptr, FILE_CURRENT));
}
inline void set_position(const os::Handle& file, long position) {
    ::SetFilePointer(file.get(), position, nullptr, FILE_BEGIN);
}
inline std::string read_text(const os::Handle& from, std::size_t most) {
    std::string text(most, '\0');
    DWORD got = 0;
    ::ReadFile(from.get(), text.data(), static_cast<DWORD>(most), &got, nullptr);
    text.resize(got);
    return text;
}

class ManyHandles {
  public:
    [[nodiscard]] static std::size_t count() { return 1U << 24; }
};

/// Up to a line feed, which is dropped, or to the end.
inline std::string read_line(const os::Handle& from) {
    std::string line;
    char letter = 0;
    DWORD got = 0;
    while (::ReadFile(from.get(), &letter, 1, &got, nullptr) && got == 1 && letter != '\n')
        line += letter;
    return line;
}

/// Sends stderr elsewhere while it lives, also that of children.
class StderrTo {
  public:
    explicit StderrTo(const std::string& path)
        : kept_(::_dup(2)), kept_handle_(::GetStdHandle(STD_ERROR_HANDLE)) {
        const int file = ::_open(path.c_str(), O_WRONLY | O_CREAT | O_BINARY, 0600);
        ::_dup2(file, 2);
        ::_close(file);
        use(::_get_osfhandle(2));
    }
    ~StderrTo() {
        std::fflush(stderr);
        ::_dup2(kept_, 2);
        ::_close(kept_);
        ::SetStdHandle(STD_ERROR_HANDLE, kept_handle_);
    }
    StderrTo(const StderrTo&) = delete;
    StderrTo& operator=(const StderrTo&) = delete;

  private:
    static void use(std::intptr_t handle) {
        ::SetStdHandle(STD_ERROR_HANDLE, reinterpret_cast<HANDLE>(handle));
    }
    int kept_;
    HANDLE kept_handle_;
};

inline bool is_wine() {
    return ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}
inline bool can_interrupt() { return !is_wine(); }
inline void stop_ignoring_interrupts() { ::SetConsoleCtrlHandler(nullptr, FALSE); }

inline bool is_there(int pid) {
    const os::Handle process(::OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(pid)));
    return process.valid() && ::WaitForSingleObject(process.get(), 0) == WAIT_TIMEOUT;
}

}  // namespace procession::testing
