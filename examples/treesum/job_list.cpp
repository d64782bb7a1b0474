// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "job_list.h"

#include <utility>

namespace treesum {

Task JobList::add(std::vector<FoundFile> files) {
    Job job;
    job.task.number = first_ + jobs_.size();
    job.task.is_large = files.size() == 1 && files[0].bytes > kStepBytes;
    for (FoundFile& file : files) job.task.paths.push_back(std::move(file.path));
    files_in_flight_ += files.size();
    jobs_.push_back(std::move(job));
    return jobs_.back().task;
}

JobList::Job* JobList::unsettled(std::uint64_t number) {
    if (number < first_ || number - first_ >= jobs_.size()) return nullptr;
    Job& job = jobs_[number - first_];
    return job.is_settled ? nullptr : &job;
}

std::optional<Task> JobList::take_in(Result& result) {
    Job* job = unsettled(result.number);
    // Nothing to be done, or said by an earlier attempt: a repetition.
    if (job == nullptr || job->task.attempt != result.attempt) return std::nullopt;
    Task& task = job->task;
    switch (result.kind) {
        case Result::Kind::finished: settle(*job, std::move(result.sums)); return std::nullopt;
        case Result::Kind::reached:
            if (!task.is_large) return std::nullopt;  // it has grown: begun anew if need be
            bytes_underway_ += result.checkpoint.offset - task.from.offset;
            task.from = result.checkpoint;
            return std::nullopt;
        case Result::Kind::hand_over: ++task.attempt; return task;
    }
    return std::nullopt;
}

void JobList::give_up(const Task& task) {
    Job* job = unsettled(task.number);
    if (job == nullptr || job->task.attempt != task.attempt) return;
    FileSum none;
    none.problem = kGivenUp;
    settle(*job, std::vector<FileSum>(job->task.paths.size(), none));
}

void JobList::settle(Job& job, std::vector<FileSum> sums) {
    for (const FileSum& sum : sums) bytes_done_ += sum.bytes;
    bytes_underway_ -= job.task.from.offset;
    files_done_ += sums.size();
    files_in_flight_ -= sums.size();
    job.sums = std::move(sums);
    job.is_settled = true;
}

std::optional<JobList::Settled> JobList::take_settled() {
    if (jobs_.empty() || !jobs_.front().is_settled) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++first_;
    return Settled{std::move(job.task.paths), std::move(job.sums)};
}

}  // namespace treesum
