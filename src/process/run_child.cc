// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/run_child.h"

#include <cxxabi.h>

#include <cstdio>
#include <iostream>

#include "base/current_exception.h"
#include "base/logging.h"
#include "base/step.h"
#include "os/child.h"
#include "process/report.h"
#include "procession/system_exit.h"
#include "shm/shared_object.h"

namespace procession::inline v0::detail::process {

namespace {

/// What an uncaught exception gives, as in Python.
constexpr int exit_code_of_exception = 1;

Report report_of_current_exception(const std::string& name, const char* message) {
    Report report;
    report.exit_code = exit_code_of_exception;
    report_failure(report, message);
    std::fprintf(stderr, "Process %s: exception %s%s%s\n", name.c_str(), report.type.c_str(),
                 report.message.empty() ? "" : ": ", report.message.c_str());
    return report;
}

// UBSan objects to every handler of __forced_unwind: its object is null by design.
[[gnu::no_sanitize("undefined")]] Report run(const std::string& name, ForkBody body) try {
    body.run(body.context);
    return {};
} catch (const SystemExit& exit) {
    Report report;
    report.exit_code = exit.code & 0xff;  // what the kernel keeps of it
    return report;
} catch (const abi::__forced_unwind&) {
    // pthread_exit: the thread that was to run the function ends, and the child with it. glibc
    // aborts a process that leaves this handler other than by `throw;`, which would unwind the
    // parent's stack.
    flush_standard_streams();
    os::exit_immediately(0);
} catch (const std::exception& exception) {
    return report_of_current_exception(name, exception.what());
} catch (...) {
    return report_of_current_exception(name, "");
}

}  // namespace

void report_failure(Report& report, const char* message) noexcept {
    report.failed = true;
    try {
        report.type = base::type_of_current_exception();
        report.message = std::string_view(message).substr(0, report_message_bytes_max);
    } catch (const std::exception&) {
        // Short enough to need no memory.
        if (report.type.empty()) report.type = "an exception";
        report.message = "out of memory";
    }
}

void flush_standard_streams() noexcept {
    for (std::ostream* each : {&std::cout, &std::cerr, &std::clog}) {
        try {
            each->flush();
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (...) {  // the user asked this stream to throw; no caller is there to catch it
        }
    }
    std::fflush(stdout);
    std::fflush(stderr);
}

int run_and_report(const std::string& name, os::NativeHandle reports, ForkBody body) noexcept {
    Report report = run(name, body);
    report.kind = static_cast<std::uint8_t>(Report::Kind::ended);
    PROCESSION_STEP("child.returned");
    const int code = report.exit_code;
    flush_standard_streams();
    // A forked child ends without destructors: it leaves its queues here, in good order.
    shm::leave_everywhere();
    PROCESSION_STEP("child.left");
    base::log(LogLevel::debug, "%s ends with exit code %d", name.c_str(), code);
    send(reports, std::move(report));
    PROCESSION_STEP("child.reported");
    return code;
}

}  // namespace procession::inline v0::detail::process
