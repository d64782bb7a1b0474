// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <procession/procession.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

// A program that hides its arguments from init(), so that its helpers do not know that they are
// helpers. Each of them refuses to start another one: a chain of starts ends at its second member.

namespace mp = procession;

namespace {

void nothing() {}

template <class Start>
bool is_refused(Start start, const char* reason) {
    try {
        start();
    } catch (const mp::Error& refused) {
        std::fprintf(stderr, "%s\n", refused.what());
        return std::strstr(refused.what(), reason) != nullptr;
    }
    return false;
}

void put_a_queue_into_a_queue() {
    mp::Queue<mp::Queue<int>> carrier;
    carrier.put(mp::Queue<int>());
}
void spawn_a_child() { mp::Process(mp::spawn, nothing).join(); }
void fork_a_child_elsewhere() { mp::Process(mp::forkserver, nothing).join(); }

// It has started helpers, which have ended at once.
bool first_program_is_told() {
    spawn_a_child();
    return is_refused(put_a_queue_into_a_queue, "ended as soon as it was started") &&
           is_refused(fork_a_child_elsewhere, "the forkserver ended");
}

bool helper_starts_nothing() {
    const char* const why = "which procession::init() was not told";
    return is_refused(put_a_queue_into_a_queue, why) && is_refused(spawn_a_child, why) &&
           is_refused(fork_a_child_elsewhere, why);
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(1, argv);
    const bool is_helper = argc > 1;
    if (is_helper ? helper_starts_nothing() : first_program_is_told()) return EXIT_SUCCESS;
    std::fprintf(stderr, "FAILED: in %s\n", is_helper ? "a helper" : "the first program");
    std::abort();
}
