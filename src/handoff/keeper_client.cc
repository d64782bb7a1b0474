// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/keeper_client.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>

#include "base/hexadecimal.h"
#include "base/logging.h"
#include "handoff/keeper_protocol.h"
#include "os/at_fork.h"
#include "os/channel.h"
#include "os/meeting_point.h"
#include "os/wait.h"
#include "os/would_block.h"
#include "procession/error.h"

namespace procession {

namespace handoff {

namespace {

constexpr std::chrono::seconds kPatience{10};  // with a keeper that is stopped

std::atomic<StartKeeper> starter{nullptr};

/// The keeper has ended, whatever was being said to it.
struct Gone {};

/// One conversation with one keeper.
class Line {
  public:
    explicit Line(os::Handle channel) : channel_(std::move(channel)) {}

    [[nodiscard]] std::mutex& lock() noexcept { return lock_; }
    [[nodiscard]] bool is_dead() const noexcept { return !channel_.valid(); }
    void hang_up() noexcept { channel_.reset(); }
    /// Nobody is asked anything here any more: what can be heard is the end.
    [[nodiscard]] bool is_at_its_end() const noexcept {
        return is_dead() || os::wait_readable(channel_.get(), Deadline::now());
    }

    void say(const Request& request, std::span<const os::NativeHandle> handles = {}) {
        const std::array parts{std::as_bytes(std::span(&request, 1))};
        const Deadline deadline = kPatience;
        for (;;) {
            std::size_t sent = 0;
            const auto problem = os::send_some(channel_.get(), parts, handles, sent);
            if (!problem) return;
            if (!os::is_would_block(problem)) fail(problem);
            wait(os::Direction::writing, deadline);
        }
    }
    Reply hear(std::vector<os::Handle>& handles) {
        const Deadline deadline = kPatience;
        for (;;) {
            Reply reply;
            std::size_t got = 0;
            const auto space = std::as_writable_bytes(std::span(&reply, 1));
            const auto problem = os::receive_some(channel_.get(), space, got, handles);
            if (problem && os::is_would_block(problem)) {
                wait(os::Direction::reading, deadline);
                continue;
            }
            if (problem == std::errc::too_many_files_open) {
                hang_up();  // further handles may follow
                throw OSError(problem, "receive", "handles of an item",
                              "too many files are open; raise the limit (ulimit -n)");
            }
            if (problem || got == 0) fail(problem);
            if (got != sizeof reply || reply.magic != Reply{}.magic) {
                hang_up();
                throw SharingError("ask", "keeper", "it answers what is no answer");
            }
            return reply;
        }
    }

  private:
    void wait(os::Direction direction, Deadline deadline) {
        if (os::wait_ready(channel_.get(), direction, deadline)) return;
        hang_up();  // an answer may come late, and would be taken for another one's
        throw SharingError("ask", "keeper",
                           "the process that holds the handles of queued items does not answer; is "
                           "it stopped?");
    }
    [[noreturn]] void fail(std::error_code problem) {
        hang_up();
        const bool is_gone = !problem || problem == std::errc::broken_pipe ||
                             problem == std::errc::connection_reset ||
                             problem == std::errc::not_connected;
        if (is_gone) throw Gone{};
        throw OSError(problem, "talk to", "keeper", "the handles of an item cannot be passed on");
    }

    std::mutex lock_;
    os::Handle channel_;
};

/// All keepers that this process talks to. `lock_` is held across forks, so the child finds the
/// table whole; it hangs up, and leaves the lines alone, in which another thread of the parent may
/// have been talking.
class Switchboard final : public os::ForkListener {
  public:
    // Never destroyed: queues with static lifetime may be used after any static of ours is gone.
    static Switchboard& of_this_process() {
        static auto* const only = new Switchboard;
        return *only;
    }

    /// Throws: Gone when nobody listens there.
    std::shared_ptr<Line> line_to(const std::string& keeper) {
        {
            const std::lock_guard guard(lock_);
            const auto found = lines_.find(keeper);
            if (found != lines_.end() && !found->second->is_dead()) return found->second;
        }
        auto made = std::make_shared<Line>(go_to(keeper));
        const std::lock_guard guard(lock_);
        lines_[keeper] = made;
        return made;
    }

    /// A line that nobody else talks on, and its number; see drop(). Throws: Gone.
    std::pair<std::uint64_t, std::shared_ptr<Line>> line_of_its_own(const std::string& keeper) {
        auto made = std::make_shared<Line>(go_to(keeper));
        const std::lock_guard guard(lock_);
        own_lines_[++own_lines_so_far_] = made;
        return {own_lines_so_far_, std::move(made)};
    }
    bool stands(std::uint64_t number) {
        const std::lock_guard guard(lock_);
        const auto found = own_lines_.find(number);
        return found != own_lines_.end() && !found->second->is_at_its_end();
    }
    void drop(std::uint64_t number) noexcept {
        const std::lock_guard guard(lock_);
        own_lines_.erase(number);
    }

    std::string family() {
        const std::lock_guard guard(lock_);
        return family_;
    }
    void set_family(std::string keeper) {
        const std::lock_guard guard(lock_);
        family_ = std::move(keeper);
    }

    /// The keeper of the family; a new one when there is none, or when it is `gone`.
    std::string start_unless(const std::string& gone) {
        const std::lock_guard one_at_a_time(starting_);
        std::string known = family();
        if (!known.empty() && known != gone) return known;
        if (!gone.empty()) {
            base::log(LogLevel::warning,
                      "the keeper of queued handles has ended; a new one is started");
        }
        // relaxed: set once, before main's first line is through
        const StartKeeper start = starter.load(std::memory_order_relaxed);
        if (start == nullptr) {
            throw SharingError("start", "keeper",
                               "to put queues, connections or handles into queues, call "
                               "procession::init(argc, argv) as the first line of main");
        }
        const std::string name = fresh_name();
        os::Handle meeting_point;
        if (const auto problem = os::open_meeting_point(name, meeting_point))
            throw OSError(problem, "start", "keeper", "cannot make a place to meet it");
        // Before it lives: so it is never without a client.
        static_cast<void>(line_to(name));
        start(std::move(meeting_point));
        set_family(name);
        return name;
    }

    void hang_up() noexcept {
        const std::lock_guard guard(lock_);
        for (auto& [keeper, line] : lines_) {
            const std::lock_guard talking(line->lock());
            line->hang_up();
        }
        lines_.clear();
        own_lines_.clear();
    }

    void before_fork() noexcept override { lock_.lock(); }
    void after_fork_in_parent() noexcept override { lock_.unlock(); }
    void after_fork_in_child() noexcept override {
        for (auto& [keeper, line] : lines_) line->hang_up();
        for (auto& [number, line] : own_lines_) line->hang_up();
        new (&starting_) std::mutex;
        lock_.unlock();
    }

  private:
    Switchboard() noexcept { start_listening(); }

    static std::string fresh_name() {
        std::array<std::byte, 16> random;
        if (const auto problem = os::fill_randomly(random))
            throw OSError(problem, "start", "keeper", "the system gives no random bytes");
        return "procession-" + base::hexadecimal(random);
    }

    static os::Handle go_to(const std::string& keeper) {
        const Deadline deadline = kPatience;
        for (;;) {
            os::Handle channel;
            const auto problem = os::go_to_meeting_point(keeper, channel);
            if (problem == std::errc::connection_refused) throw Gone{};
            if (problem && os::is_would_block(problem) && !deadline.has_passed()) {
                static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(1)));
                continue;
            }
            if (problem) throw OSError(problem, "go to", "keeper", "the system refuses");
            if (const auto stranger = os::why_peer_is_a_stranger(channel.get())) {
                throw SharingError("go to", "keeper",
                                   "it belongs to another user (" + stranger.message() + ")");
            }
            return channel;
        }
    }

    std::mutex lock_;  // held across forks; line locks come after it
    std::string family_;
    std::map<std::string, std::shared_ptr<Line>> lines_;
    std::map<std::uint64_t, std::shared_ptr<Line>> own_lines_;
    std::uint64_t own_lines_so_far_ = 0;
    std::mutex starting_;  // one thread at a time; a fork child has its own
};

[[maybe_unused]] const Switchboard& made_early = Switchboard::of_this_process();

AttachmentName deposit_at(const std::string& keeper, const std::shared_ptr<Line>& line,
                          std::span<const os::NativeHandle> handles) {
    const std::lock_guard talking(line->lock());
    if (line->is_dead()) throw Gone{};
    for (Request request; !handles.empty(); request.verb = Verb::more) {
        const auto lot = handles.first(std::min(handles.size(), os::handles_per_transfer_max));
        handles = handles.subspan(lot.size());
        request.left = static_cast<std::uint32_t>(handles.size());
        line->say(request, lot);
    }
    std::vector<os::Handle> none;
    const Reply reply = line->hear(none);
    if (reply.answer == Answer::kept) return {keeper, reply.token};
    if (reply.answer == Answer::no_room) {
        throw OSError(std::make_error_code(std::errc::too_many_files_open), "deposit",
                      "handles of an item",
                      "the keeper cannot hold any more: raise the limit of open files (ulimit -n) "
                      "before the first use, or let items be taken first");
    }
    throw SharingError("deposit", "handles of an item", "the keeper refused them");
}

/// Leaves them by leave(keeper, carrier and handles) at the keeper of the family.
template <class Leave>
AttachmentName deposit_by(const os::Handle& carrier, std::span<const os::NativeHandle> handles,
                          Leave leave) {
    if (handles.size() >= handles_per_deposit_max) {
        throw SharingError(
            "deposit", "handles of an item",
            "an item carries at most " + std::to_string(handles_per_deposit_max - 1) + " handles");
    }
    std::vector<os::NativeHandle> all{carrier.get()};
    all.insert(all.end(), handles.begin(), handles.end());
    auto& switchboard = Switchboard::of_this_process();
    std::string gone;
    // Twice: the keeper may have been killed since it was used last.
    for (int attempt = 0; attempt < 2; ++attempt) {
        const std::string keeper = switchboard.start_unless(gone);
        try {
            return leave(keeper, all);
        } catch (const Gone&) {
            gone = keeper;
        }
    }
    throw SharingError("deposit", "handles of an item",
                       "the keeper ended as soon as it was started");
}

[[noreturn]] void fail_gone() {
    throw SharingError("fetch", "handles of an item",
                       "the keeper, the process that held them, has ended (was it killed?): they "
                       "cannot be had any more; the sender has to put the item again");
}

std::vector<os::Handle> ask_for(const AttachmentName& name, Verb verb) try {
    const auto line = Switchboard::of_this_process().line_to(name.keeper);
    const std::lock_guard talking(line->lock());
    if (line->is_dead()) throw Gone{};
    line->say({.verb = verb, .token = name.token});
    std::vector<os::Handle> handles;
    for (;;) {
        const Reply reply = line->hear(handles);
        if (reply.answer != Answer::here) {
            throw SharingError("fetch", "handles of an item",
                               "the keeper does not have them (any more): the item was received "
                               "already, or nobody was left who could receive it");
        }
        if (reply.left == 0) return handles;
    }
} catch (const Gone&) {
    fail_gone();
}

}  // namespace

void set_keeper_starter(StartKeeper start) noexcept {
    starter.store(start, std::memory_order_relaxed);  // relaxed: see its load
}

AttachmentName deposit(const os::Handle& carrier, std::span<const os::NativeHandle> handles) {
    return deposit_by(carrier, handles, [](const std::string& keeper, const auto& all) {
        return deposit_at(keeper, Switchboard::of_this_process().line_to(keeper), all);
    });
}

StandingDeposit::StandingDeposit(const os::Handle& carrier,
                                 std::span<const os::NativeHandle> handles) {
    auto& switchboard = Switchboard::of_this_process();
    name_ = deposit_by(carrier, handles, [&](const std::string& keeper, const auto& all) {
        const auto [number, line] = switchboard.line_of_its_own(keeper);
        try {
            AttachmentName name = deposit_at(keeper, line, all);
            line_ = number;
            return name;
        } catch (...) {
            switchboard.drop(number);
            throw;
        }
    });
}

StandingDeposit::~StandingDeposit() {
    if (line_ != 0) Switchboard::of_this_process().drop(line_);
}

bool StandingDeposit::stands() const noexcept {
    return line_ != 0 && Switchboard::of_this_process().stands(line_);
}

std::vector<os::Handle> fetch(const AttachmentName& name) { return ask_for(name, Verb::fetch); }
std::vector<os::Handle> take(const AttachmentName& name) { return ask_for(name, Verb::take); }

void release(const AttachmentName& name) noexcept {
    try {
        const auto line = Switchboard::of_this_process().line_to(name.keeper);
        const std::lock_guard talking(line->lock());
        if (!line->is_dead()) line->say({.verb = Verb::release, .token = name.token});
    } catch (const Gone&) {
        // Then there is nothing to release.
        base::log(LogLevel::debug, "the keeper of a released item has ended");
    } catch (const std::exception& failed) {
        // The keeper lets go when the queue's last user has gone.
        base::log(LogLevel::warning, "handles of an item stay at the keeper: %s", failed.what());
    }
}

std::string keeper_of_family() { return Switchboard::of_this_process().family(); }
void set_keeper_of_family(std::string keeper) {
    Switchboard::of_this_process().set_family(std::move(keeper));
}
void forget_keepers() noexcept { Switchboard::of_this_process().hang_up(); }

}  // namespace handoff

}  // namespace procession
