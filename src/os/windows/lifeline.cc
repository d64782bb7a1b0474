// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/lifeline.h"

#include "base/step.h"
#include "os/windows/api.h"

// A job object that kills its processes when the last handle to it is closed. The child puts itself
// into the job and closes its handle. Then this process has the last one, which the system closes
// when this process ends, for whatever reason.

namespace procession::inline v0::detail::os {

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

std::error_code die_with_parent(Handle child_end) noexcept {
    if (!::AssignProcessToJobObject(child_end.get(), ::GetCurrentProcess())) return last_error();
    PROCESSION_STEP("lifeline.armed");
    // If the parent has ended, this is the last handle, and closing it ends this process.
    child_end.reset();
    return {};
}

}  // namespace procession::inline v0::detail::os
