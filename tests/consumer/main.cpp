// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <procession/deadline.h>
#include <procession/error.h>
#include <procession/log.h>
#include <procession/result.h>

#include <cstdio>

int main() {
    procession::set_log_level(procession::LogLevel::error);
    try {
        throw procession::SharingError("consume", "example", "linked and thrown");
    } catch (const procession::Error& error) {
        std::printf("%s\n", error.what());
        return error.operation() == "consume" ? 0 : 1;
    }
}
