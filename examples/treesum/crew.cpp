// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crew.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace treesum {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{1};
constexpr milliseconds kPatience{10};
constexpr milliseconds kBacklog{100};  // kills that came late are caught up with, within reason
constexpr std::chrono::seconds kDismissal{5};
constexpr std::uint64_t kVainDeathsPerWorker = 20;

}  // namespace

Crew::Crew(TreeSum& tree, const Options& options, Screen& screen)
    : tree_(tree),
      screen_(screen),
      method_(options.method),
      workers_(options.workers),
      chaos_(options.chaos) {
    for (Worker& worker : workers_) start(worker);
}

Crew::~Crew() {
    for (Worker& worker : workers_) {
        if (!worker.absent) worker.process.kill();
    }
}

void Crew::start(Worker& worker) {
    mp::ProcessOptions options;
    options.name = "worker-" + std::to_string(++started_);
    worker.process = mp::Process(method_, options, tree_);
    worker.absent = false;
    worker.killed = false;
}

milliseconds Crew::patience() const { return chaos_ > 0 ? kLookEvery : kPatience; }

void Crew::tend() {
    const auto now = Clock::now();
    if (now - looked_ < kLookEvery) return;
    looked_ = now;
    kill_those_due(now);
    replace_the_dead();
}

void Crew::kill_those_due(Clock::time_point now) {
    next_kill_ = std::max(next_kill_, now - kBacklog);
    while (chaos_ > 0 && next_kill_ <= now) {
        std::vector<Worker*> alive;
        for (Worker& worker : workers_) {
            if (!worker.absent && !worker.killed) alive.push_back(&worker);
        }
        // With no worker left the event is void: a fresh worker begins with none against it.
        if (!alive.empty()) {
            Worker& victim = *alive[random_() % alive.size()];
            victim.process.kill();
            victim.killed = true;
            ++kills_;
        }
        // Independent events: a worker may always live long enough, however many die.
        const std::chrono::duration<double> pause(std::exponential_distribution<>(chaos_)(random_));
        next_kill_ += std::chrono::duration_cast<Clock::duration>(pause);
    }
}

void Crew::replace_the_dead() {
    std::vector<mp::Waitable> sentinels;
    sentinels.reserve(workers_.size());
    for (const Worker& worker : workers_)
        sentinels.emplace_back(worker.absent ? mp::no_handle : worker.process.sentinel());
    for (const std::size_t ended : mp::wait(sentinels, mp::Deadline::now())) bury(workers_[ended]);
    for (Worker& worker : workers_) {
        if (!worker.absent) continue;
        try {
            start(worker);
        } catch (const mp::ProcessError& refused) {
            // The others carry on; it is tried again.
            if (++vain_deaths_ > kVainDeathsPerWorker * workers_.size()) throw;
        }
    }
}

void Crew::bury(Worker& worker) {
    worker.process.join();  // what it had in hand is in the queue again
    worker.absent = true;
    if (worker.killed) return;
    ++deaths_;
    const int code = worker.process.exit_code().value_or(0);
    screen_.say(worker.process.name() + " ended with exit code " + std::to_string(code) +
                "; another one is started");
    if (++vain_deaths_ > kVainDeathsPerWorker * workers_.size()) {
        throw std::runtime_error("workers keep dying; the last one ended with exit code " +
                                 std::to_string(code));
    }
}

void Crew::dismiss() {
    const mp::Deadline deadline(kDismissal);
    for (Worker& worker : workers_) {
        if (worker.absent) continue;
        if (!worker.process.join(deadline)) worker.process.kill();
        worker.process.join();
        worker.absent = true;
    }
}

}  // namespace treesum
