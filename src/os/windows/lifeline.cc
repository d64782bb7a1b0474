// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/lifeline.h"

#include "base/step.h"
#include "os/windows/api.h"

// A job that ends its processes when the last handle of it is closed. This process keeps one; the
// child puts itself into the job and then closes its own, so that the end of this process, whatever
// ended it, closes the last one.

namespace procession::os {

std::error_code Lifeline::open(Handle& child_end) noexcept {
    Handle job(::CreateJobObjectW(nullptr, nullptr));
    if (!job.valid()) return last_error();
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
    if (!::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits,
                                   sizeof limits)) {
        return last_error();
    }
    Handle copy = duplicate_here(job.get(), JOB_OBJECT_ASSIGN_PROCESS, false);
    if (!copy.valid()) return last_error();
    child_end = std::move(copy);
    writer_ = std::move(job);
    return {};
}

std::error_code die_with(Handle child_end) noexcept {
    if (!::AssignProcessToJobObject(child_end.get(), ::GetCurrentProcess())) return last_error();
    PROCESSION_STEP("lifeline.armed");
    // The last one, if the parent has ended: then this ends this process.
    child_end.reset();
    return {};
}

}  // namespace procession::os
