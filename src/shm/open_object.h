// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fixed_string.h"
#include "base/fork_local.h"
#include "base/logging.h"
#include "os/at_fork.h"
#include "os/cancellation.h"
#include "os/handle.h"
#include "procession/deadline.h"
#include "procession/error.h"
#include "shm/active_operations.h"
#include "shm/corrupt.h"
#include "shm/participant_table.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// Why operations must not simply go on: bits of the gate of an object. An object's own requests
/// (see OpenObject::request) use the bits from kFirstRequest on.
enum Gate : std::uint32_t {
    kClosed = 1,    // by close(): this process has let go
    kExiting = 2,   // besides, the process ends: its threads wait for that
    kCutShort = 4,  // an operation was: the process leaves as if it had died
    kFirstRequest = 256,
};
inline constexpr std::uint32_t kRequests = ~std::uint32_t{kFirstRequest - 1};

/// One shared object as this process has it open: its operations under way, what a fork resets,
/// close(), and the ends of operations that are not the usual ones.
///
/// Guarantees:
///   1. close() returned: no thread of this process touches the memory any more.
///   2. An operation that is cut short (longjmp, the end of its thread) makes this process leave as
///      if it had died, and the next operation join again: nothing stays half done.
///   3. A fork child starts with no operation, no lease and no lock of its parent's.
///
/// Mechanism: an operation makes an OperationGuard, then looks at `gate_`; whatever changes the
/// gate waits until no other thread of this process is inside.
/// Threads: any number, any time.
class OpenObject : public os::ForkListener, public OperationTarget {
  public:
    OpenObject(const OpenObject&) = delete;
    OpenObject& operator=(const OpenObject&) = delete;

    using Label = base::FixedString<sizeof(SegmentHeader::name) + 32>;

    /// For messages: the kind and the name of the object.
    [[nodiscard]] Label label() const noexcept;
    [[nodiscard]] Segment& segment() noexcept { return segment_; }
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }
    [[nodiscard]] ParticipantTable& participant_table() noexcept { return participants_; }
    [[nodiscard]] const ParticipantTable& participant_table() const noexcept {
        return participants_;
    }

    [[nodiscard]] bool is_closed() const noexcept { return (gate_.load() & kClosed) != 0; }
    [[nodiscard]] bool is_exiting() const noexcept { return (gate_.load() & kExiting) != 0; }
    /// Whether waiting is over for this process, or something is requested of it. A hint.
    [[nodiscard]] bool is_interrupted() const noexcept {
        return gate_.load(std::memory_order_relaxed) != 0;
    }
    /// Whether this process may act in the segment at all.
    [[nodiscard]] bool is_usable() const noexcept {
        return !is_interrupted() && !segment_.is_poisoned();
    }
    /// Whether state of that generation is this process's, and not its parent's.
    [[nodiscard]] bool is_own(std::uint32_t generation) const noexcept {
        return generation == participants_.generation() && !participants_.is_unprepared_child();
    }

    /// Throws: ClosedError; CorruptSegment when a process has found corruption.
    void check_open(std::string_view operation) const {
        if (!is_usable()) [[unlikely]]
            refuse_use(operation);
    }
    /// Throws: OSError when another part of this program has closed the object's descriptor.
    void check_file(std::string_view operation) const;
    /// The object's descriptor, for as long as `use` runs: close() waits for it.
    /// Throws: ClosedError; OSError as check_file().
    void with_file(std::string_view operation, const std::function<void(const os::Handle&)>& use);

    /// Runs `work` as an operation of this thread, turning Corrupt into CorruptSegment for all
    /// participants.
    template <class Work>
    auto guarded(std::string_view operation, Work work);
    /// The last part of it, for what runs within another operation.
    template <class Work>
    auto refusing_corruption(std::string_view operation, Work work);
    /// Runs the last part of an operation that has succeeded already, where it can be run: another
    /// operation, or another process, does it otherwise. Throws what `work` throws.
    template <class Work>
    void completing(std::string_view operation, Work work);

    void close();
    /// close() when the process is about to end: its other threads never see that, but wait for the
    /// end.
    void leave_at_exit();
    /// The deleter of the last handle. Where a thread may still be inside, the object stays.
    static void release(OpenObject* object) noexcept;

    /// Memory of the object that this process writes to outside of any operation: while there is
    /// some, it does not let go of the memory.
    void begin_writing() noexcept { writers_.fetch_add(1); }
    void end_writing() noexcept;
    /// The same for memory that it reads.
    void begin_reading() noexcept { readers_.fetch_add(1); }
    void end_reading() noexcept;
    [[nodiscard]] bool is_in_use() const noexcept {
        return writers_.load() != 0 || readers_.load() != 0;
    }

    class Operation;

  protected:
    enum class Reason : std::uint8_t { forked, cut_short };
    struct Exiting {};   // thrown through an operation that the end of the process has overtaken
    struct CutShort {};  // thrown through one that would wait for another one that was cut short

    explicit OpenObject(Segment segment);
    ~OpenObject() override = default;
    /// First in the destructor of the object.
    void close_at_destruction() noexcept;

    // What the object does.
    /// "Queue".
    [[nodiscard]] virtual const char* kind() const noexcept = 0;
    /// Wakes all sleepers of the object. Async-signal-safe.
    virtual void wake_all() noexcept = 0;
    /// Gives up all that the participant holds; nothing of this process is inside any more.
    /// Throws CutShort when it holds a lock of the object.
    virtual void give_up_all(std::uint32_t slot) = 0;
    /// What this process remembers of its own share is its parent's, or is lost. Frees nothing.
    virtual void forget_own_state(Reason /*reason*/) noexcept {}
    /// Before the first operation after this process has left as if killed.
    virtual void repair_own_remains() = 0;
    /// A signal handler has requested this, in the middle of an operation of its thread.
    virtual void serve(std::uint32_t /*requests*/) {}
    /// close() begins.
    virtual void on_close() noexcept {}

    // For operations of the object.
    /// From a signal handler that has interrupted an operation of this very thread: that operation
    /// serves the request when it ends or wakes. Async-signal-safe.
    void request(std::uint32_t requests) noexcept { gate_.fetch_or(requests); }
    /// Within an operation, under no lock.
    void serve_requests();
    /// In the middle of a wait, under no lock: code of the program's own may run now.
    void hand_over_log();
    /// Says in the debug log what a fork has reset here; called in the child, in ordinary context.
    void report_after_fork();
    [[noreturn]] void refuse_reentry(std::string_view operation) const;
    [[noreturn]] static void wait_for_exit() noexcept;
    /// An operation of this process was cut short, and holds a lock for ever. Throws CutShort.
    [[noreturn]] void cut_short_unnoticed();
    void leave_as_if_killed_now() noexcept;
    void leave_to_others(const char* why) noexcept;

    std::atomic<std::uint32_t> gate_{0};  // 0: operations may go on
    // A fork child, and a process that has left as if killed, make it fresh.
    base::ForkSafeMutex joining_;

  private:
    friend struct ObjectForTests;  // tests/schedule: several participants in one process

    void refuse_use(std::string_view operation) const;
    void begin_operation(std::string_view operation, bool is_nested);
    void after_operation() noexcept;
    void operation_cut_short() noexcept override;
    void after_fork_in_child() noexcept override { forget_parent(); }
    /// In a child that no at-fork handler has prepared: does what they would have done.
    void prepare_child() noexcept;
    void forget_parent() noexcept;
    void forget(Reason reason) noexcept;
    void come_back(std::string_view operation);
    [[nodiscard]] bool leave_as_if_killed() noexcept;
    [[nodiscard]] bool wait_until_alone(Deadline deadline) noexcept;
    void let_go(std::uint32_t how, Deadline deadline);
    void leave();
    /// After close(): when nothing of this process uses it any more.
    void release_memory() noexcept;
    void require_no_uses() const;

    // Entered by close(), which is no operation: those end when they see that the object is closed.
    struct Closing final : OperationTarget {
        explicit Closing(OpenObject& closed) : object(closed) {}
        void operation_cut_short() noexcept override;
        OpenObject& object;
    };

    Segment segment_;
    ParticipantTable participants_;
    std::atomic<std::uint32_t> ended_{0};  // counts operations that ended while gate_ was not 0
    std::atomic<bool> is_exit_watched_{false};
    std::atomic<bool> is_repair_due_{false};
    base::ForkSafeMutex coming_back_;
    Closing closing_{*this};
    OpenObject* next_kept_ = nullptr;
    std::atomic<bool> has_left_{false};       // the object: close() waits for no thread any more
    std::atomic<bool> has_no_memory_{false};  // release_memory() was there; under coming_back_
    std::atomic<bool> forked_unreported_{false};
    std::atomic<std::uint32_t> writers_{0};
    std::atomic<std::uint32_t> readers_{0};
};

/// Marks an operation of this thread as under way: close() waits for those. An operation looks at
/// the gate after it has made one.
class OpenObject::Operation : OperationGuard {
  public:
    explicit Operation(OpenObject& object) : OperationGuard(&object), object_(object) {}
    ~Operation() {
        leave();
        if (object_.is_interrupted()) [[unlikely]]
            object_.after_operation();
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    using OperationGuard::is_nested;
    /// The slot of this process, which stays the same as long as this object lives; kNone where the
    /// operation may not take the usual way.
    [[nodiscard]] std::uint32_t slot() const noexcept {
        return object_.is_usable() && !is_nested() ? object_.participants_.slot()
                                                   : ParticipantTable::kNone;
    }

  private:
    OpenObject& object_;
};

template <class Work>
auto OpenObject::refusing_corruption(std::string_view operation, Work work) {
    try {
        return work();
    } catch (const Corrupt& corrupt) {
        segment_.poison();
        throw CorruptSegment(operation, label(),
                             std::string("the shared memory is corrupt: ") + corrupt.what +
                                 "; abandon this object and make a new one");
    }
}

template <class Work>
void OpenObject::completing(std::string_view operation, Work work) {
    try {
        refusing_corruption(operation, work);
        // NOLINTBEGIN(bugprone-empty-catch)  see above
    } catch (const Exiting&) {
    } catch (const CutShort&) {}
    // NOLINTEND(bugprone-empty-catch)
}

template <class Work>
auto OpenObject::guarded(std::string_view operation, Work work) {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    for (;;) {
        try {
            if (participants_.is_unprepared_child()) [[unlikely]]
                prepare_child();
            const Operation inside(*this);
            begin_operation(operation, inside.is_nested());
            return refusing_corruption(operation, work);
        } catch (const Exiting&) {
            wait_for_exit();
        } catch (const CutShort&) {
            come_back(operation);
        }
    }
}

}  // namespace procession::inline v0::detail::shm
