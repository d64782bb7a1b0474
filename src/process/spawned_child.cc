// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/spawned_child.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/logging.h"
#include "base/step.h"
#include "os/child.h"
#include "os/inherited.h"
#include "os/lifeline.h"
#include "os/sealed_bytes.h"
#include "os/signals.h"
#include "process/bootstrap.h"
#include "process/child_table.h"
#include "process/identity.h"
#include "process/report.h"
#include "process/run_child.h"
#include "procession/error.h"
#include "procession/log.h"
#include "shm/shared_object.h"
#include "transfer/broker_client.h"
#include "transfer/receive_context.h"

namespace procession::inline v0::detail::process {

namespace {

constexpr const char* child_object = "--procession-child=";  // in messages

/// A child that has not rebuilt its callable and its arguments yet: what it needs for that.
struct PendingStart {
    os::SealedBytes message;
    ParsedBootstrap parsed;
    std::unique_ptr<transfer::ReceiveContext> handles;
    SpawnEntry entry = nullptr;
};

// One child per process, one thread in it so far: plain variables.
std::unique_ptr<PendingStart> pending;
os::NativeHandle reports = os::no_handle;
bool is_rebuilt = false;

void rebuilt() {
    base::log(LogLevel::debug, "%s: bootstrap decoded (%zu bytes of state, %zu handles)",
              identity().name.c_str(), pending->parsed.state.size(),
              pending->parsed.bootstrap.handles.size());
    pending.reset();
    PROCESSION_STEP("child.rebuilt");
    is_rebuilt = true;
    Report report;
    report.kind = static_cast<std::uint8_t>(Report::Kind::rebuilt);
    send(reports, std::move(report));
    PROCESSION_STEP("child.rebuilt.reported");
}

os::Handle message_handle(std::string_view descriptor) {
    os::Handle message = helper::handle_named_by(descriptor);
    if (!message.valid()) throw DecodeError("read", child_object, "it does not name a descriptor");
    return message;
}

StartMethod method_from(std::uint8_t number, StartMethod otherwise) {
    return number <= static_cast<int>(StartMethod::forkserver) ? static_cast<StartMethod>(number)
                                                               : otherwise;
}

void adopt_identity(const Bootstrap& bootstrap) {
    static Identity own;
    own.name = bootstrap.name;
    own.path = bootstrap.path;
    own.start_method = method_from(bootstrap.method, StartMethod::spawn);
    own.parent = {bootstrap.parent_pid, bootstrap.parent_name};
    become(&own);
    transfer::join_family(bootstrap.broker,
                          bootstrap.door < 0
                              ? os::Handle()
                              : pending->handles->take(static_cast<std::uint32_t>(bootstrap.door)));
    set_log_level(bootstrap.log_level <= static_cast<int>(LogLevel::off)
                      ? static_cast<LogLevel>(bootstrap.log_level)
                      : LogLevel::warning);
    set_start_method(method_from(bootstrap.default_method, StartMethod::spawn));
}

void read_message(os::Handle sealed) {
    os::set_process_name(helper::program_name()->c_str());
    pending = std::make_unique<PendingStart>();
    if (const auto problem = pending->message.open(sealed)) {
        const std::string number = os::text_of(sealed.get());
        // The number may belong to another part of the program: leave it open.
        [[maybe_unused]] const auto not_ours = sealed.release();
        throw DecodeError(
            "read", child_object,
            "descriptor " + number + " is no bootstrap message (" + problem.message() + ")");
    }
    sealed.reset();
    PROCESSION_STEP("child.message_found");
    pending->parsed = parse_bootstrap(pending->message.bytes());
    PROCESSION_STEP("child.message_read");
}

void begin() {
    // Code before init() in main, or a preload function, may have blocked signals for threads that
    // this process will never have; terminate() is to work.
    os::unblock_signals();
    shm::suspect_all_unshared();
    const Bootstrap& bootstrap = pending->parsed.bootstrap;
    pending->handles = std::make_unique<transfer::ReceiveContext>(bootstrap.handles);
    reports = pending->handles->take(0).release();
    PROCESSION_STEP("child.can_report");
    adopt_identity(bootstrap);
    PROCESSION_STEP("child.named");
    if (bootstrap.die_with_parent) {
        if (const auto problem = os::die_with_parent(pending->handles->take(1)))
            throw OSError(problem, "arm", "die_with_parent", "the kernel refused");
    }
    pending->entry = reinterpret_cast<SpawnEntry>(function_of(bootstrap.entry));
    PROCESSION_STEP("child.entry_found");
}

// The message lists the numbers that the handles have in the parent.
void begin_with(std::vector<os::Handle> handles) {
    auto& listed = pending->parsed.bootstrap.handles;
    if (handles.size() != listed.size()) {
        throw SharingError("receive handles", "child",
                           std::to_string(handles.size()) + " came along, the message lists " +
                               std::to_string(listed.size()));
    }
    for (std::size_t i = 0; i < handles.size(); ++i)
        listed[i].number = os::number_of(handles[i].release());
    begin();
}

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "procession: process %d cannot run as a child: %s\n",
                 os::current_process_id(), what);
    Report report;
    report.kind = static_cast<std::uint8_t>(Report::Kind::ended);
    report.exit_code = exit_code_of_bad_bootstrap;
    report_failure(report, what);
    if (reports != os::no_handle) send(reports, std::move(report));
    // NOLINTNEXTLINE(concurrency-mt-unsafe)  one thread by then
    std::exit(exit_code_of_bad_bootstrap);
}

void run_entry(void*) {
    Reader reader(pending->parsed.state, "arguments of a child");
    try {
        pending->entry(reader, rebuilt);
    } catch (const std::exception& problem) {
        if (is_rebuilt) throw;
        give_up(problem.what());
    }
}

}  // namespace

namespace {

[[noreturn]] void run_and_exit() {
    const int code = run_and_report(identity().name, reports, {run_entry, nullptr});
    // NOLINTNEXTLINE(concurrency-mt-unsafe)  one thread by then
    std::exit(code);
}

}  // namespace

void run_spawned_child(std::string_view descriptor) {
    try {
        read_message(message_handle(descriptor));
        begin();
    } catch (const std::exception& problem) {
        give_up(problem.what());
    }
    run_and_exit();
}

void run_served_child(os::Handle message, std::vector<os::Handle> handles) {
    try {
        read_message(std::move(message));
        begin_with(std::move(handles));
    } catch (const std::exception& problem) {
        give_up(problem.what());
    }
    run_and_exit();
}

}  // namespace procession::inline v0::detail::process
