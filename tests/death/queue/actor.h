// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "death/queue/act.h"
#include "death/queue/payload.h"
#include "death/script.h"
#include "procession/byte_queue.h"
#include "procession/deadline.h"
#include "procession/detail/batch.h"
#include "procession/detail/message.h"
#include "procession/detail/piece.h"
#include "procession/error.h"

namespace procession::death {

/// Performs the calls of a script on a queue, and notes what it does and is told. `Door` has the
/// verbs of a ByteQueue; `Log` those of Notes.
template <class Door, class Log>
class QueueActor {
  public:
    /// The items in hand are the process's: of all its threads.
    using Hand = std::vector<Ticket>;

    QueueActor(Door queue, Log& log) : QueueActor(std::move(queue), log, own_hand_) {}
    QueueActor(Door queue, Log& log, Hand& hand)
        : queue_(std::move(queue)), log_(log), in_hand_(hand) {}
    QueueActor(const QueueActor&) = delete;
    QueueActor& operator=(const QueueActor&) = delete;

    /// Makes the payloads that these calls need, so that performing them is hardly more than calls.
    void prepare(const QueueScript& script) {
        in_hand_.reserve(kInHandMax);
        for (auto act = script.rbegin(); act != script.rend(); ++act) {
            if (!puts(*act)) continue;
            auto& made = prepared_.emplace_back();
            for (int i = 0; i < act->count; ++i) {
                const bool odd = act->verb == Verb::put_undecodable;
                const int number = act->number + i;
                made.payloads.push_back(
                    payload_of(odd ? undecodable(number) : number, act->bytes_of(i)));
            }
            for (const auto& payload : made.payloads) {
                made.pieces.push_back({Format::raw, payload});
            }
        }
    }
    void perform_prepared(const QueueScript& script) {
        for (const Act& act : script) perform_prepared(act);
    }
    void perform(const QueueScript& script) {
        prepare(script);
        perform_prepared(script);
    }
    void perform(const Act& act) { perform(QueueScript{act}); }

    /// Gives up its handle of the queue.
    void let_go() { static_cast<void>(Door(std::move(queue_))); }
    [[nodiscard]] Ending last_ending() const { return ending_; }

  private:
    static constexpr std::size_t kInHandMax = 64;
    struct Prepared {
        std::vector<std::vector<std::byte>> payloads;
        std::vector<Piece> pieces;
    };

    static bool puts(const Act& act) {
        return act.verb == Verb::put || act.verb == Verb::put_many || act.verb == Verb::put_loan ||
               act.verb == Verb::put_undecodable;
    }
    static Deadline deadline(const Act& act) {
        if (act.patience == Patience::none) return Deadline::now();
        if (act.patience == Patience::any) return Deadline::never();
        return std::chrono::microseconds(500);
    }

    // A log that is told of each call need not be told of one that is left out.
    static constexpr bool may_leave_out = requires { Log::knows_calls; };

    static bool ends_one(const Act& act) {
        return act.verb == Verb::finish || act.verb == Verb::task_done ||
               act.verb == Verb::give_back || act.verb == Verb::reject;
    }

    void perform_prepared(const Act& act) {
        if (act.verb == Verb::drain) return drain();
        const bool is_left_out = (act.only_after_an_item && !has_got_) ||
                                 (may_leave_out && ends_one(act) && in_hand_.empty());
        if (!is_left_out) {
            log_.begin(act);
            value_ = 0;
            ending_ = call(act);
            log_.say(ends(ending_, value_));
        }
        if (puts(act)) prepared_.pop_back();
    }

    void drain() {
        do {
            perform({.verb = Verb::get});
            if (has_got_ && queue_.kind() == QueueKind::joinable) perform({.verb = Verb::finish});
        } while (has_got_);
    }

    Ending call(const Act& act) try {
        switch (act.verb) {
            case Verb::put:
            case Verb::put_undecodable: return put(deadline(act));
            case Verb::put_many: return put_many(deadline(act));
            case Verb::put_loan: return put_loan();
            case Verb::get: return get(act);
            case Verb::get_many: return get_many(act);
            case Verb::finish:
            case Verb::task_done:
            case Verb::give_back:
            case Verb::reject: return end_of_one(act);
            case Verb::join: return join(deadline(act));
            case Verb::look:
                static_cast<void>(queue_.qsize());
                static_cast<void>(queue_.full());
                static_cast<void>(queue_.stats());
                break;
            case Verb::size: value_ = static_cast<int>(queue_.qsize()); break;
            case Verb::unfinished: value_ = static_cast<int>(queue_.unfinished()); break;
            case Verb::notice: static_cast<void>(queue_.notice_deaths()); break;
            case Verb::look_at_participants: static_cast<void>(queue_.participants()); break;
            case Verb::shut_down: queue_.shutdown(false); break;
            case Verb::shut_down_now: queue_.shutdown(true); break;
            case Verb::close: in_hand_.clear(), queue_.close(); break;
            case Verb::expect_item:
                must(queue_.qsize() != 0, "an item is missing that has to be back by now");
                break;
            case Verb::put_beyond_memory: return put_beyond_memory();
            case Verb::expect_empty:
                must(queue_.qsize() == 0, "a process sleeps though there is an item");
                break;
            default: return call_more(act);
        }
        return Ending::done;
    } catch (const ShutDown&) {
        return Ending::shut_down;
    } catch (const Full&) {
        return Ending::full;
    }

    // A script may be tried on a queue of either kind.
    Ending join(Deadline deadline) {
        if (queue_.kind() != QueueKind::joinable) return Ending::done;
        return queue_.join(deadline) ? Ending::done : Ending::empty;
    }

    // What only the whole of a ByteQueue has.
    Ending call_more(const Act& act) {
        if constexpr (requires(Door door) { door.loan(1); }) {
            switch (act.verb) {
                case Verb::drop_loan: static_cast<void>(queue_.loan(act.bytes)); break;
                case Verb::borrow: return borrow();
                case Verb::undeliver: return undeliver();
                case Verb::take_letters: static_cast<void>(queue_.take_dead_letters()); break;
                case Verb::wait_a_little: return wait_a_little();
                default: break;
            }
        }
        return Ending::done;
    }

    template <class Result>
    static Ending refused(const Result& result) {
        using Error = decltype(result.error());
        return result.error() == std::decay_t<Error>::shut_down ? Ending::shut_down : Ending::full;
    }
    Ending put(Deadline deadline) {
        for (const Piece& piece : prepared_.back().pieces) {
            const auto done = queue_.try_put(piece, deadline);
            if (!done.has_value()) return refused(done);
        }
        return Ending::done;
    }
    Ending put_beyond_memory() {
        const auto payload = payload_of(0, std::size_t{1} << 20);
        try {
            static_cast<void>(queue_.try_put({Format::raw, payload}, Deadline::never()));
        } catch (const MemoryError&) {
            return Ending::done;
        }
        throw std::runtime_error("there is memory beyond the limit");
    }
    Ending put_many(Deadline deadline) {
        const auto& pieces = prepared_.back().pieces;
        const std::size_t put = queue_.put_many(Pieces(pieces), deadline);
        return put == pieces.size() ? Ending::done : Ending::full;
    }
    Ending put_loan() {
        if constexpr (requires(Door door) { door.loan(1); }) {
            for (const auto& payload : prepared_.back().payloads) {
                ByteLoan loan = queue_.loan(payload.size());
                std::memcpy(loan.bytes().data(), payload.data(), payload.size());
                const auto done = loan.try_publish(Format::raw, payload.size(), Deadline::now());
                if (!done.has_value()) return refused(done);
            }
        }
        return Ending::done;
    }

    // Only the number: that the payload is whole is found out by those that recover.
    static int number_in(std::span<const std::byte> bytes) {
        int number = 0;
        must(bytes.size() >= sizeof number, "a payload is cut short");
        std::memcpy(&number, bytes.data(), sizeof number);
        return number;
    }
    Ending keep(const MessageView& message) {
        const int number = number_in(message.bytes);
        if (number < 0) {
            if constexpr (requires(Door door) { door.keep_undecodable(message, ""); }) {
                queue_.keep_undecodable(message, "for the test");
            }
            return Ending::undecodable;
        }
        hold(number, message.ticket);
        return Ending::done;
    }
    void hold(int number, const Ticket& ticket) {
        const bool is_joinable = queue_.kind() == QueueKind::joinable;
        log_.say(item_said(number, is_joinable ? ticket.deliveries : 1));
        if (is_joinable) in_hand_.push_back(ticket);
        has_got_ = true;
    }
    template <class Result>
    static Ending none(const Result& result, const Act& act) {
        using Error = decltype(result.error());
        if (result.error() == std::decay_t<Error>::shut_down) return Ending::shut_down;
        return act.patience == Patience::a_little ? Ending::gave_up : Ending::empty;
    }
    Ending get(const Act& act) {
        has_got_ = false;
        Message message;
        const auto got = queue_.try_get(message, deadline(act));
        return got.has_value() ? keep(message.view()) : none(got, act);
    }
    Ending get_many(const Act& act) {
        has_got_ = false;
        Batch messages;
        const auto got =
            queue_.try_get_many(messages, static_cast<std::size_t>(act.count), deadline(act));
        if (!got.has_value()) return none(got, act);
        for (const MessageView& message : messages) keep(message);
        return Ending::done;
    }
    Ending borrow() {
        ByteView view;
        const auto got = queue_.try_borrow(view, Deadline::now());
        if (!got.has_value()) return none(got, {Verb::borrow});
        const int number = number_in(view.bytes());
        const Ticket ticket = view.ticket();
        view = {};  // before it is noted: a plain queue's item is in hand until then
        hold(number, ticket);
        return Ending::done;
    }
    // What decoding does when it finds no memory.
    Ending undeliver() {
        Message message;
        const auto got = queue_.try_get(message, Deadline::now());
        if (!got.has_value()) return none(got, {Verb::undeliver});
        queue_.undeliver(message.view());
        return Ending::done;
    }
    Ending wait_a_little() {
        Message message;
        must(!queue_.try_get(message, std::chrono::milliseconds(8)).has_value(),
             "there was an item after all");
        return Ending::done;
    }

    Ending end_of_one(const Act& act) {
        if (in_hand_.empty()) return Ending::done;
        const std::size_t pick =
            act.pick < 0 ? in_hand_.size() - 1 : static_cast<std::size_t>(act.pick);
        const Ticket ticket = in_hand_.at(pick);
        in_hand_.erase(in_hand_.begin() + static_cast<std::ptrdiff_t>(pick));
        switch (act.verb) {
            case Verb::finish: queue_.finish(ticket); break;
            case Verb::task_done: queue_.task_done(); break;
            case Verb::give_back: queue_.give_back(ticket); break;
            default: queue_.reject(ticket, "for the test"); break;
        }
        return Ending::done;
    }

    Door queue_;
    Log& log_;
    bool has_got_ = false;
    int value_ = 0;
    Ending ending_ = Ending::done;
    Hand own_hand_;
    Hand& in_hand_;
    std::vector<Prepared> prepared_;  // of the calls to come, the next one last
};

}  // namespace procession::death
