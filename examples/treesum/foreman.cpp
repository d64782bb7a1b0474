// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "foreman.h"

#include <csignal>
#include <cstdio>
#include <utility>

#include "system.h"

namespace treesum {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFilesPerTask = 16;
constexpr std::uint64_t kBytesPerTask = kStepBytes;
constexpr std::size_t kTasksPerWorker = 8;  // waiting, for each worker
constexpr std::size_t kTasksAtLeast = 128;
constexpr std::size_t kTasksAtOnce = 16;  // then it is time to look at everything else
constexpr std::size_t kResultsWaiting = 1024;
constexpr std::size_t kResultsAtOnce = 256;

// A task that workers die over is given up after 16 times; but not when we kill them.
constexpr std::uint32_t kDeliveries = 16;
constexpr std::uint32_t kDeliveriesUnderChaos = 1'000'000;
constexpr milliseconds kLookForLetters{50};

volatile std::sig_atomic_t signal_seen = 0;

mp::QueueOptions task_options(const Options& options) {
    mp::QueueOptions queue;
    queue.name = "tasks";
    queue.maxsize = kTasksAtLeast + kTasksPerWorker * options.workers;
    queue.max_deliveries = options.chaos > 0 ? kDeliveriesUnderChaos : kDeliveries;
    return queue;
}

mp::QueueOptions result_options() {
    mp::QueueOptions queue;
    queue.name = "results";
    queue.maxsize = kResultsWaiting;
    return queue;
}

std::string counted(std::uint64_t number, const char* noun) {
    return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

double seconds_since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

void listen_to_signals() {
    listen_to_signals([](int number) { signal_seen = number; });
}

Foreman::Foreman(const Options& options)
    : options_(options),
      screen_(options.progress),
      output_(options.json),
      tree_{mp::JoinableQueue<Task>(task_options(options)),
            mp::JoinableQueue<Result>(result_options())},
      walker_(options.folder,
              [this](const auto& path, int problem) { report_problem(path, problem); }),
      crew_(tree_, options, screen_) {}

int Foreman::run() {
    while (!is_all_settled()) {
        const bool more = feed();
        take_results(more ? milliseconds(0) : crew_.patience());
        crew_.tend();
        write_settled();
        if (screen_.is_due()) draw();
        if (signal_seen != 0) {
            screen_.say("interrupted");
            return 128 + signal_seen;
        }
    }
    end_workers();
    const Summary sums = summary();
    screen_.clear();
    output_.end(sums);
    std::string text = counted(sums.files, "file") + ", " + rate_text(sums.bytes, sums.seconds) +
                       "; " + std::to_string(sums.failed) + " failed, " +
                       counted(sums.workers, "worker") + ", " + std::to_string(sums.kills) +
                       " killed, " + std::to_string(sums.redelivered) + " redelivered";
    if (sums.deaths > 0) text += ", " + std::to_string(sums.deaths) + " died otherwise";
    screen_.say(text);
    return sums.failed > 0 ? 1 : 0;
}

bool Foreman::is_all_settled() const {
    return walked_ && !held_back_ && to_put_.empty() && jobs_.is_empty();
}

bool Foreman::feed() {
    for (std::size_t put = 0; put < kTasksAtOnce; ++put) {
        if (to_put_.empty()) {
            std::optional<Task> task = next_task();
            if (!task) return false;
            to_put_.push_back(std::move(*task));
        }
        if (!tree_.tasks.try_put(to_put_.front()).has_value()) return false;  // full
        to_put_.pop_front();
    }
    return true;
}

std::optional<Task> Foreman::next_task() {
    std::vector<FoundFile> files;
    std::uint64_t bytes = 0;
    while (files.size() < kFilesPerTask && signal_seen == 0) {
        std::optional<FoundFile> file =
            held_back_ ? std::exchange(held_back_, std::nullopt) : walker_.next();
        if (!file) {
            walked_ = true;
            break;
        }
        if (!files.empty() && bytes + file->bytes > kBytesPerTask) {
            held_back_ = std::move(file);
            break;
        }
        bytes += file->bytes;
        files.push_back(std::move(*file));
    }
    if (files.empty()) return std::nullopt;
    return jobs_.add(std::move(files));
}

void Foreman::take_results(milliseconds wait) {
    for (auto& result : tree_.results.get_many(kResultsAtOnce, wait)) {
        if (result->kind == Result::Kind::finished) crew_.has_progressed();
        std::optional<Task> again = jobs_.take_in(*result);
        if (again) to_put_.push_front(std::move(*again));
        result.done();
    }
    take_given_up();
}

void Foreman::take_given_up() {
    // The process that notices a death, perhaps a worker, writes the dead letters a little later.
    const bool may_be_some = crew_.deaths() + crew_.kills() > 0;
    if (!may_be_some || Clock::now() - looked_for_letters_ < kLookForLetters) return;
    looked_for_letters_ = Clock::now();
    for (const mp::DeadLetter& letter : tree_.tasks.take_dead_letters()) {
        jobs_.give_up(mp::decode_message<Task>(letter.format, letter.bytes));
    }
}

void Foreman::report_problem(const std::string& path, std::int32_t problem) {
    ++failed_;
    output_.add_problem(path, problem);
    screen_.say(shown(path) + ": " + problem_text(problem));
}

void Foreman::write_settled() {
    while (auto settled = jobs_.take_settled()) {
        for (std::size_t i = 0; i < settled->sums.size(); ++i) {
            const FileSum& sum = settled->sums[i];
            if (sum.problem != 0) {
                report_problem(settled->paths[i], sum.problem);
            } else {
                ++files_;
                bytes_ += sum.bytes;
                output_.add(settled->paths[i], sum);
            }
        }
    }
    if (!output_.is_worth_writing()) return;
    screen_.clear();  // stdout may be the same terminal
    output_.write();
}

void Foreman::draw() {
    const std::string rate = rate_text(jobs_.bytes_done(), seconds_since(begun_));
    screen_.show(counted(jobs_.files_done(), "file") + ", " + rate + ", " +
                 std::to_string(jobs_.files_in_flight()) + " in flight, " +
                 counted(crew_.size(), "worker") + ", " +
                 std::to_string(tree_.tasks.stats().redelivered) + " redelivered, " +
                 std::to_string(crew_.kills()) + " killed");
}

// All results are here, but a worker may not have said done() yet, or may be at work on what
// another one had finished before it was killed.
void Foreman::end_workers() {
    crew_.end_chaos();
    do {
        take_results(milliseconds(0));
        crew_.tend();
    } while (!tree_.tasks.join(milliseconds(2)));
    tree_.tasks.shutdown();
    crew_.dismiss();
}

Summary Foreman::summary() const {
    Summary sums;
    sums.files = files_;
    sums.bytes = bytes_;
    sums.seconds = seconds_since(begun_);
    sums.failed = failed_;
    sums.workers = crew_.size();
    sums.start_method = mp::name_of(options_.method);
    sums.kills = crew_.kills();
    sums.deaths = crew_.deaths();
    sums.redelivered = tree_.tasks.stats().redelivered;
    return sums;
}

}  // namespace treesum
