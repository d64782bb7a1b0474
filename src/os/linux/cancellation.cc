// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/cancellation.h"

#include <pthread.h>

namespace procession::inline v0::detail::os {

namespace {

/// The outermost CancellationDisabled of this thread.
struct Outermost {
    const void* frame = nullptr;  // the stack frame in which it was made
    int before = PTHREAD_CANCEL_DISABLE;
};
constinit thread_local Outermost outermost;

}  // namespace

CancellationDisabled::CancellationDisabled() noexcept {
    const void* const frame = __builtin_frame_address(0);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
    if (outermost.frame != nullptr && outermost.frame <= frame) before_ = outermost.before;
    if (before_ == PTHREAD_CANCEL_ENABLE) outermost = {frame, before_};
}

CancellationDisabled::~CancellationDisabled() {
    if (before_ == PTHREAD_CANCEL_ENABLE) outermost = {};
    pthread_setcancelstate(before_, nullptr);
}

void CancellationDisabled::act_on_request() {
    if (outermost.before != PTHREAD_CANCEL_ENABLE) return;
    int disabled = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &disabled);
    pthread_testcancel();
    pthread_setcancelstate(disabled, nullptr);
}

}  // namespace procession::inline v0::detail::os
