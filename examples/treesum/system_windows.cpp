// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
// After windows.h.
#include <io.h>
#include <shellapi.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "system.h"

namespace treesum {

namespace {

std::wstring wide_of(std::string_view text) {
    const int bytes = static_cast<int>(text.size());
    std::wstring wide(
        static_cast<std::size_t>(::MultiByteToWideChar(CP_UTF8, 0, text.data(), bytes, nullptr, 0)),
        L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), bytes, wide.data(),
                          static_cast<int>(wide.size()));
    return wide;
}

std::string utf8_of(std::wstring_view wide) {
    const int units = static_cast<int>(wide.size());
    std::string text(static_cast<std::size_t>(::WideCharToMultiByte(CP_UTF8, 0, wide.data(), units,
                                                                    nullptr, 0, nullptr, nullptr)),
                     '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, wide.data(), units, text.data(),
                          static_cast<int>(text.size()), nullptr, nullptr);
    return text;
}

/// A full path with the prefix that lifts the limit of 260 characters.
std::wstring native_path(const std::string& path) {
    const std::wstring wide = wide_of(path);
    const DWORD needed = ::GetFullPathNameW(wide.c_str(), 0, nullptr, nullptr);
    std::wstring full(needed, L'\0');
    full.resize(::GetFullPathNameW(wide.c_str(), needed, full.data(), nullptr));
    if (full.starts_with(LR"(\\)"))
        return full.starts_with(LR"(\\?\)") ? full : LR"(\\?\UNC\)" + full.substr(2);
    return LR"(\\?\)" + full;
}

int errno_of(DWORD error) {
    switch (error) {
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
        case ERROR_INVALID_NAME: return ENOENT;
        case ERROR_ACCESS_DENIED:
        case ERROR_SHARING_VIOLATION: return EACCES;
        case ERROR_TOO_MANY_OPEN_FILES: return EMFILE;
        case ERROR_NOT_ENOUGH_MEMORY: return ENOMEM;
        case ERROR_DIRECTORY: return ENOTDIR;
        default: return EIO;
    }
}
int last_problem() { return errno_of(::GetLastError()); }

std::uint64_t joined(DWORD high, DWORD low) { return std::uint64_t{high} << 32 | low; }

Seen seen_in(DWORD attributes, DWORD high, DWORD low) {
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) return {Kind::other, 0};  // a link
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return {Kind::directory, 0};
    return {Kind::file, joined(high, low)};
}

HANDLE handle_of(std::intptr_t number) { return reinterpret_cast<HANDLE>(number); }

}  // namespace

int look_at(const std::string& path, Seen& seen) {
    WIN32_FILE_ATTRIBUTE_DATA about{};
    if (!::GetFileAttributesExW(native_path(path).c_str(), GetFileExInfoStandard, &about))
        return last_problem();
    seen = seen_in(about.dwFileAttributes, about.nFileSizeHigh, about.nFileSizeLow);
    return 0;
}

int list_directory(const std::string& path, std::vector<Named>& entries) {
    WIN32_FIND_DATAW found{};
    const HANDLE search = ::FindFirstFileW((native_path(path) + LR"(\*)").c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) return last_problem();
    do {
        const std::wstring_view name(static_cast<const wchar_t*>(found.cFileName));
        if (name == L"." || name == L"..") continue;
        entries.push_back({utf8_of(name), seen_in(found.dwFileAttributes, found.nFileSizeHigh,
                                                  found.nFileSizeLow)});
    } while (::FindNextFileW(search, &found));
    const DWORD error = ::GetLastError();
    ::FindClose(search);
    return error == ERROR_NO_MORE_FILES ? 0 : errno_of(error);
}

InputFile::~InputFile() {
    if (handle_ != -1) ::CloseHandle(handle_of(handle_));
}

int InputFile::open(const std::string& path, FileStamp& stamp) {
    const HANDLE file = ::CreateFileW(
        native_path(path).c_str(), GENERIC_READ,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
        FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_SEQUENTIAL_SCAN,
        nullptr);
    handle_ = reinterpret_cast<std::intptr_t>(file);
    BY_HANDLE_FILE_INFORMATION about{};
    if (file == INVALID_HANDLE_VALUE || !::GetFileInformationByHandle(file, &about))
        return last_problem();
    const Seen seen = seen_in(about.dwFileAttributes, about.nFileSizeHigh, about.nFileSizeLow);
    if (seen.kind != Kind::file) return seen.kind == Kind::directory ? EISDIR : EINVAL;
    const auto written =
        joined(about.ftLastWriteTime.dwHighDateTime, about.ftLastWriteTime.dwLowDateTime);
    stamp = {about.dwVolumeSerialNumber, joined(about.nFileIndexHigh, about.nFileIndexLow),
             seen.bytes, static_cast<std::int64_t>(written) * 100};
    return 0;
}

bool InputFile::go_to(std::uint64_t offset) {
    LARGE_INTEGER to{};
    to.QuadPart = static_cast<LONGLONG>(offset);
    return ::SetFilePointerEx(handle_of(handle_), to, nullptr, FILE_BEGIN) != FALSE;
}

int InputFile::read(std::byte* to, std::size_t bytes, std::size_t& got) {
    got = 0;
    while (got < bytes) {
        DWORD more = 0;
        const DWORD most = static_cast<DWORD>(std::min<std::size_t>(bytes - got, 1U << 30));
        if (!::ReadFile(handle_of(handle_), to + got, most, &more, nullptr)) return last_problem();
        if (more == 0) break;
        got += more;
    }
    return 0;
}

void write_to_stdout(std::string_view text) {
    const HANDLE out = ::GetStdHandle(STD_OUTPUT_HANDLE);
    while (!text.empty()) {
        DWORD wrote = 0;
        const DWORD most = static_cast<DWORD>(std::min<std::size_t>(text.size(), 1U << 30));
        if (!::WriteFile(out, text.data(), most, &wrote, nullptr))
            throw std::system_error(last_problem(), std::generic_category(), "write error");
        text.remove_prefix(wrote);
    }
}

bool is_stderr_a_terminal() { return ::_isatty(2) != 0; }

std::size_t terminal_columns() {
    CONSOLE_SCREEN_BUFFER_INFO about{};
    if (!::GetConsoleScreenBufferInfo(::GetStdHandle(STD_ERROR_HANDLE), &about)) return 0;
    return static_cast<std::size_t>(about.srWindow.Right - about.srWindow.Left + 1);
}

void allow_open_files(std::size_t /*needed*/) {}  // there is no such limit

void listen_to_signals(void (*act)(int)) {
    // The C runtime resets them when they come.
    std::signal(SIGINT, act);
    std::signal(SIGTERM, act);
}

void ignore_interruptions() { ::SetConsoleCtrlHandler(nullptr, TRUE); }

std::vector<std::string> arguments_of(int argc, char** argv) {
    int count = 0;
    wchar_t** const wide = ::CommandLineToArgvW(::GetCommandLineW(), &count);
    if (wide == nullptr) return {argv, argv + argc};
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(utf8_of(wide[i]));
    ::LocalFree(wide);
    return all;
}

}  // namespace treesum
