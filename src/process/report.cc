// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/report.h"

#include <algorithm>
#include <array>
#include <exception>

#include "base/logging.h"
#include "os/report_channel.h"
#include "procession/codec.h"

namespace procession::inline v0::detail::process {

void send(os::NativeHandle sender, Report report) noexcept try {
    report.type.resize(std::min(report.type.size(), report_type_bytes_max));
    report.message.resize(std::min(report.message.size(), report_message_bytes_max));
    Writer writer;
    encode(writer, report);
    if (!os::send_report(sender, writer.bytes()))
        base::log(LogLevel::debug, "the parent no longer reads reports");
} catch (const std::exception& problem) {
    base::log(LogLevel::warning, "cannot report to the parent: %s", problem.what());
}

std::optional<Report> receive(os::NativeHandle receiver) {
    std::array<std::byte, report_bytes_max> space;
    while (const auto length = os::receive_report(receiver, space)) {
        try {
            Reader reader{std::span(space).first(*length), "report of a child"};
            Report report = decode<Report>(reader);
            reader.expect_end();
            return report;
        } catch (const std::exception& problem) {
            base::log(LogLevel::warning, "dropped: %s", problem.what());
        }
    }
    return std::nullopt;
}

}  // namespace procession::inline v0::detail::process
