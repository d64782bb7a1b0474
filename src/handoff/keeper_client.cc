// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/keeper_client.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/fork_local.h"
#include "base/hexadecimal.h"
#include "base/logging.h"
#include "base/process_singleton.h"
#include "handoff/keeper_line.h"
#include "handoff/keeper_protocol.h"
#include "handoff/run_keeper.h"
#include "helper/helper_process.h"
#include "os/at_fork.h"
#include "os/channel.h"
#include "os/meeting_point.h"
#include "os/wait.h"
#include "os/would_block.h"
#include "procession/error.h"

namespace procession {

namespace handoff {

namespace {

constexpr std::chrono::milliseconds kAskAgain{2};   // before a request for handles is repeated
constexpr std::chrono::milliseconds kCourtesy{10};  // for a process that can receive the item
/// How long the end of a process waits for the end of its keeper, at most: it takes a few
/// milliseconds, a tenth of a second when there are items that no process can receive any more.
constexpr std::chrono::seconds kMoment{3};

/// "procession-<random>-<realm>": where it leads to no keeper, the realm tells why.
std::string fresh_keeper_name() {
    std::array<std::byte, 16> random;
    if (const auto problem = os::fill_randomly(random))
        throw OSError(problem, "start", "keeper", "the system gives no random bytes");
    return "procession-" + base::hexadecimal(random) + "-" +
           std::to_string(os::realm_of_meeting_points());
}

// A name without a realm was not given by this library.
bool is_elsewhere(const std::string& keeper) {
    const std::uint64_t here = os::realm_of_meeting_points();
    const std::size_t end = keeper.rfind('-');
    std::uint64_t there = 0;
    const char* const last = keeper.data() + keeper.size();
    const auto read =
        std::from_chars(keeper.data() + std::min(end, keeper.size() - 1) + 1, last, there);
    const bool has_realm = !keeper.empty() && read.ec == std::errc() && read.ptr == last;
    return has_realm && here != 0 && there != 0 && here != there;
}

/// All keepers that this process talks to. A fork child hangs up, and leaves the lines alone, in
/// which another thread of the parent may have been talking.
class Switchboard final : public os::LockedAcrossForks {
  public:
    static Switchboard& of_this_process() {
        return base::ProcessSingleton<Switchboard>::instance();
    }

    /// Throws: PeerGone when no process listens there.
    std::shared_ptr<Line> line_to(const std::string& keeper) {
        {
            const std::lock_guard guard(lock_);
            const auto found = lines_.find(keeper);
            if (found != lines_.end() && !found->second->is_dead()) return found->second;
        }
        auto made = std::make_shared<Line>(go_to(keeper));
        {
            const std::lock_guard guard(lock_);
            lines_[keeper] = made;
        }
        if (keeper == family()) open_door(keeper, *made);
        return made;
    }

    /// A line that no other thread talks on, and its number; see drop(). Throws: PeerGone.
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
    void join_family(std::string keeper, os::Handle door) {
        const std::lock_guard guard(lock_);
        family_ = std::move(keeper);
        if (!door.valid()) return;
        take_door(std::move(door), family_);
    }
    os::NativeHandle door_of_family() {
        const std::lock_guard guard(lock_);
        return leads_to_ == family_ ? door_.get() : os::no_handle;
    }
    bool leave(Deadline deadline);

    /// The keeper of the family; a new one when there is none, or when it is `gone`.
    std::string start_unless(const std::string& gone) {
        const std::lock_guard one_at_a_time(starting_);
        std::string known = family();
        if (!known.empty() && known != gone) return known;
        if (!helper::can_start(keeper_role)) {
            throw SharingError("start", "keeper",
                               "to put queues, connections or handles into queues, call "
                               "procession::init(argc, argv) as the first line of main");
        }
        helper::refuse_to_start_again(keeper_role);
        const std::string name = fresh_keeper_name();
        if (const auto problem = process_.make_rendezvous(name))
            throw OSError(problem, "start", "keeper", "cannot make a place to meet it");
        const auto line = start_with_client(name);
        join_family(name, {});
        open_door(name, *line);
        return name;
    }

    helper::HelperProcess& process() noexcept { return process_; }

    void hang_up() noexcept {
        const std::lock_guard guard(lock_);
        for (auto& [keeper, line] : lines_) {
            const std::lock_guard talking(line->lock());
            line->hang_up();
        }
        lines_.clear();
        own_lines_.clear();
        door_.reset();
    }

    void after_fork_in_child() noexcept override {
        for (auto& [keeper, line] : lines_) line->hang_up();
        for (auto& [number, line] : own_lines_) line->hang_up();
        starting_.reset_after_fork();
        LockedAcrossForks::after_fork_in_child();
    }

  private:
    friend class base::ProcessSingleton<Switchboard>;
    Switchboard() noexcept { start_listening(); }

    void take_door(os::Handle door, const std::string& leads_to) {
        door_ = std::move(door);
        leads_to_ = leads_to;
        door_user_ = os::user_of_this_process();
    }
    std::shared_ptr<Line> start_with_client(const std::string& name);
    os::Handle go_to(const std::string& keeper);
    enum class When : std::uint8_t { always, user_changed };
    os::Handle enter_by_door(const std::string& keeper, When when);
    void open_door(const std::string& keeper, Line& line);

    helper::HelperProcess process_{keeper_role};
    // The locks of lines come after the inherited lock.
    std::string family_;
    std::map<std::string, std::shared_ptr<Line>> lines_;
    std::map<std::uint64_t, std::shared_ptr<Line>> own_lines_;
    std::uint64_t own_lines_so_far_ = 0;
    // The way in for this process and its children, wherever they go; a fork child has it, too.
    os::Handle door_;
    std::string leads_to_;          // the name of that keeper
    std::uint32_t door_user_ = 0;   // of the process that got the door
    base::ForkSafeMutex starting_;  // one thread at a time
};

// The client comes before the keeper runs, so that it is never without one.
std::shared_ptr<Line> Switchboard::start_with_client(const std::string& name) try {
    auto line = line_to(name);
    const auto problem = process_.start();
    if (!problem) return line;
    throw ProcessError(
        problem, "start", "keeper",
        helper::has_image(keeper_role)
            ? "the system does not let programs run from memory (the sysctl vm.memfd_noexec, or a "
              "security module): queues cannot be put into queues here; hand them to processes as "
              "arguments instead"
            : "the system refused to start the program");
} catch (...) {
    process_.discard();
    throw;
}

os::Handle connect_to(const std::string& keeper, std::error_code& problem) {
    const Deadline deadline = kPatience;
    for (;;) {
        os::Handle channel;
        problem = os::go_to_meeting_point(keeper, channel);
        if (!problem || !os::is_would_block(problem) || deadline.has_passed()) return channel;
        static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(1)));
    }
}

// Waits a moment first, so that an item that goes back at once finds another taker.
[[noreturn]] void fail_here(std::errc problem, const char* text) {
    static_cast<void>(os::wait_readable(os::no_handle, kCourtesy));
    throw OSError(std::make_error_code(problem), "go to", "keeper", text);
}

// By its name. Where that is not known, or the keeper belongs to another user, by the door.
os::Handle Switchboard::go_to(const std::string& keeper) {
    if (os::Handle channel = enter_by_door(keeper, When::user_changed); channel.valid())
        return channel;
    std::error_code problem;
    os::Handle channel = connect_to(keeper, problem);
    if (problem && problem != std::errc::connection_refused)
        throw OSError(problem, "go to", "keeper", "the system refuses");
    // What a superuser's process may do is not decided here.
    const bool is_there = channel.valid();
    const bool may_go_anywhere = os::user_of_this_process() == 0;
    if (is_there && (may_go_anywhere || !os::why_peer_is_a_stranger(channel.get()))) return channel;
    channel = enter_by_door(keeper, When::always);
    if (channel.valid()) return channel;
    if (is_there) {
        fail_here(std::errc::permission_denied,
                  "the process that holds the handles of queued items belongs to another user than "
                  "this process, which changed its user id, or was started, before the first queue "
                  "was put into a queue; put one before that. The item can be received elsewhere");
    }
    if (is_elsewhere(keeper)) {
        fail_here(std::errc::host_unreachable,
                  "the process that holds the handles of queued items is in another network "
                  "namespace than this process, which changed it, or was started, before the first "
                  "queue was put into a queue; put one before that. The item can be received "
                  "elsewhere");
    }
    throw helper::PeerGone{};
}

// Returns an invalid handle when no door leads there.
os::Handle Switchboard::enter_by_door(const std::string& keeper, When when) {
    os::Handle door;
    {
        const std::lock_guard guard(lock_);
        const bool wanted = when == When::always || door_user_ != os::user_of_this_process();
        if (wanted && leads_to_ == keeper && door_.valid()) door = door_.duplicate();
    }
    if (!door.valid()) return {};
    os::Handle mine;
    os::Handle its;
    if (const auto problem = os::create_record_channel(mine, its))
        throw OSError(problem, "go to", "keeper", "cannot make a channel to it");
    Line through(std::move(door));
    const os::NativeHandle handles[] = {its.get()};
    through.say({.verb = Verb::enter}, handles);
    return mine;
}

// Without a door, children that change their user id or network namespace have no way in. No error.
void Switchboard::open_door(const std::string& keeper, Line& line) {
    if (!os::can_lose_meeting_points) return;
    {
        const std::lock_guard guard(lock_);
        if (door_.valid() && leads_to_ == keeper) return;
    }
    os::Handle mine;
    os::Handle its;
    if (os::create_record_channel(mine, its)) return;
    {
        const std::lock_guard talking(line.lock());
        const os::NativeHandle handles[] = {its.get()};
        if (line.is_dead() || !line.say_at_once({.verb = Verb::open_door}, handles)) return;
    }
    const std::lock_guard guard(lock_);
    take_door(std::move(mine), keeper);
}

// The keeper of the family is asked whether it ends with this process; all lines are hung up.
bool Switchboard::leave(Deadline deadline) {
    std::shared_ptr<Line> line;
    {
        const std::lock_guard guard(lock_);
        for (auto& [number, own] : own_lines_) own->hang_up();
        door_.reset();
        const auto found = lines_.find(family_);
        if (found != lines_.end()) line = found->second;
    }
    bool is_last = false;
    if (line != nullptr) {
        const std::unique_lock talking(line->lock(), std::try_to_lock);
        if (!talking.owns_lock() || line->is_dead()) return false;  // a thread asks for something
        line->say({.verb = Verb::leave});
        std::vector<os::Handle> none;
        const Reply reply = line->hear(none, deadline);
        is_last = reply.answer == Answer::kept && reply.left == 0;
        line->hang_up();
    }
    return is_last;
}

AttachmentName deposit_at(const std::string& keeper, const std::shared_ptr<Line>& line,
                          std::span<const os::NativeHandle> handles) {
    const std::lock_guard talking(line->lock());
    if (line->is_dead()) throw helper::PeerGone{};
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
    try {
        return helper::use_twice(keeper_role, [&] {
            const std::string keeper = switchboard.start_unless(gone);
            gone = keeper;
            return leave(keeper, all);
        });
    } catch (const helper::PeerGone&) {
        throw SharingError("deposit", "handles of an item",
                           "the keeper ended as soon as it was started");
    }
}

[[noreturn]] void fail_gone() {
    throw SharingError("fetch", "handles of an item",
                       "the keeper, the process that held them, has ended (was it killed?): they "
                       "cannot be had any more; the sender has to put the item again");
}

std::vector<os::Handle> ask_for(const AttachmentName& name, Verb verb) try {
    const auto line = Switchboard::of_this_process().line_to(name.keeper);
    const std::lock_guard talking(line->lock());
    if (line->is_dead()) throw helper::PeerGone{};
    const Deadline deadline = kPatience;
    line->say({.verb = verb, .token = name.token});
    std::vector<os::Handle> handles;
    for (;;) {
        const Reply reply = line->hear(handles);
        if (reply.answer == Answer::later) {
            if (deadline.has_passed()) {
                throw OSError(std::make_error_code(std::errc::too_many_files_open), "fetch",
                              "handles of an item", os::too_many_under_way_text);
            }
            static_cast<void>(os::wait_readable(os::no_handle, kAskAgain));
            handles.clear();
            line->say({.verb = verb, .token = name.token});
            continue;
        }
        if (reply.answer != Answer::here) {
            throw SharingError("fetch", "handles of an item",
                               "the keeper does not have them (any more): the item was received "
                               "already, or nobody was left who could receive it");
        }
        if (reply.left == 0) return handles;
    }
} catch (const helper::PeerGone&) {
    fail_gone();
}

}  // namespace

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
    } catch (const helper::PeerGone&) {
        // Then there is nothing to release.
        base::log(LogLevel::debug, "the keeper of a released item has ended");
    } catch (const std::exception& failed) {
        // The keeper lets go when the queue's last user has gone.
        base::log(LogLevel::warning, "handles of an item stay at the keeper: %s", failed.what());
    }
}

std::string keeper_of_family() { return Switchboard::of_this_process().family(); }
os::NativeHandle door_of_family() { return Switchboard::of_this_process().door_of_family(); }
void join_family(std::string keeper, os::Handle door) {
    Switchboard::of_this_process().join_family(std::move(keeper), std::move(door));
}
void forget_keepers() noexcept { Switchboard::of_this_process().hang_up(); }
void end_keeper() noexcept {
    forget_keepers();
    join_family({}, {});
    Switchboard::of_this_process().process().wait_for_end(Deadline::never());
}

namespace {

/// Hangs up, and asks the keeper of the family until the deadline.
/// Returns: whether that keeper ends as well now, because no other process needs it.
bool leave_keeper(Deadline deadline) noexcept {
    try {
        return Switchboard::of_this_process().leave(deadline);
    } catch (const helper::PeerGone&) {
        return true;  // it has ended: there is an end to be collected
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "the keeper does not say whether it ends: %s", failed.what());
        return false;
    }
}

// After all destructors of static objects, which may hold queues.
[[gnu::destructor]] void at_the_very_end() { leave_keeper_at_end(); }

}  // namespace

void leave_keeper_at_end() noexcept {
    auto& own = Switchboard::of_this_process().process();
    if (!own.has_started_some()) return;
    const Deadline deadline = kMoment;
    const bool ends_too = leave_keeper(deadline);
    own.wait_for_end(ends_too ? deadline : Deadline::now());
}

}  // namespace handoff

}  // namespace procession
