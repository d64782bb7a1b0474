// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A queue whose memory is scribbled on, before and while every public operation runs on it.
//
// The input begins with the kind of the queue and the step at which its last participant died
// (see scenario.h); commands follow: scribble now, scribble at a later step of the next operations
// (what another process does between two of our loads), or an operation.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/step.h"
#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "fuzz/scenario.h"
#include "queue/shared_queue.h"

namespace procession::fuzz {

using namespace detail;
namespace {

using queue::SharedQueue;

constexpr std::size_t kCommandsMax = 60;

/// Writes over the segment as the input says. Never beyond the file.
class Scribbler {
  public:
    explicit Scribbler(const SharedQueue& queue)
        : base_(queue.segment().object() - shm::kObjectOffset), queue_(queue) {
        os::FileIdentity identity;
        if (os::identify(queue.segment().file(), identity, bytes_)) found("cannot identify");
    }

    struct Patch {
        std::uint64_t at = 0;
        std::uint8_t width = 0;  // 1, 2, 4 or 8
        std::uint64_t value = 0;
        bool adds = false;
    };

    [[nodiscard]] Patch read(Input& input) const {
        Patch patch;
        const std::uint8_t how = input.byte();
        patch.width = static_cast<std::uint8_t>(1U << (how % 4));
        patch.at = place(input, (how >> 2) % 8);
        switch ((how >> 5) % 4) {
            case 0: patch.value = input.next<std::uint64_t>(); break;
            case 1: patch.value = interesting(input.byte()); break;
            case 2: patch.value = load(place(input, input.byte() % 8)); break;
            default:
                patch.value = static_cast<std::uint64_t>(
                    std::int64_t{static_cast<std::int8_t>(input.byte())});
                patch.adds = true;
        }
        return patch;
    }

    void apply(const Patch& patch) {
        if (bytes_ < 8) return;
        const std::uint64_t at = std::min<std::uint64_t>(patch.at, bytes_ - 8);
        const std::uint64_t value = patch.value + (patch.adds ? load(at) : 0);
        std::memcpy(base_ + at, &value, patch.width);
    }

  private:
    [[nodiscard]] std::uint64_t load(std::uint64_t at) const {
        std::uint64_t value = 0;
        std::memcpy(&value, base_ + std::min<std::uint64_t>(at, bytes_ - 8), sizeof value);
        return value;
    }

    [[nodiscard]] std::uint64_t data_at() const {
        return static_cast<std::uint64_t>(queue_.segment().data() - base_);
    }
    // The bytes of one record or one chunk's header, wherever a position word points.
    [[nodiscard]] std::uint64_t near_position(std::uint64_t word) const {
        const auto position = queue::Position::unpack(word);
        return data_at() + std::uint64_t{position.chunk} * shm::kUnitBytes + position.offset;
    }

    [[nodiscard]] std::uint64_t place(Input& input, unsigned area) const {
        const std::uint64_t offset = input.next<std::uint16_t>();
        const auto& state = *reinterpret_cast<const queue::State*>(queue_.segment().object());
        switch (area) {
            case 0: return offset % shm::kObjectOffset;
            case 1:
            case 2: return shm::kObjectOffset + offset % sizeof(queue::State);
            case 3: return shm::kRegistryOffset + offset % (4 * sizeof(shm::ParticipantSlot));
            case 4: return shm::kTableOffset + (offset % 128) * 8;
            case 5: return near_position(state.head.position.load()) + offset % 64;
            case 6: return near_position(state.returned.first.load()) + offset % 64;
            default: return data_at() + offset * 8 % (bytes_ - data_at());
        }
    }

    [[nodiscard]] static std::uint64_t interesting(std::uint8_t which) {
        constexpr std::array<std::uint64_t, 24> values{0,
                                                       1,
                                                       2,
                                                       3,
                                                       15,
                                                       16,
                                                       17,
                                                       127,
                                                       128,
                                                       255,
                                                       256,
                                                       511,
                                                       512,
                                                       1023,
                                                       1024,
                                                       0x7fffffff,
                                                       0x80000000,
                                                       0x80000001,
                                                       0xffffffff,
                                                       0x100000000,
                                                       0x7fffffffffffffff,
                                                       0x8000000000000000,
                                                       0xfffffff800000040,
                                                       0xffffffffffffffff};
        return values[which % values.size()];
    }

    std::byte* base_;
    const SharedQueue& queue_;
    std::uint64_t bytes_ = 0;
};

// What scribbles at a step of an operation; one thread: the fuzzer's.
Scribbler* armed_scribbler = nullptr;
Scribbler::Patch armed_patch;
unsigned armed_after = 0;

[[maybe_unused]] void scribble_at_step(const char*) {
    if (armed_scribbler == nullptr || armed_after-- != 0) return;
    armed_scribbler->apply(armed_patch);
    armed_scribbler = nullptr;
}

/// A participant that does what the input says.
class Participant {
  public:
    Participant(std::shared_ptr<SharedQueue> queue, Input& input)
        : queue_(std::move(queue)), input_(input) {
        scribbler_.emplace(*queue_);
    }
    ~Participant() { armed_scribbler = nullptr; }
    Participant(const Participant&) = delete;
    Participant& operator=(const Participant&) = delete;

    void run() {
        // A TimeoutError took a second: the participant in the way stays there.
        for (std::size_t i = 0; i < kCommandsMax && !input_.at_end() && !timed_out_; ++i) {
            command(input_.byte());
        }
        armed_scribbler = nullptr;
        in_hand_.clear();
        survives([&] { queue_->close(); });
    }

  private:
    void command(std::uint8_t which) {
        which %= 24;
        if (which < 8 && !scribbler_) return;  // the queue could not be attached again
        if (which < 5) return scribbler_->apply(scribbler_->read(input_));
        if (which < 8) {
            armed_patch = scribbler_->read(input_);
            armed_after = input_.byte() % 64;
            armed_scribbler = &*scribbler_;
            return;
        }
        survives([&] {
            try {
                which < 16 ? move_items(which) : look(which);
            } catch (const TimeoutError&) {
                timed_out_ = true;
            }
        });
    }

    void move_items(std::uint8_t which) {
        switch (which) {
            case 8: return put(input_.byte());
            case 9: return put(std::size_t{input_.next<std::uint16_t>()} * 4);
            case 10: return get();
            case 11:
                return with_one([&](const Message& m) { queue_->leases().finish(m.ticket()); });
            case 12:
                return with_one([&](const Message& m) { queue_->leases().give_back(m.ticket()); });
            case 13:
                return with_one([&](const Message& m) {
                    if (queue_->is_joinable()) return queue_->leases().reject(m.ticket(), "fuzz");
                    queue_->undecodable().keep_as_dead_letter(m.view(), "fuzz");
                });
            case 14: return put_many();
            default: return get_many();
        }
    }

    void look(std::uint8_t which) {
        switch (which) {
            case 16: return queue_->shutdown(input_.byte() % 2 == 1);
            case 17:
                return static_cast<void>(
                    queue_->undecodable().dead_letters(input_.byte() % 2 == 1));
            case 18: return static_cast<void>(queue_->stats());
            case 19: return static_cast<void>(queue_->notice_deaths());
            case 20: return static_cast<void>(queue_->leases().join(Deadline::now()));
            case 21:
                static_cast<void>(queue_->qsize());
                static_cast<void>(queue_->full());
                return static_cast<void>(queue_->leases().unfinished());
            case 22: return queue_->leases().task_done();
            default: return come_back();
        }
    }

    void put(std::size_t bytes) {
        const std::string text(bytes, 'p');
        static_cast<void>(queue_->producer().put({Format::msgpack, std::as_bytes(std::span(text))},
                                                 Deadline::now()));
    }
    void get() {
        Message message;
        if (queue_->consumer().get(message, Deadline::now()) != queue::Outcome::done) return;
        look_at(message);
        in_hand_.push_back(std::move(message));
    }
    void put_many() {
        const std::string text(3000, 'm');
        const std::vector<Piece> pieces(1 + input_.byte() % 30,
                                        {Format::msgpack, std::as_bytes(std::span(text))});
        queue::Outcome outcome{};
        static_cast<void>(queue_->producer().put_many(Pieces(pieces), Deadline::now(), outcome));
    }
    void get_many() {
        Batch batch;
        static_cast<void>(
            queue_->consumer().get_many(batch, 1 + input_.byte() % 30, Deadline::now()));
        for (const MessageView& item : batch) {
            Message message;
            std::ranges::copy(item.bytes, message.resize(item.bytes.size()));
            message.set_format(item.format);
            message.set_ticket(item.ticket);
            look_at(message);
            in_hand_.push_back(std::move(message));
        }
    }
    // All bytes of a message are memory of this process.
    static void look_at(const Message& message) {
        volatile unsigned sum = 0;
        for (const std::byte each : message.bytes()) sum = sum + std::to_integer<unsigned>(each);
    }
    template <class Act>
    void with_one(Act act) {
        if (in_hand_.empty()) return;
        const std::size_t which = input_.byte() % in_hand_.size();
        const Message message = std::move(in_hand_[which]);
        in_hand_.erase(in_hand_.begin() + static_cast<std::ptrdiff_t>(which));
        act(message);
    }
    // Leaves, and attaches again: attaching reads what the last one left.
    void come_back() {
        os::Handle file = queue_->segment().file().duplicate();
        in_hand_.clear();
        armed_scribbler = nullptr;
        scribbler_.reset();  // close() gives the memory back
        queue_->close();
        queue_ = SharedQueue::attach(std::move(file));
        scribbler_.emplace(*queue_);
    }

    std::shared_ptr<SharedQueue> queue_;
    Input& input_;
    std::optional<Scribbler> scribbler_;
    std::vector<Message> in_hand_;
    bool timed_out_ = false;
};

void run(Input input) {
    const std::uint8_t flags = input.byte();
    const QueueKind kind = flags % 2 == 0 ? QueueKind::joinable : QueueKind::plain;
    const unsigned step = flags < 128 ? 0 : input.next<std::uint16_t>() % 1024;
    const MemoryImage& image = image_of_death(kind, step);
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(scribble_at_step);
#endif
    survives([&] { Participant(SharedQueue::attach(image.restore()), input).run(); });
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(nullptr);
#endif
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
