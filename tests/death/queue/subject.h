// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "death/possible.h"
#include "death/queue/act.h"
#include "death/queue/actor.h"
#include "death/queue/finding.h"
#include "death/queue/model.h"
#include "death/queue/setup.h"
#include "death/script.h"
#include "death/segment_view.h"
#include "procession/byte_queue.h"
#include "procession/codec.h"

namespace procession::death {

using namespace detail;

/// The queue, as a subject of the drivers: how to make one, what its actors do, what survivors
/// find, and which model judges that.
///
/// A second subject names the same: Setup, Act, Model (death/possible.h says what of), Finding,
/// Object, Actor, and the functions below.
struct QueueSubject {
    using Setup = QueueSetup;
    using Act = death::Act;
    using Script = QueueScript;
    using Model = QueueModel;
    using Finding = death::Finding;
    using Object = ByteQueue;
    using Actor = QueueActor<ByteQueue, Notes>;

    [[nodiscard]] static Object make(const Setup& setup);
    /// The object in a file that no other participant uses.
    [[nodiscard]] static Object attach(os::Handle file) {
        return ByteQueue::attach(std::move(file));
    }
    [[nodiscard]] static os::Handle file_of(const Object& queue) {
        return os::Handle::duplicate_of(queue.native_handle());
    }
    [[nodiscard]] static Model model_of(const Setup& setup, bool crowded);
    /// What brings the object to where the setup wants it: each script in turn, until there is
    /// none.
    [[nodiscard]] static Script filling(const Setup& setup, const SegmentView& view,
                                        unsigned& chunks_used);

    /// The calls by which a process begins to take part, looks for deaths, and leaves.
    [[nodiscard]] static Script join_in() { return {{Verb::look}}; }
    [[nodiscard]] static Script notice() { return {{Verb::notice}}; }
    [[nodiscard]] static Script leave() { return {{Verb::close}}; }
    /// What the next process may be about when it meets what the dead have left. Not all of it is
    /// known to the model in each scenario.
    [[nodiscard]] static std::span<const Script> works(const Scenario<QueueSubject>& scenario);
    /// A holder of a lock: what it does, at which step it holds the lock, and at which it does not
    /// any more.
    struct Holder {
        Script script;
        const char* holds;
        const char* contended;
        const char* released;
    };
    [[nodiscard]] static Holder holder() {
        return {{{Verb::put, 30}}, "log.append.copied", "lock.contended", "lock.released"};
    }

    /// Lets this process recover a queue, take what is in it, and use it: a put and get of both
    /// sizes, join(), no byte of memory in use but the log's. `participants` are left then.
    [[nodiscard]] static Finding recover(const Object& queue, Order order,
                                         unsigned participants = 1);
    /// Of a recovery in several parts: all that is there now, and the end.
    [[nodiscard]] static std::vector<Delivery> drain(const Object& queue);
    static void count_and_use(const Object& queue, Finding& found, unsigned participants = 1);
    /// Whether a newcomer and this process understand each other. `live` runs a script to its end
    /// in a process of its own.
    using Live = std::function<Progress(const Script& script)>;
    [[nodiscard]] static std::string try_a_fresh_pair(const Object& queue, const Live& live);

    /// What the drivers of kill points let victims do.
    [[nodiscard]] static std::span<const Scenario<QueueSubject>> scenarios();

    /// Whether it is this store that makes the change happen, as ARCHITECTURE.md has it.
    [[nodiscard]] static bool commits(const std::string& store, Model::Change change);
};
using QueueScenario = Scenario<QueueSubject>;
// GCC 12 needs to see its initialisers once before a list of scenarios.
inline const QueueScenario any_scenario{};

/// What one process does, of which it dies after each instruction, for both kinds of queue.
[[nodiscard]] std::span<const QueueScenario> single_scenarios();
/// One of them.
[[nodiscard]] const QueueScenario& scenario_named(const std::string& name);
/// What two processes do at the same time.
[[nodiscard]] std::span<const QueueScenario> pair_scenarios();

}  // namespace procession::death

// Compiled once, in subject.cc.
extern template class procession::death::Possible<procession::death::QueueModel>;

/// For children that are spawned.
template <>
struct procession::Codec<procession::ByteQueue> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::ByteQueue";
    static void encode(Writer& writer, const ByteQueue& queue) {
        writer.array(2);
        procession::encode(writer, queue.kind() == QueueKind::joinable);
        queue.encode_handle(writer);
    }
    static ByteQueue decode(Reader& reader);
};
