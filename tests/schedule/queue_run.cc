// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "schedule/queue_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "queue/shared_queue.h"
#include "schedule/names.h"
#include "schedule/operation_guard_for_tests.h"
#include "schedule/queue_for_tests.h"
#include "support/census.h"

namespace procession::schedule {

namespace {

using queue::QueueForTests;
using queue::SharedQueue;

constexpr int kLastItem = 900;
constexpr std::size_t kThreadsMax = 16;

/// The queue of a case, as it is when a run begins. Every run puts it back so.
class Stage {
  public:
    explicit Stage(const QueueCase& story) {
        QueueOptions options;
        options.maxsize = story.maxsize;
        options.max_bytes = story.max_bytes;
        options.max_deliveries = story.max_deliveries;
        options.memory_limit = std::uint64_t{1} << 20;
        const auto kind = story.joinable ? QueueKind::joinable : QueueKind::plain;
        queue_ = SharedQueue::create(kind, TypeStamp{}, options);
        QueueForTests::keep_memory(*queue_);
        // All of it from the start: a run that lets the file grow changes nothing for the next one.
        const shm::SegmentHeader& header = queue_->segment().header();
        static_cast<void>(os::allocate(queue_->segment().file(), 0, header.total_bytes));
        fill(story);
        AllRuns nothing_to_choose(false);
        World world({}, nothing_to_choose);
        Participant first(*queue_, history_, world, world.add_process(), story.item_bytes);
        for (const int item : story.items_before) first.put(item);
        if (story.before) story.before(first);
        first.close();  // its mapping stays
    }

    [[nodiscard]] SharedQueue& queue() const { return *queue_; }
    [[nodiscard]] const History& history() const { return history_; }

  private:
    void fill(const QueueCase& story) const {
        for (int moved = 0; moved < story.filling; moved += 1000) {
            const auto some = static_cast<std::size_t>(std::min(1000, story.filling - moved));
            // What is left of it looks like anything but a free place.
            const std::vector<std::byte> bytes(some, std::byte{0xff});
            static_cast<void>(queue_->producer().put({Format::raw, bytes}, Deadline::never()));
            Message message;
            static_cast<void>(queue_->consumer().get(message, Deadline::never()));
            if (story.joinable) queue_->leases().finish(message.ticket());
        }
    }

    std::shared_ptr<SharedQueue> queue_;
    History history_;
};

/// One run of a case in a world.
class QueueRun {
  public:
    QueueRun(const Stage& stage, const QueueCase& story, World& world)
        : stage_(stage), story_(story), world_(world), history_(stage.history()) {
        watch(stage.queue());
        world.add_process();  // that of the stage
        queues_.push_back(nullptr);
        participants_.push_back(nullptr);
        world.name_of = [](std::uint64_t offset) { return name_of_place(offset); };
    }
    ~QueueRun() {
        for (const auto& queue : queues_) {
            if (queue) QueueForTests::forget(*queue);
        }
        // A run that was cut leaves threads in the middle of their operations.
        for (std::size_t thread = 0; thread < kThreadsMax; ++thread) {
            shm::OperationGuardForTests::reset(thread);
        }
    }
    QueueRun(const QueueRun&) = delete;
    QueueRun& operator=(const QueueRun&) = delete;

    void play() {
        prepare();
        world_.run();
        for (int process = 1; process < static_cast<int>(queues_.size()); ++process) {
            if (world_.is_dead(process) || has_left(process)) continue;
            world_.run_alone(process, [this, process] { participant(process).close(); });
        }
        const int inspector = enter(false);
        world_.run_alone(inspector, [this, inspector] { inspect(participant(inspector)); });
        if (world_.is_cut()) return;
        if (story_.at_end) story_.at_end(history_);
        if (!story_.drops && !history_.is_explained_by({story_.joinable, story_.maxsize})) {
            world_.fail("no queue could have answered so");
        }
    }

    [[nodiscard]] const History& history() const { return history_; }

  private:
    void watch(const SharedQueue& queue) {
        const shm::SegmentHeader& header = queue.segment().header();
        world_.watch(const_cast<shm::SegmentHeader*>(&header), header.total_bytes, 0);
    }
    Participant& participant(int process) {
        return *participants_[static_cast<std::size_t>(process)];
    }

    /// A participant more, in a process of its own.
    int enter(bool joins) {
        const int process = world_.add_process();
        queues_.push_back(nullptr);
        participants_.push_back(nullptr);
        appear(process);
        if (joins) {
            world_.act_as(process);
            static_cast<void>(queues_.back()->qsize());
            QueueForTests::learn_the_memory(*queues_.back());
            world_.act_as(-1);
        }
        return process;
    }
    void appear(int process) {
        const auto index = static_cast<std::size_t>(process);
        queues_[index] = QueueForTests::attach(stage_.queue().segment().file().duplicate());
        watch(*queues_[index]);
        participants_[index] = std::make_unique<Participant>(*queues_[index], history_, world_,
                                                             process, story_.item_bytes);
    }

    void prepare() {
        for (std::size_t i = 0; i < story_.scripts.size(); ++i) {
            const bool shares = story_.one_process && i > 0;
            const auto is_new = std::find(story_.newcomers.begin(), story_.newcomers.end(),
                                          static_cast<int>(i)) != story_.newcomers.end();
            const int process = shares ? processes_.front() : enter(!is_new);
            if (!shares) processes_.push_back(process);
            const int after = std::min(static_cast<int>(i), story_.alone) - 1;
            add(process, story_.scripts[i], after < 0 ? World::kAtOnce : after);
        }
        for (std::size_t i = 0; i < story_.first_acts.size(); ++i) {
            world_.act_as(processes_[i]);
            story_.first_acts[i](participant(processes_[i]));
            world_.act_as(-1);
        }
        if (story_.rescue) {
            // Mostly nobody needs it: it comes into being when somebody does.
            const int process = world_.add_process();
            queues_.push_back(nullptr);
            participants_.push_back(nullptr);
            world_.add(
                process,
                [this, process] {
                    appear(process);
                    story_.rescue(participant(process));
                },
                World::kWhenStuck);
        }
        if (story_.one_process) world_.watch(queues_[1].get(), sizeof(SharedQueue), 1);
        give_each_a_presence();
        world_.on_death = [this](int process) {
            leaving_.push_back(history_.begin(process, Verb::leave));
            world_.note(static_cast<std::uint64_t>(process) + 4096);
        };
    }

    // Number 0 is what happens outside of the coroutines.
    void give_each_a_presence() {
        for (std::size_t thread = 0; thread < kThreadsMax; ++thread) {
            shm::OperationGuardForTests::reset(thread);
            if (!story_.one_process || thread < 1 || thread > 2) continue;
            world_.watch(shm::OperationGuardForTests::word_of(thread),
                         shm::OperationGuardForTests::kWordBytes,
                         static_cast<std::uint32_t>(thread) + 1);
        }
        shm::OperationGuardForTests::become(0);
        world_.on_switch = [](int who) {
            shm::OperationGuardForTests::become(static_cast<std::size_t>(who + 1));
        };
    }

    void add(int process, const Script& script, int after) {
        world_.add(process, [this, &script, process] { script(participant(process)); }, after);
    }

    [[nodiscard]] bool has_left(int process) const {
        const auto& queue = queues_[static_cast<std::size_t>(process)];
        return queue == nullptr || queue->is_closed();
    }

    void require(bool holds, const std::string& what) {
        if (!holds) world_.fail("at the end: " + what);
    }

    // All that is left is taken out; then everything must add up.
    void inspect(Participant& inspector) {
        inspector.notice_deaths();
        for (const std::size_t call : leaving_) history_.end(call, Ending::done, 0);
        // Who shut down may have died before it had dropped everything.
        if (story_.drops) inspector.shut_down(true);
        inspector.drain();
        inspector.size();
        if (story_.joinable) inspector.unfinished();
        SharedQueue& queue = *queues_.back();
        const std::size_t letters = queue.undecodable().dead_letters(true).size();
        check_counts(queue, letters);
        if (QueueForTests::state(queue).shutdown.load() == queue::kOpen) {
            inspector.put(kLastItem);
            inspector.get();
            if (story_.joinable) inspector.finish(), inspector.join();
        }
    }

    [[nodiscard]] std::uint64_t count(Verb verb, bool returned) const {
        const auto& calls = history_.calls();
        return static_cast<std::uint64_t>(
            std::count_if(calls.begin(), calls.end(), [&](const Call& call) {
                const bool open = call.end == 0;
                return call.verb == verb && (returned ? call.ending == Ending::done : open);
            }));
    }

    void check_counts(SharedQueue& queue, std::size_t letters) {
        const QueueStats stats = queue.stats();
        const auto is = [&](const char* what, std::uint64_t value, std::uint64_t least,
                            std::uint64_t most) {
            require(value >= least && value <= most,
                    std::string(what) + " is " + std::to_string(value) + ", not " +
                        std::to_string(least) + " to " + std::to_string(most));
        };
        is("queued", stats.queued, 0, 0);
        is("queued_bytes", stats.queued_bytes, 0, 0);
        is("participants", stats.participants, 1, 1);
        is("memory_bytes", stats.memory_bytes, 65536, 65536);
        is("taken", stats.taken, stats.put, stats.put);
        const std::uint64_t put = count(Verb::put, true);
        const std::uint64_t filled = (static_cast<std::uint64_t>(story_.filling) + 999) / 1000;
        is("put", stats.put - filled, put, put + count(Verb::put, false));
        is("deaths", stats.deaths, deaths_that_count() ? world_.deaths() : 0, world_.deaths());
        if (story_.joinable) {
            is("finished", stats.finished, stats.put, stats.put);
            const std::uint64_t rejected = count(Verb::reject, true);
            const std::uint64_t most = rejected + count(Verb::reject, false);
            is("dead_lettered", stats.dead_lettered, rejected, most);
            is("dead letters", letters, stats.dead_lettered, stats.dead_lettered);
            const std::uint64_t got = count(Verb::get, true);
            if (story_.drops) return;
            const std::uint64_t deliveries = stats.taken + stats.redelivered - filled;
            is("deliveries", deliveries, got, got + count(Verb::get, false));
        } else {
            const std::uint64_t lost = stats.put - filled - count(Verb::get, true);
            is("lost", lost, 0, count(Verb::get, false));
            is("lost_in_hand", stats.lost_in_hand, 0, lost);
        }
    }

    // A participant that dies while it joins or leaves may not have been one.
    [[nodiscard]] bool deaths_that_count() const {
        const auto& calls = history_.calls();
        const bool some_left = std::any_of(calls.begin(), calls.end(), [&](const Call& call) {
            return call.verb == Verb::leave && call.end == 0;
        });
        return story_.newcomers.empty() && !some_left;
    }

    const Stage& stage_;
    const QueueCase& story_;
    World& world_;
    History history_;
    std::vector<std::shared_ptr<SharedQueue>> queues_;
    std::vector<std::unique_ptr<Participant>> participants_;
    std::vector<int> processes_;
    std::vector<std::size_t> leaving_;
};

/// What was explored, for people.
struct Tally {
    std::uint64_t runs = 0;
    std::uint64_t ended = 0;
    std::uint64_t deaths = 0;
    std::uint64_t late = 0;
    std::uint64_t points = 0;
    std::uint64_t most_points = 0;

    void add(const World& world) {
        ++runs;
        ended += world.is_cut() ? 0 : 1;
        deaths += world.deaths();
        late += world.late();
        points += world.points();
        most_points = std::max(most_points, world.points());
    }
    void print(const std::string& name, const Limits& limits, std::size_t states) const {
        const std::string bound = limits.preemptions < 0
                                      ? "any number of preemptions"
                                      : "<= " + std::to_string(limits.preemptions) + " preemptions";
        std::printf(
            "%s: %s, <= %d deaths, <= %d early slices: %zu states, %llu schedules (%llu to their "
            "end), %llu deaths, %llu late slices, up to %llu points\n",
            name.c_str(), bound.c_str(), limits.deaths, limits.early, states,
            static_cast<unsigned long long>(runs), static_cast<unsigned long long>(ended),
            static_cast<unsigned long long>(deaths), static_cast<unsigned long long>(late),
            static_cast<unsigned long long>(most_points));
    }
};

void report(const std::string& name, const Stage& stage, const QueueCase& story,
            const Limits& limits, const std::vector<int>& path) {
    Replay replay(path);
    World world(limits, replay);
    world.trace(true);
    world.lose_wake = story.lose_wake;
    std::string history;
    {
        QueueRun run(stage, story, world);
        run.play();
        history = run.history().text();
    }
    ADD_FAILURE() << name << ": " << world.failure() << "\n"
                  << history << "the interleaving:\n"
                  << world.trace_text();
}

/// Plays one run. Returns what went wrong.
std::string play(const Stage& stage, const QueueCase& story, const Limits& limits, Chooser& chooser,
                 Tally& tally) {
    World world(limits, chooser);
    world.lose_wake = story.lose_wake;
    {
        QueueRun run(stage, story, world);
        run.play();
    }
    tally.add(world);
    return world.failure();
}

}  // namespace

std::string find_failure(const QueueCase& story, const Limits& limits) {
    const Stage stage(story);
    AllRuns runs(story.remembers_states);
    Tally tally;
    do {
        runs.start_run();
        std::string failure = play(stage, story, limits, runs, tally);
        if (!failure.empty()) return failure;
    } while (runs.next());
    return {};
}

void explore(const std::string& name, const QueueCase& story, const Limits& limits) {
    const testing::Census before;
    {
        const Stage stage(story);
        // Two threads of one process share more than what is watched.
        AllRuns runs(story.remembers_states && !story.one_process);
        Tally tally;
        do {
            runs.start_run();
            if (!play(stage, story, limits, runs, tally).empty()) {
                report(name, stage, story, limits, runs.path());
                break;
            }
            if (runs.lost_its_way()) {
                ADD_FAILURE() << name << ": the run of a known path took another way";
                break;
            }
        } while (runs.next());
        tally.print(name, limits, runs.states());
    }
    before.expect_nothing_left();
}

void explore_at_random(const std::string& name, const QueueCase& story, const Limits& limits,
                       std::uint64_t seed, unsigned count) {
    const testing::Census before;
    {
        const Stage stage(story);
        Tally tally;
        for (unsigned i = 0; i < count; ++i) {
            RandomRun random(seed + i);
            if (play(stage, story, limits, random, tally).empty()) continue;
            const std::string which = name + ", seed " + std::to_string(seed + i);
            report(which, stage, story, limits, random.path());
            break;
        }
        std::printf("at random, seeds from %llu on: ", static_cast<unsigned long long>(seed));
        tally.print(name, limits, 0);
    }
    before.expect_nothing_left();
}

}  // namespace procession::schedule
