// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "windows/kernel_objects.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <system_error>

#include "os/windows/api.h"

namespace procession::bench {

using namespace detail;

void require(bool holds, const char* call) {
    if (!holds)
        throw std::system_error(static_cast<int>(::GetLastError()), std::system_category(), call);
}

Handle new_event() {
    Handle event(::CreateEventW(nullptr, FALSE, FALSE, nullptr));
    require(event.valid(), "CreateEvent");
    return event;
}

void set_event(const Handle& event) { require(::SetEvent(event.get()), "SetEvent"); }

void wait_for_event(const Handle& event) {
    require(::WaitForSingleObject(event.get(), INFINITE) == WAIT_OBJECT_0, "WaitForSingleObject");
}

Handle new_section(std::size_t bytes) {
    Handle section(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE,
                                        os::high_of(bytes), os::low_of(bytes), nullptr));
    require(section.valid(), "CreateFileMapping");
    return section;
}

SectionView::SectionView(const Handle& section, std::size_t bytes)
    : base_(static_cast<std::byte*>(::MapViewOfFile(section.get(), FILE_MAP_WRITE, 0, 0, bytes))) {
    require(base_ != nullptr, "MapViewOfFile");
}

SectionView::~SectionView() { ::UnmapViewOfFile(base_); }

MessagePipe new_message_pipe(std::size_t bytes) {
    static std::atomic<unsigned> counter{0};
    const std::wstring name = L"\\\\.\\pipe\\procession-bench-" +
                              std::to_wstring(::GetCurrentProcessId()) + L'-' +
                              std::to_wstring(++counter);
    const auto room = static_cast<DWORD>(bytes);
    MessagePipe made;
    made.reading = os::handle_or_none(::CreateNamedPipeW(
        name.c_str(), PIPE_ACCESS_INBOUND, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1,
        room, room, 0, nullptr));
    require(made.reading.valid(), "CreateNamedPipe");
    made.writing = os::handle_or_none(
        ::CreateFileW(name.c_str(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr));
    require(made.writing.valid(), "CreateFile of a pipe");
    return made;
}

void write_message(const Handle& writing, std::span<const std::byte> message) {
    DWORD written = 0;
    const auto bytes = static_cast<DWORD>(message.size());
    require(::WriteFile(writing.get(), message.data(), bytes, &written, nullptr), "WriteFile");
    if (written != bytes) throw std::runtime_error("a message was written in part");
}

std::size_t read_message(const Handle& reading, std::span<std::byte> space) {
    DWORD got = 0;
    require(
        ::ReadFile(reading.get(), space.data(), static_cast<DWORD>(space.size()), &got, nullptr),
        "ReadFile");
    return got;
}

void create_and_wait(const wchar_t* argument) {
    const std::wstring program = os::path_of_module(nullptr);
    std::wstring line = L"\"" + program + L"\" " + argument;
    STARTUPINFOW start{};
    start.cb = sizeof start;
    PROCESS_INFORMATION made{};
    require(::CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, FALSE, 0, nullptr,
                             nullptr, &start, &made),
            "CreateProcess");
    const Handle process(made.hProcess);
    const Handle thread(made.hThread);
    require(::WaitForSingleObject(process.get(), INFINITE) == WAIT_OBJECT_0, "WaitForSingleObject");
    DWORD code = 0;
    require(::GetExitCodeProcess(process.get(), &code), "GetExitCodeProcess");
    if (code != 0) throw std::runtime_error("a process ended with code " + std::to_string(code));
}

}  // namespace procession::bench
