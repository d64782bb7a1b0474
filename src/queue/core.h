// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fork_local.h"
#include "os/at_fork.h"
#include "os/spin_lock.h"
#include "procession/batch.h"
#include "procession/byte_view.h"
#include "procession/dead_letter.h"
#include "procession/deadline.h"
#include "procession/death.h"
#include "procession/error.h"
#include "procession/message.h"
#include "procession/participant.h"
#include "procession/piece.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "procession/ready_handle.h"
#include "queue/attachments.h"
#include "queue/core_types.h"
#include "queue/death_log.h"
#include "queue/lease_books.h"
#include "queue/state.h"
#include "queue/suspects.h"
#include "queue/waiting_letters.h"
#include "shm/active_operations.h"
#include "shm/event_count.h"
#include "shm/participant_table.h"
#include "shm/robust_lock.h"
#include "shm/segment.h"
#include "shm/segment_backing.h"

namespace procession {
enum class Abandoned : std::uint8_t;
}

namespace procession::queue {

enum class Outcome : std::uint8_t { done, timed_out, shut_down };

/// This process's end of one queue: the untyped protocol over a segment.
///
/// Guarantee: see P1-P7 and P9-P12 in the documentation of the queues. In terms of calls:
///   - put() returned done: the item is committed; every consumer can take it, whatever dies next.
///   - get() returned done from a joinable queue: the item is this process's until finish(),
///     give_back() or reject(); if the process dies first, it goes back by itself.
///
/// Mechanism: a RecordLog over a BlockPool in the segment, each side under an RobustLock, sleepers
/// at EventCounts. Each change of shared state is committed by one store; a process that finds a
/// lock with a dead owner completes or undoes the owner's last change (repair_locks), and a process
/// that finds a dead participant takes over its items and blocks (sweep).
///
/// Invariants:
///   1. A sweep starts with no lock held by its thread; repair_locks() takes no lock at all, so it
///      never waits and may be called while waiting for a lock.
///   2. The memory lock is taken last and nothing waits while it is held, but the system's memory
///      allocation.
/// Threads: any number, any time.
class Core final : public os::ForkListener,
                   private shm::OperationTarget,
                   private shm::DeadOwnerHandler {
  public:
    [[nodiscard]] static std::shared_ptr<Core> create(Kind kind, const TypeStamp& stamp,
                                                      const QueueOptions& options);
    /// The queue in `file`; the same Core for the same queue, however often it arrives.
    [[nodiscard]] static std::shared_ptr<Core> attach(os::Handle file);
    ~Core() override;
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // core_put.cc
    Outcome put(const Piece& piece, Deadline deadline);
    /// The usual put(), which waits for nothing. False: nothing has happened, and put() is to be
    /// called.
    [[nodiscard]] bool put_in_passing(const Piece& piece);
    /// Waits until an item of so many bytes may find room.
    Outcome await_room(std::uint64_t bytes, Deadline deadline);
    /// Called after put() or get() has timed out. Throws: TimeoutError when a stopped participant
    /// was the reason, and not a lack of room or of items.
    void require_no_stopped_producer(std::string_view operation);
    void require_no_stopped_consumer(std::string_view operation);
    /// Returns how many were put; `outcome` says why not all.
    std::size_t put_many(const Pieces& pieces, Deadline deadline, Outcome& outcome);
    void shutdown(bool immediate);
    [[nodiscard]] bool is_shut_down();

    // core_get.cc
    Outcome get(Message& message, Deadline deadline);
    /// The usual get(), which waits for nothing. False: nothing has happened, and get() is to be
    /// called.
    [[nodiscard]] bool get_in_passing(Message& message);
    /// Takes the oldest item of a plain queue to `place`, if it is a raw one of that size and
    /// nothing is in the way. False: nothing has happened, and get() is to be called.
    [[nodiscard]] bool get_raw_at_once(std::span<std::byte> place);

    // core_get_many.cc
    /// Fills the batch with between 1 and `most` items.
    /// About how many items wait: at least 1, and not more than there can be.
    [[nodiscard]] std::size_t about_waiting();
    Outcome get_many(Batch& batch, std::size_t most, Deadline deadline);
    /// For a plain queue: takes the oldest items straight to `places`, `each` bytes apart, while
    /// they are raw ones of that size. `got` may be 0: then the oldest item is of another kind.
    Outcome get_many_raw(std::span<std::byte> places, std::size_t each, std::size_t& got,
                         Deadline deadline);

    // core_loan.cc
    /// Memory for an item, this process's until it is published or given back.
    [[nodiscard]] Loaned loan(std::uint64_t bytes);
    /// When it returns done, the loan has ended.
    Outcome publish(std::uint32_t unit, std::uint32_t generation, const Piece& piece,
                    Deadline deadline);
    void end_loan(std::uint32_t unit, std::uint32_t generation) noexcept;
    /// get() that does not copy an item that lies in a block: the view then holds the block.
    /// `self_pointer` is this Core.
    Outcome borrow(ByteView& view, Deadline deadline, const std::shared_ptr<Core>& self_pointer);
    void end_view(std::uint32_t unit, std::uint32_t generation) noexcept;

    // core_ready.cc
    [[nodiscard]] std::shared_ptr<Readiness> ready(Ready what,
                                                   const std::shared_ptr<Core>& self_pointer);
    /// Waits until there is an item, or room for `bytes`. False: waiting is of no use any more.
    [[nodiscard]] bool watch_until_ready(Ready what, std::uint64_t bytes,
                                         const std::atomic<bool>& stop) noexcept;
    void wake_watchers(Ready what) noexcept;
    void look_again(Ready what) noexcept { found_nothing(what); }
    [[nodiscard]] bool is_ending() const noexcept { return (gate_.load() & kEnding) != 0; }
    /// Counts the forks that this process has come through.
    [[nodiscard]] std::uint32_t forks() const noexcept { return participants_.forks(); }
    [[nodiscard]] bool is_unprepared_child() const noexcept {
        return participants_.is_unprepared_child();
    }
    /// Whether state of that generation is this process's, and not its parent's.
    [[nodiscard]] bool is_own(std::uint32_t generation) const noexcept;

    // core_finish.cc
    void finish(const Ticket& ticket, const char* operation = "task_done");
    void task_done();
    [[nodiscard]] bool join(Deadline deadline);
    [[nodiscard]] std::uint64_t unfinished();

    /// Makes this process a participant, if it is none yet.
    void take_part();
    /// The handles of a leased item, to be let go when it is finished.
    void hold_attachment(const Ticket& ticket, Attachment attachment);

    // core_lease.cc
    /// `why` stands in the dead letter, if this was the last delivery.
    void give_back(const Ticket& ticket, std::string_view why = {});
    void reject(const Ticket& ticket, std::string_view reason);
    [[nodiscard]] std::vector<DeadLetter> dead_letters(bool take);

    // core_unshared.cc
    /// Called in a child that is a fresh start of the program, while it has one thread: this queue
    /// was made by the child itself, not by its parent. Its first use throws if the child still has
    /// one thread then, and logs a warning otherwise.
    void suspect_unshared() noexcept;
    /// It is passed to another process on purpose.
    void trust_shared() noexcept { seems_unshared_.store(false, std::memory_order_relaxed); }

    // core_abandon.cc
    /// For a lease that no caller will end: its item is given back, or becomes a dead letter, as
    /// the queue's options say. Does nothing when it has ended already, or is the parent process's.
    void abandon(const Ticket& ticket, Abandoned how) noexcept;
    /// The item stays taken, for task_done() in the calling thread. Throws: std::bad_alloc.
    void detach(const Ticket& ticket);

    // core_undo.cc
    /// Takes back an item of a joinable queue for which this process has no memory: as if it had
    /// not been handed out.
    void undeliver(const Ticket& ticket);
    /// For bytes that are no element: to the dead letters, at once or when there is memory for it.
    /// Throws: std::bad_alloc when this process has none to remember it by; then a plain queue's
    ///         item is lost, and a joinable queue's waits again.
    void keep_as_dead_letter(const MessageView& message, std::string_view reason);
    /// The next call that takes an item throws, because `count` items did not decode.
    void owe(const DecodeError& first, std::size_t count) noexcept;

    // core_repair.cc
    /// Looks for participants that died, and takes over all that they held. Returns how many died.
    std::size_t notice_deaths();
    /// The same, not longer than a nap; does nothing when this process is no participant (yet).
    void notice_deaths_quickly() noexcept;

    // core_deaths.cc
    [[nodiscard]] std::vector<Participant> participants();
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since);
    [[nodiscard]] std::vector<Death> wait_for_deaths(std::uint64_t since, Deadline deadline);

    // core.cc
    [[nodiscard]] std::uint64_t qsize();
    [[nodiscard]] bool full();
    [[nodiscard]] std::uint64_t maxsize() const noexcept { return constants_.maxsize; }
    [[nodiscard]] QueueStats stats();
    void close();
    /// close() when the process is about to end: its other threads never see that, but wait for the
    /// end.
    void leave_at_the_end();
    [[nodiscard]] bool is_closed() const noexcept { return (gate_.load() & kClosed) != 0; }
    [[nodiscard]] bool is_joinable() const noexcept { return joinable_; }
    [[nodiscard]] bool dead_letters_on_exception() const noexcept;
    [[nodiscard]] std::string label() const;
    /// The queue's descriptor, for as long as `use` runs: close() waits for it.
    /// Throws: ClosedError; OSError when another part of this program has closed the descriptor.
    void with_file(std::string_view operation, const std::function<void(const os::Handle&)>& use);
    /// For the constants of the queue. After close() nothing else is there.
    [[nodiscard]] const shm::Segment& segment() const noexcept { return segment_; }
    /// Says in the debug log what a fork has reset here; called in the child, in ordinary context.
    void report_after_fork();
    /// All queues of this process.
    [[nodiscard]] static std::vector<std::shared_ptr<Core>> all();

  private:
    friend struct CoreForTests;  // tests/schedule: several participants in one process
    class Baton;
    class Lock;
    class Inside;
    struct Ending {};    // thrown through an operation that the end of the process has overtaken
    struct CutShort {};  // thrown through one that would wait for another one that was cut short

    explicit Core(shm::Segment segment);
    void initialise(const QueueOptions& options);
    [[nodiscard]] QueueStats read_stats();
    [[nodiscard]] Waiting count_waiting();
    [[nodiscard]] bool read_waiting(Waiting& waiting) const;
    Actor self(Deadline until = Deadline::never());
    std::uint32_t own_slot();
    /// Throws: SharingError.
    void check_unshared();
    [[nodiscard]] bool is_usable() const noexcept;
    void check_open(std::string_view operation) const;
    void leave_queue();
    /// After close(): when nothing of this process uses it any more.
    void release_memory() noexcept;
    /// Throws: OSError when another part of this program has closed the queue's descriptor.
    void check_file(std::string_view operation) const;
    void refuse_use(std::string_view operation) const;
    /// Runs `work` as an operation of this thread, turning shm::Corrupt into CorruptSegment for
    /// all participants.
    template <class Work>
    auto guarded(std::string_view operation, Work work);
    /// The last part of it, for what runs within another operation.
    template <class Work>
    auto refusing_corruption(std::string_view operation, Work work);

    // core_interrupted.cc
    static void release(Core* core) noexcept;
    void operation_cut_short() noexcept override;
    void begin_operation(std::string_view operation, bool is_nested);
    void after_leaving() noexcept;
    void shutdown_from_inside(bool immediate) noexcept;
    void do_what_was_asked();
    [[noreturn]] void refuse_reentry(std::string_view operation) const;
    [[noreturn]] static void wait_for_the_end() noexcept;
    void come_back(std::string_view operation);
    [[nodiscard]] bool leave_as_if_killed() noexcept;
    [[nodiscard]] bool wait_until_alone(Deadline deadline) noexcept;
    void hand_over_log();
    void let_go(std::uint32_t how, Deadline deadline);
    void give_up_all(std::uint32_t slot);
    void shut_down(bool immediate);
    void store_shutdown(bool immediate);
    void notice_deaths_within(std::uint32_t slot);
    [[nodiscard]] bool try_acquire(std::atomic<std::uint32_t>& word, Actor me,
                                   std::string_view operation);
    /// Throws: TimeoutError when the holder is stopped.
    void acquire(std::atomic<std::uint32_t>& word, Actor me);
    [[noreturn]] void refuse_to_wait(std::string_view operation) const;
    static bool is_held_for_long(const std::atomic<std::uint32_t>& lock);
    /// For waiters, which must know which participants are alive. Throws: OSError when this process
    /// can no longer tell.
    void check_watch(std::string_view operation);
    /// In a child that no at-fork handler has prepared: does what they would have done.
    void prepare_child() noexcept;
    void forget_parent() noexcept;
    void forget_own_state() noexcept;
    void check_owner(const std::atomic<std::uint32_t>& lock) override;
    [[nodiscard]] std::uint32_t owner_to_check(const std::atomic<std::uint32_t>& lock) const;
    void after_fork_in_child() noexcept override;
    /// Throws: std::bad_alloc.
    LeaseBook& book_with_room(std::size_t more);

    // Under no lock: take memory. Throws MemoryError.
    [[nodiscard]] std::uint32_t take_block(std::uint64_t bytes, Actor me);
    void give_block(std::uint32_t unit, Actor me);
    [[noreturn]] void refuse_memory(std::error_code code, std::uint64_t bytes);

    // Under the tail lock.
    [[nodiscard]] bool has_room(std::uint64_t bytes) noexcept;
    void require_full() const;
    void append(const Piece& piece, std::uint32_t outside, Actor me);
    void ensure_chunk(std::size_t payload, Actor me);
    [[nodiscard]] std::uint32_t store_outside(const Piece& piece, Actor me);
    void check_fits(const Piece& piece) const;
    [[nodiscard]] Room room_for(std::uint64_t items) noexcept;
    void append_run(const Pieces& pieces, std::size_t from, std::size_t& done, Actor me);
    Outcome put_inline_run(const Pieces& pieces, std::size_t from, Deadline deadline, Actor me,
                           std::size_t& done);
    [[nodiscard]] bool put_at_once(const Piece& piece);
    Outcome put_patiently(const Piece& piece, Deadline deadline);
    void ring_for_items(std::size_t items = 1);
    void ring_for_room(std::size_t places = 1) noexcept;
    void pass_on_room() noexcept;
    Outcome put_one(const Piece& piece, std::uint32_t outside, Deadline deadline, Actor me);
    [[nodiscard]] bool seems_to_have_room(std::uint64_t bytes, std::uint64_t items) const noexcept;
    [[nodiscard]] Outcome wait_for_room(std::uint64_t bytes, Deadline deadline);

    // Under the head lock.
    [[nodiscard]] Ticket ticket_of(Position at, std::uint32_t deliveries) const noexcept;
    [[nodiscard]] bool get_at_once(Message& message);
    Outcome get_patiently(Message& message, Deadline deadline);
    // Within an operation: the rest of get_patiently().
    Outcome get_within(Message& message, Deadline deadline, bool only_fresh = false);
    Outcome claim_one(Claim& claimed, Message& message, Deadline deadline, Actor me);
    void ring_for_space(std::size_t places = 1);
    void pass_on_items() noexcept;
    void settle_head(Actor me);
    [[nodiscard]] bool claim(Claim& claimed, Message& message, Actor me);
    [[nodiscard]] bool take_returned(Claim& claimed, Message& message, Actor me);
    [[nodiscard]] bool holds_back_returned() noexcept;
    Outcome rest_beside_suspect(Deadline deadline);
    /// Whether waiting is over, for this process or for all. A hint.
    [[nodiscard]] bool is_over() const noexcept;
    [[nodiscard]] bool may_wait_at_once(Deadline deadline) const;
    [[nodiscard]] Outcome wait_for_items(Deadline deadline);
    [[nodiscard]] bool pop_returned(Claim& claimed, Actor me);
    void push_returned(Position at, std::byte* record);
    void rebuild_returned(Actor me);
    void retire(std::uint32_t chunk, std::uint64_t first_count, Actor me);
    [[nodiscard]] bool shows_an_item() const noexcept;
    void drain_after_shutdown();

    // core_get_many.cc
    class BatchSink;
    class PlacesSink;
    [[nodiscard]] std::uint64_t about_in_log() const noexcept;
    [[nodiscard]] Room about_waiting(std::size_t most) const noexcept;
    template <class Sink>
    Section take_section(Sink& sink, std::size_t most, Actor me);
    template <class Sink>
    void take_the_rest(Sink& sink, std::size_t most, Actor me);
    template <class Sink>
    Outcome take_many(Sink& sink, std::size_t most, Deadline deadline);

    // core_ready.cc: a call has found no item, or no room for so many bytes.
    void found_nothing(Ready what, std::uint64_t bytes = 0) noexcept;

    // After the claim, under no lock.
    void complete(const Claim& claimed, Message& message, Actor me);
    [[nodiscard]] std::span<const std::byte> payload_of(std::byte* record, RecordHead head,
                                                        std::uint32_t& unit) const;

    // Of one thread's own leases.
    [[nodiscard]] bool is_open(const Ticket& ticket) const noexcept;
    /// From now on only this thread may end the lease; throws ValueError when it has ended already.
    void begin_ending(const Ticket& ticket, std::string_view operation);
    /// Undoes begin_ending(): the lease is open again.
    void leave_open(const Ticket& ticket) noexcept;
    void require_no_loans() const;
    [[nodiscard]] bool finish_at_once(const Ticket& ticket);
    void finish_patiently(const Ticket& ticket, const char* operation);
    void let_go_of_attachment(const Ticket& ticket) noexcept;
    /// Within an operation: the rest of finish_patiently().
    void finish_within(const Ticket& ticket, const char* operation);
    void settle_own_finishing(Actor me);
    void settle_after_commit(std::uint32_t slot);
    void announce_finished();

    // Under the memory lock.
    void begin_intent(MemoryIntent kind, Position at, std::uint32_t block);
    void complete_finish(Position at);
    void commit_finish(Position at, std::byte* record);
    void repair_memory();
    void recount_finished(std::uint32_t unit);
    void settle_finishing(std::uint32_t slot);
    [[nodiscard]] std::uint32_t write_dead_letter(Format format, std::span<const std::byte> payload,
                                                  std::uint32_t deliveries, std::string_view reason,
                                                  Actor me);
    void commit_dead_letter(Position at, std::byte* record, std::uint32_t block);

    // core_abandon.cc
    [[nodiscard]] std::string reason_of(Abandoned how);
    void give_up(const Ticket& ticket, std::string_view why);

    void reject_now(const Ticket& ticket, std::string_view reason, Actor me);

    [[nodiscard]] std::uint64_t finished() const noexcept;
    [[nodiscard]] std::uint64_t known_put() const noexcept;
    [[nodiscard]] bool all_finished() const noexcept;

    // core_undo.cc
    /// Whether an error is owed. A hint: pay_owed_error() knows.
    [[nodiscard]] bool owes_an_error() const noexcept;
    void pay_owed_error();
    void undeliver(Position at, Actor me);
    void store_lost_bytes(Format format, std::span<const std::byte> bytes, std::string_view reason,
                          Actor me);
    void let_letter_wait(const MessageView& message, std::string_view reason);
    /// As far as there is memory. Returns how many are left.
    std::size_t write_waiting_letters(std::uint32_t slot);

    // core_repair.cc
    void repair_locks(std::uint32_t dead);
    void sweep(std::uint32_t dead, Actor me);
    template <class Visit>
    void each_lease_in(std::uint32_t unit, const shm::Block& block, Visit visit);
    void take_over_all(std::uint32_t holder, Holder is, Actor me);
    void acquit_if_in_doubt(std::uint32_t dead, Position at);
    void take_over_counted(std::uint32_t dead, Position at, Actor me);
    [[nodiscard]] std::vector<Position> free_blocks_of(std::uint32_t holder, Holder is, Actor me);
    [[nodiscard]] std::uint32_t blocks_in_hand(std::uint32_t holder);
    [[nodiscard]] std::uint64_t count_finished();
    [[nodiscard]] std::vector<std::uint64_t> count_held(Actor me);
    std::size_t bury_the_dead(Actor me);
    void take_over(std::uint32_t holder, Position at, bool drops, Actor me,
                   std::string_view why = {});
    [[nodiscard]] bool drops_items() const;
    void report_death(std::uint32_t dead) const;
    void nap();

    // core_audit.cc
    [[nodiscard]] Constants read_constants() const noexcept;
    void check_constants() const;
    void audit_now_and_then();
    void audit(Actor me);
    void audit_finished(Actor me);
    [[nodiscard]] bool is_any_lock_mine(std::uint32_t slot) const noexcept;
    void suspect_own_lock();
    void wake_everybody();

    shm::Segment segment_;
    State& state_;
    shm::ParticipantTable participants_;
    shm::SegmentBacking backing_;
    shm::BlockPool pool_;
    const bool joinable_;
    RecordLog log_;
    ReturnedList returned_;
    shm::EventCount not_empty_;
    shm::EventCount not_full_;
    shm::EventCount all_done_;
    DeathLog death_log_;
    shm::EventCount death_bell_;
    std::atomic<std::uint32_t> gate_{0};  // 0: operations may go on
    std::atomic<std::uint32_t> left_{0};  // counts operations that ended while it was not 0
    std::atomic<bool> is_exit_watched_{false};
    std::atomic<bool> is_repair_due_{false};
    base::ForkSafeMutex coming_back_;
    // Entered by close(), which is no operation: those end when they see that the queue is closed.
    struct Closing final : shm::OperationTarget {
        explicit Closing(Core& closed) : core(closed) {}
        void operation_cut_short() noexcept override;
        Core& core;
    };
    Closing closing_{*this};
    Core* next_kept_ = nullptr;
    std::atomic<bool> has_left_{false};       // the queue: close() waits for no thread any more
    std::atomic<bool> has_no_memory_{false};  // release_memory() was there; under coming_back_
    std::atomic<bool> sweep_due_{false};
    std::atomic<bool> forked_unreported_{false};
    std::atomic<bool> seems_unshared_{false};
    std::atomic<std::uint32_t> nap_cursor_{0};
    std::atomic<int> claim_error_{0};  // why a dead participant could not be looked after
    std::atomic<std::int64_t> next_audit_{0};
    std::atomic<std::uint32_t> vain_looks_{0};
    Constants constants_;
    base::MadeOnFirstUse<LeaseBooks> lease_books_;
    std::atomic<LeaseBooks*> forgotten_books_{nullptr};  // to be freed by the next operation
    base::MadeOnFirstUse<WaitingLetters> waiting_letters_;
    base::ForkLocal<Suspects> suspects_;
    base::MadeOnFirstUse<Attachments> attachments_;
    // The error that get_many() could not throw because it had other items to return.
    struct OwedError {
        DecodeError error;
        std::uint32_t generation = 0;
    };
    std::atomic<OwedError*> owed_{nullptr};
    std::atomic<std::uint64_t> abandoned_{0};  // leases of this process that no call ended
    os::SpinLock finishing_;  // one thread of this process at a time begins to finish an item
    base::ForkSafeMutex joining_;
    // Memory of the queue that this process writes to, or reads, outside of any operation.
    std::atomic<std::uint32_t> loans_{0};
    std::atomic<std::uint32_t> views_{0};
    // For event loops.
    std::atomic<bool> is_watched_{false};
    base::ForkSafeMutex watching_;
    std::array<base::ForkLocal<std::weak_ptr<Readiness>>, 2> watchers_;
};

}  // namespace procession::queue
