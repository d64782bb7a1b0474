// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "faults/queue_operations.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace procession::testing {

namespace {

using Plain = Queue<std::string>;
using Joinable = JoinableQueue<std::string>;

class Leased : public QueueOperation<Joinable> {
  protected:
    explicit Leased(const QueueOptions& options = {}) : QueueOperation<Joinable>(options) {
        stage_.fill(3);
    }
};

/// task_done() ends the oldest lease of the thread.
class TaskDone : public Leased {
    void act() override {
        auto first = stage_.queue.get();
        stage_.queue.task_done();
        stage_.has_got(*first);
    }
};

class GiveBack : public Leased {
    void act() override {
        auto first = stage_.queue.get();
        auto second = stage_.queue.get();
        second.give_back();
        first.give_back();
    }
};

/// Given back too often: the item becomes a dead letter.
class GiveBackTooOften : public Leased {
  public:
    static QueueOptions options() {
        QueueOptions impatient;
        impatient.max_deliveries = 1;
        return impatient;
    }
    GiveBackTooOften() : Leased(options()) {}
    void act() override {
        auto first = stage_.queue.get();
        first.give_back();
    }
    void check(const Outcome&) override {
        // Without memory for its letter it is rather delivered once too often than lost.
        auto letters = stage_.queue.take_dead_letters();
        EXPECT_LE(letters.size(), 1U);
        for (const auto& each : letters) {
            Reader reader(each.bytes);
            std::string text(reader.string());
            stage_.has_got(text);
        }
        stage_.expect_whole();
    }
};

class Reject : public Leased {
    void act() override {
        auto first = stage_.queue.get();
        first.reject("for the test");
    }
    void check(const Outcome& outcome) override {
        const auto letters = stage_.queue.take_dead_letters();
        EXPECT_EQ(letters.size(), outcome.threw ? letters.size() : 1U);
        for (const auto& each : letters) {
            EXPECT_EQ(each.reason, "for the test");
            Reader reader(each.bytes);
            std::string text(reader.string());
            stage_.has_got(text);
        }
        stage_.expect_whole();
    }
};

class Join : public Leased {
    void act() override {
        const bool joined = stage_.queue.join(12ms);
        EXPECT_FALSE(joined);
        for (int i = 0; i < 3; ++i) stage_.take_one();  // the last one notifies for join()
        const bool is_joined = stage_.queue.join(Deadline::now());
        EXPECT_TRUE(is_joined);
    }
};

class CloseWithLeases : public Close<Joinable> {
  public:
    CloseWithLeases() {
        first_.emplace(stage_.queue.get());
        second_.emplace(stage_.queue.get());
    }
    void check(const Outcome& outcome) override {
        EXPECT_THROW(first_->done(), ClosedError);
        Close<Joinable>::check(outcome);
    }

  private:
    std::optional<Lease<std::string>> first_, second_;
};

/// While another thread, which has used the queue, lives: close() asks all processors.
class CloseBesideAThread : public Close<Plain> {
  public:
    CloseBesideAThread()
        : thread_([this] {
              static_cast<void>(stage_.queue.qsize());
              has_used_.store(true);
              has_used_.notify_all();
              may_end_.wait(false);
          }) {
        has_used_.wait(false);
    }
    ~CloseBesideAThread() override {
        may_end_.store(true);
        may_end_.notify_all();
    }

  private:
    std::atomic<bool> has_used_{false};
    std::atomic<bool> may_end_{false};
    std::jthread thread_;
};
constexpr PlannedFault kNoBarrier{Call::membarrier, 1, ENOSYS, true, Whose::actors};

/// Runs in a fork child of the program's own, to its end.
template <class Act>
void in_a_child(Act act) {
    const pid_t child = ::fork();
    if (child == 0) {
        act();
        ::_exit(0);
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
}

/// Takes over after a process that died with an item in its hands and one put half way.
template <class Q>
class NoticeDeaths : public QueueOperation<Q> {
  public:
    NoticeDeaths() {
        this->stage_.fill(3);
        in_a_child([this] {
            auto item = this->stage_.queue.get();
            ::_exit(0);
        });
        if constexpr (!requires(Q& queue) { queue.task_done(); }) {
            std::string lost = small_item(1);
            this->stage_.has_got(lost);  // at most once: it was in the dead one's hands
        }
    }
    void act() override { this->stage_.queue.bytes().notice_deaths(); }
    void check(const Outcome&) override {
        this->stage_.queue.bytes().notice_deaths();
        EXPECT_EQ(this->stage_.queue.stats().deaths, 1U);
        this->stage_.expect_whole();
    }
};

constexpr std::array kPlain{
    PROCESSION_COMMON_QUEUE_OPERATIONS(Plain, "plain"),
    NamedOperation{"plain_notice_deaths", make<NoticeDeaths<Plain>>},
};
constexpr std::array kJoinable{
    PROCESSION_COMMON_QUEUE_OPERATIONS(Joinable, "joinable"),
    NamedOperation{"close_beside_a_thread", make<CloseBesideAThread>},
    NamedOperation{"close_without_membarrier", make<CloseBesideAThread>, kNoBarrier},
    NamedOperation{"joinable_notice_deaths", make<NoticeDeaths<Joinable>>},
    NamedOperation{"joinable_task_done", make<TaskDone>},
    NamedOperation{"joinable_give_back", make<GiveBack>},
    NamedOperation{"joinable_give_back_too_often", make<GiveBackTooOften>},
    NamedOperation{"joinable_reject", make<Reject>},
    NamedOperation{"joinable_join", make<Join>},
    NamedOperation{"joinable_close_with_leases", make<CloseWithLeases>},
};

}  // namespace

std::span<const NamedOperation> plain_queue_operations() { return kPlain; }
std::span<const NamedOperation> joinable_queue_operations() { return kJoinable; }

}  // namespace procession::testing
