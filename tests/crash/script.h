// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "crash/queue_model.h"
#include "procession/procession.h"
#include "support/sudden_death.h"

namespace procession::testing {

/// What outlives a victim: how far it got, what it was given, where it died. In shared memory.
struct BlackBox {
    static constexpr int kGotMax = 64;

    std::atomic<int> begun;  // acts
    std::atomic<int> ended;
    std::atomic<bool> completed;
    std::atomic<int> got_count;
    Delivery got[kGotMax];
    char failure[256];  // what was thrown and should not have been
    StepTrace trace;
    // Away from the names, which are kept by few.
    void clear() {
        begun.store(0);
        ended.store(0);
        completed.store(false);
        got_count.store(0);
        failure[0] = '\0';
        trace.last[0] = '\0';
        trace.keeps_names = false;
        trace.count.store(0);
    }
};

/// The text of an item says its number.
inline std::string text_of(int number, std::size_t bytes) {
    std::string text = std::to_string(number) + ":";
    text.resize(std::max(bytes, text.size()), '.');
    return text;
}
inline int number_in(std::string_view text) { return std::stoi(std::string(text)); }

/// Bytes that do not begin as MessagePack does.
inline std::string undecodable_text(int number) { return '\xc1' + text_of(number, 20); }

/// Performs a script on a queue as a process of it would, noting each act in the black box.
template <class Queue>
class Performer {
  public:
    Performer(const Queue& queue, BlackBox& box) : queue_(queue), box_(box) {}

    void perform(const Script& script) {
        for (const Act& act : script) {
            box_.begun.fetch_add(1);
            perform(act);
            box_.ended.fetch_add(1);
        }
    }

  private:
    static constexpr bool is_joinable = requires(const Queue& queue) { queue.unfinished(); };

    void perform(const Act& act) try {
        switch (act.verb) {
            case Verb::put: put(act); break;
            case Verb::put_many: put_many(act, 5000); break;
            case Verb::put_run: put_many(act, act.bytes); break;
            case Verb::put_loan: put_loan(act); break;
            case Verb::drop_loan: static_cast<void>(queue_.bytes().loan(act.bytes)); break;
            case Verb::borrow: borrow(); break;
            case Verb::put_undecodable: put_undecodable(act.number); break;
            case Verb::get: get(); break;
            case Verb::get_many: get_many(act.count); break;
            case Verb::get_in_vain: get_in_vain(); break;
            case Verb::take_letters: queue_.take_dead_letters(); break;
            case Verb::look: look(); break;
            case Verb::wait_a_little:
                static_cast<void>(queue_.try_get(std::chrono::milliseconds(8)));
                break;
            case Verb::notice: queue_.bytes().notice_deaths(); break;
            case Verb::shutdown: queue_.shutdown(); break;
            case Verb::shutdown_now: queue_.shutdown(true); break;
            case Verb::close: queue_.close(); break;
            default: perform_joinable(act); break;
        }
    } catch (const ShutDown&) {
    } catch (const Full&) {
    } catch (const DecodeError&) {}

    void put(const Act& act) {
        for (int i = 0; i < act.count; ++i) {
            queue_.put(text_of(act.number + i, act.bytes), Deadline::now());
        }
    }
    // Every third one has other bytes; a large one ends a run of those that go in one step.
    void put_many(const Act& act, std::size_t third) {
        std::vector<std::string> items;
        for (int i = 0; i < act.count; ++i) {
            items.push_back(text_of(act.number + i, i % 3 == 2 ? third : act.bytes));
        }
        queue_.put_many(items, Deadline::now());
    }
    void put_loan(const Act& act) {
        for (int i = 0; i < act.count; ++i) {
            Writer scratch;
            Format format{};
            const auto bytes = encode_message(text_of(act.number + i, act.bytes), scratch, format);
            ByteLoan loan = queue_.bytes().loan(bytes.size());
            std::ranges::copy(bytes, loan.bytes().begin());
            if (!loan.try_publish(format, bytes.size(), Deadline::now()).has_value()) return;
        }
    }
    void borrow() {
        ByteView view;
        if (!queue_.bytes().try_borrow(view, Deadline::now()).has_value()) return;
        auto text = decode_message<std::string>(view.format(), view.bytes());
        const Ticket ticket = view.ticket();
        view = {};  // before it is noted: a plain queue's item is in hand until then
        if constexpr (is_joinable) {
            take(Lease<std::string>(queue_.bytes(), ticket, std::move(text)));
        } else {
            take(std::move(text));
        }
    }
    void put_undecodable(int number) {
        const std::string text = undecodable_text(number);
        static_cast<void>(queue_.bytes().try_put(
            {Format::msgpack, std::as_bytes(std::span(text.data(), text.size()))},
            Deadline::now()));
    }
    void note(int number, std::uint32_t deliveries) {
        const int at = box_.got_count.load();
        if (at < BlackBox::kGotMax) box_.got[at] = {number, deliveries};
        box_.got_count.store(at + 1);
    }
    void get() {
        auto item = queue_.try_get();
        if (item.has_value()) take(std::move(*item));
    }
    void get_many(int count) {
        for (auto& item : queue_.get_many(static_cast<std::size_t>(count), Deadline::now())) {
            take(std::move(item));
        }
    }
    // What decoding does when it finds no memory.
    void get_in_vain() {
        Message message;
        if (queue_.bytes().try_get(message, Deadline::now()).has_value()) {
            queue_.bytes().undeliver(message.view());
        }
    }
    void take(std::string text) { note(number_in(text), 1); }
    void take(Lease<std::string> lease) {
        note(number_in(*lease), lease.deliveries());
        held_.push_back(std::move(lease));
    }
    void look() {
        static_cast<void>(queue_.qsize());
        static_cast<void>(queue_.full());
        static_cast<void>(queue_.stats());
    }

    void perform_joinable(const Act& act) {
        if constexpr (is_joinable) {
            if (act.verb == Verb::join) {
                static_cast<void>(queue_.join(Deadline::now()));
                return;
            }
            if (held_.empty()) return;
            const bool newest = act.verb == Verb::done_newest || act.verb == Verb::give_back_newest;
            auto& lease = newest ? held_.back() : held_.front();
            switch (act.verb) {
                case Verb::done:
                case Verb::done_newest: lease.done(); break;
                case Verb::task_done: queue_.task_done(); break;
                case Verb::give_back:
                case Verb::give_back_newest: lease.give_back(); break;
                case Verb::reject: lease.reject("for the test"); break;
                default: break;
            }
            held_.erase(newest ? std::prev(held_.end()) : held_.begin());
        }
    }

    const Queue& queue_;
    BlackBox& box_;
    std::vector<Lease<std::string>> held_;
};

/// The whole life of a process that takes part: the script, then it leaves in good order.
template <class Queue>
void live(const Queue& queue, BlackBox& box, const Script& script) {
    Performer<Queue> performer(queue, box);
    try {
        performer.perform(script);
    } catch (const std::exception& failed) {
        std::strncpy(box.failure, failed.what(), sizeof box.failure - 1);
        return;
    }
    die_at_step(0);
    trace_steps_into(nullptr);
    queue.close();
    box.completed.store(true);
}

}  // namespace procession::testing
