// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/child.h"

#include <cstdio>
#include <memory>

#include "base/step.h"
#include "os/signals.h"
#include "os/windows/api.h"
#include "os/windows/command_line.h"
#include "os/windows/inherited_table.h"
#include "os/windows/view.h"

namespace procession::inline v0::detail::os {

namespace {

/// The attribute list of a new process, with one attribute: the only handles that it inherits.
class HandleList {
  public:
    explicit HandleList(std::vector<HANDLE>& handles) {
        SIZE_T bytes = 0;
        ::InitializeProcThreadAttributeList(nullptr, 1, 0, &bytes);
        space_ = std::make_unique<std::byte[]>(bytes);
        auto* const list = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(space_.get());
        if (!::InitializeProcThreadAttributeList(list, 1, 0, &bytes)) return;
        list_ = list;
        is_good_ =
            ::UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                        static_cast<void*>(handles.data()),
                                        handles.size() * sizeof(HANDLE), nullptr, nullptr) != FALSE;
    }
    ~HandleList() {
        if (list_ != nullptr) ::DeleteProcThreadAttributeList(list_);
    }
    HandleList(const HandleList&) = delete;
    HandleList& operator=(const HandleList&) = delete;

    [[nodiscard]] bool is_good() const noexcept { return is_good_; }
    [[nodiscard]] LPPROC_THREAD_ATTRIBUTE_LIST get() const noexcept { return list_; }

  private:
    std::unique_ptr<std::byte[]> space_;
    LPPROC_THREAD_ATTRIBUTE_LIST list_ = nullptr;
    bool is_good_ = false;
};

/// An inheritable duplicate of a standard stream, to be closed when the child has been created.
/// Invalid if there is no such stream, or it cannot be inherited.
Handle inheritable_stream(DWORD which) noexcept {
    const HANDLE stream = ::GetStdHandle(which);
    if (stream == nullptr || stream == INVALID_HANDLE_VALUE) return {};
    return duplicate_here(stream, 0, true);
}

/// The section with the child's InheritedTable.
class Table {
  public:
    explicit Table(std::size_t entries) {
        const std::uint64_t bytes = InheritedTable::bytes_for(entries);
        SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
        section_.reset(::CreateFileMappingW(INVALID_HANDLE_VALUE, &inherited, PAGE_READWRITE,
                                            high_of(bytes), low_of(bytes), nullptr));
        if (section_.valid()) view_ = View(section_.get(), FILE_MAP_WRITE);
    }
    ~Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    [[nodiscard]] bool is_good() const noexcept { return view_.valid(); }
    [[nodiscard]] HANDLE handle() const noexcept { return section_.get(); }
    [[nodiscard]] std::wstring argument() const {
        return inherited_table_marker + std::to_wstring(number_of(section_.get()));
    }

    /// Duplicates each handle into the child, which is not running yet.
    [[nodiscard]] std::error_code fill(const std::vector<NativeHandle>& handles,
                                       HANDLE child) noexcept {
        auto& table = *view_.as<InheritedTable>();
        for (const NativeHandle each : handles) {
            HANDLE theirs = nullptr;
            if (const auto problem = duplicate_into(child, each, theirs)) return problem;
            table.entries[table.count++] = {number_of(each), number_of(theirs)};
        }
        table.magic = InheritedTable::magic_expected;
        return {};
    }

  private:
    Handle section_;
    View view_;
};

/// The standard streams of a child: those of this process.
struct Streams {
    Handle input = inheritable_stream(STD_INPUT_HANDLE);
    Handle output = inheritable_stream(STD_OUTPUT_HANDLE);
    Handle error = inheritable_stream(STD_ERROR_HANDLE);
};

std::error_code create_suspended(std::wstring line, const Table& table, PROCESS_INFORMATION& made) {
    const Streams streams;
    std::vector<HANDLE> inherited{table.handle()};
    for (const Handle* each : {&streams.input, &streams.output, &streams.error}) {
        if (each->valid()) inherited.push_back(each->get());
    }
    const HandleList attributes(inherited);
    if (!attributes.is_good()) return last_error();
    STARTUPINFOEXW start{};
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdInput = streams.input.get();
    start.StartupInfo.hStdOutput = streams.output.get();
    start.StartupInfo.hStdError = streams.error.get();
    start.lpAttributeList = attributes.get();
    // In a process group of its own, so that send_signal() can interrupt this child alone.
    constexpr DWORD how = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_NEW_PROCESS_GROUP |
                          EXTENDED_STARTUPINFO_PRESENT;
    const std::wstring program = path_of_module(nullptr);
    if (!::CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, TRUE, how, nullptr,
                          nullptr, &start.StartupInfo, &made)) {
        return last_error();
    }
    return {};
}

}  // namespace

std::error_code spawn_same_program(const SpawnPlan& plan, Child& started) {
    Table table(plan.inherited.size());
    if (!table.is_good()) return last_error();
    std::wstring line = command_line(plan.arguments);
    append_argument(line, table.argument());
    PROCESS_INFORMATION made{};
    if (const auto problem = create_suspended(std::move(line), table, made)) return problem;
    Handle process(made.hProcess);
    const Handle thread(made.hThread);
    PROCESSION_STEP("start.spawned");
    auto problem = table.fill(plan.inherited, process.get());
    if (!problem && ::ResumeThread(thread.get()) == static_cast<DWORD>(-1)) problem = last_error();
    if (problem) {
        ::TerminateProcess(process.get(), 1);
        return problem;
    }
    started.pid = static_cast<int>(made.dwProcessId);
    started.sentinel = std::move(process);
    return {};
}

std::error_code spawn_program(std::span<const std::byte> /*image*/, const SpawnPlan& /*plan*/,
                              Child& /*started*/) {
    return std::make_error_code(std::errc::function_not_supported);
}

// Parses the command line only as append_argument() writes it: a program's name with spaces is
// quoted, the first argument is not.
std::string first_argument() {
    const std::wstring_view line(::GetCommandLineW());
    const bool is_quoted = line.starts_with(L'"');
    const std::size_t name_ends = line.find(is_quoted ? L'"' : L' ', 1);
    const std::size_t begin = line.find_first_not_of(L"\" ", name_ends);
    if (name_ends == line.npos || begin == line.npos) return {};
    return utf8_of(line.substr(begin, line.find(L' ', begin) - begin));
}

StartObstacle find_start_obstacle() noexcept { return {}; }

std::error_code fork_self(Child& /*started*/) noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}

// Only needed after a fork.
void send_exit_status(const Handle& /*status_channel*/, int /*exit_code*/) noexcept {}

std::optional<ExitStatus> reap(const Child& child) noexcept {
    if (::WaitForSingleObject(child.sentinel.get(), 0) != WAIT_OBJECT_0) return std::nullopt;
    DWORD code = 0;
    if (!::GetExitCodeProcess(child.sentinel.get(), &code)) return ExitStatus{};
    if ((code & ~exit_code_signal_mask) == exit_code_of_signals)
        return ExitStatus{-static_cast<int>(code & exit_code_signal_mask)};
    constexpr auto interrupted = static_cast<DWORD>(STATUS_CONTROL_C_EXIT);
    if (code == interrupted) return ExitStatus{-signal_interrupt};
    return ExitStatus{static_cast<int>(code)};
}

std::error_code send_signal(const Child& child, int signal) noexcept {
    const bool sent =
        signal == signal_interrupt
            ? ::GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, static_cast<DWORD>(child.pid)) != FALSE
            : ::TerminateProcess(child.sentinel.get(),
                                 exit_code_of_signals |
                                     (static_cast<DWORD>(signal) & exit_code_signal_mask)) != FALSE;
    if (sent) return {};
    const auto problem = last_error();
    const bool ended = ::WaitForSingleObject(child.sentinel.get(), 0) == WAIT_OBJECT_0;
    return ended ? std::error_code{} : problem;
}

// On Windows the name of a process is always that of its program.
void set_process_name(const char* /*program*/) noexcept {}

void redirect_stdio_to_null() noexcept {
    for (std::FILE* const stream : {stdin, stdout}) {
        if (std::freopen("NUL", stream == stdin ? "r" : "w", stream) == nullptr) continue;
    }
}

int current_process_id() noexcept { return static_cast<int>(::GetCurrentProcessId()); }

void exit_immediately(int code) noexcept {
    ::TerminateProcess(::GetCurrentProcess(), static_cast<UINT>(code));
    for (;;) {}  // not reached
}

}  // namespace procession::inline v0::detail::os
