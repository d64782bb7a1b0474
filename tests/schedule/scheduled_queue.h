// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "death/queue/actor.h"
#include "death/queue/recovery.h"
#include "death/queue/setup.h"
#include "procession/byte_queue.h"
#include "queue/outcome.h"
#include "queue/shared_queue.h"
#include "schedule/queue_for_tests.h"

namespace procession::schedule {

using namespace detail;

/// One participant's SharedQueue, with the verbs of a ByteQueue, which needs the layers above.
class Door {
  public:
    explicit Door(std::shared_ptr<queue::SharedQueue> queue) : queue_(std::move(queue)) {}

    Result<void, PutError> try_put(const Piece& piece, Deadline deadline) const {
        return queue::result_of<PutError>(queue_->producer().put(piece, deadline));
    }
    std::size_t put_many(const Pieces& pieces, Deadline deadline) const {
        queue::Outcome outcome{};
        return queue_->producer().put_many(pieces, deadline, outcome);
    }
    Result<void, GetError> try_get(Message& message, Deadline deadline) const {
        return queue::result_of<GetError>(queue_->consumer().get(message, deadline));
    }
    Result<void, GetError> try_get_many(Batch& batch, std::size_t most, Deadline deadline) const {
        return queue::result_of<GetError>(queue_->consumer().get_many(batch, most, deadline));
    }
    void finish(const Ticket& ticket) const { queue_->leases().finish(ticket); }
    void task_done() const { queue_->leases().task_done(); }
    void give_back(const Ticket& ticket) const { queue_->leases().give_back(ticket); }
    void reject(const Ticket& ticket, std::string_view why) const {
        queue_->leases().reject(ticket, why);
    }
    void keep_undecodable(const MessageView& message, std::string_view reason) const {
        queue_->undecodable().keep_as_dead_letter(message, reason);
    }
    std::vector<DeadLetter> take_dead_letters() const {
        return queue_->undecodable().dead_letters(true);
    }
    bool join(Deadline deadline) const { return queue_->leases().join(deadline); }
    std::uint64_t unfinished() const { return queue_->leases().unfinished(); }
    std::uint64_t qsize() const { return queue_->qsize(); }
    bool full() const { return queue_->full(); }
    std::uint64_t maxsize() const { return queue_->limits().maxsize; }
    QueueStats stats() const { return queue_->stats(); }
    std::size_t notice_deaths() const { return queue_->notice_deaths(); }
    std::vector<Participant> participants() const { return queue_->participants(); }
    void shutdown(bool immediate) const { queue_->shutdown(immediate); }
    bool is_shut_down() const { return queue_->is_shut_down(); }
    void close() const { queue_->close(); }
    bool is_closed() const { return queue_->is_closed(); }
    QueueKind kind() const {
        return queue_->is_joinable() ? QueueKind::joinable : QueueKind::plain;
    }
    queue::SharedQueue& shared() const { return *queue_; }

  private:
    std::shared_ptr<queue::SharedQueue> queue_;
};

/// The queue, as a subject of the driver of schedules. A second subject names the same.
struct ScheduledQueue {
    using Setup = death::QueueSetup;
    using Act = death::Act;
    using Script = death::QueueScript;
    using Model = death::QueueModel;
    using Object = Door;
    using Hand = death::QueueActor<Door, death::Notes>::Hand;
    template <class Log>
    using Actor = death::QueueActor<Door, Log>;

    static Object make(const Setup& setup) {
        const auto kind = setup.joinable ? QueueKind::joinable : QueueKind::plain;
        QueueOptions options = death::options_of(setup);
        options.memory_limit = std::uint64_t{1} << 20;
        const auto made = queue::SharedQueue::create(kind, TypeStamp{}, options);
        shm::ObjectForTests::keep_memory(*made);
        // All of it from the start: a run that lets the file grow changes nothing for the next one.
        const shm::Segment& segment = made->segment();
        static_cast<void>(os::allocate(segment.file(), 0, segment.header().total_bytes));
        return Door(made);
    }
    static os::Handle file_of(const Object& queue) {
        return queue.shared().segment().file().duplicate();
    }
    /// A participant of its own.
    static Object attach(os::Handle file) {
        return Door(queue::QueueForTests::attach(std::move(file)));
    }
    static std::span<std::byte> segment_of(const Object& queue) {
        const shm::SegmentHeader& header = queue.shared().segment().header();
        return {reinterpret_cast<std::byte*>(const_cast<shm::SegmentHeader*>(&header)),
                header.total_bytes};
    }
    /// What threads of one process share of it.
    static std::span<std::byte> own_memory_of(const Object& queue) {
        return {reinterpret_cast<std::byte*>(&queue.shared()), sizeof(queue::SharedQueue)};
    }
    static std::uint64_t memory_of(const Object& queue) {
        return queue::QueueForTests::memory_of(queue.shared());
    }
    static void learn_the_memory(const Object& queue) {
        queue::QueueForTests::learn_the_memory(queue.shared());
    }
    static void forget(const Object& queue) { shm::ObjectForTests::forget(queue.shared()); }

    static Model model_of(const Setup& setup) { return death::model_of(setup); }
    static Script filling(const Setup& setup, const death::SegmentView& view, unsigned& used) {
        return death::filling_of(setup, view, used);
    }
    static Script touch() { return {{death::Verb::look}}; }
    static Script leave() { return {{death::Verb::close}}; }
    static death::Finding recover(const Object& queue, const Setup& setup) {
        // Each access of it is watched: few bytes will do.
        const std::size_t bytes = setup.max_bytes != 0 ? 8 : 16;
        const death::Recovery<Door> recovery(queue, 1, bytes, bytes);
        return recovery.recover(death::Order::notice_then_drain);
    }
};

}  // namespace procession::schedule
