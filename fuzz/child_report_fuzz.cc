// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The records that a child sends to its parent: how it ended, and with which exception. The input
// is a list of records, each a length in two bytes and its bytes.

#include <cstdint>
#include <vector>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "os/report_channel.h"
#include "process/report.h"
#include "procession/log.h"

namespace procession::fuzz {

using namespace detail;
namespace {

void run(Input input) {
    set_log_level(LogLevel::off);
    os::ReportChannel channel;
    if (os::ReportChannel::create(channel)) found("no channel");
    std::size_t sent = 0;
    while (!input.at_end() && sent < 16) {
        const auto record = input.take(input.next<std::uint16_t>() % 8192);
        if (os::send_report(channel.sender.get(), record)) ++sent;
    }
    std::size_t received = 0;
    survives([&] {
        while (const auto report = process::receive(channel.receiver.get())) {
            ++received;
            // Read by the parent as they are.
            if (report->type.size() + report->message.size() > process::report_bytes_max) {
                found("a report is longer than a record");
            }
        }
    });
    if (received > sent) found("a report that nobody sent");
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
