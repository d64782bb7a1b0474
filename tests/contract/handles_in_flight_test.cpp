// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "contract/elsewhere_fixture.h"
#include "contract/passing_fixture.h"
#include "os/channel.h"

// Too many handles of one user are on their way. The kernel does not bound root, so all of this is
// done as another user, with a low limit on open files.

namespace procession::testing {

using namespace detail;

/// A message whose handles need several transfers.
struct Files {
    std::vector<Handle> handles;
};

namespace {

constexpr rlim_t kFiles = 1200;

void run_as_another_user(void (*act)()) {
    if (!is_root()) GTEST_SKIP() << "only root may become another user";
    Process child(fork, [act] {
        become_another_user();
        allow_open_files(kFiles);
        act();
    });
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

/// Connections that are full of handles that no process receives.
class Jam {
  public:
    Jam() {
        while (!reason_.starts_with("send connection: too many")) fill();
    }
    /// Receives all of them.
    void clear() {
        for (auto& [here, there, count] : pipes_) {
            for (; count > 0; --count) static_cast<void>(there.recv<Handle>());
        }
    }

  private:
    struct Jammed {
        ByteConnection here;
        ByteConnection there;
        int count = 0;
    };

    // Until the connection is full, or no handle of this user can be sent.
    void fill() {
        auto [here, there] = Pipe();
        Jammed jammed{std::move(here), std::move(there)};
        try {
            for (;; ++jammed.count) jammed.here.send_handle(file_, Deadline::now());
        } catch (const TimeoutError& full) {
            reason_ = full.what();
        }
        pipes_.push_back(std::move(jammed));
    }

    const Handle file_ = open_end("/dev/null", O_RDWR);
    std::vector<Jammed> pipes_;
    std::string reason_;
};

bool says_too_many(const std::exception& failed) {
    return std::string_view(failed.what()).find("too many handles of this user") !=
           std::string_view::npos;
}

void send_one() {
    Jam jam;
    const auto [here, there] = Pipe();
    const Handle file = open_end("/dev/null", O_RDWR);
    try {
        here.send_handle(file, std::chrono::milliseconds(20));
        must(false);
    } catch (const TimeoutError& failed) {
        must(says_too_many(failed));
    }
    std::thread patient([&here, &file] { here.send_handle(file); });
    jam.clear();
    patient.join();
    must(there.recv<Handle>().valid());
}

TEST(HandlesUnderWay, are_waited_for_until_the_deadline_which_is_told) {
    run_as_another_user(send_one);
}

void send_several_lots() {
    Jam jam;
    const auto [one, other] = Pipe();
    const Connection<Files> here(one);
    const Connection<Files> there(other);
    Files files;
    for (std::size_t i = 0; i < os::handles_per_transfer_max + 1; ++i)
        files.handles.push_back(Handle::duplicate_of(STDERR_FILENO));
    for (int i = 0; i < 2; ++i) {
        try {
            here.send(files, std::chrono::milliseconds(20));
            must(false);
        } catch (const TimeoutError& failed) {
            must(says_too_many(failed));
        }
    }
    jam.clear();
    std::thread sender([&] { here.send(files); });
    must(there.recv().handles.size() == files.handles.size());
    sender.join();
    one.send<std::string>("behind it");
    must(other.recv<std::string>() == "behind it");
}

TEST(HandlesUnderWay, of_others_do_not_end_a_connection_for_a_message_of_several_transfers) {
    run_as_another_user(send_several_lots);
}

void pass_by_broker() {
    const Queue<Queue<int>> carrier;
    const Queue<int> queue;
    carrier.put(queue);
    {
        Jam jam;
        std::thread taker([&] { must(carrier.get() == queue); });
        jam.clear();
        taker.join();
    }
    Jam jam;
    std::thread putter([&] { carrier.put(queue); });
    jam.clear();
    putter.join();
    must(carrier.get() == queue);
}

TEST(HandlesUnderWay, of_others_make_the_broker_and_its_clients_wait) {
    run_as_another_user(pass_by_broker);
}

void start_by_forkserver() {
    Process(forkserver, do_nothing).join();
    Jam jam;
    std::thread starter([] { Process(forkserver, do_nothing).join(); });
    jam.clear();
    starter.join();
}

TEST(HandlesUnderWay, of_others_make_the_start_of_a_child_wait) {
    run_as_another_user(start_by_forkserver);
}

}  // namespace

}  // namespace procession::testing
