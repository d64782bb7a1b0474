// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/mutant.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace procession::instruction {

Verdict judge(const Image& image, const QueueTrace::Moment& earliest,
              const QueueTrace::Moment& latest) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
        // A recovery that never ends is a notice, too: the kernel ends it after so much work.
        const rlimit seconds{3, 3};
        ::setrlimit(RLIMIT_CPU, &seconds);
        // Nothing is known to be done after the first moment; everything that is begun at the last
        // one may have happened.
        auto possible = earliest.possible;
        possible.begin_as_in(latest.possible);
        const auto found = recover_copies<QueueSubject>(image);
        const auto wrong = possible.narrow(
            [&](const QueueModel& model) { return difference_after_all_died(model, found); });
        ::_exit(wrong.empty() ? 0 : 1);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {}
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Verdict::unnoticed;
    return WIFEXITED(status) ? Verdict::noticed : Verdict::crashed;
}

Image with_changes(Image image, const Image& before, const Image& after) {
    if (image.size() < after.size()) image.resize(after.size());
    for (const std::uint64_t word : words_between(before, after)) {
        for (std::uint64_t at = word; at < word + 8; ++at) {
            const bool changed = at >= before.size() || before[at] != after[at];
            if (changed) image[at] = after[at];
        }
    }
    return image;
}

}  // namespace procession::instruction
