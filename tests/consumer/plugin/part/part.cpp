// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// The plugin. It has a copy of the library of its own, and knows the queue by its memory file.

#include <procession/procession.h>

#include <cstdint>
#include <optional>
#include <string>

namespace mp = procession;

namespace {

std::optional<mp::JoinableQueue<std::string>> the_queue;

}  // namespace

/// Attaches the queue, takes and finishes the item "from the host", and puts another one.
/// Returns: the number of this copy among the participants, or 0 if something is wrong.
extern "C" [[gnu::visibility("default")]] std::uint64_t begin(int file) {
    try {
        auto queue = mp::JoinableQueue<std::string>::attach(mp::Handle::duplicate_of(file));
        auto item = queue.get();
        if (*item != "from the host") return 0;
        item.done();
        bool is_empty = false;
        try {
            (void)queue.get(mp::Deadline::now());
        } catch (const mp::TimeoutError&) {
            is_empty = true;
        }
        if (!is_empty) return 0;
        queue.put("from the plugin");
        std::uint64_t own = 0;
        for (const mp::Participant& one : queue.participants()) {
            if (one.is_this_process && own != 0) return 0;
            if (one.is_this_process) own = one.id;
        }
        the_queue = queue;
        return own;
    } catch (const mp::Error&) {
        return 0;
    }
}

/// Lets the queue go.
extern "C" [[gnu::visibility("default")]] void end() { the_queue.reset(); }
