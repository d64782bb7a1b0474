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

namespace {

// Progress that lies between two moments: nothing is known to be done after the first, everything
// that is begun at the second may have happened.
AllProgress between(const AllProgress& earliest, const AllProgress& latest) {
    AllProgress all = earliest;
    for (std::size_t actor = 0; actor < kActorsMax; ++actor) all[actor].begun = latest[actor].begun;
    return all;
}

}  // namespace

Trace trace_of(const Scenario& scenario) {
    Trace trace;
    trace.kind = scenario.kind;
    Observation observation(scenario);
    const auto look = [&] {
        const std::string wrong = observation.verify();
        if (!wrong.empty()) throw std::runtime_error(scenario.name + ": " + wrong);
        const auto happened = observation.possible().happened();
        const Instant now = observation.instant();
        // What an actor says changes no memory: then the moment is only better known.
        if (!trace.moments.empty() && trace.moments.back().instant.image == now.image) {
            trace.moments.pop_back();
        }
        trace.moments.push_back({now, observation.possible(), happened.value_or(0)});
    };
    look();
    while (observation.step(1)) {
        if (observation.has_changed()) look();
    }
    return trace;
}

Verdict judge(const Image& image, const Trace::Moment& earliest, const Trace::Moment& latest,
              QueueKind kind) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
        // A recovery that never ends is a notice, too: the kernel ends it after so much work.
        const rlimit seconds{3, 3};
        ::setrlimit(RLIMIT_CPU, &seconds);
        Possible possible = earliest.possible;
        const Findings found = recover_copies(image, kind);
        const auto progress = between(earliest.instant.progress, latest.instant.progress);
        ::_exit(possible.narrow(progress, found).empty() ? 0 : 1);
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
